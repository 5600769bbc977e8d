"""Amounts, moments and spans as people read them; nothing is rounded, nothing lacks its unit."""

import re

from markupsafe import Markup, escape

from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, from_iso, iso
from clawmarket.domain.kernel.money import ASSETS, CREDITS, format_amount
from clawmarket.entry.web.words.catalog import Words

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z")
_CODE = re.compile(r"`([^`]+)`")
_SIZES = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


def amount(minor: int | str) -> str:
    """Return an amount without its unit: two decimals, up to six if the ledger has them."""
    return format_amount(int(minor)).removesuffix(f" {ASSETS[CREDITS].word}")


def change(minor: int) -> str:
    """Return what came in or went out without its unit: a sign before it unless it is nothing."""
    sign = "+" if minor > 0 else "\N{MINUS SIGN}" if minor < 0 else ""
    return f"{sign}{amount(abs(minor))}"


def clock(moment: str, now: int, words: Words) -> str:
    """Return a moment as `14:32:10 UTC` today, else as `14:32 UTC on 29 Nov`, with another year's.

    Seconds are left out of other days, never rounded up: a deadline is not shown too late.
    """
    day, _, time = moment.partition("T")
    if from_iso(moment) // DAY_MS == now // DAY_MS:
        return f"{time[:8]} UTC"
    return words("date.time", day=date(day, now, words), time=time[:5])


def date(day: str, now: int, words: Words) -> str:
    """Return a day as `29 Nov`, with its year unless that is this one."""
    year, month, number = day[:4], words(f"month.{int(day[5:7])}"), int(day[8:10])
    kind = "date" if iso(now)[:4] == year else "date.year"
    return words(kind, day=number, month=month, year=year)


def when(moment: str, now: int, words: Words) -> Markup:
    """Return a moment as a `time` element, which tells the whole of it to whoever points at it."""
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(
        moment, clock(moment, now, words)
    )


def timed(text: str, now: int, words: Words) -> Markup:
    """Return a sentence of the market's as safe HTML, its moments as people read them."""
    return Markup(  # noqa: S704 - escaped
        _MOMENT.sub(lambda found: when(found[0], now, words), str(escape(text)))
    )


def span(ms: int, words: Words) -> str:
    """Return how long something takes in its two largest units, such as `2 h 10 min`."""
    if ms >= DAY_MS:
        days, hours = ms // DAY_MS, ms % DAY_MS // HOUR_MS
        return said_span(words, ("day", days), ("hour", hours))
    if ms >= HOUR_MS:
        return said_span(words, ("hour", ms // HOUR_MS), ("minute", ms % HOUR_MS // MINUTE_MS))
    seconds = max(0, ms) % MINUTE_MS // SECOND_MS
    return said_span(words, ("minute", max(0, ms) // MINUTE_MS), ("second", seconds))


def said_span(words: Words, *parts: tuple[str, int]) -> str:
    """Return units and how many of each as one span; those of which there are none are left out."""
    some = [(f"span.{unit}", n) for unit, n in parts if n]
    if len(some) == 1 and words.has(f"{some[0][0]}.alone"):
        return words(f"{some[0][0]}.alone", n=some[0][1])
    return " ".join(words(key, n=n) for key, n in some) or words("span.second", n=0)


def size(count: int) -> str:
    """Return a number of bytes, rounded down to one decimal of the unit that fits."""
    for unit, word in _SIZES:
        if count >= unit:
            return f"{count * 10 // unit / 10:g} {word}"
    return f"{count} B"


def prose(text: str) -> Markup:
    """Return a catalog's sentence as safe HTML: what stands in backquotes is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def short_id(text: str) -> str:
    """Return an id as a row shows it: its kind and its last six characters."""
    kind, _, rest = text.rpartition("_")
    return f"{kind}_…{rest[-6:]}" if kind else text
