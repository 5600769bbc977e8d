"""From a task to its order: what `/v1` calls a task is both to its parties."""

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.entry.rest.reading.ids import task_named


class TaskUnclaimedError(ConflictError):
    """Nobody has claimed the task, so there is nothing to hand in, pay or contest."""

    advice = "Claim it first, or wait until somebody does."
    next_command = "clawmarket task show {taskId}"


async def task_of(desk: Desk, task_id: str) -> Fields:
    """Return a task. Raises TaskNotFoundError."""
    return await desk.see("web3.market.getTask", taskId=task_named(task_id))


async def order_of(desk: Desk, task: Fields) -> Fields:
    """Return the order of a task, to its parties. Raises TaskUnclaimedError, OrderNotFoundError."""
    if task["orderId"] is None:
        raise TaskUnclaimedError("The task has no worker.", taskId=task["taskId"])
    return await desk.see("web3.market.order.get", orderId=task["orderId"])


async def order_at(desk: Desk, task_id: str) -> Fields:
    """Return the order of the task with an id, to its parties."""
    return await order_of(desk, await task_of(desk, task_id))
