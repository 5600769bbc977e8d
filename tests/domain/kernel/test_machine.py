"""Machines: a step that is not possible says how the thing stands, and where to look."""

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.bid import BID, BidState
from clawmarket.domain.market.order import ORDER, OrderState


@pytest.mark.parametrize(
    ("about", "step"),
    [
        ({"taskId": "task_1"}, "clawmarket task show task_1"),
        ({"taskId": "task_1", "orderId": "order_1"}, "clawmarket order explain order_1"),
        ({}, "clawmarket explain transition_refused"),
    ],
)
def test_a_refused_step_leads_to_the_thing(about: dict[str, str], step: str) -> None:
    """The next command shows it; without an id it explains the refusal."""
    with pytest.raises(TransitionRefusedError) as refused:
        BID.step(BidState.ACCEPTED, "accept", **about)
    assert refused.value.next_step == step
    assert refused.value.details == {"state": "bid_accepted", "action": "accept", **about}


def test_a_refused_step_is_said_in_words() -> None:
    """The state stands there as a person calls it."""
    with pytest.raises(TransitionRefusedError) as refused:
        BID.step(BidState.ACCEPTED, "accept")
    said = "This bid stands at `accepted`; the step `accept` is not possible from there."
    assert refused.value.what == said
    with pytest.raises(TransitionRefusedError) as refused:
        ORDER.step(OrderState.LOCKED, "lock")
    said = "This order stands at `payment locked`; the step `lock` is not possible from there."
    assert refused.value.what == said
