"""Repair: what a rail has not said yet, asked anew at once, or settled by what a person found.

Operators see every step whose outcome is unknown. They cannot choose amounts: a step moves what
it was asked to move, or nothing.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel import job as jobs
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.job import RAIL_JOB, Job, JobState
from clawmarket.domain.kernel.moment import SECOND_MS, iso, iso_or_none
from clawmarket.domain.market import order as orders
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury import rail as rails
from clawmarket.domain.treasury.rail import (
    UNKNOWN,
    RailContradictsError,
    RailState,
    RailStep,
    StepKnownError,
    StepNotFoundError,
)
from clawmarket.ports.payments import Moved, RailSilentError, Unseen
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    Limit,
    Moment,
    Note,
    OrderId,
    RailName,
    Request,
    SettlementId,
    StepKey,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Need, Risk, Scope, Verb, ask, read, write
from clawmarket.services.call import Call
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.rail_answers import ask_rail, look_up, rail_of
from clawmarket.services.treasury.rails import move_of
from clawmarket.services.work import Work

# Of a list's limit; each is one look-up of its job.
_MOST = 200


@event
@dataclass(frozen=True, slots=True)
class RepairRetried(Event):
    """An operator had a rail asked at once."""

    order_id: str
    key: str


class RepairView(Answer):
    """A step whose outcome is unknown: what was asked, what was answered last, what comes next."""

    step_key: StepKey
    status: Word
    age_sec: Annotated[int, Field(description="Seconds since it was asked first.")]
    attempts: Annotated[int, Field(description="How often the rail was asked so far.")]
    last_answer: Annotated[str, Field(description="What came back last, in words.")]
    asks_at: Annotated[Moment | None, Field(description="When the rail is asked next."), Verbatim]
    next_step: Annotated[str, Field(description="What happens next, and who does it.")]
    order_id: OrderId
    settlement_id: SettlementId
    rail: RailName
    step: Word
    payer: AccountId
    payee: AccountId
    locked: Amount
    seller_amount: Amount
    fee: Amount
    refund_amount: Amount
    asked_at: Moment


class RepairList(Answer):
    """What is unknown, what waits for a person first, then the oldest."""

    items: list[RepairView]
    more: Annotated[bool, Field(description="Whether there are others beyond the limit.")]


class ListRepairs(Request):
    """How many."""

    limit: Limit = 50


@read("market.repair.list", scope=Scope.ADMIN, verb=Verb("repair list"))
def list_repairs(call: Call, rows: Snapshot, request: ListRepairs) -> RepairList:
    """List what outside rails were asked and have not answered, or refuse to pay out."""
    stuck, waiting = (
        rows.find(Query(RailStep, equal={"state": state}, limit=_MOST + 1))
        for state in (RailState.STUCK, RailState.ASKED)
    )
    found = [*stuck, *waiting]
    items = [repair_view(rows, step, call.now) for step in found[: request.limit]]
    return RepairList(items=items, more=len(found) > request.limit)


class RetryRepair(Request):
    """The step to ask about."""

    step_key: StepKey


_UNKNOWN_STEP = Need("stepKey", "market.repair.list", "items.0.stepKey")


@write(
    "market.repair.retry",
    scope=Scope.ADMIN,
    errors=(StepNotFoundError, StepKnownError),
    needs=(_UNKNOWN_STEP,),
    verb=Verb("repair retry", ("stepKey",)),
)
def retry_repair(call: Call, work: Work, request: RetryRepair) -> RepairView:
    """Ask the rail now instead of later; by the same key, so nothing is done twice."""
    step = work.get(RailStep, request.step_key)
    order = work.get(Order, step.order_id) if step else None
    if step is None or order is None:
        raise StepNotFoundError(f"There is no step {request.step_key}.")
    if step.state not in UNKNOWN:
        raise StepKnownError("What came of this step is known.")
    again = rails.ask_again(step) if step.state is RailState.STUCK else step
    asked = _ask_soon(work, step, again)
    work.emit(RepairRetried(step.order_id, step.key))
    work.involve(order.parties)
    return repair_view(work, asked, call.now)


def _ask_soon(work: Work, known: RailStep, step: RailStep) -> RailStep:
    """Let the step's job run now; one that is over gets a successor.

    The job that got a step stuck has nothing left to do, even while its worker has not said so.
    """
    job = work.get(Job, step.job_id)
    is_done = known.state is RailState.STUCK and (not job or job.state is not JobState.WAITING)
    if job is None or job.acts_at is None or is_done:
        asked = replace(step, job_id=work.enqueue(RAIL_JOB, step.key))
    else:
        work.save(jobs.hasten(job, work.now))
        asked = step
    work.save(asked)
    return asked


class ResolveRepair(Request):
    """What a person found out, and how they know."""

    step_key: StepKey
    outcome: Annotated[
        Literal["moved", "not_moved"],
        Field(description="What the rail did; the amounts are those that it was asked for."),
    ]
    reason: Annotated[Note, Field(min_length=10, description="How you know; the parties read it.")]


@ask(
    "market.repair.resolve",
    scope=Scope.ADMIN,
    risk=Risk.MONEY,
    errors=(StepNotFoundError, StepKnownError, RailContradictsError),
    needs=(_UNKNOWN_STEP,),
    example={"outcome": "moved", "reason": "The statement of the rail shows it."},
    verb=Verb("repair resolve", ("stepKey",)),
)
async def resolve_repair(call: Call, pipeline: Pipeline, request: ResolveRepair) -> RepairView:
    """Settle a step by what you found out, when the rail itself does not say it.

    Moved: order, ledger and receipt go on as if the rail had said so. Not moved: a lock is given
    up; a payment that is owed is asked for anew, under a new key. What the rail itself says of
    the key counts more: if it contradicts you, nothing is changed.
    """
    store = pipeline.ports.store
    step = store.read(lambda rows: rows.get(RailStep, request.step_key))
    if step is None:
        raise StepNotFoundError(f"There is no step {request.step_key}.")
    if step.state in UNKNOWN:
        await _check_with_rail(pipeline, step, moved=request.outcome == "moved")
    await pipeline.write(call, lambda work: _find_out(work, request))
    await ask_rail(pipeline, request.step_key)
    return store.read(lambda rows: repair_view(rows, _step(rows, request.step_key), call.now))


async def _check_with_rail(pipeline: Pipeline, step: RailStep, *, moved: bool) -> None:
    """Raise RailContradictsError if the rail answers, and says otherwise than the person."""
    try:
        said = await look_up(rail_of(pipeline, step), move_of(step))
    except RailSilentError:
        return
    if isinstance(said, Unseen) or isinstance(said, Moved) != moved:
        words = "moved it" if isinstance(said, Moved) else "did not move it"
        words = "never got it" if isinstance(said, Unseen) else words
        raise RailContradictsError(f"The rail says that it {words}.", stepKey=step.key)


def _find_out(work: Work, request: ResolveRepair) -> None:
    step = _step(work, request.step_key)
    order = work.get(Order, step.order_id)
    after, found = rails.find_out(step, request.reason, moved=request.outcome == "moved")
    _ask_soon(work, step, after)
    work.emit(found)
    if order is not None:
        work.save(orders.recorded(order, work.record_id))
        work.involve(order.parties)


def _step(rows: Snapshot | Work, key: str) -> RailStep:
    step = rows.get(RailStep, key)
    if step is None:
        raise StepNotFoundError(f"There is no step {key}.")
    return step


_NEXT = {
    RailState.ASKED: "The market asks the rail again by itself, by the same key.",
    RailState.STUCK: "The rail refuses to pay out what it holds: ask there, then retry or resolve.",
    RailState.MOVED: "Nothing: it moved.",
    RailState.REFUSED: "Nothing: nothing moved under this key.",
}


def repair_view(rows: Snapshot | Work, step: RailStep, now: int) -> RepairView:
    """Return a step in wire form, with what its job knows."""
    job = rows.get(Job, step.job_id)
    asks_at = job.acts_at if job and step.state is RailState.ASKED else None
    return RepairView(
        step_key=step.key,
        order_id=step.order_id,
        settlement_id=step.settlement_id,
        rail=step.rail,
        step=step.step,
        status=step.state,
        payer=step.payer,
        payee=step.payee,
        locked=str(step.locked),
        seller_amount=str(step.seller_amount),
        fee=str(step.fee),
        refund_amount=str(step.refund_amount),
        asked_at=iso(step.asked_at),
        age_sec=max(0, now - step.asked_at) // SECOND_MS,
        attempts=job.attempts if job else 0,
        last_answer=step.reason or (job.last_failure if job else "") or "none",
        asks_at=iso_or_none(asks_at),
        next_step=_NEXT[step.state],
    )
