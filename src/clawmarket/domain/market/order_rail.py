"""Orders whose money an outside rail has: they wait as they stand until it says what it did."""

from clawmarket.domain.kernel.moment import SECOND_MS
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.order import (
    ORDER,
    Order,
    OrderState,
    RailAskedError,
    check_lockable,
)


def ask_lock(order: Order, settlement_id: str, key: str, now: int) -> Order:
    """Let the order wait until a rail has said whether it locked the payment.

    Raises:
        TransitionRefusedError: The order is locked, cancelled or over.
        RailAskedError: A rail was asked already.
        LockLateError: `now` is not before the last moment to lock.
    """
    check_lockable(order, now)
    return replace(order, settlement_id=settlement_id, asked=key, acts_at=None)


def ask_payment(order: Order, key: str) -> Order:
    """Let the order wait until a rail has said whether it paid. Raises RailAskedError."""
    if order.asked is not None:
        raise RailAskedError("The rail has not answered yet.", orderId=order.order_id)
    return replace(order, asked=key, acts_at=None)


def hear(order: Order) -> Order:
    """Return the order as its rail's answer finds it; what follows gives it its next moment."""
    return replace(order, asked=None)


def confirm_lock(order: Order, now: int) -> Order:
    """Bind the money that a rail has locked; what comes next has its time from now on.

    Raises TransitionRefusedError.
    """
    state = ORDER.step(order.state, "lock", orderId=order.order_id)
    due = now + order.first_turn_s * SECOND_MS
    return replace(order, state=state, due_at=due, acts_at=due)


def refuse_lock(order: Order, asked_in: str) -> Order:
    """Return the order as it was before its rail refused; the record that asked leaves its story.

    Its deadline applies again; an order that was cancelled meanwhile stays over.
    """
    records = tuple(each for each in order.records if each != asked_in)
    acts_at = order.due_at if order.state is OrderState.CREATED else None
    return replace(order, settlement_id=None, asked=None, acts_at=acts_at, records=records)
