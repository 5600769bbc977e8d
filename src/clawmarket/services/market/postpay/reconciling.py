"""Whether a tab's entries, its sum and the ledger tell one story."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.ids import moment_prefix
from clawmarket.domain.kernel.money import split_fee
from clawmarket.domain.market.tab import Tab, TabNotFoundError, TabState
from clawmarket.domain.market.usage import MAX_ENTRIES, Usage
from clawmarket.domain.treasury.account import FEES, available, held
from clawmarket.domain.treasury.entry import Entry, Posting
from clawmarket.domain.treasury.reconciliation import Difference, Sums, summed
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Amount, Answer, Request, TabId, Word
from clawmarket.registry.methods import Verb, read
from clawmarket.services.call import Call
from clawmarket.services.market.postpay.tabs import OPENED, own_tab
from clawmarket.services.market.postpay.views import Units
from clawmarket.services.treasury.reconciliation import DifferenceView, MovedView

_PAGE = 500
MAX_DIFFERENCES = 100


class ReconcileTab(Request):
    """One tab."""

    tab_id: TabId


class TabReconciliation(Answer):
    """What a tab's entries add up to, what the ledger moved for it, and whether all agrees."""

    tab_id: TabId
    status: Word
    entries: int
    quantity: Units
    cost: Amount
    owed: Amount
    ledger: list[MovedView]
    agrees: bool
    differences: Annotated[list[DifferenceView], Field(description="The first hundred.")]
    complete: Annotated[
        bool, Field(description="Whether every entry was read and every difference is shown.")
    ]


@dataclass(slots=True)
class Used:
    """What the entries that were read add up to."""

    entries: int = 0
    quantity: int = 0
    cost: int = 0


@read(
    "web3.market.tab.reconcile",
    errors=(TabNotFoundError,),
    needs=(OPENED,),
    verb=Verb("tab reconcile", ("tabId",)),
)
def reconcile_tab(call: Call, rows: Snapshot, request: ReconcileTab) -> TabReconciliation:
    """Hold a tab's entries, what is owed and what the ledger moved together.

    For its two sides and for operators.
    """
    found = rows.get(Tab, request.tab_id) if call.is_operator else None
    tab = found or own_tab(rows, request.tab_id, call.actor, side="any")
    used, posted = Used(), summed(_posted(rows, tab))
    differences: list[DifferenceView] = []
    unshown = 0
    for one in _differences(tab, _used(rows, tab), used, posted):
        if len(differences) < MAX_DIFFERENCES:
            differences.append(
                DifferenceView(what=one.what, expected=one.expected, found=one.found)
            )
        else:
            unshown += 1
    return TabReconciliation(
        tab_id=tab.tab_id,
        status=tab.state,
        entries=used.entries,
        quantity=str(used.quantity),
        cost=str(used.cost),
        owed=str(tab.owed),
        ledger=[
            MovedView(account=account, asset=asset, amount=str(amount))
            for (account, asset), amount in sorted(posted.items())
        ],
        agrees=not differences,
        differences=differences,
        complete=not unshown and used.entries <= MAX_ENTRIES,
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
    """Yield what the ledger moved for a tab, as it began and as it ended.

    Entries have no index by what they are for, but an id begins with the moment of its record.
    """
    for moment in sorted({tab.opened_at, tab.ended_at or tab.opened_at}):
        after: str | None = None
        prefix = moment_prefix("entry", moment)
        while page := rows.find(Query(Entry, prefix=prefix, after=after, limit=_PAGE)):
            for entry in page:
                yield from entry.postings if entry.ref == tab.tab_id else ()
            after = page[-1].entry_id


def _differences(tab: Tab, uses: Iterable[Usage], used: Used, posted: Sums) -> Iterator[Difference]:
    """Yield what does not agree; on the way count what was used."""
    for usage in uses:
        used.entries += 1
        used.quantity += usage.quantity
        due = tab.cost_of(used.quantity) - used.cost
        yield from _unequal(f"{usage.usage_id} cost", due, usage.cost)
        used.cost += usage.cost
    yield from _unequal("entries", used.entries, tab.entries)
    yield from _unequal("quantity", used.quantity, tab.quantity)
    yield from _unequal("owed", used.cost, tab.owed)
    if tab.owed > tab.cap:
        yield Difference("owed", f"at most {tab.cap}", str(tab.owed))
    expected = _due(tab)
    for key in sorted(expected.keys() | posted.keys()):
        yield from _unequal(f"ledger {' '.join(key)}", expected[key], posted[key])


def _due(tab: Tab) -> Sums:
    """Return what must have moved: all that is owed once it is settled, a lock before that."""
    sums = Sums()
    if tab.hold_id is not None and tab.ended_at is None:
        sums[available(tab.consumer), tab.asset] -= tab.cap
        sums[held(tab.consumer), tab.asset] += tab.cap
    if tab.state is TabState.SETTLED:
        seller_amount, fee = split_fee(tab.owed, tab.fee_bps)
        sums[available(tab.consumer), tab.asset] -= tab.owed
        sums[available(tab.provider), tab.asset] += seller_amount
        sums[FEES, tab.asset] += fee
    return sums


def _unequal(what: str, expected: int, found: int) -> Iterator[Difference]:
    if expected != found:
        yield Difference(what, str(expected), str(found))
