"""Dates as a person types them: a day in UTC, or a moment with its zone."""

import re

import click

from clawmarket.domain.kernel.moment import DAY_MS, from_iso, iso

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class DateType(click.ParamType[str]):
    """A day or a moment; becomes a moment of the wire.

    Args:
        whole_day: Whether a day stands for its end rather than for its beginning.
    """

    name = "date"

    def __init__(self, *, whole_day: bool = False) -> None:
        self.whole_day = whole_day

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the moment as ISO 8601."""
        try:
            if _DAY.fullmatch(value):
                return iso(from_iso(f"{value}T00:00:00Z") + (DAY_MS if self.whole_day else 0))
            return iso(from_iso(value))
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no date; write 2026-01-31 or 2026-01-31T12:00:00Z.", param, ctx
            )
