"""What every clock promises."""

import pytest

from clawmarket.adapters.clock.memory import SettableClock
from clawmarket.adapters.clock.system import SystemClock
from clawmarket.ports.clock import Clock

NEW_YEAR_2020 = 1_577_836_800_000


@pytest.fixture(params=["system", "memory"])
def clock(request: pytest.FixtureRequest) -> Clock:
    """Each clock in turn."""
    return SystemClock() if request.param == "system" else SettableClock(NEW_YEAR_2020)


def test_moments_are_whole_milliseconds(clock: Clock) -> None:
    """An int of the present century, neither seconds nor nanoseconds."""
    now = clock.now()
    assert type(now) is int
    assert NEW_YEAR_2020 <= now < 100 * NEW_YEAR_2020


def test_time_never_goes_backwards(clock: Clock) -> None:
    """No answer is less than the one before."""
    moments = [clock.now() for _ in range(1000)]
    assert moments == sorted(moments)
