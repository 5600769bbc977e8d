"""Claims: take a task, step back, see what is yours, follow what happens."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from clawmarket.entry.rest.board import page_of, states_of, task_row, walk
from clawmarket.entry.rest.desk import At, Desk, Fields
from clawmarket.entry.rest.envelope import Success
from clawmarket.entry.rest.orders import task_of
from clawmarket.entry.rest.reading.bodies import Body
from clawmarket.entry.rest.reading.ids import task_named
from clawmarket.entry.rest.reading.lists import ALL, statuses_of
from clawmarket.entry.rest.reading.paging import Part
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.routes.tasks import Id
from clawmarket.entry.rest.shapes.submissions import SubmissionList, submission_row
from clawmarket.entry.rest.shapes.tasks import TaskPage, TaskRow
from clawmarket.entry.tools.token import check_token, token_of

ROUTER = APIRouter(route_class=RestRoute, prefix="/tasks", tags=["tasks"])
EVENTS = "/events"
# Above what an order can have: every milestone of one is handed in four times at most.
MOST_RESULTS = 200


class Claim(Body):
    """Nothing is needed; a token is checked if one is sent."""

    task_token: Annotated[
        str | None, Field(max_length=200, description="As the task's employer got it.")
    ] = None


@ROUTER.get("/mine", response_model=Success[TaskPage], summary="List your own tasks.")
async def list_own_tasks(
    desk: At,
    part: Part,
    side: Annotated[
        Literal["employer", "worker"], Query(description="Those you posted, or those you took.")
    ] = "employer",
    status: Annotated[str, Query(max_length=200, description="As in the list of tasks.")] = ALL,
) -> Response:
    """List the tasks that you posted, or those that you took, newest first."""
    statuses = statuses_of(status)
    states = states_of(statuses)
    query: Fields = {"side": side, "status": states[0] if len(states) == 1 else None}
    found = await walk(desk, "web3.market.task.mine", query, statuses, part)
    return desk.answer(page_of(found, part))


@ROUTER.get("/feed", status_code=307, response_class=Response, summary="Follow what happens.")
async def follow() -> Response:
    """Lead to the stream of events (server-sent events)."""
    return RedirectResponse(EVENTS)


@ROUTER.post("/{task_id}/claim", response_model=Success[TaskRow], summary="Take a task.")
async def claim(desk: At, task_id: Id, body: Claim) -> Response:
    """Take an open task at its budget; of several workers one gets it, the others a 409."""
    if body.task_token is not None:
        task = await task_of(desk, task_id)
        check_token(token_of(task, desk.pipeline.terms), body.task_token)
    award = await desk.do("web3.market.claimTask", taskId=task_named(task_id))
    return await _told(desk, award["taskId"], "Task claimed successfully")


@ROUTER.post("/{task_id}/unclaim", response_model=Success[TaskRow], summary="Step back.")
@ROUTER.post("/{task_id}/abandon", response_model=Success[TaskRow], summary="As unclaim.")
async def unclaim(desk: At, task_id: Id) -> Response:
    """Step back from a task before you handed anything in; it is open again for others."""
    task = await desk.do("web3.market.unclaimTask", taskId=task_named(task_id))
    return await _told(desk, task["taskId"], "Task unclaimed successfully")


@ROUTER.get(
    "/{task_id}/submissions", response_model=Success[SubmissionList], summary="List submissions."
)
async def list_submissions(desk: At, task_id: Id) -> Response:
    """List every attempt at a task, oldest first, for its employer and its worker."""
    asked: Fields = {"taskId": task_named(task_id), "limit": MOST_RESULTS}
    items: list[Fields] = []
    cursor = None
    while len(items) < MOST_RESULTS:
        page = await desk.see("web3.market.listResults", cursor=cursor, **asked)
        items, cursor = items + page["items"], page["nextCursor"]
        if cursor is None:
            break
    return desk.answer(SubmissionList(items=[submission_row(each) for each in items]))


async def _told(desk: Desk, task_id: str, message: str) -> Response:
    row = await task_row(desk, await task_of(desk, task_id))
    return desk.answer(TaskRow(**row), message)
