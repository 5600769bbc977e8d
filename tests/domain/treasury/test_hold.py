"""Holds: resolved once, by at most what they have."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.treasury.hold import (
    Hold,
    HoldState,
    PostExceedsHoldError,
    carry,
    expire,
    post,
    void,
)

PENDING = Hold("hold_1", "agent_1", "task_1", "credits", 100, 0, HoldState.PENDING)
RESOLVE: dict[str, Callable[[Hold], Hold]] = {
    "hold_posted": lambda hold: post(hold, 100),
    "hold_voided": void,
    "hold_expired": expire,
}


@pytest.mark.parametrize("amount", [0, 1, 99, 100])
def test_a_post_pays_out_at_most_the_hold(amount: int) -> None:
    """Nothing, a part or all of it."""
    assert post(PENDING, amount) == replace(PENDING, state=HoldState.POSTED, posted=amount)


@pytest.mark.parametrize("amount", [-1, 101, 2**63])
def test_more_than_the_hold_is_refused(amount: int) -> None:
    """A negative amount would be money from nowhere, just like one too large."""
    with pytest.raises(PostExceedsHoldError):
        post(PENDING, amount)


def test_a_hold_is_carried_to_its_order() -> None:
    """It goes on for at most what it has; a resolved one goes nowhere."""
    assert carry(PENDING, "order_1", 90) == replace(PENDING, ref="order_1", amount=90)
    with pytest.raises(PostExceedsHoldError):
        carry(PENDING, "order_1", 101)
    with pytest.raises(TransitionRefusedError):
        carry(void(PENDING), "order_1", 90)


@pytest.mark.parametrize("first", RESOLVE)
@pytest.mark.parametrize("second", RESOLVE)
def test_a_hold_is_resolved_once(first: str, second: str) -> None:
    """However it was resolved, every second resolution is refused."""
    resolved = RESOLVE[first](PENDING)
    assert resolved.state == first
    with pytest.raises(TransitionRefusedError):
        RESOLVE[second](resolved)
