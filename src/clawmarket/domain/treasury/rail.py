"""Rail steps: what an outside rail was asked to do with an order's money, and what came of it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError, NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.treasury.settlement import Settlement


class Step(StrEnum):
    """What a rail can be asked for."""

    LOCK = "lock"
    PART = "part"
    RELEASE = "release"
    REFUND = "refund"


class RailState(StrEnum):
    """What is known of a step; stuck is a payment out of a lock that the rail refused."""

    ASKED = "rail_asked"
    STUCK = "rail_stuck"
    MOVED = "rail_moved"
    REFUSED = "rail_refused"


RAIL = Machine(
    "rail",
    (RailState.ASKED,),
    {
        "confirm": {RailState.ASKED: RailState.MOVED},
        "refuse": {RailState.ASKED: RailState.REFUSED},
        "stick": {RailState.ASKED: RailState.STUCK},
        "ask_again": {RailState.STUCK: RailState.ASKED},
    },
)

UNKNOWN = (RailState.ASKED, RailState.STUCK)


class RailUnknownError(InvalidArgumentError):
    """This market has no such rail."""

    advice = "Leave `rail` out to pay with credits, or name a rail that the market has."
    next_command = "clawmarket status"


class StepNotFoundError(NotFoundError):
    """There is no such step of a rail."""

    next_command = "clawmarket repair list"


class StepKnownError(ConflictError):
    """What came of this step is known already; there is nothing to repair."""

    advice = "List what is still unknown."
    next_command = "clawmarket repair list"


class RailContradictsError(ConflictError):
    """The rail itself says otherwise than the person who resolves."""

    advice = "Let the market ask the rail again; it carries out what the rail says."
    next_command = "clawmarket repair retry {stepKey}"


@event
@dataclass(frozen=True, slots=True)
class RailAsked(Event):
    """A rail is asked to move an order's money; what comes of it is unknown until it answers."""

    order_id: str
    settlement_id: str
    rail: str
    key: str
    step: str
    asset: str
    locked: str
    seller_amount: str
    fee: str
    refund: str


@event
@dataclass(frozen=True, slots=True)
class RailAnswered(Event):
    """What came of a step became known: `outcome` is moved or refused, `source` who said so."""

    order_id: str
    settlement_id: str
    rail: str
    key: str
    step: str
    outcome: str
    source: str
    reference: str
    reason: str


@event
@dataclass(frozen=True, slots=True)
class RailBlocked(Event):
    """A rail refused to pay out what it has locked; a person has to look."""

    order_id: str
    key: str
    reason: str


@event
@dataclass(frozen=True, slots=True)
class RailResolved(Event):
    """An operator found out what came of a step that the rail does not tell."""

    order_id: str
    key: str
    moved: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RailStep:
    """One question to a rail, under its key for ever.

    `locked` is the whole lock; the other amounts are what this step moves out of it, in minor
    units. `found` is what an operator found out, `reason` why the rail or the operator said so.
    `record_id` names the record that asked, `job_id` the job that asks.
    """

    key: str
    settlement_id: str
    order_id: str
    rail: str
    step: Step
    payer: str
    payee: str
    asset: str
    locked: int
    seller_amount: int
    fee: int
    refund_amount: int
    why: str
    state: RailState
    record_id: str
    job_id: str
    asked_at: int
    answered_at: int | None
    reference: str
    reason: str
    found: bool | None

    @property
    def source(self) -> str:
        """Who says what came of it."""
        return "rail" if self.found is None else "operator"


def key_of_step(settlement_id: str, number: int, step: Step) -> str:
    """Return the one key of a settlement's step; its steps are numbered from 1."""
    return f"{settlement_id}.{number:03}.{step}"


def lock_key(settlement_id: str) -> str:
    """Return the key of the lock that a settlement began with."""
    return key_of_step(settlement_id, 1, Step.LOCK)


def asked(step: RailStep) -> RailAsked:
    """Return what the record says of a question."""
    return RailAsked(
        step.order_id,
        step.settlement_id,
        step.rail,
        step.key,
        step.step.value,
        step.asset,
        str(step.locked),
        str(step.seller_amount),
        str(step.fee),
        str(step.refund_amount),
    )


def confirm(step: RailStep, reference: str, now: int) -> tuple[RailStep, RailAnswered]:
    """Note that the rail moved it. Raises TransitionRefusedError."""
    after = replace(
        step,
        state=RAIL.step(step.state, "confirm"),
        reference=reference,
        answered_at=now,
        found=step.found or None,
    )
    return after, _answered(after, "moved")


def refuse(step: RailStep, reason: str, now: int) -> tuple[RailStep, RailAnswered]:
    """Note that nothing moved and nothing will under this key. Raises TransitionRefusedError."""
    after = replace(
        step,
        state=RAIL.step(step.state, "refuse"),
        reason=reason,
        answered_at=now,
        found=False if step.found is False else None,
    )
    return after, _answered(after, "refused")


def stick(step: RailStep, reason: str) -> tuple[RailStep, RailBlocked]:
    """Note that the rail refuses to pay out what it has. Raises TransitionRefusedError."""
    after = replace(step, state=RAIL.step(step.state, "stick"), reason=reason, found=None)
    return after, RailBlocked(step.order_id, step.key, reason)


def ask_again(step: RailStep) -> RailStep:
    """Let a stuck step be asked once more, by its key. Raises TransitionRefusedError."""
    return replace(step, state=RAIL.step(step.state, "ask_again"), reason="")


def find_out(step: RailStep, reason: str, *, moved: bool) -> tuple[RailStep, RailResolved]:
    """Note what a person found out. Raises StepKnownError."""
    if step.state not in UNKNOWN or step.found is not None:
        raise StepKnownError("What came of this step is known.")
    again = ask_again(step) if step.state is RailState.STUCK else step
    after = replace(again, found=moved, reason=reason)
    return after, RailResolved(step.order_id, step.key, moved, reason)


def is_closed(step: RailStep) -> bool:
    """Tell whether a person said of a payment that it was not made; its question may still arrive.

    It is then asked for anew by the step that follows it.
    """
    return step.state is RailState.REFUSED and step.found is False and step.step is not Step.LOCK


def divide(settlement: Settlement, step: RailStep) -> Settlement:
    """Return the settlement with what a step moved out of its lock."""
    return replace(
        settlement,
        seller_amount=settlement.seller_amount + step.seller_amount,
        fee=settlement.fee + step.fee,
        refund_amount=settlement.refund_amount + step.refund_amount,
    )


def _answered(step: RailStep, outcome: str) -> RailAnswered:
    return RailAnswered(
        step.order_id,
        step.settlement_id,
        step.rail,
        step.key,
        step.step.value,
        outcome,
        step.source,
        step.reference,
        step.reason,
    )
