"""What a refusal says to a person, in the language of the page.

English takes the market's own sentence unless that speaks to programs; the other languages have one
for every cause that a page can meet, and one for each family, so that nothing stays English.
"""

import re

from clawmarket.domain.kernel.errors import FAMILIES, REFUSALS
from clawmarket.domain.kernel.moment import SECOND_MS
from clawmarket.entry.web.words.catalog import FALLBACK, Words
from clawmarket.entry.web.words.figures import span
from clawmarket.services.pipeline import FieldInvalidError

_PLACED = re.compile(r"\$\.?(?P<name>[^:]*): (?P<what>.*?)(?: \(\d+ more\))?\.")
# What the registry's fields say of a value that they do not take, by the page's sentence for it.
_MISFITS = {
    "missing": re.compile("is missing"),
    "short": re.compile(r"string should have at least (\d+) characters?"),
    "long": re.compile(r"string should have at most (\d+) characters?"),
    "least": re.compile(r"input should be greater than or equal to (\d+)"),
    "most": re.compile(r"input should be less than or equal to (\d+)"),
    "few": re.compile(r"list should have at least (\d+) items? after validation.*"),
    "many": re.compile(r"list should have at most (\d+) items? after validation.*"),
}
_SECONDS = "Sec"


def told_refusal(words: Words, cause: str, what: str, advice: str = "") -> str:
    """Return what a refusal says to a person.

    Args:
        words: The language of the page.
        cause: The refusal's cause.
        what: What the market says was wrong, in English.
        advice: What the market says to do, in English.
    """
    placed = _PLACED.fullmatch(what) if cause == FieldInvalidError.cause else None
    misfit = _misfit(words, placed) if placed else None
    if misfit is not None:
        return misfit
    family = _family(cause) if words.lang != FALLBACK else cause
    known = _sentence(words, cause) or _sentence(words, family)
    if known is not None:
        return known
    said = f"{placed['what'][:1].upper()}{placed['what'][1:]}." if placed else what
    return f"{said} {advice}".strip()


def _sentence(words: Words, cause: str) -> str | None:
    key = f"refusal.{cause}"
    return words(key) if words.has(key) else words.of_market(key)


def _misfit(words: Words, placed: re.Match[str]) -> str | None:
    """Return why a value does not fit its field; times in the units that people count in."""
    for name, pattern in _MISFITS.items():
        found = pattern.fullmatch(placed["what"])
        if found is not None:
            bound = found[1] if found.groups() else ""
            if placed["name"].endswith(_SECONDS) and bound:
                bound = span(int(bound) * SECOND_MS, words)
            return words(f"misfit.{name}", n=bound)
    return None


def _family(cause: str) -> str:
    refusal = REFUSALS.get(cause)
    return next((f.cause for f in FAMILIES if refusal and issubclass(refusal, f)), "internal")
