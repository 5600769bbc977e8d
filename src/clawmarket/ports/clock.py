"""What time it is."""

from typing import Protocol


class Clock(Protocol):
    """The one source of the present moment."""

    def now(self) -> int:
        """Return milliseconds since the epoch, UTC."""
        ...
