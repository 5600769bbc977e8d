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
    ShareExceedsLockError,
    ask_part,
    ask_refund,
    ask_release,
    confirm_part,
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
    asked = ask_release(LOCKED, 199)
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
    assert confirm_refund(asked, "the seller was silent", NOW) == replace(
        asked,
        state=SettlementState.REFUNDED,
        refunded_at=NOW,
        why="the seller was silent",
    )


@pytest.mark.parametrize("share", [0, -1, 200])
def test_a_share_lies_within_the_lock(share: int) -> None:
    """Nothing, less than nothing and more than all are refused."""
    with pytest.raises(ShareExceedsLockError):
        ask_release(LOCKED, share)


def test_parts_add_up_and_the_rest_goes_back() -> None:
    """Three parts of 199 at one percent: the fee is that of the sum, and nothing is lost."""
    locked, paid = LOCKED, []
    for share in (65, 66):
        locked = confirm_part(ask_part(locked, share))
        paid.append((locked.seller_amount, locked.fee, locked.remaining, locked.state))
    assert paid == [
        (65, 0, 134, SettlementState.LOCKED),
        (130, 1, 68, SettlementState.LOCKED),
    ]
    assert ask_refund(locked).refund_amount == 68
    assert ask_release(locked, 60) == replace(
        locked, state=SettlementState.RELEASING, seller_amount=190, fee=1, refund_amount=8
    )
    with pytest.raises(ShareExceedsLockError):
        ask_part(locked, 69)


@given(st.data(), st.integers(1, MAX_AMOUNT_MINOR), st.integers(0, 10_000), st.booleans())
def test_the_parts_are_the_lock(
    data: st.DataObject,
    amount: int,
    fee_bps: int,
    released: bool,  # noqa: FBT001 - drawn
) -> None:
    """Seller, fee and refund together are what was locked, whatever the fee and the share."""
    share = data.draw(st.integers(1, amount))
    locked = replace(LOCKED, amount=amount, fee_bps=fee_bps)
    ended = ask_release(locked, share) if released else ask_refund(locked)
    assert ended.seller_amount + ended.fee + ended.refund_amount == amount
    assert min(ended.seller_amount, ended.fee, ended.refund_amount) >= 0


STEPS: dict[str, tuple[Callable[[Settlement], Settlement], SettlementState]] = {
    "ask release": (lambda s: ask_release(s, 199), SettlementState.LOCKED),
    "ask refund": (ask_refund, SettlementState.LOCKED),
    "confirm release": (lambda s: confirm_release(s, NOW), SettlementState.RELEASING),
    "confirm refund": (lambda s: confirm_refund(s, "", NOW), SettlementState.REFUNDING),
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
