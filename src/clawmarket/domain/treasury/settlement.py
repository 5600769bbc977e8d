"""Settlement: the money side of an order, from lock to release or refund."""

from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.money import split_fee


class SettlementState(StrEnum):
    """Where the money of an order stands; each `…ing` means asked, outcome unknown."""

    LOCKING = "settlement_locking"
    LOCKED = "settlement_locked"
    RELEASING = "settlement_releasing"
    REFUNDING = "settlement_refunding"
    RELEASED = "settlement_released"
    REFUNDED = "settlement_refunded"


SETTLEMENT = Machine(
    "settlement",
    (SettlementState.LOCKING,),
    {
        "confirm_lock": {SettlementState.LOCKING: SettlementState.LOCKED},
        "release": {SettlementState.LOCKED: SettlementState.RELEASING},
        "confirm_release": {SettlementState.RELEASING: SettlementState.RELEASED},
        "refund": {SettlementState.LOCKED: SettlementState.REFUNDING},
        "confirm_refund": {SettlementState.REFUNDING: SettlementState.REFUNDED},
    },
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """How much is locked for an order, and how it was divided in the end.

    All amounts in minor units. Once resolved, seller_amount + fee + refund_amount = amount.
    """

    settlement_id: str
    order_id: str
    payer: str
    payee: str
    rail: str
    asset: str
    amount: int
    fee_bps: int
    hold_id: str
    seller_amount: int
    fee: int
    refund_amount: int
    state: SettlementState
    locked_at: int
    released_at: int | None
    refunded_at: int | None


def ask_release(settlement: Settlement) -> Settlement:
    """Divide the lock for the seller and the fee; the rail has to confirm it.

    Raises TransitionRefusedError unless the settlement is locked.
    """
    seller_amount, fee = split_fee(settlement.amount, settlement.fee_bps)
    return replace(
        settlement,
        state=SETTLEMENT.step(settlement.state, "release"),
        seller_amount=seller_amount,
        fee=fee,
    )


def confirm_release(settlement: Settlement, now: int) -> Settlement:
    """Note that the rail paid out. Raises TransitionRefusedError."""
    return replace(
        settlement, state=SETTLEMENT.step(settlement.state, "confirm_release"), released_at=now
    )


def ask_refund(settlement: Settlement) -> Settlement:
    """Give the whole lock back to the payer; the rail has to confirm it.

    Raises TransitionRefusedError unless the settlement is locked.
    """
    return replace(
        settlement,
        state=SETTLEMENT.step(settlement.state, "refund"),
        refund_amount=settlement.amount,
    )


def confirm_refund(settlement: Settlement, now: int) -> Settlement:
    """Note that the rail paid back. Raises TransitionRefusedError."""
    return replace(
        settlement, state=SETTLEMENT.step(settlement.state, "confirm_refund"), refunded_at=now
    )
