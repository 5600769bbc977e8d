"""Terms: what the board's tiles are kept by, and what a search wants of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from clawmarket.domain.market.board.words import MAX_WORD_CHARS, indexed_words, pairs_of, words_of
from clawmarket.domain.market.task import Task, TaskState

# Beginnings of words have tiles of their own up to this length; longer ones are few enough to be
# looked for among the words themselves.
MAX_BEGINNING = 4
MIN_BEGINNING = 2
# How many different words of a question count.
MAX_ASKED_WORDS = 12


@dataclass(frozen=True, slots=True)
class Want:
    """A term that has to hold, or with `begins` any term that begins so."""

    term: str
    begins: bool = False

    def holds(self, terms: Iterable[str]) -> bool:
        """Return whether it holds for what has these terms."""
        if self.begins:
            return any(term.startswith(self.term) for term in terms)
        return self.term in terms


Wants = tuple[tuple[Want, ...], ...]
"""All of these, and of each any."""


def lasting_terms(task: Task) -> set[str]:
    """Return the terms of a task that never change: all but its state."""
    words, parts = indexed_words(task.title, " ".join(task.skills), task.summary)
    terms = {f"g:{part}" for part in parts}
    for word in words:
        terms.update(_terms_of_word(word))
    terms |= {f"k:{skill}" for skill in task.skills}
    return terms | {buyer_term(task.buyer), claims_term(claims=task.claims)}


@lru_cache(maxsize=4096)
def _terms_of_word(word: str) -> tuple[str, ...]:
    longest = min(len(word), MAX_BEGINNING)
    beginnings = tuple(f"p:{word[:size]}" for size in range(MIN_BEGINNING, longest + 1))
    whole = len(word) < MIN_BEGINNING or len(word) > MAX_BEGINNING
    return (*beginnings, f"w:{word}") if whole else beginnings


def terms_of(task: Task) -> set[str]:
    """Return all terms of a task as it stands."""
    return lasting_terms(task) | {state_term(task.state)}


def state_term(state: TaskState) -> str:
    """Return the term of the tasks in a state."""
    return f"s:{state}"


def buyer_term(buyer: str) -> str:
    """Return the term of a buyer's tasks."""
    return f"b:{buyer}"


def claims_term(*, claims: bool) -> str:
    """Return the term of the tasks that may be claimed, or of those that may not."""
    return f"c:{int(claims)}"


def wanted_skills(skills: Iterable[str]) -> tuple[Want, ...]:
    """Return what holds for a task that names any of these skills."""
    return tuple(Want(f"k:{skill}") for skill in dict.fromkeys(skills))


def wanted_words(text: str) -> Wants:
    """Return what holds for a task that has all words of a text, or words that begin so.

    A word of one letter has to be there as it is. Nothing holds for a text without any word.
    """
    wants: dict[Want, None] = {}
    for run, unspaced in words_of(text):
        if unspaced:
            wants |= {Want(f"g:{part}"): None for part in pairs_of(run)}
        else:
            wants[_wanted_word(run[:MAX_WORD_CHARS])] = None
    first = list(wants)[:MAX_ASKED_WORDS]
    return tuple((want,) for want in first) or ((),)


def _wanted_word(word: str) -> Want:
    if len(word) < MIN_BEGINNING:
        return Want(f"w:{word}")
    if len(word) <= MAX_BEGINNING:
        return Want(f"p:{word}")
    return Want(f"w:{word}", begins=True)
