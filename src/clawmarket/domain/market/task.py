"""Tasks: a buyer's published demand, open until one bid is awarded."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import (
    ConflictError,
    ExpiredError,
    NotFoundError,
    QuotaExceededError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.moment import SECOND_MS
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.kernel.state_words import said
from clawmarket.domain.market.inspection.checks import Check
from clawmarket.domain.market.terms import Artifact, Part


class TaskState(StrEnum):
    """Where a task stands; once awarded, its order tells the rest."""

    OPEN = "task_open"
    AWARDED = "task_awarded"
    CLOSED = "task_closed"
    CANCELLED = "task_cancelled"
    EXPIRED = "task_expired"


TASK = Machine(
    "task",
    (TaskState.OPEN,),
    {
        "award": {TaskState.OPEN: TaskState.AWARDED},
        "reopen": {TaskState.AWARDED: TaskState.OPEN},
        "close": {TaskState.AWARDED: TaskState.CLOSED},
        "cancel": {TaskState.OPEN: TaskState.CANCELLED},
        "expire": {TaskState.OPEN: TaskState.EXPIRED},
    },
)


class TaskNotFoundError(NotFoundError):
    """There is no such task."""

    next_command = "clawmarket task list"


class TaskNotOpenError(ConflictError):
    """The task takes no more bids and can no longer be cancelled."""

    advice = "Look at what became of it."
    next_command = "clawmarket task show {taskId}"


class TaskExpiredError(ExpiredError):
    """The task's last moment for bids and awards has passed."""

    advice = "Look for another open task, or publish it again."
    next_command = "clawmarket task list --status task_open"


class TasksFullError(QuotaExceededError):
    """The account has as many open tasks as an account may have at once."""

    advice = "Cancel a task, or wait until one is awarded or its time has passed."
    next_command = "clawmarket task mine"


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """How many tasks of an account are open; it is counted, since looking takes too long."""

    buyer: str
    tasks: int


@dataclass(frozen=True)
class Task:
    """What a buyer wants done, for at most how much, and until when it may be taken.

    `acts_at` is when the market ends it by itself; None once that cannot happen any more.
    `deadline_at` is the last moment to deliver, whenever it is awarded. With `claims` whoever fits
    may take it at the budget at once; with `sealed` the buyer reads no file before accepting.
    `worker` is who it was awarded to. `ended_at` is when it ended without an award.
    """

    task_id: str
    buyer: str
    title: str
    summary: str
    requirements: str
    skills: tuple[str, ...]
    attachments: tuple[Artifact, ...]
    asset: str
    budget: int
    hold_id: str | None
    delivery_s: int
    review_s: int
    resubmit_s: int
    state: TaskState
    bid_count: int
    order_id: str | None
    created_at: int
    expires_at: int
    acts_at: int | None
    record_id: str
    milestones: tuple[Part, ...]
    deadline_at: int | None = None
    claims: bool = False
    sealed: bool = False
    worker: str | None = None
    checks: tuple[Check, ...] = ()
    inspect: bool = False
    ended_at: int | None = None

    @property
    def funded(self) -> bool:
        """Whether the budget was set aside when the task was published."""
        return self.hold_id is not None


@event
@dataclass(frozen=True, slots=True)
class TaskPublished(Event):
    """A buyer published a task."""

    task_id: str
    buyer: str
    asset: str
    budget: str
    funded: bool
    terms: str


@event
@dataclass(frozen=True, slots=True)
class TaskCancelled(Event):
    """The buyer took the task back before an award."""

    task_id: str


@event
@dataclass(frozen=True, slots=True)
class TaskExpired(Event):
    """Nobody was awarded before the task's last moment."""

    task_id: str


@event
@dataclass(frozen=True, slots=True)
class TaskClosed(Event):
    """The task's order came to its end."""

    task_id: str


def check_open(task: Task, now: int) -> None:
    """Raise unless the task can still be bid on, awarded or cancelled.

    Raises:
        TaskNotOpenError: It was awarded, cancelled or has ended.
        TaskExpiredError: Its last moment has passed (`now < expires_at` is judged here, not by
            the sweep).
    """
    if task.state is not TaskState.OPEN:
        raise TaskNotOpenError(f"This task {said(task.state)}.", taskId=task.task_id)
    if now >= task.expires_at:
        raise TaskExpiredError("The task's last moment has passed.", taskId=task.task_id)


def cancel(task: Task, now: int) -> tuple[Task, TaskCancelled]:
    """Take an open task back. Raises TaskNotOpenError, TaskExpiredError."""
    check_open(task, now)
    state = TASK.step(task.state, "cancel", taskId=task.task_id)
    return replace(task, state=state, acts_at=None, ended_at=now), TaskCancelled(task.task_id)


def expire(task: Task) -> tuple[Task, TaskExpired]:
    """End a task that nobody was awarded in time. Raises TransitionRefusedError."""
    state = TASK.step(task.state, "expire", taskId=task.task_id)
    after = replace(task, state=state, acts_at=None, ended_at=task.expires_at)
    return after, TaskExpired(task.task_id)


def delivery_left(task: Task, now: int) -> int:
    """Return how many seconds a worker who begins now has to deliver.

    Raises TaskExpiredError if less than one is left before the task's deadline.
    """
    if task.deadline_at is None:
        return task.delivery_s
    left = (task.deadline_at - now) // SECOND_MS
    if left < 1:
        raise TaskExpiredError("The task's deadline has passed.", taskId=task.task_id)
    return left


def award(task: Task, order_id: str, worker: str, now: int) -> Task:
    """Bind a task to the order of its chosen bid. Raises TaskNotOpenError, TaskExpiredError."""
    check_open(task, now)
    return replace(
        task,
        state=TASK.step(task.state, "award", taskId=task.task_id),
        order_id=order_id,
        worker=worker,
        acts_at=None,
    )


def reopen(task: Task, hold_id: str, bid_count: int, *, claims: bool) -> Task:
    """Open a task again whose worker stepped back, with the bids that stand again.

    Its last moment for bids stays; if that has passed, the market ends it next. Without `claims`
    it takes bids only from now on. Raises TransitionRefusedError.
    """
    return replace(
        task,
        state=TASK.step(task.state, "reopen", taskId=task.task_id),
        hold_id=hold_id,
        order_id=None,
        worker=None,
        bid_count=bid_count,
        acts_at=task.expires_at,
        claims=claims,
    )


def close(task: Task) -> tuple[Task, TaskClosed]:
    """End a task whose order has ended. Raises TransitionRefusedError."""
    return replace(task, state=TASK.step(task.state, "close", taskId=task.task_id)), TaskClosed(
        task.task_id
    )
