"""Words: what of a text can be searched for, in any script.

Texts are compared in Unicode's compatibility form (NFKC), without case. Scripts that put no
spaces between words (Han, kana) are searched by single characters and by pairs of neighbours.
"""

import re
import unicodedata
from collections.abc import Iterator

# What of one text is searchable: bounded, since anybody may publish.
MAX_WORDS = 64
MAX_WORD_CHARS = 32
_READ_CHARS = 4_096

_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_RUNS = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^\\W_{_UNSPACED}]+")


def folded(text: str) -> str:
    """Return a text as it is compared."""
    return unicodedata.normalize("NFKC", text[:_READ_CHARS]).casefold()


def words_of(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each run of letters and digits, and whether its script puts no spaces."""
    for run in _RUNS.finditer(folded(text)):
        yield run.group(), run.lastgroup is not None


def pairs_of(run: str) -> list[str]:
    """Return what a run without spaces is searched by: its pairs of neighbours, or itself."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def indexed_words(*texts: str) -> tuple[list[str], list[str]]:
    """Return the words, and the characters and pairs of scripts without spaces, of texts.

    The first `MAX_WORDS` of both together, each once.
    """
    found: dict[tuple[str, bool], None] = {}
    for text in texts:
        for run, unspaced in words_of(text):
            for part in _parts_of(run) if unspaced else [run[:MAX_WORD_CHARS]]:
                found[part, unspaced] = None
            if len(found) >= MAX_WORDS:
                break
    first = list(found)[:MAX_WORDS]
    words = [part for part, unspaced in first if not unspaced]
    return words, [part for part, unspaced in first if unspaced]


def _parts_of(run: str) -> list[str]:
    """Return each character of a run and the pair that it begins, in their order."""
    ends = range(1, min(len(run), MAX_WORDS) + 1)
    return [part for at in ends for part in (run[at - 1], run[at - 1 : at + 1])]
