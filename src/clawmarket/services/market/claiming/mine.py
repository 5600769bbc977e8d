"""What is yours: the tasks that you published or have, and the results of one of them."""

from typing import Annotated, Literal

import orjson
from pydantic import Field

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.order import Order, OrderNotFoundError
from clawmarket.domain.market.task import Task, TaskNotFoundError, TaskState
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import Answer, Cursor, OrderId, Page, TaskId
from clawmarket.registry.methods import Need, Verb, read
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.inspections.handing import shown_result
from clawmarket.services.market.orders import own_order
from clawmarket.services.market.views.results import ResultView
from clawmarket.services.market.views.tasks import TaskView, listed_task
from clawmarket.services.treasury.order_books import records_of


class ResultsUnnamedError(InvalidArgumentError):
    """The results are those of one task, or of one order."""

    advice = "Send either `taskId` or `orderId`."
    next_command = "clawmarket explain results_unnamed"


class ListOwnTasks(Page):
    """Which of your tasks."""

    side: Annotated[
        Literal["employer", "worker"],
        Field(description="Those that you published, or those that you were awarded or claimed."),
    ] = "employer"
    status: Annotated[TaskState | None, Field(description="Only tasks in this state.")] = None


class OwnTaskPage(Answer):
    """A page of your tasks, newest first."""

    items: list[TaskView]
    next_cursor: Cursor | None


@read("web3.market.task.mine", example={"side": "employer"}, verb=Verb("task mine"))
def list_own_tasks(call: Call, rows: Snapshot, request: ListOwnTasks) -> OwnTaskPage:
    """List the tasks that you published, or those that you have or had, newest first.

    A task that you claimed and gave back is left out.
    """
    if request.side == "employer":
        equal = {"buyer": call.actor, "state": request.status}
        page = scan(rows, Listing(Task, equal, request.cursor, request.limit))
        return OwnTaskPage(items=[listed_task(t) for t in page.items], next_cursor=page.next_cursor)
    found: dict[str, Task] = {}

    def wanted(order: Order) -> bool:
        task = rows.get(Task, order.task_id) if order.task_id else None
        if task is None or task.order_id != order.order_id:
            return False
        found[order.order_id] = task
        return request.status in (None, task.state)

    orders = scan(
        rows, Listing(Order, {"seller": call.actor}, request.cursor, request.limit), wanted
    )
    items = [listed_task(found[order.order_id]) for order in orders.items]
    return OwnTaskPage(items=items, next_cursor=orders.next_cursor)


class ListResults(Page):
    """A task that is yours or that you have; or its order."""

    task_id: TaskId | None = None
    order_id: OrderId | None = None


class ResultList(Answer):
    """Results of one order, in the order in which they were handed in."""

    items: list[ResultView]
    next_cursor: Cursor | None


@read(
    "web3.market.listResults",
    errors=(TaskNotFoundError, OrderNotFoundError, ResultsUnnamedError),
    needs=(Need("taskId", "web3.market.publishTask", "taskId"),),
    verb=Verb("task results", ("taskId",)),
)
def list_results(call: Call, rows: Snapshot, request: ListResults) -> ResultList:
    """List what was handed in for a task, every attempt of it; for its buyer and its worker."""
    if (request.task_id is None) == (request.order_id is None):
        raise ResultsUnnamedError("Name a task or an order, and not both.")
    if request.order_id is not None:
        order: Order | None = own_order(rows, request.order_id, call.actor, side="any")
    else:
        order = _order_of(rows, request.task_id or "", call.actor)
    results = _results(rows, order)
    # Ids rise with time, so what comes behind a cursor is what was handed in later.
    rest = [each for each in results if each.result_id > (request.cursor or "")]
    items, more = rest[: request.limit], len(rest) > request.limit
    return ResultList(
        items=[shown_result(rows, each) for each in items],
        next_cursor=items[-1].result_id if more else None,
    )


def _order_of(rows: Snapshot, task_id: str, actor: str) -> Order | None:
    """Return the order of a task, None while it has none, for its parties only."""
    task = rows.get(Task, task_id)
    if task is None or actor not in (task.buyer, task.worker):
        raise TaskNotFoundError(f"You have no task {task_id}.")
    return rows.get(Order, task.order_id) if task.order_id else None


def _results(rows: Snapshot, order: Order | None) -> list[Result]:
    """Return the results that the order's records tell of; no index has to know them."""
    told = (
        event["resultId"]
        for record in (records_of(rows, order) if order else ())
        for event in orjson.loads(record.body)["events"]
        if event["kind"] == "result_submitted"
    )
    found = (rows.get(Result, result_id) for result_id in told)
    return [result for result in found if result is not None]
