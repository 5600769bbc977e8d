"""What `order.explain` says, in other languages: the same sentence, with the same figures.

The catalogs hold each sentence in English as `explain.…` with its places, and the same in the
other languages; figures and moments are taken over as they stand.
"""

import re
from functools import cache

from clawmarket.domain.market.addressing import addressed
from clawmarket.entry.web.words.catalog import Words, catalog
from clawmarket.entry.web.words.figures import said_span

_PLACE = re.compile(r"\\\{(\w+)\\\}")
_TIMED = re.compile(r"at (\S+Z) \(in ([^)]+)\)")
_SHAPES = {
    "when": r"at \S+Z \(in [^)]+\)|now",
    "count": r"\d+",
    "parts": r"\d+",
    # What a party wrote, in quotes as the market sets them, stays as it is.
    "quoted": "'.*'|\".*\"",
    "rest": ".+",
}
_AMOUNT = r"[0-9,]+\.[0-9]+ credits"
_UNITS = {"d": "day", "h": "hour", "min": "minute", "s": "second"}
_SPAN = re.compile(r"(\d+) (d|h|min|s)\b")


def translated(text: str, words: Words) -> str | None:
    """Return a sentence of `order.explain` in the language of the words, or None if unknown."""
    if words.lang == "en":
        return text
    for key, side, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            said = _filled(words, key, found.groupdict())
            you = words("said.you")
            return said.replace(words(f"said.{side}"), you) if said and side else said
    return None


def _filled(words: Words, key: str, places: dict[str, str]) -> str | None:
    """Return a sentence with its places filled; None if the sentence after it is unknown."""
    values = {name: _said(value, words) for name, value in places.items() if name != "quoted"}
    if "rest" in places:
        rest = translated(places["rest"], words)
        if rest is None:
            return None
        values["rest"] = rest
    return words(key, **places | values)


@cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Return each sentence as it is said of both sides, and to either of them, with its key."""
    english = [each for each in catalog("en").items() if each[0].startswith("explain.")]
    return tuple(
        (key, side, _pattern(addressed(text, side) if side else text))
        for side in ("", "buyer", "seller")
        for key, text in english
    )


def _pattern(text: str) -> re.Pattern[str]:
    def place(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{_SHAPES.get(found[1], _AMOUNT)})"

    return re.compile(_PLACE.sub(place, re.escape(text)))


def _said(value: str, words: Words) -> str:
    if value == "now":
        return words("said.now")
    timed = _TIMED.fullmatch(value)
    if timed is not None:
        return words("said.when", moment=timed[1], left=_span(timed[2], words))
    return value.replace(" credits", f" {words('credits')}")


def _span(text: str, words: Words) -> str:
    return said_span(words, *((_UNITS[unit], int(n)) for n, unit in _SPAN.findall(text)))
