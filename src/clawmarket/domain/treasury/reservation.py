"""Reservations: the price of a call that runs, kept free in every quota until its cost is known."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import ConflictError, NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.kernel.rows import replace

# A reservation that nobody settles is given back after a day.
LAPSES_MS = DAY_MS


class ReservationState(StrEnum):
    """Where a reservation stands."""

    RESERVED = "reservation_reserved"
    SETTLED = "reservation_settled"
    RELEASED = "reservation_released"
    LAPSED = "reservation_lapsed"


RESERVATION = Machine(
    "reservation",
    (ReservationState.RESERVED,),
    {
        "settle": {ReservationState.RESERVED: ReservationState.SETTLED},
        "release": {ReservationState.RESERVED: ReservationState.RELEASED},
        "lapse": {ReservationState.RESERVED: ReservationState.LAPSED},
    },
)


class ReservationNotFoundError(NotFoundError):
    """There is no such reservation, or it is not yours to see."""

    next_command = "clawmarket billing summary"


class CallReusedError(ConflictError):
    """This call was reserved for before, for another tool, or it is over."""

    advice = "Give each call an id of its own; repeat a call's id only while the call runs."
    next_command = "clawmarket explain call_reused"


@dataclass(frozen=True)
class Reservation:
    """What is kept for one call of a tool.

    `day` is whose quota it counts against. Once settled, `charged` is what the call cost; what it
    cost beyond `amount` is `unbilled` and never asked for.
    """

    reservation_id: str
    owner: str
    period_id: str
    tool: str
    amount: int
    charged: int
    unbilled: int
    day: int
    state: ReservationState
    made_at: int
    acts_at: int | None
    ended_at: int | None
    why: str


@dataclass(frozen=True)
class Charge:
    """What one run of a model cost, once; `charged` is what the quotas left of it."""

    charge_id: str
    owner: str
    period_id: str
    model: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: int
    charged: int
    charged_at: int


@event
@dataclass(frozen=True, slots=True)
class ReservationReserved(Event):
    """A call of a paid tool may run; its price is kept free."""

    reservation_id: str
    period_id: str
    tool: str
    amount: str


@event
@dataclass(frozen=True, slots=True)
class ReservationSettled(Event):
    """A call ended; what it cost is charged, the rest is free again."""

    reservation_id: str
    period_id: str
    charged: str
    unbilled: str


@event
@dataclass(frozen=True, slots=True)
class ReservationReleased(Event):
    """A call did not happen or failed; all that was kept for it is free again."""

    reservation_id: str
    period_id: str
    amount: str
    reason: str


@event
@dataclass(frozen=True, slots=True)
class ReservationLapsed(Event):
    """Nobody said in time what a call cost; all that was kept for it is free again."""

    reservation_id: str
    period_id: str
    amount: str


@event
@dataclass(frozen=True, slots=True)
class ChargeMade(Event):
    """A run of a model was charged, as far as the quotas left something."""

    charge_id: str
    period_id: str
    model: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: str
    charged: str


def settle(one: Reservation, cost: int | None, now: int) -> tuple[Reservation, ReservationSettled]:
    """Charge what a call cost, at most what is kept for it; None: all of it.

    Raises TransitionRefusedError.
    """
    state = RESERVATION.step(one.state, "settle")
    cost = one.amount if cost is None else cost
    charged = min(cost, one.amount)
    after = replace(
        one, state=state, charged=charged, unbilled=cost - charged, acts_at=None, ended_at=now
    )
    settled = ReservationSettled(
        one.reservation_id, one.period_id, str(charged), str(after.unbilled)
    )
    return after, settled


def release(one: Reservation, why: str, now: int) -> tuple[Reservation, ReservationReleased]:
    """Give back all that is kept for a call. Raises TransitionRefusedError."""
    state = RESERVATION.step(one.state, "release")
    after = replace(one, state=state, acts_at=None, ended_at=now, why=why)
    return after, ReservationReleased(one.reservation_id, one.period_id, str(one.amount), why)


def lapse(one: Reservation, now: int) -> tuple[Reservation, ReservationLapsed]:
    """Give back what nobody settled in time. Raises TransitionRefusedError."""
    state = RESERVATION.step(one.state, "lapse")
    after = replace(one, state=state, acts_at=None, ended_at=now, why="nobody settled it")
    return after, ReservationLapsed(one.reservation_id, one.period_id, str(one.amount))


def charge_made(charge: Charge) -> ChargeMade:
    """Return what the record says of a run."""
    return ChargeMade(
        charge.charge_id,
        charge.period_id,
        charge.model,
        charge.input_tokens,
        charge.output_tokens,
        charge.cached_tokens,
        str(charge.cost),
        str(charge.charged),
    )
