"""Billing periods: what one session of an agent used, from its first use to its end."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS
from clawmarket.domain.kernel.rows import replace

# A session that nobody ends is ended when it was left alone for a day, or an hour less: the
# moment is put off once an hour of use, since an index has to follow it.
IDLE_MS = DAY_MS
PUT_OFF_MS = HOUR_MS
# The calls and runs of a session that ended so long ago are removed; its sums and records stay.
CALLS_KEPT_MS = 30 * DAY_MS


class PeriodState(StrEnum):
    """Where a billing period stands."""

    OPEN = "period_open"
    CAPPED = "period_capped"
    ENDED = "period_ended"


PERIOD = Machine(
    "period",
    (PeriodState.OPEN,),
    {
        "cap": {PeriodState.OPEN: PeriodState.CAPPED},
        "resume": {PeriodState.CAPPED: PeriodState.OPEN},
        "end": {
            PeriodState.OPEN: PeriodState.ENDED,
            PeriodState.CAPPED: PeriodState.ENDED,
        },
    },
)


@dataclass(frozen=True)
class Period:
    """What a session used: charged, reserved for calls that run, traded by its key.

    `billed` is what of `charged` stands on bills; `unbilled` is what was used beyond a quota and
    is never asked for. `acts_at` is when the market ends it, None once it is over.
    """

    period_id: str
    owner: str
    session: str
    state: PeriodState
    charged: int
    reserved: int
    traded: int
    billed: int
    unbilled: int
    llm_calls: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    bill_id: str | None
    opened_at: int
    active_at: int
    acts_at: int | None
    capped_at: int | None
    ended_at: int | None
    why: str

    @property
    def total(self) -> int:
        """What counts against the session's quota."""
        return self.charged + self.reserved + self.traded

    @property
    def due(self) -> int:
        """What was charged and stands on no bill yet."""
        return self.charged - self.billed

    @property
    def is_over(self) -> bool:
        """Whether the session has ended; calls that run may still be settled."""
        return self.state is PeriodState.ENDED

    def has_calls(self, now: int) -> bool:
        """Tell whether its calls and runs are still kept one by one."""
        return self.ended_at is None or now < self.ended_at + CALLS_KEPT_MS


@dataclass(frozen=True)
class RunningPeriod:
    """Which period a session of an account is in, or was in last."""

    session_key: str
    period_id: str


@event
@dataclass(frozen=True, slots=True)
class PeriodOpened(Event):
    """A session began to use what a plan has a price for."""

    period_id: str
    owner: str
    session: str


@event
@dataclass(frozen=True, slots=True)
class PeriodCapped(Event):
    """A quota is reached; the session pays for nothing more until it ends or the plan is set."""

    period_id: str
    charged: str
    traded: str


@event
@dataclass(frozen=True, slots=True)
class PeriodResumed(Event):
    """The plan was set anew and leaves something; the session goes on."""

    period_id: str


@event
@dataclass(frozen=True, slots=True)
class PeriodEnded(Event):
    """A session ended; what it charged is billed if the plan has a payee."""

    period_id: str
    charged: str
    reserved: str
    traded: str
    unbilled: str
    reason: str


def session_key(owner: str, session: str) -> str:
    """Return the key under which a session's period is found."""
    return f"{owner}|{session}"


def open_period(period_id: str, owner: str, session: str, now: int) -> Period:
    """Return a session's new period."""
    return Period(
        period_id=period_id,
        owner=owner,
        session=session,
        state=PeriodState.OPEN,
        charged=0,
        reserved=0,
        traded=0,
        billed=0,
        unbilled=0,
        llm_calls=0,
        tool_calls=0,
        input_tokens=0,
        output_tokens=0,
        cached_tokens=0,
        bill_id=None,
        opened_at=now,
        active_at=now,
        acts_at=now + IDLE_MS,
        capped_at=None,
        ended_at=None,
        why="",
    )


def touch(period: Period, now: int) -> Period:
    """Note that a session was used; it is not idle before a day from now, or an hour less."""
    acts_at = period.acts_at
    if acts_at is not None and now + IDLE_MS - acts_at >= PUT_OFF_MS:
        acts_at = now + IDLE_MS
    return replace(period, active_at=max(now, period.active_at), acts_at=acts_at)


def cap(period: Period, now: int) -> tuple[Period, PeriodCapped]:
    """Stop a session at a quota. Raises TransitionRefusedError."""
    after = replace(period, state=PERIOD.step(period.state, "cap"), capped_at=now)
    return after, PeriodCapped(period.period_id, str(period.charged), str(period.traded))


def resume(period: Period) -> tuple[Period, PeriodResumed]:
    """Let a stopped session go on. Raises TransitionRefusedError."""
    after = replace(period, state=PERIOD.step(period.state, "resume"), capped_at=None)
    return after, PeriodResumed(period.period_id)


def end(period: Period, why: str, now: int) -> tuple[Period, PeriodEnded]:
    """End a session's period. Raises TransitionRefusedError."""
    state = PERIOD.step(period.state, "end")
    after = replace(period, state=state, acts_at=None, ended_at=now, why=why)
    ended = PeriodEnded(
        period.period_id,
        str(period.charged),
        str(period.reserved),
        str(period.traded),
        str(period.unbilled),
        why,
    )
    return after, ended
