"""What only one of the clocks does."""

import pytest

from clawmarket.adapters.clock.memory import SettableClock
from clawmarket.adapters.clock.system import SystemClock


def test_a_machine_set_back_makes_time_stand_still() -> None:
    """Answers repeat until the machine's clock has caught up."""
    ticks = iter([5_999_999, 3_000_000, 5_000_000, 6_000_000])
    clock = SystemClock(lambda: next(ticks))
    assert [clock.now() for _ in range(4)] == [5, 5, 5, 6]


def test_a_settable_clock_moves_by_what_it_is_told() -> None:
    """And not otherwise."""
    clock = SettableClock(1000)
    clock.advance(0)
    clock.advance(250)
    assert (clock.now(), clock.now()) == (1250, 1250)


def test_a_settable_clock_refuses_to_go_back() -> None:
    """It stays where it was."""
    clock = SettableClock(1000)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    assert clock.now() == 1000
