"""Machines: a step that is not possible says how the thing stands, and where to look."""

import pytest

from clawmarket.domain.kernel.machine import MACHINES, TransitionRefusedError
from clawmarket.domain.kernel.state_words import WORDS
from clawmarket.domain.market.bid import BID, BidState
from clawmarket.domain.market.order import ORDER, OrderState
from clawmarket.domain.market.postpay.trust import TRUST, TrustState


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
    """The sentence says how the thing stands, and neither a state's nor a step's inner name."""
    with pytest.raises(TransitionRefusedError) as refused:
        BID.step(BidState.ACCEPTED, "accept")
    said = "This bid was accepted; this is not possible now."
    assert refused.value.what == said
    with pytest.raises(TransitionRefusedError) as refused:
        ORDER.step(OrderState.LOCKED, "lock")
    said = (
        "This order is paid for and waits for its consent or its seller; this is not possible now."
    )
    assert refused.value.what == said
    with pytest.raises(TransitionRefusedError) as refused:
        TRUST.step(TrustState.REVOKED, "revoke")
    assert refused.value.what == "This trust stands at revoked; this is not possible now."


@pytest.mark.parametrize("noun", ["task", "bid", "offer", "order", "result", "dispute", "tab"])
def test_every_state_that_parties_meet_has_words(noun: str) -> None:
    """None is said by the wire's name."""
    assert {str(state) for state in MACHINES[noun].states} <= WORDS.keys()


@pytest.mark.parametrize(
    ("noun", "state", "action", "stands"),
    [
        ("consent", "consent_revoked", "revoke", "was taken back"),
        ("delivery", "delivery_completed", "revoke", "is complete"),
        ("order", "consent_revoked", "lock", "has lost its consent"),
        ("order", "delivery_ready", "lock", "waits for the delivery"),
    ],
)
def test_a_state_of_two_nouns_is_said_of_the_one_in_hand(
    noun: str, state: str, action: str, stands: str
) -> None:
    """A consent has no consent to lose; what an order says of itself stays."""
    machine = MACHINES[noun]
    now = next(each for each in machine.states if each == state)
    with pytest.raises(TransitionRefusedError) as refused:
        machine.step(now, action)
    assert refused.value.what == f"This {noun} {stands}; this is not possible now."
