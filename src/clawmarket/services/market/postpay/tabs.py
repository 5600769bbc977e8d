"""Tabs: open, look, confirm a higher cap, close, pay, forgive."""

from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.market.postpay import tab as tabs
from clawmarket.domain.market.postpay import trust as trusts
from clawmarket.domain.market.postpay.tab import (
    TAB,
    Tab,
    TabCapHighError,
    TabCapLowError,
    TabDebtError,
    TabNotFoundError,
    TabOverError,
    TabPaceHighError,
    TabPrepaidError,
    TabSideError,
    TabState,
    TabTerms,
)
from clawmarket.domain.market.postpay.trust import (
    Trust,
    TrustEndedError,
    TrustInUseError,
    TrustNotFoundError,
)
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    Amount,
    Answer,
    Cursor,
    Note,
    Page,
    Request,
    Seconds,
    SignedRequest,
    TabId,
    TrustId,
)
from clawmarket.registry.methods import Need, Risk, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.postpay.settling import (
    free_trust,
    pay,
    settle_tab,
    trust_of,
    unlock,
)
from clawmarket.services.market.postpay.trusts import Some
from clawmarket.services.market.postpay.views import Quantity, TabView, tab_view
from clawmarket.services.market.windows import WindowTooShortError, check_windows
from clawmarket.services.treasury.moves import set_aside
from clawmarket.services.work import Work

TAB_LIFETIME_S = 86_400
OPENED = Need("tabId", "web3.market.tab.open", "tabId")
BY_THE_OTHER = Need("tabId", "web3.market.tab.open", "tabId", by="other")


class TabPriceError(InvalidArgumentError):
    """The price is not the one that the provider granted."""

    advice = "Give exactly the trust's price, or leave it out."
    next_command = "clawmarket trust list --side consumer"


class OpenTab(SignedRequest):
    """On whose trust, and how much you agree to at the most."""

    trust_id: TrustId
    price: Annotated[
        Amount | None,
        Field(description="If given, it must equal the trust's, so that your signature says it."),
    ] = None
    cap: Annotated[
        Some | None, Field(description="The most you agree to pay; the trust's if left out.")
    ] = None
    units_per_minute: Annotated[
        Quantity | None, Field(description="The most per minute; the trust's if left out.")
    ] = None
    expiry_sec: Annotated[
        Seconds, Field(description="Seconds until the market closes and settles the tab.")
    ] = TAB_LIFETIME_S


@write(
    "web3.market.tab.open",
    risk=Risk.MONEY,
    errors=(
        TrustNotFoundError,
        TrustEndedError,
        TrustInUseError,
        TabDebtError,
        TabPriceError,
        TabCapHighError,
        TabCapLowError,
        TabPaceHighError,
        WindowTooShortError,
        FundsMissingError,
    ),
    needs=(Need("trustId", "web3.market.trust.grant", "trustId", by="other"),),
    example={"cap": "1000000"},
    verb=Verb("tab open", ("trustId",)),
)
def open_tab(call: Call, work: Work, request: OpenTab) -> TabView:
    """Begin to use what a provider trusts you with; nothing is taken before the end.

    If the trust is prepaid, the cap is locked now, and what was not used comes back at the end.
    The provider writes down what you use, never above your cap and never faster than the rate. The
    tab is settled when either side closes it, when the cap is reached or when its time is over.
    """
    trust = work.get(Trust, request.trust_id)
    if trust is None or trust.consumer != call.actor:
        raise TrustNotFoundError(f"Nobody granted you a trust {request.trust_id}.")
    tab_id = call.new_id("tab")
    carrying = trusts.carry(trust, tab_id)
    _check_debts(work, call.actor)
    _check_price(trust, request.price)
    check_windows(call.terms, request.expiry_sec)
    cap = trust.cap if request.cap is None else int(request.cap)
    tabs.check_cap(trust, cap)
    hold = set_aside(work, call.actor, cap, tab_id, trust.asset) if trust.prepaid else None
    terms = TabTerms(
        cap=cap,
        units_per_minute=int(request.units_per_minute or trust.units_per_minute),
        fee_bps=call.terms.fee_bps,
        lifetime_s=request.expiry_sec,
        hold_id=hold.hold_id if hold else None,
    )
    tab = tabs.open_tab(tab_id, trust, terms, call.now)
    work.pledge(0 if trust.prepaid else cap)
    work.add(tab)
    work.save(carrying)
    work.emit(tabs.opened(tab))
    work.involve(tab.parties)
    return tab_view(tab, call.now)


def _check_debts(work: Work, consumer: str) -> None:
    equal = {"consumer": consumer, "state": str(TabState.UNPAID)}
    for owed in work.find(Query(Tab, equal=equal, limit=1)):
        raise TabDebtError(
            f"You owe {format_amount(owed.owed, owed.asset)} for another tab.", tabId=owed.tab_id
        )


def _check_price(trust: Trust, price: str | None) -> None:
    if price is not None and int(price) != trust.price:
        agreed, said = (format_amount(each, trust.asset) for each in (trust.price, int(price)))
        raise TabPriceError(f"The provider's price is {agreed}, not {said}.")


class RaiseTab(SignedRequest):
    """The tab, and how much you agree to now."""

    tab_id: TabId
    cap: Annotated[Some, Field(description="The new cap of the whole tab.")]


@write(
    "web3.market.tab.raise",
    risk=Risk.MONEY,
    errors=(
        TabNotFoundError,
        TabSideError,
        TabOverError,
        TabCapLowError,
        TabCapHighError,
        TabPrepaidError,
        TrustEndedError,
    ),
    needs=(OPENED,),
    example={"cap": "4000000"},
    verb=Verb("tab raise", ("tabId",)),
)
def raise_tab(call: Call, work: Work, request: RaiseTab) -> TabView:
    """Confirm a second time, with a higher cap; at most what the provider trusts you with."""
    tab = own_tab(work, request.tab_id, call.actor, side="consumer")
    trust = trust_of(work, tab)
    trusts.check_good(trust)
    after, raised = tabs.raise_cap(tab, trust, int(request.cap), call.now)
    work.pledge(after.cap - tab.cap)
    work.save(after)
    work.emit(raised)
    work.involve(after.parties)
    return tab_view(after, call.now)


class CloseTab(SignedRequest):
    """The tab that ends."""

    tab_id: TabId


@write(
    "web3.market.tab.close",
    risk=Risk.MONEY,
    errors=(TabNotFoundError,),
    needs=(OPENED,),
    verb=Verb("tab close", ("tabId",)),
)
def close_tab(call: Call, work: Work, request: CloseTab) -> TabView:
    """End a session: by the provider it is settled at once, by the consumer within a minute.

    In that minute the provider may still write down what was used before.
    """
    tab = own_tab(work, request.tab_id, call.actor, side="any")
    TAB.step(tab.state, "settle", tabId=tab.tab_id)
    return tab_view(_close(call, work, tab), call.now)


def _close(call: Call, work: Work, tab: Tab) -> Tab:
    is_due = tab.acts_at is not None and call.now >= tab.acts_at
    if is_due or call.actor == tab.provider:
        side = "provider" if call.actor == tab.provider else "consumer"
        return settle_tab(work, tab, f"the {side} closed")
    closing, closed = tabs.close(tab, call.now)
    work.save(closing)
    work.emit(closed)
    work.involve(closing.parties)
    return closing


class PayTab(SignedRequest):
    """The tab that you owe for."""

    tab_id: TabId


@write(
    "web3.market.tab.pay",
    risk=Risk.MONEY,
    errors=(TabNotFoundError, TabSideError, FundsMissingError),
    needs=(OPENED,),
    verb=Verb("tab pay", ("tabId",)),
)
def pay_tab(call: Call, work: Work, request: PayTab) -> TabView:
    """Pay what you owe for a tab that could not be settled; one that is open is closed.

    An open tab is paid within a minute, in which the provider may write down the last uses.
    """
    tab = own_tab(work, request.tab_id, call.actor, side="consumer")
    if tab.state is TabState.OPEN:
        return tab_view(_close(call, work, tab), call.now)
    TAB.step(tab.state, "pay", tabId=tab.tab_id)
    return tab_view(pay(work, tab, "the consumer paid"), call.now)


class ForgiveTab(SignedRequest):
    """The tab that you want nothing for."""

    tab_id: TabId
    reason: Note = ""


@write(
    "web3.market.tab.forgive",
    errors=(TabNotFoundError, TabSideError),
    needs=(BY_THE_OTHER,),
    verb=Verb("tab forgive", ("tabId",)),
)
def forgive_tab(call: Call, work: Work, request: ForgiveTab) -> TabView:
    """End a tab of yours without payment, running or unpaid; all that is owed on it is gone."""
    tab = own_tab(work, request.tab_id, call.actor, side="provider")
    after, forgiven = tabs.forgive(tab, request.reason, call.now)
    work.save(after)
    work.emit(forgiven)
    unlock(work, after)
    free_trust(work, after)
    return tab_view(after, call.now)


def own_tab(
    rows: Snapshot | Work, tab_id: str, actor: str, side: Literal["provider", "consumer", "any"]
) -> Tab:
    """Return a tab that the actor is on this side of. Raises TabNotFoundError, TabSideError."""
    tab = rows.get(Tab, tab_id)
    if tab is None or actor not in tab.parties:
        raise TabNotFoundError(f"You have no tab {tab_id}.")
    if side != "any" and actor != getattr(tab, side):
        raise TabSideError(f"Only the {side} of this tab can do this.", tabId=tab_id)
    return tab


class GetTab(Request):
    """One tab."""

    tab_id: TabId


@read(
    "web3.market.tab.get",
    errors=(TabNotFoundError,),
    needs=(OPENED,),
    verb=Verb("tab show", ("tabId",)),
)
def get_tab(call: Call, rows: Snapshot, request: GetTab) -> TabView:
    """Show a tab, what is owed on it and what cap and rate leave; only for its two sides."""
    return tab_view(own_tab(rows, request.tab_id, call.actor, side="any"), call.now)


class ListTabs(Page):
    """Which tabs."""

    side: Annotated[
        Literal["provider", "consumer"],
        Field(description="Those that you pay for, or those that you are paid for."),
    ] = "consumer"
    status: Annotated[TabState | None, Field(description="Only tabs in this state.")] = None


class TabPage(Answer):
    """A page of tabs, newest first."""

    items: list[TabView]
    next_cursor: Cursor | None


@read("web3.market.tab.list", example={"limit": 10}, verb=Verb("tab list"))
def list_tabs(call: Call, rows: Snapshot, request: ListTabs) -> TabPage:
    """List your tabs, newest first."""
    equal = {request.side: call.actor, "state": request.status}
    page = scan(rows, Listing(Tab, equal, request.cursor, request.limit))
    items = [tab_view(each, call.now) for each in page.items]
    return TabPage(items=items, next_cursor=page.next_cursor)
