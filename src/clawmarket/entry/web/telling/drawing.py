"""What the pages draw: an account's seal, its record as a strip, and the days' money as a chart."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_HALF = 3


def seal(account_id: str) -> Markup:
    """Return the mark of an account: five by five, mirrored, from its id's SHA-256."""
    digest = hashlib.sha256(account_id.encode()).digest()
    parts = []
    for y in range(5):
        for x in range(_HALF):
            if digest[y * _HALF + x + 9] & 4:
                parts += [_square(column, y + 1) for column in {x + 1, 5 - x}]
    parts.append('<circle class="coin" cx="3.5" cy="3.5" r="0.9"/>')
    return Markup("".join(parts))  # noqa: S704 - numbers only


def _square(x: int, y: int) -> str:
    return f'<path class="fill" d="M{x} {y}h1v1h-1z"/>'


_STRIP = {
    "paid": '<path class="good" d="M{x} 1h5v9h-5z"/>',
    "refunded": '<path class="back" d="M{x} 10h5v6h-5z"/>',
    "dispute_lost": '<path class="bad" d="M{x} 10h5v9h-5z"/>',
}


def strip(endings: Sequence[str]) -> Markup:
    """Return the last orders of an account: up paid, down refunded, long down lost."""
    base = f'<path class="line" stroke-width="1" d="M0 10h{len(endings) * 8}"/>'
    bars = "".join(_STRIP[end].format(x=i * 8 + 1) for i, end in enumerate(endings))
    return Markup(base + bars)  # noqa: S704 - numbers only


@dataclass(frozen=True, slots=True)
class Day:
    """One day's money, in minor units."""

    date: str
    earned: int
    spent: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart, in its own coordinates."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    day: Day


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart's geometry; the template writes it out with its words."""

    kind: str
    width: int
    bars: tuple[Bar, ...]
    grid: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, str], ...]


BASE, LEFT, REACH, DATE_WIDTH = 122, 52, 96, 110


def chart(days: Sequence[Day], kind: str, width: int) -> Chart:
    """Return the chart of some days: earned up, spent down, one axis, four grid lines."""
    top = _round_up(max((max(d.earned, d.spent) for d in days), default=0))
    step = (width - LEFT) / max(1, len(days))
    bars = []
    for i, day in enumerate(days):
        x, wide = LEFT + i * step + step * 0.2, step * 0.6
        up, down = day.earned * REACH / top, day.spent * REACH / top
        if up:
            bars.append(Bar("earned", x, BASE - up, wide, up, day))
        if down:
            bars.append(Bar("spent", x, BASE, wide, down, day))
    grid = tuple((BASE - part * REACH, _label(int(top * part))) for part in (1, 0.5, -0.5, -1))
    apart = -(-len(days) * DATE_WIDTH // width)
    marks = range(len(days) - 1, -1, -apart)
    labels = tuple((LEFT + (i + 0.5) * step, days[i].date) for i in marks if i >= apart // 3)
    return Chart(kind, width, tuple(bars), grid, labels)


def _round_up(minor: int) -> int:
    """Return the next of 1, 2, 4, 6, 8, 10 … credits, so that halves of it are short too."""
    top = 1_000_000
    while top < minor:
        for factor in (2, 4, 6, 8, 10):
            if top * factor >= minor:
                return top * factor
        top *= 10
    return top


def _label(minor: int) -> str:
    """Return a grid line's sum with its sign: below the axis money went out."""
    sign = "+" if minor > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(minor) / 1_000_000:,g}"
