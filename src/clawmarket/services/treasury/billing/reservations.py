"""Reservations: a paid call's price is kept before it runs, and settled or given back after."""

import hashlib
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.ids import id_of
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.treasury import budget as budgets
from clawmarket.domain.treasury import reservation as reservations
from clawmarket.domain.treasury.budget import MOST, BillUnpaidError, Budget, BudgetSpentError, Move
from clawmarket.domain.treasury.plan import PlanMissingError, ToolUnpaidError, price_in
from clawmarket.domain.treasury.reservation import (
    LAPSES_MS,
    CallReusedError,
    Reservation,
    ReservationNotFoundError,
    ReservationReserved,
    ReservationState,
)
from clawmarket.registry.fields import (
    Amount,
    Answer,
    Note,
    Request,
    ReservationId,
    SessionIdHash,
    Word,
)
from clawmarket.registry.methods import Need, write
from clawmarket.services.call import Call
from clawmarket.services.treasury.billing.budgets import (
    enter,
    move,
    needed_budget,
    period_named,
)
from clawmarket.services.treasury.billing.views import (
    LeftView,
    Reference,
    Spent,
    ToolName,
    left_view,
)
from clawmarket.services.work import Work

RESERVED = Need("reservationId", "web3.billing.reserve", "reservationId")


class ReserveCredits(Request):
    """Which call of which tool, in which session."""

    session_id_hash: SessionIdHash
    tool: ToolName
    call_id: Annotated[Reference, Field(description="The host's id of this one call.")]


class ReservationView(Answer):
    """A reservation, and what the quotas leave beside it."""

    reservation_id: ReservationId
    status: Word
    tool: ToolName
    amount: Annotated[Spent, Field(description="What is kept, or was kept, for the call.")]
    charged: Annotated[Spent, Field(description="What the call cost; nothing before it ended.")]
    unbilled: Annotated[Spent, Field(description="What it cost beyond that; never asked for.")]
    left: LeftView


@write(
    "web3.billing.reserve",
    errors=(
        PlanMissingError,
        ToolUnpaidError,
        BudgetSpentError,
        BillUnpaidError,
        CallReusedError,
    ),
    example={"sessionIdHash": "0" * 64, "tool": "web_search", "callId": "run-1.call-1"},
)
def reserve_credits(call: Call, work: Work, request: ReserveCredits) -> ReservationView:
    """Keep a paid tool's price free in every quota before the tool is called.

    The same call in the same session is reserved for once, also without an idempotency key. What
    nobody settles or gives back within a day is given back by the market.
    """
    budget = needed_budget(work, call.actor, request.session_id_hash)
    named = f"{call.actor}|{request.session_id_hash}|{request.call_id}"
    reservation_id = id_of("reservation", hashlib.sha256(named.encode()).digest())
    known = work.get(Reservation, reservation_id)
    if known is not None:
        return reservation_view(_same(known, request.tool), budget, call.now)
    price = price_in(budget.plan, request.tool)
    budgets.check(budget, price, call.now)
    budget = enter(work, budget, request.session_id_hash)
    made = _reserved(call, budget, reservation_id, request.tool, price)
    work.add(made)
    work.emit(ReservationReserved(reservation_id, made.period_id, made.tool, str(price)))
    budget = move(work, budget, Move(made.day, reserved=price))
    return reservation_view(made, budget, call.now)


def _same(known: Reservation, tool: str) -> Reservation:
    """Return the reservation of a call that is named again while it runs.

    A call that is over is never paid for by what it was paid with before. Raises CallReusedError.
    """
    if known.tool != tool or known.state is not ReservationState.RESERVED:
        raise CallReusedError(
            f"This call was reserved for before; it stands at `{known.state}`.",
            state=str(known.state),
        )
    return known


def _reserved(
    call: Call, budget: Budget, reservation_id: str, tool: str, price: int
) -> Reservation:
    return Reservation(
        reservation_id=reservation_id,
        owner=call.actor,
        period_id=budget.period.period_id if budget.period else "",
        tool=tool,
        amount=price,
        charged=0,
        unbilled=0,
        day=budgets.day_at(budget.spend, call.now),
        state=ReservationState.RESERVED,
        made_at=call.now,
        acts_at=call.now + LAPSES_MS,
        ended_at=None,
        why="",
    )


class SettleReservation(Request):
    """What the call really cost."""

    reservation_id: ReservationId
    cost: Annotated[
        Amount | None,
        Field(description="At most what was reserved is charged; without it all of that."),
    ] = None


@write(
    "web3.billing.settle",
    errors=(ReservationNotFoundError,),
    needs=(RESERVED,),
    example={"cost": "1"},
)
def settle_reservation(call: Call, work: Work, request: SettleReservation) -> ReservationView:
    """Charge what a call cost and give the rest back; repeating it answers the same.

    A cost beyond what was reserved is noted and never asked for.
    """
    known = own_reservation(work, request.reservation_id, call.actor)
    budget = _budget(work, known)
    if known.state is ReservationState.SETTLED:
        return reservation_view(known, budget, call.now)
    cost = None if request.cost is None else int(request.cost)
    after, settled = reservations.settle(known, cost, call.now)
    work.save(after)
    work.emit(settled)
    budget = _counted(budget, after)
    change = Move(known.day, charged=after.charged, reserved=-known.amount)
    return reservation_view(after, move(work, budget, change), call.now)


def _counted(budget: Budget, after: Reservation) -> Budget:
    """Count a call that was settled."""
    period = budget.period
    if period is None:
        return budget
    unbilled = min(MOST, period.unbilled + after.unbilled)
    period = replace(period, tool_calls=period.tool_calls + 1, unbilled=unbilled)
    return Budget(budget.plan, budget.spend, period)


class ReleaseReservation(Request):
    """The reservation of a call that did not happen, and why."""

    reservation_id: ReservationId
    reason: Note = ""


@write(
    "web3.billing.release",
    errors=(ReservationNotFoundError,),
    needs=(RESERVED,),
    example={"reason": "the tool failed"},
)
def release_reservation(call: Call, work: Work, request: ReleaseReservation) -> ReservationView:
    """Give back all that was reserved for a call; repeating it answers the same."""
    known = own_reservation(work, request.reservation_id, call.actor)
    budget = _budget(work, known)
    if known.state is ReservationState.RELEASED:
        return reservation_view(known, budget, call.now)
    after, released = reservations.release(known, request.reason, call.now)
    work.save(after)
    work.emit(released)
    budget = move(work, budget, Move(known.day, reserved=-known.amount))
    return reservation_view(after, budget, call.now)


def lapse_reservation(work: Work, known: Reservation) -> None:
    """Give back what nobody settled in time. Raises TransitionRefusedError."""
    after, lapsed = reservations.lapse(known, work.now)
    budget = _budget(work, known)
    work.save(after)
    work.emit(lapsed)
    work.involve((known.owner,))
    move(work, budget, Move(known.day, reserved=-known.amount))


def own_reservation(work: Work, reservation_id: str, actor: str) -> Reservation:
    """Return a reservation of the actor's. Raises ReservationNotFoundError."""
    known = work.get(Reservation, reservation_id)
    if known is None or known.owner != actor:
        raise ReservationNotFoundError(f"You have no reservation {reservation_id}.")
    return known


def _budget(work: Work, known: Reservation) -> Budget:
    """Return the meters that a reservation was made on, also if its session has ended."""
    budget = needed_budget(work, known.owner, "")
    return Budget(budget.plan, budget.spend, period_named(work, known.period_id))


def reservation_view(one: Reservation, budget: Budget, now: int) -> ReservationView:
    """Return a reservation in wire form."""
    return ReservationView(
        reservation_id=one.reservation_id,
        status=one.state,
        tool=one.tool,
        amount=str(one.amount),
        charged=str(one.charged),
        unbilled=str(one.unbilled),
        left=left_view(budgets.left(budget, now)),
    )
