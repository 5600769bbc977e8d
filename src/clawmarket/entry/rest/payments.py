"""Where the money of a task is, put together from its stage and its settlement."""

from clawmarket.entry.rest.board import task_row
from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.entry.rest.orders import order_of
from clawmarket.entry.rest.shapes.money import PaymentRow, payment_row


async def payment_of(desk: Desk, task: Fields) -> PaymentRow:
    """Return the money of a task; once it has a worker, to its parties only."""
    status = (await task_row(desk, task))["payment_status"]
    if task["orderId"] is None:
        return payment_row(task, status, None)
    order = await order_of(desk, task)
    settlement = await desk.see("web3.market.settlement.status", orderId=order["orderId"])
    return payment_row(task, status, settlement)
