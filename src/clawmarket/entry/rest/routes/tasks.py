"""Tasks: post, list, show, take back."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from clawmarket.entry.rest.board import page_of, states_of, task_row, walk
from clawmarket.entry.rest.desk import CREATED, At, Fields
from clawmarket.entry.rest.envelope import Success
from clawmarket.entry.rest.reading.bodies import Body, Moment, SkillName
from clawmarket.entry.rest.reading.ids import task_named
from clawmarket.entry.rest.reading.numbers import Budget
from clawmarket.entry.rest.reading.paging import Part
from clawmarket.entry.rest.reading.wanted import Wanted
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.shapes.tasks import NewTask, TaskPage, TaskRow
from clawmarket.entry.tools.token import token_of

ROUTER = APIRouter(route_class=RestRoute, prefix="/tasks", tags=["tasks"])
# The deadline ends it where that comes first. What the clock says must not be sent: a request that
# is repeated under its key has to be the same.
BIDDING_S = 90 * 86_400
Id = Annotated[str, Path(max_length=80, examples=["task_01h00000000000000000000000"])]


class Check(Body):
    """What a machine can see of whether a submission is what was asked for."""

    kind: Literal["json_schema", "sha256", "types", "max_bytes"]
    file: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    schema_text: Annotated[
        str | None,
        Field(alias="schema", max_length=65_536, description="The text of a JSON Schema."),
    ] = None
    digest: Annotated[str | None, Field(pattern=r"^sha256:[0-9a-f]{64}$")] = None
    allowed: Annotated[list[str] | None, Field(max_length=40)] = None
    bytes: Annotated[int | None, Field(ge=1, le=2**53 - 1)] = None


class PostTask(Body):
    """What is wanted, for how much, until when."""

    title: Annotated[str, Field(min_length=5, max_length=200)]
    description: Annotated[str, Field(min_length=10, max_length=5_000)]
    skills: Annotated[list[SkillName], Field(max_length=12)] = Field(default_factory=list)
    budget: Budget
    deadline: Annotated[Moment, Field(description="The last moment to deliver.")]
    sealed: Annotated[
        bool, Field(description="You read the files once you accepted them, not before.")
    ] = False
    claims: Annotated[
        bool, Field(description="Whoever fits may take it at once; false: you choose among bids.")
    ] = True
    checks: Annotated[
        list[Check], Field(max_length=8, description="What every submission has to pass.")
    ] = Field(default_factory=list)
    inspect: Annotated[
        bool, Field(description="Take reviewed files only; false: whatever is handed in.")
    ] = True


@ROUTER.post("", response_model=Success[NewTask], status_code=CREATED, summary="Post a task.")
async def post_task(desk: At, body: PostTask) -> Response:
    """Post a task and hold its budget. Whoever fits may claim it at once."""
    task = await desk.do(
        "web3.market.publishTask",
        title=body.title,
        summary=body.description,
        skills=body.skills,
        budget=str(body.budget),
        deadline=body.deadline,
        expirySec=BIDDING_S,
        sealed=body.sealed,
        claims=body.claims,
        checks=[each.model_dump(by_alias=True, exclude_none=True) for each in body.checks],
        inspect=body.inspect,
    )
    token = token_of(task, desk.pipeline.terms)
    return desk.answer(NewTask(**await task_row(desk, task), task_token=token), status=CREATED)


@ROUTER.get("", response_model=Success[TaskPage], summary="List tasks.")
async def list_tasks(desk: At, part: Part, wanted: Wanted) -> Response:
    """List tasks, newest first unless `sort` says otherwise, with the beginning of their texts."""
    query: Fields = {
        "statuses": states_of(wanted.statuses),
        "skills": wanted.skills or None,
        "text": wanted.text,
        "minBudget": wanted.min_budget,
        "maxBudget": wanted.max_budget,
        "sort": wanted.sort,
    }
    found = await walk(desk, "web3.market.listTasks", query, wanted.statuses, part)
    return desk.answer(page_of(found, part))


@ROUTER.get("/{task_id}", response_model=Success[TaskRow], summary="Show a task.")
async def show_task(desk: At, task_id: Id) -> Response:
    """Show one task whole."""
    task = await desk.see("web3.market.getTask", taskId=task_named(task_id))
    return desk.answer(TaskRow(**await task_row(desk, task)))


@ROUTER.post("/{task_id}/cancel", response_model=Success[TaskRow], summary="Take a task back.")
async def cancel_task(desk: At, task_id: Id) -> Response:
    """Take your open task back; the held budget is available again at once."""
    task = await desk.do("web3.market.cancelTask", taskId=task_named(task_id))
    return desk.answer(TaskRow(**await task_row(desk, task)), "Task cancelled successfully")
