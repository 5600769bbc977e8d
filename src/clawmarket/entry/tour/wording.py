"""Counting the words and terms of prose, and making foreign text safe to look at.

The rules, which worker and buyer of a digest have to share:

- A word is a run of letters and digits; an apostrophe, a hyphen or an underscore inside joins it.
- 1.7 Chinese, Japanese or Korean characters count as one word, rounded up over the whole text.
- Addresses, link destinations, the labels that stand for them and HTML tags are no prose.
- A term is a case-folded word of 3 to 40 characters (longer ones are keys and encoded bytes) with
  a letter in it and outside the stop list. Han characters have no spaces between words, so each
  pair of neighbours is a term; runs of 2 to 40 Katakana or Hangul are terms as they stand;
  Hiragana is mostly grammar and gives none.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HANGUL = "\u1100-\u11ff\uac00-\ud7af"
_HIRAGANA = "\u3041-\u3096\u309d-\u309f"

_CJK_RUN = re.compile(f"[{_HAN}{_KATAKANA}{_HANGUL}{_HIRAGANA}]+")
_HAN_RUN = re.compile(f"[{_HAN}]{{2,}}")
_SYLLABLE_RUN = re.compile(f"[{_KATAKANA}]{{2,}}|[{_HANGUL}]{{2,}}")
_LETTERS = r"(?:[^\W_][\u0300-\u036f]*+)++"  # with the accents that follow a letter
_WORD = re.compile(rf"{_LETTERS}(?:['\u2019_-]++{_LETTERS})*")
_NOT_PROSE = re.compile(
    r"https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]*"  # ends before Chinese text that touches it
    r"|(?<=\])\([^()\s]*"
    r"|(?<=\])\[[^\[\]\n]{0,200}\]|(?m:^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]*\S*)"  # [text][label]
    r"|<[!/A-Za-z][^<>]*>"
)

_SHORTEST_TERM, _LONGEST_TERM = 3, 40
# Words of three letters and more that say nothing about a text.
_STOP_WORDS = frozenset(
    re.findall(
        r"[a-z]+",
        """
        about after all also and any are been before being between both but can did does each for
        from had has have her him his how into its just may more most nor not off one only other
        our out over per same she some such than that the their them then there these they this
        those very via was were what when where which who why will with would yet you your
        """,
    )
)
_HAN_PARTICLES = frozenset(
    "的了是在和与及或也而被把之其这那个们我你他她它不等为以于就都并且则若将让从由"
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Soft hyphens, zero widths, direction overrides and tag characters: what a reader can't see
# must not reach a reader, for it can reorder or hide what he does see.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def count_cjk(prose: str) -> int:
    """Count Chinese, Japanese and Korean characters, punctuation left out."""
    return sum(len(run) for run in _CJK_RUN.findall(_readable(prose)))


def count_words(prose: str) -> int:
    """Count words, 1.7 Chinese, Japanese or Korean characters being one, rounded up."""
    spaced = _CJK_RUN.sub(" ", _readable(prose))
    return sum(1 for _ in _WORD.finditer(spaced)) + -(-count_cjk(prose) * 10 // 17)


def count_terms(prose: str) -> Counter[str]:
    """Count how often each term occurs, by the module's rule of what a term is."""
    readable = _readable(prose)
    return Counter(_western_terms(readable)) + Counter(_eastern_terms(readable))


def visible(text: str, limit: int = 160) -> str:
    """Return foreign text as one line of at most `limit` characters without hidden ones.

    White space becomes single spaces, invisible characters go, control characters and lone
    surrogates turn into U+FFFD; what is cut off shows as an ellipsis.
    """
    line = " ".join(_INVISIBLE.sub("", text).split())
    line = _CONTROL.sub("\ufffd", line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "\u2026"


def _readable(prose: str) -> str:
    return _NOT_PROSE.sub(" ", prose)


def _western_terms(readable: str) -> Iterator[str]:
    for word in _WORD.findall(_CJK_RUN.sub(" ", readable)):
        term = word.casefold().replace("\u2019", "'")
        if not _SHORTEST_TERM <= len(term) <= _LONGEST_TERM or term in _STOP_WORDS:
            continue
        if any(map(str.isalpha, term)):
            yield term


def _eastern_terms(readable: str) -> Iterator[str]:
    yield from (run for run in _SYLLABLE_RUN.findall(readable) if len(run) <= _LONGEST_TERM)
    for run in _HAN_RUN.findall(readable):
        for pair in map("".join, pairwise(run)):
            if _HAN_PARTICLES.isdisjoint(pair):
                yield pair
