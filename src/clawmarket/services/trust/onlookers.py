"""Onlookers: who may look at an order beside its buyer and its seller."""

from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.order import Order, OrderNotFoundError
from clawmarket.domain.trust.session import Role
from clawmarket.ports.store import Snapshot
from clawmarket.services.call import Call, Caller


def order_in_sight(call: Call, rows: Snapshot, order_id: str, *, arbiters: bool = False) -> Order:
    """Return an order for one of its parties, for an operator, or for its arbiter.

    An arbiter sees what is to be ruled on, and what that arbiter ruled on. Raises
    OrderNotFoundError, the same for what is not there and what is not yours.
    """
    order = rows.get(Order, order_id)
    if order is not None:
        if call.is_operator or call.actor in order.parties:
            return order
        dispute = rows.get(Dispute, order.dispute_id) if order.dispute_id else None
        if arbiters and dispute is not None and judges(call.caller, dispute):
            return order
    raise OrderNotFoundError(f"There is no order {order_id} for you to look at.")


def judges(caller: Caller, dispute: Dispute) -> bool:
    """Return whether a caller may look into a dispute without being a side of it.

    An operator may; an arbiter while it is open, and afterwards whoever ruled in it.
    """
    if caller.role is Role.ARBITER:
        return dispute.is_open or dispute.arbiter == caller.account_id
    return caller.role is Role.OPERATOR
