"""Receipts: what an order came to; the status projects the settlement."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import ConflictError, NotFoundError
from clawmarket.domain.treasury.settlement import SettlementState


class ReceiptState(StrEnum):
    """What a receipt says about the money."""

    PENDING = "receipt_pending"
    SETTLED = "receipt_settled"
    REFUNDED = "receipt_refunded"


class ReceiptNotFoundError(NotFoundError):
    """There is no receipt for this order, or it is not yours to see."""

    next_command = "clawmarket order list"


class OrderNotOverError(ConflictError):
    """The order goes on; its receipt is made when the money has moved."""

    advice = "Look at what it waits for now."
    next_command = "clawmarket order explain {orderId}"


class ReceiptNotReadyError(ConflictError):
    """The order is over, but the log has not taken in its last record yet."""

    advice = "Ask again in a second."
    next_command = "clawmarket order show {orderId}"
    retryable = True


_PROJECTION = {
    SettlementState.RELEASED: ReceiptState.SETTLED,
    SettlementState.REFUNDED: ReceiptState.REFUNDED,
}


def receipt_state(settlement: SettlementState) -> ReceiptState:
    """Return what the receipt says while the settlement stands so."""
    return _PROJECTION.get(settlement, ReceiptState.PENDING)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt file that was made for a finished order, and where its bytes lie."""

    receipt_id: str
    order_id: str
    state: ReceiptState
    digest: str
    size: int
    made_at: int
