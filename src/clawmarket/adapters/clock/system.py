"""The machine's clock, kept from running backwards."""

import threading
import time
from collections.abc import Callable


class SystemClock:
    """The wall clock in UTC; when the machine sets it back, time stands still until it catches up.

    Args:
        ticks: Returns nanoseconds since the epoch.
    """

    def __init__(
        self,
        ticks: Callable[[], int] = time.time_ns,  # noqa: TID251 - this is the Clock that others ask
    ) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._latest = 0

    def now(self) -> int:
        """Return milliseconds since the epoch, never less than any answer before."""
        with self._lock:
            self._latest = max(self._latest, self._ticks() // 1_000_000)
            return self._latest
