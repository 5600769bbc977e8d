"""What a guard asks before each call, and what people see of a session's budget."""

import hashlib
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.treasury import budget as budgets
from clawmarket.domain.treasury.bill import Bill
from clawmarket.domain.treasury.budget import Budget
from clawmarket.domain.treasury.price import price_of
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Answer, Cause, Request, SessionIdHash, Verbatim
from clawmarket.registry.methods import Verb, read
from clawmarket.services.call import Call
from clawmarket.services.treasury.billing.budgets import budget_of
from clawmarket.services.treasury.billing.views import (
    NO_LIMITS,
    BillView,
    LeftView,
    Rest,
    SettlementBinding,
    Spent,
    ToolName,
    UsageFigures,
    bill_view,
    binding,
    left_view,
    usage_figures,
)

FEW_BILLS = 10

HostWord = Annotated[str, Field(strict=True, min_length=1, max_length=1_000), Verbatim]


class CheckUse(Request):
    """Which tool is about to be called; without one, whether a turn may begin."""

    session_id_hash: SessionIdHash
    tool: ToolName | None = None


class CheckView(Answer):
    """Whether it may happen, what it costs, and what the quotas leave."""

    allowed: bool
    reason: Annotated[Cause, Field(description="Why not, for a person; empty when allowed.")]
    next: Annotated[Cause, Field(description="The command to run then; empty when allowed.")]
    paid: Annotated[bool, Field(description="Whether the tool has to be reserved for.")]
    price: Spent
    left: LeftView


@read("web3.billing.check", example={"sessionIdHash": "0" * 64, "tool": "web_search"})
def check_use(call: Call, rows: Snapshot, request: CheckUse) -> CheckView:
    """Say whether a tool may be called, or without one whether a turn may begin.

    A decision, not a promise: a paid tool is reserved for before it is called. A tool without a
    price is always allowed.
    """
    budget = budget_of(rows, call.actor, request.session_id_hash)
    if budget is None:
        return _decision(None, None, call.now)
    if request.tool is None:
        # A turn that begins costs the price of a run, and something has to be left for tokens.
        return _decision(budget, max(1, budget.plan.call_price), call.now, paid=False)
    return _decision(budget, price_of(budget.plan.tool_prices, request.tool), call.now)


def _decision(
    budget: Budget | None, price: int | None, now: int, *, paid: bool | None = None
) -> CheckView:
    reason = next_step = ""
    if budget is not None and price is not None:
        try:
            budgets.check(budget, price, now)
        except Refused as refused:
            reason, next_step = f"{refused.what} {refused.advice}", refused.next_step
    if paid is None:
        paid = price is not None
    return CheckView(
        allowed=not reason,
        reason=reason,
        next=next_step,
        paid=paid,
        price=str(price if paid else 0),
        left=left_view(budgets.left(budget, now) if budget else NO_LIMITS),
    )


class BillingStatusRequest(Request):
    """Which session."""

    session_id_hash: SessionIdHash


class BillingStatus(Answer):
    """What a session used, and how that is settled."""

    enabled: Annotated[bool, Field(description="Whether the account has a plan.")]
    session_id_hash: SessionIdHash
    usage: Annotated[UsageFigures | None, Field(description="Null before the first use.")]
    settlement: Annotated[SettlementBinding | None, Field(description="Null without a plan.")]


@read(
    "web3.billing.status",
    example={"sessionIdHash": "0" * 64},
    verb=Verb("billing status", ("sessionIdHash",)),
)
def billing_status(call: Call, rows: Snapshot, request: BillingStatusRequest) -> BillingStatus:
    """Show what a session used, what its quota leaves and how it is settled."""
    session = request.session_id_hash
    budget = budget_of(rows, call.actor, session)
    usage, settlement = _seen(rows, budget, call.now)
    return BillingStatus(
        enabled=budget is not None, session_id_hash=session, usage=usage, settlement=settlement
    )


def _seen(
    rows: Snapshot, budget: Budget | None, now: int
) -> tuple[UsageFigures | None, SettlementBinding | None]:
    if budget is None:
        return None, None
    period = budget.period
    if period is None:
        return None, binding(budget, None)
    bill = rows.get(Bill, period.bill_id) if period.bill_id else None
    return usage_figures(budget, period, now), binding(budget, bill)


class BillingSummaryRequest(Request):
    """Which session: the first of these that is given names it, the others are not looked at."""

    session_id_hash: SessionIdHash | None = None
    session_key: Annotated[
        HostWord | None, Field(description="The session's key in its host; it is hashed.")
    ] = None
    session_id: Annotated[HostWord | None, Field(description="Hashed like a key.")] = None
    sender_id: Annotated[HostWord | None, Field(description="Hashed like a key.")] = None


class SpanFigures(Answer):
    """What all sessions together used of the day's quota, or of the account's."""

    credits_used: Spent
    credits_reserved: Spent
    credits_traded: Spent
    credits_quota: Rest
    left: Rest


class BillingSummary(Answer):
    """A session, the day, the account, and the latest bills."""

    enabled: Annotated[bool, Field(description="Whether the account has a plan.")]
    session_id_hash: SessionIdHash | None
    usage: UsageFigures | None
    settlement: SettlementBinding | None
    day: SpanFigures | None
    account: SpanFigures | None
    bills: Annotated[list[BillView], Field(description="The latest ten to pay, newest first.")]


@read(
    "web3.billing.summary",
    example={"sessionKey": "agent:main:main"},
    verb=Verb("billing summary"),
)
def billing_summary(call: Call, rows: Snapshot, request: BillingSummaryRequest) -> BillingSummary:
    """Show a session's use beside the day's and the account's, with the latest bills."""
    session = _named(request)
    budget = budget_of(rows, call.actor, session or "")
    usage, settlement = _seen(rows, budget, call.now)
    asked = Query(Bill, equal={"payer": call.actor}, newest_first=True, limit=FEW_BILLS)
    return BillingSummary(
        enabled=budget is not None,
        session_id_hash=session,
        usage=usage,
        settlement=settlement,
        day=_day(budget, call.now) if budget else None,
        account=_account(budget, call.now) if budget else None,
        bills=[bill_view(bill) for bill in rows.find(asked)],
    )


def _named(request: BillingSummaryRequest) -> str | None:
    said = request.session_key or request.session_id or request.sender_id
    if request.session_id_hash is not None or said is None:
        return request.session_id_hash
    return hashlib.sha256(said.encode()).hexdigest()


def _day(budget: Budget, now: int) -> SpanFigures:
    spend = budget.spend
    is_today = budgets.day_at(spend, now) == spend.day
    used = (spend.day_charged, spend.day_reserved, spend.day_traded) if is_today else (0, 0, 0)
    return _span(used, budget.plan.per_day, budgets.left(budget, now).day)


def _account(budget: Budget, now: int) -> SpanFigures:
    spend = budget.spend
    used = (spend.charged, spend.reserved, spend.traded)
    return _span(used, budget.plan.per_account, budgets.left(budget, now).account)


def _span(used: tuple[int, int, int], quota: int | None, rest: int | None) -> SpanFigures:
    charged, reserved, traded = map(str, used)
    return SpanFigures(
        credits_used=charged,
        credits_reserved=reserved,
        credits_traded=traded,
        credits_quota=None if quota is None else str(quota),
        left=None if rest is None else str(rest),
    )
