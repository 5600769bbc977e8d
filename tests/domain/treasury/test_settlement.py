"""Settlements: locked money is divided once, to the unit."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR
from clawmarket.domain.treasury.settlement import (
    Settlement,
    SettlementState,
    ask_refund,
    ask_release,
    confirm_refund,
    confirm_release,
)

NOW = 1_000
LOCKED = Settlement(
    settlement_id="settlement_1",
    order_id="order_1",
    payer="agent_1",
    payee="agent_2",
    rail="credits",
    asset="credits",
    amount=199,
    fee_bps=100,
    hold_id="hold_1",
    seller_amount=0,
    fee=0,
    refund_amount=0,
    state=SettlementState.LOCKED,
    locked_at=0,
    released_at=None,
    refunded_at=None,
)


def test_a_release_is_asked_then_confirmed() -> None:
    """Between the two the outcome is unknown; the division is fixed by the asking."""
    asked = ask_release(LOCKED)
    assert asked == replace(
        LOCKED, state=SettlementState.RELEASING, seller_amount=198, fee=1, refund_amount=0
    )
    assert confirm_release(asked, NOW) == replace(
        asked, state=SettlementState.RELEASED, released_at=NOW
    )


def test_a_refund_gives_everything_back() -> None:
    """No fee, nothing to the seller."""
    asked = ask_refund(LOCKED)
    assert asked == replace(LOCKED, state=SettlementState.REFUNDING, refund_amount=199)
    assert confirm_refund(asked, NOW) == replace(
        asked, state=SettlementState.REFUNDED, refunded_at=NOW
    )


@given(st.integers(1, MAX_AMOUNT_MINOR), st.integers(0, 10_000), st.booleans())
def test_the_parts_are_the_lock(amount: int, fee_bps: int, released: bool) -> None:  # noqa: FBT001 - drawn
    """Seller, fee and refund together are what was locked, whatever the fee."""
    locked = replace(LOCKED, amount=amount, fee_bps=fee_bps)
    ended = ask_release(locked) if released else ask_refund(locked)
    assert ended.seller_amount + ended.fee + ended.refund_amount == amount
    assert min(ended.seller_amount, ended.fee, ended.refund_amount) >= 0


STEPS: dict[str, tuple[Callable[[Settlement], Settlement], SettlementState]] = {
    "ask release": (ask_release, SettlementState.LOCKED),
    "ask refund": (ask_refund, SettlementState.LOCKED),
    "confirm release": (lambda s: confirm_release(s, NOW), SettlementState.RELEASING),
    "confirm refund": (lambda s: confirm_refund(s, NOW), SettlementState.REFUNDING),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", SettlementState)
def test_each_step_has_its_one_state(step: str, state: SettlementState) -> None:
    """A release is not confirmed twice, and what is being released is not refunded."""
    act, right = STEPS[step]
    if state is right:
        assert act(replace(LOCKED, state=state)).state is not state
    else:
        with pytest.raises(TransitionRefusedError):
            act(replace(LOCKED, state=state))
