"""What plans, sessions and bills look like on the wire."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.treasury.bill import Bill
from clawmarket.domain.treasury.budget import Budget, Left, left
from clawmarket.domain.treasury.period import Period
from clawmarket.registry.fields import (
    AccountId,
    Answer,
    AssetId,
    BillId,
    Figure,
    Moment,
    Note,
    Verbatim,
    Word,
)

ToolName = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^[A-Za-z0-9_.:/-]{1,128}$",
        description="A tool's name, as its host calls it.",
        examples=["web_search"],
    ),
    Verbatim,
]
Reference = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="The host's own id of it: 1 to 200 printable characters without spaces.",
        examples=["run-1.call-1"],
    ),
    Verbatim,
]
Spent = Annotated[Figure, Field(description="An amount in minor units.")]
Rest = Annotated[
    Figure | None, Field(description="What the quota leaves; null where there is none.")
]


class LeftView(Answer):
    """What each quota leaves."""

    session: Rest
    day: Rest
    account: Rest


class UsageFigures(Answer):
    """What a session used since its period began."""

    ended: Annotated[
        bool, Field(description="Whether the period is over; the next use begins a new one.")
    ]
    credits_used: Annotated[Spent, Field(description="Charged for tools and runs.")]
    credits_reserved: Annotated[Spent, Field(description="Kept for calls that run.")]
    credits_traded: Annotated[
        Spent, Field(description="Moved out of what is available by the account's keys.")
    ]
    credits_quota: Rest
    left: Annotated[Figure | None, Field(description="The least that any quota leaves.")]
    unbilled: Annotated[Spent, Field(description="Used beyond a quota; never asked for.")]
    llm_calls: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    last_activity: Moment


class SettlementBinding(Answer):
    """How what a session used becomes money."""

    status: Annotated[
        Word, Field(description="unbound (no payee), open (no bill yet), or the bill's state.")
    ]
    payee: AccountId | None
    bill_id: BillId | None
    amount: Annotated[Spent, Field(description="What the latest bill asks for.")]
    due: Annotated[Spent, Field(description="What is to be paid: of that bill, and on none yet.")]


class BillView(Answer):
    """A bill: what a payer owes a payee for what agents used."""

    bill_id: BillId
    status: Word
    payer: AccountId
    payee: AccountId
    amount: Spent
    asset: AssetId
    fee_bps: int
    seller_amount: Annotated[Spent, Field(description="What the payee was paid.")]
    fee: Spent
    tries: Annotated[int, Field(description="How often too little was available.")]
    why: Note
    made_at: Moment
    acts_at: Annotated[Moment | None, Field(description="When the market looks at it again.")]
    ended_at: Moment | None


def left_view(found: Left) -> LeftView:
    """Return what the quotas leave in wire form."""
    return LeftView(
        session=_rest(found.session), day=_rest(found.day), account=_rest(found.account)
    )


NO_LIMITS = Left(None, None, None)


def usage_figures(budget: Budget, period: Period, now: int) -> UsageFigures:
    """Return what a period used in wire form."""
    rests = left(budget, now)
    known = [each for each in (rests.session, rests.day, rests.account) if each is not None]
    return UsageFigures(
        ended=period.is_over,
        credits_used=str(period.charged),
        credits_reserved=str(period.reserved),
        credits_traded=str(period.traded),
        credits_quota=_rest(budget.plan.per_session),
        left=_rest(min(known, default=None)),
        unbilled=str(period.unbilled),
        llm_calls=period.llm_calls,
        tool_calls=period.tool_calls,
        input_tokens=period.input_tokens,
        output_tokens=period.output_tokens,
        cached_tokens=period.cached_tokens,
        last_activity=iso(period.active_at),
    )


def binding(budget: Budget, bill: Bill | None) -> SettlementBinding:
    """Return how a session is settled; `bill` is the latest of its period."""
    payee, period = budget.plan.payee, budget.period
    unpaid = bill.amount if bill is not None and not bill.is_over else 0
    open_due = period.due if period is not None and payee is not None else 0
    status = "open" if payee is not None else "unbound"
    return SettlementBinding(
        status=str(bill.state) if bill is not None else status,
        payee=bill.payee if bill is not None else payee,
        bill_id=bill.bill_id if bill is not None else None,
        amount=str(bill.amount if bill is not None else 0),
        due=str(unpaid + open_due),
    )


def bill_view(bill: Bill) -> BillView:
    """Return a bill in wire form."""
    return BillView(
        bill_id=bill.bill_id,
        status=bill.state,
        payer=bill.payer,
        payee=bill.payee,
        amount=str(bill.amount),
        asset=bill.asset,
        fee_bps=bill.fee_bps,
        seller_amount=str(bill.seller_amount),
        fee=str(bill.fee),
        tries=bill.tries,
        why=bill.why,
        made_at=iso(bill.made_at),
        acts_at=iso_or_none(bill.acts_at),
        ended_at=iso_or_none(bill.ended_at),
    )


def _rest(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
