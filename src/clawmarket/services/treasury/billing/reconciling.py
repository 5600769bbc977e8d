"""Whether a bill, its session, its lock, its records and the ledger tell one story."""

from collections.abc import Iterator
from typing import Annotated, TypeVar

import orjson
from pydantic import Field

from clawmarket.domain.kernel.ids import lowest_id, moment_prefix
from clawmarket.domain.treasury.bill import Bill, BillLocked, BillSettled
from clawmarket.domain.treasury.bill_books import BillBooks, Used, differences
from clawmarket.domain.treasury.entry import Entry, Posting
from clawmarket.domain.treasury.hold import Hold
from clawmarket.domain.treasury.period import Period
from clawmarket.domain.treasury.reconciliation import Sums, summed
from clawmarket.domain.treasury.reservation import Charge, Reservation, ReservationState
from clawmarket.domain.trust.record import Record, RecordParty, party_link
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Answer, BillId, Cursor, Request, Word
from clawmarket.registry.methods import Scope, read
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.treasury.billing.views import Spent
from clawmarket.services.treasury.order_books import postings_of
from clawmarket.services.treasury.reconciliation import DifferenceView

R = TypeVar("R")

_PAGE = 500
MAX_CALLS = 5_000
# Records from the moment of a step on that are looked through for the step's own.
MAX_LOOKED = 1_000
MOVING = (BillLocked.kind, BillSettled.kind)


class ReconcileBills(Request):
    """How many of the latest bills to look at."""

    cursor: Cursor | None = None
    limit: Annotated[
        int, Field(strict=True, ge=1, le=50, description="How many bills a page looks at.")
    ] = 20


class BillReconciliation(Answer):
    """A bill whose money does not agree, and where."""

    bill_id: BillId
    status: Word
    amount: Spent
    agrees: bool
    differences: list[DifferenceView]
    complete: Annotated[bool, Field(description="Whether every call and record was read.")]


class BillReconciliationPage(Answer):
    """The bills of a page whose money does not agree; empty where all is well."""

    items: list[BillReconciliation]
    bills: Annotated[int, Field(description="How many bills this page looked at.")]
    next_cursor: Cursor | None


@read("market.reconciliation.bills", scope=Scope.ADMIN)
def reconcile_bills(call: Call, rows: Snapshot, request: ReconcileBills) -> BillReconciliationPage:
    """List the bills whose money does not agree, looking at the latest bills first.

    Also those of which not everything could be read.
    """
    page = scan(rows, Listing(Bill, {}, request.cursor, request.limit))
    looked = [_reconciled(rows, bill, call.now) for bill in page.items]
    return BillReconciliationPage(
        items=[one for one in looked if not (one.agrees and one.complete)],
        bills=len(looked),
        next_cursor=page.next_cursor,
    )


def _reconciled(rows: Snapshot, bill: Bill, now: int) -> BillReconciliation:
    books = _books(rows, bill, now)
    found = [
        DifferenceView(what=one.what, expected=one.expected, found=one.found)
        for one in differences(books)
    ]
    return BillReconciliation(
        bill_id=bill.bill_id,
        status=bill.state,
        amount=str(bill.amount),
        agrees=not found,
        differences=found,
        complete=books.used is not None and books.recorded is not None,
    )


def _books(rows: Snapshot, bill: Bill, now: int) -> BillBooks:
    period = rows.get(Period, bill.period_id)
    return BillBooks(
        bill=bill,
        period=period,
        hold=rows.get(Hold, bill.hold_id) if bill.hold_id else None,
        used=_used(rows, bill, has_calls=period is None or period.has_calls(now)),
        recorded=_recorded(rows, bill),
        posted=summed(_posted(rows, bill)),
    )


def _used(rows: Snapshot, bill: Bill, *, has_calls: bool) -> Used | None:
    """Return what a session's calls, runs and bills add up to; None if they are too many."""
    equal = {"period_id": bill.period_id}
    bills = _every(rows, Bill, equal | {"payer": bill.payer})
    calls = _every(rows, Reservation, equal) if has_calls else []
    runs = _every(rows, Charge, equal) if has_calls else []
    if max(len(calls), len(runs), len(bills)) > MAX_CALLS:
        return None
    billed = sum(each.amount for each in bills)
    if not has_calls:
        return Used(None, None, billed)
    running = (call.amount for call in calls if call.state is ReservationState.RESERVED)
    return Used(
        charged=sum(call.charged for call in calls) + sum(run.charged for run in runs),
        reserved=sum(running),
        billed=billed,
    )


def _every(rows: Snapshot, kind: type[R], equal: dict[str, str]) -> list[R]:
    """Return the rows of a session; of more than are looked at, one more."""
    return rows.find(Query(kind, equal=equal, limit=MAX_CALLS + 1))


def _moments(bill: Bill) -> list[int]:
    """Return when a bill's money moved: at its lock and at its end."""
    return sorted({each for each in (bill.locked_at, bill.ended_at) if each is not None})


def _posted(rows: Snapshot, bill: Bill) -> Iterator[Posting]:
    """Yield what the ledger moved for a bill; an entry's id begins with the moment of it."""
    for moment in _moments(bill):
        after: str | None = None
        prefix = moment_prefix("entry", moment)
        while page := rows.find(Query(Entry, prefix=prefix, after=after, limit=_PAGE)):
            for entry in page:
                yield from entry.postings if entry.ref == bill.bill_id else ()
            after = page[-1].entry_id


def _recorded(rows: Snapshot, bill: Bill) -> Sums | None:
    """Return what the records of a bill's steps posted; None if they were not all looked through.

    A record that is missing posted nothing, and then the sums say so.
    """
    sums = Sums()
    seen: set[str] = set()
    for moment in _moments(bill):
        prefix = party_link(bill.payer, "")
        after = prefix + lowest_id("record", moment)
        links = rows.find(Query(RecordParty, prefix=prefix, after=after, limit=MAX_LOOKED))
        found = [record for link in links if (record := rows.get(Record, link.record_id))]
        at_moment = [record for record in found if record.at == moment]
        if len(links) == MAX_LOOKED and len(at_moment) == len(found):
            return None
        for record in at_moment:
            if record.record_id not in seen and _tells(record, bill):
                sums.update(summed(postings_of(record)))
                seen.add(record.record_id)
    return sums


def _tells(record: Record, bill: Bill) -> bool:
    events = orjson.loads(record.body)["events"]
    return any(one["kind"] in MOVING and one["billId"] == bill.bill_id for one in events)
