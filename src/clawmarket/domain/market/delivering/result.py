"""Results: what a worker handed in for a task, and the buyer's verdict on it."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.terms import Artifact


class ResultState(StrEnum):
    """Where a result stands."""

    SUBMITTED = "result_submitted"
    ACCEPTED = "result_accepted"
    REJECTED = "result_rejected"


RESULT = Machine(
    "result",
    (ResultState.SUBMITTED,),
    {
        "accept": {ResultState.SUBMITTED: ResultState.ACCEPTED},
        "reject": {ResultState.SUBMITTED: ResultState.REJECTED},
        "overrule": {
            ResultState.SUBMITTED: ResultState.ACCEPTED,
            ResultState.REJECTED: ResultState.ACCEPTED,
        },
    },
)


class ResultNotFoundError(NotFoundError):
    """There is no such result, or it is not yours to see."""

    next_command = "clawmarket order list"


@dataclass(frozen=True)
class Result:
    """One attempt of a worker, with the files it consists of and the buyer's feedback."""

    result_id: str
    task_id: str
    order_id: str
    delivery_id: str
    deliverer: str
    artifacts: tuple[Artifact, ...]
    digest: str
    note: str
    feedback: str
    state: ResultState
    submitted_at: int
    rating: int | None = None
    attempt: int = 1
    inspection_id: str | None = None
    appeal: str = ""


@event
@dataclass(frozen=True, slots=True)
class ResultSubmitted(Event):
    """A worker handed a result in."""

    result_id: str
    order_id: str
    task_id: str
    digest: str


@event
@dataclass(frozen=True, slots=True)
class ResultAccepted(Event):
    """The result was accepted, by the buyer or by the buyer's silence."""

    result_id: str
    order_id: str
    why: str


@event
@dataclass(frozen=True, slots=True)
class ResultRejected(Event):
    """The buyer sent the result back."""

    result_id: str
    order_id: str
    rejections: int
    feedback_digest: str


@event
@dataclass(frozen=True, slots=True)
class ResultRated(Event):
    """The buyer said how good a worker's result is: 1 is bad, 5 is very good."""

    result_id: str
    order_id: str
    worker: str
    rating: int


def accept(result: Result, why: str) -> tuple[Result, ResultAccepted]:
    """Accept a result. Raises TransitionRefusedError."""
    after = replace(result, state=RESULT.step(result.state, "accept", orderId=result.order_id))
    return after, ResultAccepted(result.result_id, result.order_id, why)


def overrule(result: Result, why: str) -> tuple[Result, ResultAccepted]:
    """Accept a result by the end of a dispute, also one that the buyer sent back.

    Raises TransitionRefusedError.
    """
    after = replace(result, state=RESULT.step(result.state, "overrule", orderId=result.order_id))
    return after, ResultAccepted(result.result_id, result.order_id, why)


def reject(result: Result, feedback: str) -> Result:
    """Send a result back with the buyer's words. Raises TransitionRefusedError."""
    return replace(
        result,
        state=RESULT.step(result.state, "reject", orderId=result.order_id),
        feedback=feedback,
    )
