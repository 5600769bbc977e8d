"""Onlookers: who may look at an order beside its buyer and its seller."""

from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.order import Order, OrderNotFoundError
from clawmarket.domain.trust.session import Role
from clawmarket.ports.store import Snapshot
from clawmarket.services.call import Call


def order_in_sight(call: Call, rows: Snapshot, order_id: str, *, arbiters: bool = False) -> Order:
    """Return an order for one of its parties, for an operator, or for its arbiter.

    An arbiter sees what is to be ruled on, and what that arbiter ruled on. Raises
    OrderNotFoundError, the same for what is not there and what is not yours.
    """
    order = rows.get(Order, order_id)
    if order is not None:
        if call.is_operator or call.actor in order.parties:
            return order
        if arbiters and _may_judge(call, rows, order):
            return order
    raise OrderNotFoundError(f"There is no order {order_id} for you to look at.")


def _may_judge(call: Call, rows: Snapshot, order: Order) -> bool:
    dispute = rows.get(Dispute, order.dispute_id) if order.dispute_id else None
    if dispute is None or call.caller.role is not Role.ARBITER:
        return False
    return dispute.is_open or dispute.arbiter == call.actor
