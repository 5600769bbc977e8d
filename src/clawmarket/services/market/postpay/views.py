"""What trusts, tabs and usage look like on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.postpay.tab import Tab
from clawmarket.domain.market.postpay.trust import Trust
from clawmarket.domain.market.postpay.usage import Usage
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    AssetId,
    Moment,
    Note,
    RecordId,
    TabId,
    TrustId,
    UsageId,
    Verbatim,
    Word,
)

Unit = Annotated[
    Literal["token", "call", "query", "byte"], Field(description="What is counted."), Verbatim
]
Quantity = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^[1-9][0-9]{0,9}$",
        description="How many units, as decimal digits.",
        examples=["1200"],
    ),
    Verbatim,
]
Units = Annotated[
    str,
    Field(description="A number of units, as decimal digits.", pattern=r"^(0|[1-9][0-9]*)$"),
    Verbatim,
]


class TrustView(Answer):
    """Whom a provider trusts, with how much, at which price."""

    trust_id: TrustId
    status: Word
    provider: AccountId
    consumer: AccountId
    unit: Word
    price: Annotated[Amount, Field(description="What `perUnits` units cost.")]
    cap: Annotated[Amount, Field(description="The most that one session may cost.")]
    asset: AssetId
    per_units: Units
    units_per_minute: Units
    prepaid: Annotated[bool, Field(description="Whether a session's cap is locked.")]
    tab_id: Annotated[TabId | None, Field(description="The tab that is not settled yet.")]
    created_at: Moment


class TabView(Answer):
    """A tab: what was used so far, and what of cap and rate is left."""

    tab_id: TabId
    status: Word
    provider: AccountId
    consumer: AccountId
    unit: Word
    owed: Annotated[Amount, Field(description="What was used so far costs.")]
    cap: Amount
    trust_id: TrustId
    asset: AssetId
    price: Annotated[Amount, Field(description="What `perUnits` units cost.")]
    per_units: Units
    units_per_minute: Units
    prepaid: Annotated[bool, Field(description="Whether the cap is locked.")]
    quantity: Annotated[Units, Field(description="Units used so far.")]
    remaining: Annotated[Amount, Field(description="What the cap leaves.")]
    units_now: Annotated[
        Units, Field(description="What the rate lets through at once at this moment.")
    ]
    entries: Annotated[int, Field(description="How many uses were written down.")]
    fee_bps: int
    seller_amount: Annotated[Amount, Field(description="What the provider was paid.")]
    fee: Amount
    why: Note
    opened_at: Moment
    expires_at: Moment
    acts_at: Annotated[
        Moment | None,
        Field(description="When the market settles it, or tries an unpaid one again."),
    ]
    closed_at: Moment | None
    ended_at: Moment | None


class UsageView(Answer):
    """One use, as the provider wrote it down and the market priced it."""

    usage_id: UsageId
    tab_id: TabId
    quantity: Units
    cost: Amount
    owed: Annotated[Amount, Field(description="What the tab owed after it.")]
    reference: Note
    appended_at: Moment
    record_id: RecordId


def trust_view(trust: Trust) -> TrustView:
    """Return a trust in wire form."""
    return TrustView(
        trust_id=trust.trust_id,
        provider=trust.provider,
        consumer=trust.consumer,
        asset="credits",
        unit=trust.unit,
        price=str(trust.price),
        per_units=str(trust.per_units),
        units_per_minute=str(trust.units_per_minute),
        cap=str(trust.cap),
        prepaid=trust.prepaid,
        tab_id=trust.tab_id,
        status=trust.state,
        created_at=iso(trust.created_at),
    )


def tab_view(tab: Tab, now: int) -> TabView:
    """Return a tab in wire form, as of a moment."""
    return TabView(
        tab_id=tab.tab_id,
        trust_id=tab.trust_id,
        provider=tab.provider,
        consumer=tab.consumer,
        asset="credits",
        unit=tab.unit,
        price=str(tab.price),
        per_units=str(tab.per_units),
        units_per_minute=str(tab.units_per_minute),
        cap=str(tab.cap),
        prepaid=tab.hold_id is not None,
        quantity=str(tab.quantity),
        owed=str(tab.owed),
        remaining=str(tab.cap - tab.owed),
        units_now=str(tab.units_at(now)) if tab.is_running else "0",
        entries=tab.entries,
        fee_bps=tab.fee_bps,
        seller_amount=str(tab.seller_amount),
        fee=str(tab.fee),
        status=tab.state,
        why=tab.why,
        opened_at=iso(tab.opened_at),
        expires_at=iso(tab.expires_at),
        acts_at=iso_or_none(tab.acts_at),
        closed_at=iso_or_none(tab.closed_at),
        ended_at=iso_or_none(tab.ended_at),
    )


def usage_view(usage: Usage) -> UsageView:
    """Return a use in wire form."""
    return UsageView(
        usage_id=usage.usage_id,
        tab_id=usage.tab_id,
        quantity=str(usage.quantity),
        cost=str(usage.cost),
        owed=str(usage.owed),
        reference=usage.reference,
        appended_at=iso(usage.appended_at),
        record_id=usage.record_id,
    )
