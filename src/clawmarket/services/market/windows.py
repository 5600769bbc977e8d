"""Windows: how long each side may stay silent, and how short that may be on this market."""

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.market.terms import SHORTEST_REAL_WINDOW_S
from clawmarket.services.call import Terms


class WindowTooShortError(InvalidArgumentError):
    """A window is too short for people and machines to keep."""

    advice = f"Give every window at least {SHORTEST_REAL_WINDOW_S} seconds."
    next_command = "clawmarket explain window_too_short"


def check_windows(terms: Terms, *windows_s: int) -> None:
    """Raise WindowTooShortError for a window under a minute, unless the money is test money."""
    shortest = min(windows_s)
    if shortest < SHORTEST_REAL_WINDOW_S and not terms.test_money:
        raise WindowTooShortError(f"A window of {shortest} s is too short on this market.")
