"""A clock that starts some days ago and is moved on, so that the pictures have a history."""

import os
from pathlib import Path

from clawmarket.adapters.clock.system import SystemClock

FILE = "PICTURES_BEHIND"
DAY_MS = 86_400_000


class MovedClock(SystemClock):
    """The machine's clock less what a file says, in milliseconds; market and wallets share it."""

    def now(self) -> int:
        """Return the moment that it is in the pictures' market."""
        behind = int(Path(os.environ[FILE]).read_text(encoding="ascii"))
        return super().now() - behind


def go_to(days_ago: float) -> None:
    """Move the market's time to so many days before the machine's; it never goes back."""
    place = Path(os.environ[FILE])
    fresh = place.with_suffix(".new")
    fresh.write_text(str(int(days_ago * DAY_MS)), encoding="ascii")
    fresh.replace(place)
