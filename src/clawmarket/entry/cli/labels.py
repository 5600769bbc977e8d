"""Labels: wire names as words, values with their units; for people only, never in JSON."""

import re

from clawmarket.domain.kernel.moment import SECOND_MS, span

# Where the words are more than the parts of the wire name.
_LABELS = {
    "actsAt": "market acts",
    "disputeWindowSec": "review window",
    "etaSec": "ready within",
    "expirySec": "open for",
    "feeBps": "fee",
    "resubmitSec": "time to resubmit",
    "timeoutSec": "time to deliver",
    "vkey": "log key",
}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TAILS = (" id", " at", " sec", " bps")
_HOUR_S, _DAY_S = 3_600, 86_400
_BPS_PER_PERCENT = 100


def label(name: str) -> str:
    """Return a wire name as words: `onItsWay` is on its way, `taskId` task, `dueAt` due."""
    if name in _LABELS:
        return _LABELS[name]
    words = _CAPITAL.sub(" ", name).lower()
    for tail in _TAILS:
        words = words.removesuffix(tail)
    return words


def with_unit(name: str, value: int) -> str:
    """Return a number with the unit that its wire name says: `feeBps` 100 is 1 %."""
    if name.endswith("Bps"):
        return percent(value)
    if name.endswith("Sec"):
        return duration(value)
    return str(value) if name.endswith("Id") else f"{value:,}"


def percent(bps: int) -> str:
    """Return basis points as a percentage."""
    return f"{bps / _BPS_PER_PERCENT:g} %"


def duration(seconds: int) -> str:
    """Return a number of seconds in words; up to two days in hours where they are whole."""
    if _HOUR_S <= seconds <= 2 * _DAY_S and seconds % _HOUR_S == 0:
        return f"{seconds // _HOUR_S} h"
    return span(seconds * SECOND_MS)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 record, 2 records."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"
