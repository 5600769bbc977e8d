"""What `order.explain` says, in other languages: the same sentence, with the same figures."""

import re
from functools import cache

from clawmarket.entry.web.words.catalog import Words, catalog

_PLACE = re.compile(r"\\{(\w+)\\}")
# What stands at a place of a sentence; an amount keeps its figure and changes its unit.
_SHAPES = {
    "moment": r"at (?P<moment>\S+Z) \(in (?P<left>[^)]+)\)|now",
    "title": r".+?",
    "place": r"\d+ of \d+",
}
_AMOUNT = r"(?:\N{MINUS SIGN})?[0-9,]+\.[0-9]+ credits"
_UNITS = (("d", "day"), ("h", "hour"), ("min", "minute"), ("s", "second"))


def translated(text: str, words: Words) -> str | None:
    """Return a sentence of `order.explain` in the language of the words, or None if unknown.

    The catalogs hold each sentence in English as `explain.…` with its places, and the same in
    the other languages; figures and moments are taken over as they stand.
    """
    if words.lang == "en":
        return text
    for key, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            values = {name: _said(value or "", words) for name, value in found.groupdict().items()}
            return words(key, **values)
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    said = {key: text for key, text in catalog("en").items() if key.startswith("explain.")}
    return tuple((key, _pattern(text)) for key, text in said.items())


def _pattern(text: str) -> re.Pattern[str]:
    def place(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith(("amount", "net", "fee", "rest")):
            return f"(?P<{name}>{_AMOUNT})"
        if name == "when":
            return r"(?P<when>at \S+Z \(in [^)]+\)|now)"
        return f"(?P<{name}>{_SHAPES[name]})"

    return re.compile(_PLACE.sub(place, re.escape(text)))


def _said(value: str, words: Words) -> str:
    if value == "now":
        return words("said.now")
    timed = re.fullmatch(r"at (\S+Z) \(in ([^)]+)\)", value)
    if timed is not None:
        return words("said.when", moment=timed[1], left=_span(timed[2], words))
    if value.endswith(" credits"):
        return value.replace(" credits", f" {words('credits')}")
    return value


def _span(text: str, words: Words) -> str:
    for unit, name in _UNITS:
        text = re.sub(rf"(\d+) {unit}\b", lambda m, n=name: words(f"span.{n}", n=m[1]), text)
    return text
