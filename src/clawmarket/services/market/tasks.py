"""Tasks: publish, show, take back; the board lists them."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import SECOND_MS
from clawmarket.domain.market import task as tasks
from clawmarket.domain.market.claiming.claim import ClaimsNeedFundsError
from clawmarket.domain.market.task import (
    Task,
    TaskExpiredError,
    TaskNotFoundError,
    TaskNotOpenError,
    TaskPublished,
    TasksFullError,
    TaskState,
)
from clawmarket.domain.market.terms import (
    DELIVERY_S,
    RESUBMIT_S,
    REVIEW_WINDOW_S,
    TASK_LIFETIME_S,
    Part,
    milestones_of,
)
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.domain.trust.file import EVERYBODY
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    Amount,
    Answer,
    AssetId,
    Cursor,
    Deadline,
    File,
    Flag,
    MilestonePart,
    MilestoneParts,
    PartyText,
    Request,
    Seconds,
    SignedRequest,
    Skill,
    TaskId,
    Title,
)
from clawmarket.registry.methods import Need, Risk, Scope, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.market.claiming.deadlines import (
    DeadlineInvalidError,
    deadline_of,
    seconds_left,
)
from clawmarket.services.market.delivering.files import share_files
from clawmarket.services.market.inspections.asking import (
    AcceptanceChecks,
    CheckInvalidError,
    checks_of,
)
from clawmarket.services.market.open_tasks import check_room, count_open
from clawmarket.services.market.rejections import turn_down_bids
from clawmarket.services.market.views.tasks import TaskView, task_view
from clawmarket.services.market.views.terms import artifacts_of
from clawmarket.services.market.windows import WindowTooShortError, check_windows
from clawmarket.services.treasury.moves import give_back, hold_of, set_aside
from clawmarket.services.work import Work

ALL_PERCENT = 100

Budget = Annotated[Amount, Field(pattern=r"^[1-9][0-9]{0,15}$")]


class MilestonesInvalidError(InvalidArgumentError):
    """The percents of all milestones sum to 100, and each comes to something."""

    advice = "Name each milestone with its hundredths of a price that is large enough for all."
    next_command = "clawmarket help task publish"


class PublishTask(SignedRequest):
    """A demand: what is wanted, for at most how much, until when."""

    title: Title
    summary: PartyText = ""
    requirements: PartyText = ""
    skills: Annotated[
        list[Skill], Field(max_length=12, description="What the worker must be able to do.")
    ] = Field(default_factory=list)
    attachments: Annotated[
        list[File],
        Field(max_length=20, description="Files you stored before; every account may read them."),
    ] = Field(default_factory=list)
    budget: Budget
    asset: AssetId = "credits"
    milestones: MilestoneParts = Field(default_factory=list)
    deadline: Annotated[
        Deadline | None,
        Field(description="The last moment to deliver; then `timeoutSec` is what is left of it."),
    ] = None
    claims: Annotated[
        Flag, Field(description="Whoever fits may take it at the budget at once; needs `fund`.")
    ] = False
    sealed: Annotated[
        Flag, Field(description="You read a result's files once you accepted it, not before.")
    ] = False
    checks: AcceptanceChecks = Field(default_factory=list)
    inspect: Annotated[
        Flag | None,
        Field(description="Take inspected files only; without it, where there are checks."),
    ] = None
    fund: Annotated[
        Flag, Field(description="Hold the budget now; otherwise the award needs the money.")
    ] = True
    expiry_sec: Annotated[Seconds, Field(description="How long bids are taken, in seconds.")] = (
        TASK_LIFETIME_S
    )
    timeout_sec: Annotated[
        Seconds, Field(description="Seconds from the award to the last moment to deliver.")
    ] = DELIVERY_S
    dispute_window_sec: Annotated[
        Seconds, Field(description="Seconds to review a delivery; silence pays the seller.")
    ] = REVIEW_WINDOW_S
    resubmit_sec: Annotated[
        Seconds, Field(description="Seconds to hand in again after a rejection.")
    ] = RESUBMIT_S


@write(
    "web3.market.publishTask",
    risk=Risk.MONEY,
    errors=(
        TasksFullError,
        FundsMissingError,
        BlobMissingError,
        WindowTooShortError,
        MilestonesInvalidError,
        DeadlineInvalidError,
        ClaimsNeedFundsError,
        CheckInvalidError,
    ),
    example={
        "title": "Digest a document",
        "skills": ["summarize"],
        "budget": "50000000",
        "claims": True,
    },
    verb=Verb("task publish", ("title",)),
)
def publish_task(call: Call, work: Work, request: PublishTask) -> TaskView:
    """Publish a task and hold its budget.

    With `fund`, which is the default, the budget moves from available to held at once. It comes
    back when you cancel, when nobody is awarded in time, or as what an award leaves over.
    """
    deadline_at = deadline_of(call, request)
    delivery_s = seconds_left(call, deadline_at) if deadline_at else request.timeout_sec
    windows = (delivery_s, request.dispute_window_sec, request.resubmit_sec)
    check_windows(call.terms, request.expiry_sec, *windows)
    if request.claims and not request.fund:
        raise ClaimsNeedFundsError("A task to be claimed has to be funded.")
    check_room(work, call.actor)
    task_id = call.new_id("task")
    attachments = artifacts_of(request.attachments)
    share_files(work, call.actor, attachments, EVERYBODY)
    budget, milestones = int(request.budget), parts_of(request.milestones)
    if not all(each.amount for each in milestones_of(milestones, budget)):
        raise MilestonesInvalidError("The budget is too small for the task's milestones.")
    hold = set_aside(work, call.actor, budget, task_id) if request.fund else None
    expires_at = call.now + request.expiry_sec * SECOND_MS
    expires_at = min(expires_at, deadline_at) if deadline_at else expires_at
    task = Task(
        task_id=task_id,
        buyer=call.actor,
        title=request.title,
        summary=request.summary,
        requirements=request.requirements,
        skills=tuple(dict.fromkeys(request.skills)),
        attachments=attachments,
        asset=request.asset,
        budget=budget,
        hold_id=hold.hold_id if hold else None,
        delivery_s=delivery_s,
        review_s=request.dispute_window_sec,
        resubmit_s=request.resubmit_sec,
        state=TaskState.OPEN,
        bid_count=0,
        order_id=None,
        created_at=call.now,
        expires_at=expires_at,
        acts_at=expires_at,
        record_id=work.record_id,
        milestones=milestones,
        deadline_at=deadline_at,
        claims=request.claims,
        sealed=request.sealed,
        checks=checks_of(request.checks),
        inspect=bool(request.checks) if request.inspect is None else request.inspect,
    )
    work.add(task)
    count_open(work, call.actor, 1)
    work.emit(
        TaskPublished(
            task_id, call.actor, task.asset, request.budget, request.fund, terms_digest(call)
        )
    )
    return task_view(task)


def parts_of(asked: list[MilestonePart]) -> tuple[Part, ...]:
    """Return milestones as the domain has them. Raises MilestonesInvalidError."""
    parts = tuple(Part(each.title, each.percent) for each in asked)
    if parts and sum(part.percent for part in parts) != ALL_PERCENT:
        raise MilestonesInvalidError("The percents of all milestones together are not 100.")
    return parts


def terms_digest(call: Call) -> str:
    """Return the content hash over what the caller sent, the terms that the event names."""
    return f"sha256:{call.params_hash}"


class TaskPage(Answer):
    """A page of tasks, newest first."""

    items: list[TaskView]
    next_cursor: Cursor | None


class GetTask(Request):
    """One task."""

    task_id: TaskId


@read(
    "web3.market.getTask",
    scope=Scope.PUBLIC,
    errors=(TaskNotFoundError,),
    needs=(Need("taskId", "web3.market.publishTask", "taskId"),),
    verb=Verb("task show", ("taskId",)),
)
def get_task(_call: Call, rows: Snapshot, request: GetTask) -> TaskView:
    """Show one task."""
    return task_view(task_of(rows, request.task_id))


def task_of(rows: Snapshot, task_id: str) -> Task:
    """Return a task. Raises TaskNotFoundError."""
    task = rows.get(Task, task_id)
    if task is None:
        raise TaskNotFoundError(f"There is no task {task_id}.")
    return task


class CancelTask(SignedRequest):
    """The task to take back."""

    task_id: TaskId


@write(
    "web3.market.cancelTask",
    risk=Risk.MONEY,
    errors=(TaskNotFoundError, TaskNotOpenError, TaskExpiredError),
    needs=(Need("taskId", "web3.market.publishTask", "taskId"),),
    verb=Verb("task cancel", ("taskId",)),
)
def cancel_task(call: Call, work: Work, request: CancelTask) -> TaskView:
    """Take an open task back; the held budget is available again at once."""
    task = work.get(Task, request.task_id)
    if task is None or task.buyer != call.actor:
        raise TaskNotFoundError(f"You have no task {request.task_id}.")
    after, cancelled = tasks.cancel(task, call.now)
    work.save(after)
    count_open(work, task.buyer, -1)
    work.emit(cancelled)
    turn_down_bids(work, task)
    if task.hold_id is not None:
        give_back(work, hold_of(work, task.hold_id))
    return task_view(after)
