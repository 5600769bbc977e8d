"""The books of an order: what its records posted, and what the ledger's entries moved for it."""

from collections import Counter
from collections.abc import Iterable, Iterator

import orjson

from clawmarket.domain.kernel.ids import moment_prefix
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.treasury.account import available, held
from clawmarket.domain.treasury.entry import Entry, Posting
from clawmarket.domain.treasury.hold import Hold
from clawmarket.domain.treasury.reconciliation import OrderBooks, Sums, summed
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.domain.treasury.statement import postings_in
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, Snapshot

_PAGE = 500


def order_books(rows: Snapshot, order: Order) -> OrderBooks:
    """Return what settlement, hold, records and ledger say of an order's money."""
    settlement = rows.get(Settlement, order.settlement_id) if order.settlement_id else None
    records = records_of(rows, order)
    recorded = summed(posting for record in records for posting in postings_of(record))
    recorded.subtract(_held_again(order, records))
    return OrderBooks(
        amount=order.amount,
        over=order.is_over,
        has_settlement=order.settlement_id is not None,
        settlement=settlement,
        hold=rows.get(Hold, settlement.hold_id) if settlement else None,
        recorded=recorded,
        posted=summed(_posted(rows, order, records)),
    )


def records_of(rows: Snapshot, order: Order) -> list[Record]:
    """Return the records that tell an order's story, in their order."""
    found = (rows.get(Record, record_id) for record_id in dict.fromkeys(order.records))
    return [record for record in found if record is not None]


def postings_of(record: Record) -> tuple[Posting, ...]:
    """Return the postings that a record tells."""
    return postings_in(orjson.loads(record.body)["postings"])


def _held_again(order: Order, records: Iterable[Record]) -> Sums:
    """Return what records of an order moved for its task, once the worker had stepped back."""
    sums: Sums = Counter()
    for record in records if order.state is OrderState.RETURNED else ():
        for event in orjson.loads(record.body)["events"]:
            if event["kind"] == "task_reopened":
                amount = int(event["amount"])
                sums[available(order.buyer), event["asset"]] -= amount
                sums[held(order.buyer), event["asset"]] += amount
    return sums


def _posted(rows: Snapshot, order: Order, records: list[Record]) -> Iterator[Posting]:
    """Yield what the ledger's entries moved for an order.

    Entries have no index by order; but an entry's id begins with the moment of its record, so
    the few of the same millisecond are looked through.
    """
    for moment in sorted({record.at for record in records}):
        for entry in _entries_of(rows, moment_prefix("entry", moment)):
            if _is_about(entry, order):
                yield from entry.postings


def _is_about(entry: Entry, order: Order) -> bool:
    if order.state is OrderState.RETURNED and entry.ref == order.task_id:
        # The task lives on without the order; of its entries only the first hold was the order's.
        return entry.reason == "hold"
    return entry.ref in {order.order_id, order.task_id}


def _entries_of(rows: Snapshot, prefix: str) -> Iterator[Entry]:
    after: str | None = None
    while page := rows.find(Query(Entry, prefix=prefix, after=after, limit=_PAGE)):
        yield from page
        after = page[-1].entry_id
