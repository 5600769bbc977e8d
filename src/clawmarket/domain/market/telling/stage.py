"""Stages: where a task and its money stand, in one word each, told from task, order and result."""

from enum import StrEnum

from clawmarket.domain.market.delivering.result import Result, ResultState
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.market.task import Task, TaskState
from clawmarket.domain.treasury.settlement import Settlement, SettlementState


class Stage(StrEnum):
    """Where the work on a task stands, as anybody may know."""

    OPEN = "open"
    CLAIMED = "claimed"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Payment(StrEnum):
    """Where the money of a task stands."""

    PENDING = "pending"
    HELD = "held"
    CAPTURED = "captured"
    REFUNDED = "refunded"


_UNBOUND = {
    TaskState.OPEN: Stage.OPEN,
    TaskState.AWARDED: Stage.CLAIMED,
    TaskState.CLOSED: Stage.COMPLETED,
    TaskState.CANCELLED: Stage.CANCELLED,
    TaskState.EXPIRED: Stage.EXPIRED,
}
_ENDED = {
    OrderState.DELIVERED: Stage.UNDER_REVIEW,
    OrderState.DISPUTED: Stage.UNDER_REVIEW,
    OrderState.COMPLETED: Stage.COMPLETED,
    OrderState.REVOKED: Stage.CANCELLED,
    OrderState.CANCELLED: Stage.CANCELLED,
    OrderState.REFUNDED: Stage.CANCELLED,
    OrderState.RETURNED: Stage.CANCELLED,
    OrderState.EXPIRED: Stage.EXPIRED,
}


def stage_of(
    task: Task,
    order: Order | None = None,
    result: Result | None = None,
    settlement: Settlement | None = None,
) -> Stage:
    """Return where a task stands; the others are its order, the order's last result and its money.

    An order that was paid back after its last moment to deliver counts as expired, one that was
    paid back before as cancelled.
    """
    if order is None:
        return _UNBOUND[task.state]
    if order.state is OrderState.RETURNED and _was_late(order, settlement):
        return Stage.EXPIRED
    if result is not None and result.state is ResultState.REJECTED:
        return _ENDED.get(order.state, Stage.REJECTED)
    return _ENDED.get(order.state, Stage.CLAIMED)


def payment_of(task: Task, settlement: Settlement | None = None) -> Payment:
    """Return where the money of a task stands; what a rail is asked counts as held."""
    if settlement is not None:
        return _of_settlement(settlement)
    if not task.funded:
        return Payment.PENDING
    return Payment.HELD if task.state is TaskState.OPEN else Payment.REFUNDED


def _of_settlement(settlement: Settlement) -> Payment:
    match settlement.state:
        case SettlementState.RELEASED:
            return Payment.CAPTURED
        case SettlementState.REFUNDED:
            return Payment.CAPTURED if settlement.seller_amount else Payment.REFUNDED
        case SettlementState.REFUSED:
            return Payment.PENDING
        case _:
            return Payment.CAPTURED if settlement.seller_amount else Payment.HELD


def _was_late(order: Order, settlement: Settlement | None) -> bool:
    paid_back = settlement.refunded_at if settlement is not None else None
    return paid_back is not None and paid_back >= order.due_at
