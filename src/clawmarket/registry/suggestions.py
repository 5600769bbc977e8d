"""Suggestions: what was probably meant, at most three, never more than two edits away."""

from collections.abc import Iterable

MAX_SHOWN = 3
MAX_EDITS = 2


def distance(typed: str, meant: str) -> int:
    """Return the number of single edits between two words.

    An edit inserts, deletes or replaces a character, or swaps two neighbours (optimal string
    alignment).
    """
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, a in enumerate(typed, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(meant, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == meant[j - 2] and typed[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def edits_apart(typed: str, word: str) -> int | None:
    """Return the edits between two words; None for more than a slip of the hand makes."""
    if abs(len(typed) - len(word)) > MAX_EDITS:
        return None
    # Two edits turn a word of three letters into almost any other; so those get one.
    limit = 1 if len(word) <= MAX_EDITS + 1 else MAX_EDITS
    edits = distance(typed, word)
    return edits if edits <= limit else None


def nearest(typed: str, words: Iterable[str]) -> list[str]:
    """Return at most three of the words, the nearest first, none further than two edits."""
    near = [(edits, w) for w in words if (edits := edits_apart(typed, w)) is not None]
    return [word for _, word in sorted(near)][:MAX_SHOWN]


def said(suggestions: list[str]) -> str:
    """Return the suggestions as a sentence with a leading space, or nothing."""
    if not suggestions:
        return ""
    return " Did you mean " + " or ".join(f"`{word}`" for word in suggestions) + "?"
