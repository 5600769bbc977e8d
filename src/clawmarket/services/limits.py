"""Limits: how much callers without an account may ask of methods that cost the market time."""

from dataclasses import dataclass, field

from clawmarket.domain.trust.session import TooManyCallsError

CALLS_PER_S = 30
BURST = 60


@dataclass
class Buckets:
    """One token bucket a method, shared by all callers without an account.

    They lie in this process alone: what they guard is this process's own time.
    """

    _left: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, method: str, now: int) -> None:
        """Take one call out of a method's bucket. Raises TooManyCallsError when it is empty."""
        left, at = self._left.get(method, (float(BURST), now))
        left = min(BURST, left + max(0, now - at) * CALLS_PER_S / 1000)
        if left < 1:
            raise TooManyCallsError(f"Too many calls of {method} at once.", retryAfterSec="1")
        self._left[method] = (left - 1, now)
