"""Settlement: the money side of an order, from lock to release or refund."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.money import format_amount, split_fee
from clawmarket.domain.kernel.rows import replace


class SettlementState(StrEnum):
    """Where the money of an order stands; each `…ing` means asked, outcome unknown.

    Refused is a lock that its rail would not make: nothing ever moved.
    """

    LOCKING = "settlement_locking"
    LOCKED = "settlement_locked"
    RELEASING = "settlement_releasing"
    REFUNDING = "settlement_refunding"
    RELEASED = "settlement_released"
    REFUNDED = "settlement_refunded"
    REFUSED = "settlement_refused"


SETTLEMENT = Machine(
    "settlement",
    (SettlementState.LOCKING,),
    {
        "confirm_lock": {SettlementState.LOCKING: SettlementState.LOCKED},
        "refuse_lock": {SettlementState.LOCKING: SettlementState.REFUSED},
        "release": {SettlementState.LOCKED: SettlementState.RELEASING},
        "confirm_part": {SettlementState.RELEASING: SettlementState.LOCKED},
        "confirm_release": {SettlementState.RELEASING: SettlementState.RELEASED},
        "refund": {SettlementState.LOCKED: SettlementState.REFUNDING},
        "confirm_refund": {SettlementState.REFUNDING: SettlementState.REFUNDED},
    },
)


class ShareExceedsLockError(ConflictError):
    """More would leave the lock than lies in it, or nothing at all."""

    advice = "Release more than nothing and at most the lock."
    next_command = "clawmarket explain share_exceeds_lock"


@dataclass(frozen=True)
class Settlement:
    """How much is locked for an order, and how it was divided so far.

    While a rail is asked, `locked_at` is when, and the figures are what is known. All amounts in
    minor units. Parts add up in seller_amount and fee; once resolved,
    seller_amount + fee + refund_amount = amount. `why` is why the whole rest went back, empty
    unless it did.
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
    why: str = ""

    @property
    def released(self) -> int:
        """What left the lock for seller and fee so far."""
        return self.seller_amount + self.fee

    @property
    def remaining(self) -> int:
        """What is still locked while the settlement is not resolved."""
        return self.amount - self.released


@event
@dataclass(frozen=True, slots=True)
class PaymentLocked(Event):
    """The price is set aside; no side can take it alone."""

    order_id: str
    settlement_id: str
    asset: str
    amount: str


@event
@dataclass(frozen=True, slots=True)
class SettlementReleased(Event):
    """The lock was divided between the seller and the market."""

    settlement_id: str
    order_id: str
    asset: str
    seller_amount: str
    fee: str
    refund: str
    why: str


@event
@dataclass(frozen=True, slots=True)
class SettlementPartReleased(Event):
    """A milestone was accepted; its part of the lock was divided, the rest stays locked."""

    settlement_id: str
    order_id: str
    asset: str
    milestone: int
    seller_amount: str
    fee: str
    why: str


@event
@dataclass(frozen=True, slots=True)
class SettlementRefunded(Event):
    """The whole lock went back to the buyer."""

    settlement_id: str
    order_id: str
    asset: str
    refund: str
    why: str


def confirm_lock(settlement: Settlement, now: int) -> Settlement:
    """Note that the rail locked the amount. Raises TransitionRefusedError."""
    return replace(
        settlement, state=SETTLEMENT.step(settlement.state, "confirm_lock"), locked_at=now
    )


def refuse_lock(settlement: Settlement) -> Settlement:
    """Note that the rail did not lock anything. Raises TransitionRefusedError."""
    return replace(settlement, state=SETTLEMENT.step(settlement.state, "refuse_lock"))


def await_rail(known: Settlement, asked: Settlement) -> Settlement:
    """Return a settlement that waits for its rail: its state says asked, its figures are known."""
    return replace(known, state=asked.state)


def ask_release(settlement: Settlement, share: int) -> Settlement:
    """Divide a share of what is locked between seller and fee; the rest goes back to the payer.

    The rail has to confirm it.

    Raises:
        ShareExceedsLockError: The share is not within the lock.
        TransitionRefusedError: The settlement is not locked.
    """
    asked = ask_part(settlement, share)
    return replace(asked, refund_amount=asked.remaining)


def ask_part(settlement: Settlement, share: int) -> Settlement:
    """Divide a share of what is locked between seller and fee; the rest stays locked.

    The fee is that of everything released so far, rounded down, so that many small parts cost
    what one large one costs.

    Raises:
        ShareExceedsLockError: The share is not within what is locked.
        TransitionRefusedError: The settlement is not locked.
    """
    if not 0 < share <= settlement.remaining:
        amounts = (settlement.remaining, share)
        locked, wanted = (format_amount(each, settlement.asset) for each in amounts)
        raise ShareExceedsLockError(f"{locked} are locked, not {wanted}.")
    seller_amount, fee = split_fee(settlement.released + share, settlement.fee_bps)
    return replace(
        settlement,
        state=SETTLEMENT.step(settlement.state, "release", orderId=settlement.order_id),
        seller_amount=seller_amount,
        fee=fee,
    )


def confirm_part(settlement: Settlement) -> Settlement:
    """Note that the rail paid a part out. Raises TransitionRefusedError."""
    return replace(settlement, state=SETTLEMENT.step(settlement.state, "confirm_part"))


def confirm_release(settlement: Settlement, now: int) -> Settlement:
    """Note that the rail paid out. Raises TransitionRefusedError."""
    return replace(
        settlement,
        state=SETTLEMENT.step(settlement.state, "confirm_release", orderId=settlement.order_id),
        released_at=now,
    )


def ask_refund(settlement: Settlement) -> Settlement:
    """Give all that is still locked back to the payer; the rail has to confirm it.

    Raises TransitionRefusedError unless the settlement is locked.
    """
    return replace(
        settlement,
        state=SETTLEMENT.step(settlement.state, "refund", orderId=settlement.order_id),
        refund_amount=settlement.remaining,
    )


def confirm_refund(settlement: Settlement, why: str, now: int) -> Settlement:
    """Note that the rail paid back, and why. Raises TransitionRefusedError."""
    return replace(
        settlement,
        state=SETTLEMENT.step(settlement.state, "confirm_refund", orderId=settlement.order_id),
        refunded_at=now,
        why=why,
    )
