"""Metering: each run of a model is charged once; a session ends and is billed."""

import hashlib
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.ids import id_of
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.treasury import budget as budgets
from clawmarket.domain.treasury.budget import MOST, Budget, Move
from clawmarket.domain.treasury.period import Period
from clawmarket.domain.treasury.plan import PlanMissingError
from clawmarket.domain.treasury.price import Tokens, cost_of
from clawmarket.domain.treasury.reservation import Charge, charge_made
from clawmarket.registry.fields import Answer, BillId, Note, Request, SessionIdHash, Verbatim
from clawmarket.registry.methods import write
from clawmarket.services.call import Call
from clawmarket.services.treasury.billing.budgets import (
    budget_of,
    end_period,
    enter,
    move,
    needed_budget,
)
from clawmarket.services.treasury.billing.views import (
    LeftView,
    Reference,
    Spent,
    left_view,
)
from clawmarket.services.work import Work

TokenCount = Annotated[int, Field(strict=True, ge=0, le=10**9, description="Tokens.")]


class MeterRun(Request):
    """What a run of a model used."""

    session_id_hash: SessionIdHash
    run_id: Annotated[Reference, Field(description="The host's id of this one run.")]
    model: Annotated[
        str,
        Field(strict=True, max_length=200, description="The model's name, as its host calls it."),
        Verbatim,
    ] = ""
    input_tokens: TokenCount = 0
    output_tokens: TokenCount = 0
    cached_tokens: TokenCount = 0


class MeteredView(Answer):
    """What a run cost, and how much of it was charged."""

    cost: Spent
    charged: Spent
    unbilled: Annotated[Spent, Field(description="What no quota covered; never asked for.")]
    left: LeftView


@write(
    "web3.billing.meter",
    errors=(PlanMissingError,),
    example={"sessionIdHash": "0" * 64, "runId": "run-1", "inputTokens": 1200},
)
def meter_run(call: Call, work: Work, request: MeterRun) -> MeteredView:
    """Charge a run of a model by the plan's prices, as far as the quotas leave something.

    The same run of the same session is charged once, also without an idempotency key. It has
    happened already, so it is never refused: what no quota covers is noted as unbilled.
    """
    budget = needed_budget(work, call.actor, request.session_id_hash)
    named = f"{call.actor}|{request.session_id_hash}|{request.run_id}"
    charge_id = id_of("charge", hashlib.sha256(named.encode()).digest())
    known = work.get(Charge, charge_id)
    if known is not None:
        return _metered(known, budget, call.now)
    budget = enter(work, budget, request.session_id_hash)
    charge = _charge(call, budget, charge_id, request)
    work.add(charge)
    work.emit(charge_made(charge))
    budget = _counted(budget, charge)
    day = budgets.day_at(budget.spend, call.now)
    return _metered(charge, move(work, budget, Move(day, charged=charge.charged)), call.now)


def _charge(call: Call, budget: Budget, charge_id: str, request: MeterRun) -> Charge:
    used = Tokens(request.input_tokens, request.output_tokens, request.cached_tokens)
    cost = cost_of(budget.plan.run_prices, used)
    return Charge(
        charge_id=charge_id,
        owner=call.actor,
        period_id=budget.period.period_id if budget.period else "",
        model=request.model,
        input_tokens=used.input,
        output_tokens=used.output,
        cached_tokens=used.cached,
        cost=cost,
        charged=min(cost, budgets.room(budget, call.now)),
        charged_at=call.now,
    )


def _counted(budget: Budget, charge: Charge) -> Budget:
    """Count a run with its tokens."""
    period = budget.period
    if period is None:
        return budget
    period = replace(
        period,
        llm_calls=period.llm_calls + 1,
        input_tokens=min(MOST, period.input_tokens + charge.input_tokens),
        output_tokens=min(MOST, period.output_tokens + charge.output_tokens),
        cached_tokens=min(MOST, period.cached_tokens + charge.cached_tokens),
        unbilled=min(MOST, period.unbilled + charge.cost - charge.charged),
    )
    return Budget(budget.plan, budget.spend, period)


def _metered(charge: Charge, budget: Budget, now: int) -> MeteredView:
    return MeteredView(
        cost=str(charge.cost),
        charged=str(charge.charged),
        unbilled=str(charge.cost - charge.charged),
        left=left_view(budgets.left(budget, now)),
    )


class EndSession(Request):
    """Which session ended, and why."""

    session_id_hash: SessionIdHash
    reason: Note = ""


class EndedView(Answer):
    """What the session used, and the bill that was made of it, if one was."""

    ended: Annotated[bool, Field(description="Whether this call ended it; otherwise it was over.")]
    credits_used: Spent
    credits_reserved: Annotated[
        Spent, Field(description="Kept for calls that still run; billed when they have ended.")
    ]
    bill_id: Annotated[BillId | None, Field(description="The latest bill of the session.")]


@write(
    "web3.billing.session.end",
    example={"sessionIdHash": "0" * 64, "reason": "new"},
)
def end_session(call: Call, work: Work, request: EndSession) -> EndedView:
    """End a session's billing: what it charged is billed, if the plan has a payee.

    The next use of the same session begins with a fresh session quota; those of the day and of
    the account go on. Ending a session that is over, or that used nothing, changes nothing.
    """
    budget = budget_of(work, call.actor, request.session_id_hash)
    period = None if budget is None else budget.period
    if budget is None or period is None or period.is_over:
        return _ended(period, ended=False)
    return _ended(end_period(work, budget.plan, period, request.reason), ended=True)


def _ended(period: Period | None, *, ended: bool) -> EndedView:
    return EndedView(
        ended=ended,
        credits_used=str(period.charged if period else 0),
        credits_reserved=str(period.reserved if period else 0),
        bill_id=period.bill_id if period else None,
    )
