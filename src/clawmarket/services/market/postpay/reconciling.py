"""Whether a tab's uses, its sums, its lock, its records and the ledger tell one story."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import orjson
from pydantic import Field

from clawmarket.domain.kernel.ids import lowest_id, moment_prefix
from clawmarket.domain.market.postpay.tab import (
    Tab,
    TabAbandoned,
    TabForgiven,
    TabNotFoundError,
    TabOpened,
    TabSettled,
)
from clawmarket.domain.market.postpay.tab_books import (
    TabBooks,
    Used,
    differences,
    paid,
    use_differences,
)
from clawmarket.domain.market.postpay.usage import MAX_ENTRIES, Usage
from clawmarket.domain.treasury.entry import Entry, Posting
from clawmarket.domain.treasury.hold import Hold
from clawmarket.domain.treasury.reconciliation import Difference, Sums, summed
from clawmarket.domain.trust.record import Record, RecordParty, party_link
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Amount, Answer, Cursor, Request, TabId, Word
from clawmarket.registry.methods import Scope, Verb, read
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.postpay.tabs import OPENED, own_tab
from clawmarket.services.market.postpay.views import Units
from clawmarket.services.treasury.order_books import postings_of
from clawmarket.services.treasury.reconciliation import DifferenceView, MovedView

_PAGE = 500
_FEW = 20
MAX_DIFFERENCES = 100
# A record's id begins with its moment, or with a later one after the clock was set back; so many
# of the consumer's records from then on are looked through.
MAX_LOOKED = 1_000
OPENING = (TabOpened.kind,)
ENDINGS = (TabSettled.kind, TabForgiven.kind, TabAbandoned.kind)


class ReconcileTab(Request):
    """One tab."""

    tab_id: TabId


class TabReconciliation(Answer):
    """What a tab's entries add up to, what the ledger moved for it, and whether all agrees."""

    tab_id: TabId
    status: Word
    entries: int
    quantity: Units
    cost: Annotated[Amount, Field(description="What the entries add up to.")]
    owed: Annotated[Amount, Field(description="What the tab says that they cost.")]
    paid: Annotated[Amount, Field(description="What the tab says was paid, with the fee.")]
    ledger: list[MovedView]
    agrees: bool
    differences: Annotated[
        list[DifferenceView], Field(description="The first hundred; sums and money before entries.")
    ]
    complete: Annotated[
        bool,
        Field(description="Whether every entry and record was read and every difference is shown."),
    ]


@read(
    "web3.market.tab.reconcile",
    errors=(TabNotFoundError,),
    needs=(OPENED,),
    verb=Verb("tab reconcile", ("tabId",)),
)
def reconcile_tab(call: Call, rows: Snapshot, request: ReconcileTab) -> TabReconciliation:
    """Hold a tab's entries, what is owed, its records and what the ledger moved together.

    For its two sides and for operators.
    """
    found = rows.get(Tab, request.tab_id) if call.is_operator else None
    return _reconciled(rows, found or own_tab(rows, request.tab_id, call.actor, side="any"))


class ReconcileTabs(Request):
    """How many of the latest tabs to look at."""

    cursor: Cursor | None = None
    limit: Annotated[
        int,
        Field(strict=True, ge=1, le=50, description="How many tabs a page looks at, at the most."),
    ] = 20


class TabReconciliationPage(Answer):
    """The tabs of a page whose money does not agree; empty where all is well."""

    items: list[TabReconciliation]
    tabs: Annotated[
        int,
        Field(description="How many tabs this page looked at; fewer where they have many entries."),
    ]
    next_cursor: Cursor | None


@read("market.reconciliation.tabs", scope=Scope.ADMIN)
def reconcile_tabs(_call: Call, rows: Snapshot, request: ReconcileTabs) -> TabReconciliationPage:
    """List the tabs whose money does not agree, looking at the latest tabs first.

    Also those of which not everything could be read.
    """
    page = scan(rows, Listing(Tab, {}, request.cursor, request.limit))
    looked: list[TabReconciliation] = []
    entries = 0
    for tab in page.items:
        if entries >= MAX_ENTRIES:
            break
        looked.append(_reconciled(rows, tab))
        entries += looked[-1].entries
    whole = len(looked) == len(page.items)
    return TabReconciliationPage(
        items=[one for one in looked if not (one.agrees and one.complete)],
        tabs=len(looked),
        next_cursor=page.next_cursor if whole else looked[-1].tab_id,
    )


@dataclass(slots=True)
class Told:
    """What the records of a tab posted, and which are missing; `unsure` if that is not known."""

    posted: Sums = field(default_factory=Sums)
    missing: list[Difference] = field(default_factory=list)
    unsure: bool = False


def _reconciled(rows: Snapshot, tab: Tab) -> TabReconciliation:
    told, used, posted = _told(rows, tab), Used(), summed(_posted(rows, tab))
    hold = rows.get(Hold, tab.hold_id) if tab.hold_id else None
    books = TabBooks(tab, hold, None if told.unsure else told.posted, posted)
    in_uses: list[Difference] = []
    count = 0
    for count, one in enumerate(use_differences(tab, _used(rows, tab), used), start=1):
        if count <= MAX_DIFFERENCES:
            in_uses.append(one)
    # What is wrong with the money comes first, so that no number of wrong uses hides it.
    in_money = [*told.missing, *differences(books, used)]
    found = [*in_money, *in_uses][:MAX_DIFFERENCES]
    complete = len(found) == len(in_money) + count and used.entries <= MAX_ENTRIES
    return TabReconciliation(
        tab_id=tab.tab_id,
        status=tab.state,
        entries=used.entries,
        quantity=str(used.quantity),
        cost=str(used.cost),
        owed=str(tab.owed),
        paid=str(paid(tab)),
        ledger=[
            MovedView(account=account, asset=asset, amount=str(amount))
            for (account, asset), amount in sorted(posted.items())
        ],
        agrees=not found,
        differences=[
            DifferenceView(what=d.what, expected=d.expected, found=d.found) for d in found
        ],
        complete=complete and not told.unsure,
    )


def _used(rows: Snapshot, tab: Tab) -> Iterator[Usage]:
    """Yield the uses of a tab; of more than a tab may have, one more."""
    after: str | None = None
    equal, left = {"tab_id": tab.tab_id}, MAX_ENTRIES + 1
    while left and (page := rows.find(_page(equal, after, min(left, _PAGE)))):
        yield from page
        left -= len(page)
        after = page[-1].usage_id


def _page(equal: dict[str, str], after: str | None, limit: int) -> Query[Usage]:
    return Query(Usage, equal=equal, after=after, limit=limit)


def _posted(rows: Snapshot, tab: Tab) -> Iterator[Posting]:
    """Yield what the ledger moved for a tab, as it began, as it closed and as it ended.

    Entries have no index by what they are for, but an id begins with the moment of its record.
    """
    moments = {tab.opened_at, tab.closed_at or tab.opened_at, tab.ended_at or tab.opened_at}
    for moment in sorted(moments):
        after: str | None = None
        prefix = moment_prefix("entry", moment)
        while page := rows.find(Query(Entry, prefix=prefix, after=after, limit=_PAGE)):
            for entry in page:
                yield from entry.postings if entry.ref == tab.tab_id else ()
            after = page[-1].entry_id


def _told(rows: Snapshot, tab: Tab) -> Told:
    """Return what the records of a tab's opening and of its end say; no other one moves money."""
    told = Told()
    for kinds, moment in ((OPENING, tab.opened_at), (ENDINGS, tab.ended_at)):
        if moment is not None:
            _take(told, rows, tab, kinds, moment)
    return told


def _take(told: Told, rows: Snapshot, tab: Tab, kinds: tuple[str, ...], moment: int) -> None:
    more = False
    for looked, record in enumerate(_records_since(rows, tab.consumer, moment), start=1):
        if record is not None and record.at == moment and _tells(record, tab, kinds):
            told.posted.update(summed(postings_of(record)))
            return
        more = looked >= MAX_LOOKED
    if more:
        told.unsure = True
    else:
        what = "record of the opening" if kinds is OPENING else "record of the end"
        told.missing.append(Difference(what, "there", "missing"))


def _tells(record: Record, tab: Tab, kinds: tuple[str, ...]) -> bool:
    events = orjson.loads(record.body)["events"]
    return any(one["kind"] in kinds and one["tabId"] == tab.tab_id for one in events)


def _records_since(rows: Snapshot, account_id: str, moment: int) -> Iterator[Record | None]:
    """Yield what an account may see from a moment on, the oldest first; None where one is lost."""
    prefix = party_link(account_id, "")
    after, left = prefix + lowest_id("record", moment), MAX_LOOKED
    while left and (page := rows.find(_links(prefix, after, min(left, _FEW)))):
        for link in page:
            yield rows.get(Record, link.record_id)
        left -= len(page)
        after = page[-1].link_id


def _links(prefix: str, after: str, limit: int) -> Query[RecordParty]:
    return Query(RecordParty, prefix=prefix, after=after, limit=limit)
