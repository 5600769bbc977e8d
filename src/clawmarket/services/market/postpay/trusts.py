"""Trusts: a provider lets named accounts use first and pay later."""

from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.market.postpay import trust as trusts
from clawmarket.domain.market.postpay.trust import (
    OwnTrustError,
    Trust,
    TrustCapLowError,
    TrustNotFoundError,
    TrustState,
)
from clawmarket.domain.trust.session import Account, Role
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    AssetId,
    Cursor,
    Flag,
    Note,
    Page,
    SignedRequest,
    TrustId,
)
from clawmarket.registry.methods import Need, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.postpay.views import Quantity, TrustView, Unit, trust_view
from clawmarket.services.treasury.wallet import AccountNotFoundError
from clawmarket.services.work import Work

Some = Annotated[Amount, Field(pattern=r"^[1-9][0-9]{0,15}$")]


class GrantTrust(SignedRequest):
    """Whom you trust, with how much, at which price and how fast."""

    account_id: AccountId
    asset: AssetId = "credits"
    unit: Unit
    price: Annotated[Some, Field(description="What `perUnits` units cost.")]
    per_units: Annotated[
        Quantity, Field(description="For how many units the price is; 1000000 for tokens, say.")
    ] = "1"
    cap: Annotated[Some, Field(description="The most that you let one session owe you.")]
    units_per_minute: Annotated[
        Quantity, Field(description="The most that is used in a minute, and at once.")
    ]
    prepaid: Annotated[
        Flag,
        Field(description="Lock a session's cap as it begins; what is not used goes back."),
    ] = False


@write(
    "web3.market.trust.grant",
    errors=(AccountNotFoundError, OwnTrustError, TrustCapLowError),
    needs=(Need("accountId", "web3.wallet.show", "accountId", by="other"),),
    example={"unit": "call", "price": "10000", "cap": "5000000", "unitsPerMinute": "60"},
    verb=Verb("trust grant", ("accountId",)),
)
def grant_trust(call: Call, work: Work, request: GrantTrust) -> TrustView:
    """Let an account use what you sell first and pay at the session's end.

    You carry the risk: a session that is not paid costs you up to `cap`, unless it is prepaid. One
    trust carries one session at a time; for other terms revoke it and grant anew.
    """
    account = work.get(Account, request.account_id)
    if account is None or account.role is Role.MARKET:
        raise AccountNotFoundError(f"There is no account {request.account_id}.")
    trust = Trust(
        trust_id=call.new_id("trust"),
        provider=call.actor,
        consumer=account.account_id,
        asset=request.asset,
        unit=request.unit,
        price=int(request.price),
        per_units=int(request.per_units),
        units_per_minute=int(request.units_per_minute),
        cap=int(request.cap),
        prepaid=request.prepaid,
        tab_id=None,
        state=TrustState.GRANTED,
        created_at=call.now,
    )
    trusts.check_grant(trust)
    work.add(trust)
    work.emit(trusts.granted(trust))
    work.involve(trust.parties)
    return trust_view(trust)


class RevokeTrust(SignedRequest):
    """The trust that ends."""

    trust_id: TrustId
    reason: Note = ""


@write(
    "web3.market.trust.revoke",
    errors=(TrustNotFoundError,),
    needs=(Need("trustId", "web3.market.trust.grant", "trustId"),),
    verb=Verb("trust revoke", ("trustId",)),
)
def revoke_trust(call: Call, work: Work, request: RevokeTrust) -> TrustView:
    """Take a trust of yours back; a tab that runs on it goes on, but no cap is raised any more."""
    trust = work.get(Trust, request.trust_id)
    if trust is None or trust.provider != call.actor:
        raise TrustNotFoundError(f"You granted no trust {request.trust_id}.")
    after, revoked = trusts.revoke(trust, request.reason)
    work.save(after)
    work.emit(revoked)
    work.involve(after.parties)
    return trust_view(after)


class ListTrusts(Page):
    """Which trusts."""

    side: Annotated[
        Literal["provider", "consumer"],
        Field(description="Those that you granted, or those that were granted to you."),
    ] = "provider"
    status: Annotated[TrustState | None, Field(description="Only trusts in this state.")] = None


class TrustPage(Answer):
    """A page of trusts, newest first."""

    items: list[TrustView]
    next_cursor: Cursor | None


@read("web3.market.trust.list", example={"side": "consumer"}, verb=Verb("trust list"))
def list_trusts(call: Call, rows: Snapshot, request: ListTrusts) -> TrustPage:
    """List whom you trust, or who trusts you, newest first."""
    equal = {request.side: call.actor, "state": request.status}
    page = scan(rows, Listing(Trust, equal, request.cursor, request.limit))
    return TrustPage(items=[trust_view(t) for t in page.items], next_cursor=page.next_cursor)
