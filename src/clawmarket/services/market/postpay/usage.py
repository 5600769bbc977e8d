"""Usage: what the provider writes down on a tab; `ledger` on the wire."""

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.market.postpay import usage as usages
from clawmarket.domain.market.postpay.tab import Tab, TabNotFoundError, TabOverError, TabSideError
from clawmarket.domain.market.postpay.usage import (
    TabEntriesFullError,
    TabFullError,
    Usage,
    UsageTooFastError,
    UsageTooLargeError,
    UsageUnfitError,
)
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    Amount,
    Answer,
    AssetId,
    Cursor,
    Figure,
    Page,
    Request,
    SignedRequest,
    TabId,
    Verbatim,
)
from clawmarket.registry.methods import Risk, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.postpay.settling import settle_tab
from clawmarket.services.market.postpay.tabs import BY_THE_OTHER, OPENED, own_tab
from clawmarket.services.market.postpay.views import (
    Quantity,
    TabView,
    Unit,
    Units,
    UsageView,
    tab_view,
    usage_view,
)
from clawmarket.services.work import Work

# How many of an account's latest tabs on one side are added up.
MAX_SUMMED = 200


class UsageKeyNeededError(InvalidArgumentError):
    """Usage is written down under an idempotency key, or a repeated request would count twice."""

    advice = "Send an idempotency key, one for each use, and the same one when you repeat it."
    next_command = "clawmarket explain usage_key_needed"


class AppendUsage(SignedRequest):
    """What was used."""

    tab_id: TabId
    quantity: Quantity
    unit: Annotated[Unit | None, Field(description="If given, it must be the tab's.")] = None
    cost: Annotated[
        Amount | None,
        Field(description="If given, it must be what the market works out for these units."),
    ] = None
    reference: Annotated[
        str,
        Field(strict=True, max_length=200, description="What it was for, such as a run's id."),
        Verbatim,
    ] = ""


class AppendedView(Answer):
    """The entry, and the tab with it."""

    usage: UsageView
    tab: TabView


@write(
    "web3.market.ledger.append",
    risk=Risk.MONEY,
    errors=(
        TabNotFoundError,
        TabSideError,
        TabOverError,
        TabEntriesFullError,
        TabFullError,
        UsageTooFastError,
        UsageTooLargeError,
        UsageUnfitError,
        UsageKeyNeededError,
    ),
    needs=(BY_THE_OTHER,),
    example={"quantity": "1", "reference": "run 17"},
    verb=Verb("tab append", ("tabId", "quantity")),
)
def append_usage(call: Call, work: Work, request: AppendUsage) -> AppendedView:
    """Write down what was used on a tab of yours; the market works out what it costs.

    Entries are never edited, and the consumer sees each one. When not one more unit fits under the
    cap, the tab is settled at once.
    """
    if not call.key:
        raise UsageKeyNeededError("Usage needs an idempotency key.")
    tab = own_tab(work, request.tab_id, call.actor, side="provider")
    after, cost = usages.append(tab, int(request.quantity), call.now)
    _check_agreed(tab, request, cost)
    # A record's id rises strictly, so usage stands in the order in which it was written down.
    usage = Usage(
        same_ulid("usage", work.record_id),
        tab.tab_id,
        int(request.quantity),
        cost,
        after.owed,
        request.reference,
        call.now,
        work.record_id,
    )
    work.add(usage)
    work.save(after)
    work.emit(usages.appended(usage))
    work.involve(after.parties)
    if after.is_full:
        after = settle_tab(work, after, "the cap was reached")
    return AppendedView(usage=usage_view(usage), tab=tab_view(after, call.now))


def _check_agreed(tab: Tab, request: AppendUsage, cost: int) -> None:
    if request.unit is not None and request.unit != tab.unit:
        raise UsageUnfitError(f"This tab counts {tab.unit}s.", tabId=tab.tab_id)
    if request.cost is not None and int(request.cost) != cost:
        wanted, said = (format_amount(each, tab.asset) for each in (cost, int(request.cost)))
        raise UsageUnfitError(f"That costs {wanted}, not {said}.", tabId=tab.tab_id)


class ListUsage(Page):
    """Of which tab."""

    tab_id: TabId


class UsagePage(Answer):
    """A page of uses, newest first."""

    items: list[UsageView]
    next_cursor: Cursor | None


@read(
    "web3.market.ledger.list",
    errors=(TabNotFoundError,),
    needs=(OPENED,),
    verb=Verb("tab usage", ("tabId",)),
)
def list_usage(call: Call, rows: Snapshot, request: ListUsage) -> UsagePage:
    """List what was written down on a tab, newest first; both sides see the same entries."""
    tab = own_tab(rows, request.tab_id, call.actor, side="any")
    page = scan(rows, Listing(Usage, {"tab_id": tab.tab_id}, request.cursor, request.limit))
    return UsagePage(items=[usage_view(u) for u in page.items], next_cursor=page.next_cursor)


class UsageSummaryRequest(Request):
    """One tab, or all of yours on one side."""

    tab_id: TabId | None = None
    side: Annotated[
        Literal["provider", "consumer"],
        Field(description="Without `tabId`: what you used, or what others used of you."),
    ] = "consumer"


class UnitSums(Answer):
    """What was used of one unit."""

    quantity: Units
    cost: Figure


class UsageSummary(Answer):
    """What was used, by unit, and what of it is paid."""

    by_unit: Annotated[dict[str, UnitSums], Field(description="From the unit to its sums.")]
    asset: AssetId
    total_cost: Figure
    paid: Annotated[Figure, Field(description="What settled tabs moved, with the fee.")]
    tabs: int
    entries: int
    complete: Annotated[
        bool, Field(description="Whether every tab was added up; otherwise the latest 200.")
    ]


@read("web3.market.ledger.summary", errors=(TabNotFoundError,), example={"side": "provider"})
def usage_summary(call: Call, rows: Snapshot, request: UsageSummaryRequest) -> UsageSummary:
    """Add up what was used: on one tab, or on your latest 200 tabs of one side."""
    if request.tab_id is not None:
        return _summed([own_tab(rows, request.tab_id, call.actor, side="any")], complete=True)
    page = scan(rows, Listing(Tab, {request.side: call.actor}, None, MAX_SUMMED))
    return _summed(page.items, complete=page.next_cursor is None)


def _summed(found: list[Tab], *, complete: bool) -> UsageSummary:
    units, costs = Counter[str](), Counter[str]()
    for tab in found:
        units[tab.unit] += tab.quantity
        costs[tab.unit] += tab.owed
    return UsageSummary(
        by_unit={u: UnitSums(quantity=str(units[u]), cost=str(costs[u])) for u in sorted(units)},
        asset="credits",
        total_cost=str(costs.total()),
        paid=str(sum(tab.seller_amount + tab.fee for tab in found)),
        tabs=len(found),
        entries=sum(tab.entries for tab in found),
        complete=complete,
    )
