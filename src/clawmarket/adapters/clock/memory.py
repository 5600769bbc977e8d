"""A clock that moves when it is told to."""


class SettableClock:
    """Stands at `now` (milliseconds since the epoch) until someone advances it."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        """Return the moment that was set."""
        return self._now

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds pass. Raises ValueError for a step back."""
        if ms < 0:
            raise ValueError("a clock does not go backwards")
        self._now += ms
