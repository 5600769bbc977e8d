"""Transparency: what stands where, and the life of one order as one timeline."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.kernel.machine import MACHINES
from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.consenting.consent import Consent
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.order import Order, OrderNotFoundError
from clawmarket.domain.market.receipt import Receipt
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Answer,
    DeliveryId,
    Digest,
    Moment,
    OrderId,
    RecordId,
    Request,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Need, Verb, read
from clawmarket.services.call import Call
from clawmarket.services.market.consenting.views import ConsentView, consent_view
from clawmarket.services.market.views.disputes import DisputeView, dispute_view
from clawmarket.services.market.views.orders import (
    OrderView,
    SettlementView,
    order_view,
    settlement_view,
)
from clawmarket.services.treasury.order_books import records_of
from clawmarket.services.treasury.reconciliation import MovedView, ReceiptSummary, receipt_summary
from clawmarket.services.trust.log import index_of, log_head
from clawmarket.services.trust.onlookers import order_in_sight
from clawmarket.services.trust.tallies import states_of

# How many of an account's latest orders on each side are counted.
MAX_COUNTED = 200
NOUNS = ("order", "settlement", "delivery", "dispute")

Counts = Annotated[dict[str, int], Field(description="How many stand in each state."), Verbatim]
Thing = Annotated[str, Field(description="What changed its state."), Verbatim]


class TransparencySummaryRequest(Request):
    """All that concerns you, or one order."""

    order_id: OrderId | None = None


class StatusCounts(Answer):
    """Counts by state."""

    orders: Counts
    settlements: Counts
    deliveries: Counts
    disputes: Counts


class TransparencySummary(Answer):
    """What stands where, of all that the caller may know."""

    of: Annotated[
        Literal["order", "account", "market"],
        Field(description="One order; your own orders; for operators, all of the market."),
        Verbatim,
    ]
    totals: Annotated[dict[str, int], Field(description="How many of each."), Verbatim]
    statuses: StatusCounts
    complete: Annotated[
        bool, Field(description="Whether every order was counted; otherwise the latest 200 a side.")
    ]
    as_of_records: Annotated[
        int, Field(description="How many records the log has; an operator's counts are as of it.")
    ]


@read(
    "web3.market.transparency.summary",
    errors=(OrderNotFoundError,),
    needs=(Need("orderId", "web3.market.awardBid", "orderId"),),
)
def transparency_summary(
    call: Call, rows: Snapshot, request: TransparencySummaryRequest
) -> TransparencySummary:
    """Count your orders, settlements, deliveries and disputes by state; operators count all.

    With an order, only what belongs to it; for its parties, its arbiter and operators.
    """
    if request.order_id is not None:
        orders = [order_in_sight(call, rows, request.order_id, arbiters=True)]
        return _counted(rows, "order", _states(rows, orders), complete=True)
    if call.is_operator:
        states = {noun: states_of(rows, noun) for noun in NOUNS}
        return _counted(rows, "market", states, complete=True)
    own, complete = _own_orders(rows, call.actor)
    return _counted(rows, "account", _states(rows, own), complete=complete)


def _own_orders(rows: Snapshot, actor: str) -> tuple[list[Order], bool]:
    pages = [
        rows.find(Query(Order, equal={side: actor}, newest_first=True, limit=MAX_COUNTED + 1))
        for side in ("buyer", "seller")
    ]
    complete = all(len(page) <= MAX_COUNTED for page in pages)
    return [order for page in pages for order in page[:MAX_COUNTED]], complete


def _states(rows: Snapshot, orders: Iterable[Order]) -> dict[str, Counter[str]]:
    states: dict[str, Counter[str]] = {noun: Counter() for noun in NOUNS}
    for order in orders:
        states["order"][order.state] += 1
        for noun, thing in _things(rows, order).items():
            states[noun][thing.state] += 1
    return states


def _things(rows: Snapshot, order: Order) -> dict[str, Settlement | Delivery | Dispute]:
    """Return what belongs to an order and has a state of its own, by noun."""
    found = {
        "settlement": rows.get(Settlement, order.settlement_id or ""),
        "delivery": rows.get(Delivery, order.delivery_id or ""),
        "dispute": rows.get(Dispute, order.dispute_id or ""),
    }
    return {noun: thing for noun, thing in found.items() if thing is not None}


def _counted(
    rows: Snapshot,
    of: Literal["order", "account", "market"],
    states: Mapping[str, Mapping[str, int]],
    *,
    complete: bool,
) -> TransparencySummary:
    head = log_head(rows)
    full = {
        noun: {str(state): states[noun].get(str(state), 0) for state in MACHINES[noun].states}
        for noun in NOUNS
    }
    counts = StatusCounts(
        orders=full["order"],
        settlements=full["settlement"],
        deliveries=full["delivery"],
        disputes=full["dispute"],
    )
    return TransparencySummary(
        of=of,
        totals={name: sum(by.values()) for name, by in counts.model_dump().items()},
        statuses=counts,
        complete=complete,
        as_of_records=head.size if head else 0,
    )


class TraceOrder(Request):
    """One order."""

    order_id: OrderId


class StateChange(Answer):
    """One thing that went from one state to another; it began where `before` is empty."""

    thing: Thing
    before: Word
    after: Word


class TraceStep(Answer):
    """One record of an order's life."""

    record_id: RecordId
    index: Annotated[int | None, Field(description="Its number in the log.")]
    at: Moment
    actor: AccountId
    method: Word
    signed: Annotated[bool, Field(description="Whether the actor's wallet signed it.")]
    events: Annotated[
        list[dict[str, Any]], Field(description="What happened, as the record says it."), Verbatim
    ]
    states: list[StateChange]
    postings: list[MovedView]


class DeliverySummary(Answer):
    """A delivery without what was delivered: its state and its hash."""

    delivery_id: DeliveryId
    status: Word
    digest: Digest | None
    files: Annotated[list[Digest], Field(description="The content hash of each file.")]
    completed_at: Moment | None


class OrderTrace(Answer):
    """An order's life from the demand to the last posting."""

    order: OrderView
    settlement: SettlementView | None
    consent: Annotated[ConsentView | None, Field(description="For buyer and seller only.")]
    delivery: DeliverySummary | None
    dispute: DisputeView | None
    receipt: ReceiptSummary | None
    timeline: Annotated[list[TraceStep], Field(description="The oldest record first.")]


@read(
    "web3.market.transparency.trace",
    errors=(OrderNotFoundError,),
    needs=(Need("orderId", "web3.market.awardBid", "orderId"),),
    verb=Verb("order trace", ("orderId",)),
)
def trace_order(call: Call, rows: Snapshot, request: TraceOrder) -> OrderTrace:
    """Show an order's life as one timeline: who did what when, and what it moved.

    For its buyer, its seller, its arbiter and operators; nobody else learns that it exists.
    """
    order = order_in_sight(call, rows, request.order_id, arbiters=True)
    settlement = rows.get(Settlement, order.settlement_id or "")
    dispute = rows.get(Dispute, order.dispute_id or "")
    consent = rows.get(Consent, order.consent_id or "") if call.actor in order.parties else None
    return OrderTrace(
        order=order_view(order),
        settlement=settlement_view(settlement) if settlement else None,
        consent=consent_view(consent, order, call.now) if consent else None,
        delivery=_delivery(rows.get(Delivery, order.delivery_id or "")),
        dispute=dispute_view(dispute) if dispute else None,
        receipt=receipt_summary(rows.get(Receipt, same_ulid("receipt", order.order_id))),
        timeline=[_trace_step(rows, record) for record in records_of(rows, order)],
    )


def _trace_step(rows: Snapshot, record: Record) -> TraceStep:
    facts = orjson.loads(record.body)
    statement = facts.get("statement") or {}
    return TraceStep(
        record_id=record.record_id,
        index=index_of(rows, record.record_id),
        at=iso(record.at),
        actor=record.actor,
        method=record.method,
        signed=bool(statement.get("signature")),
        events=facts["events"],
        states=[StateChange(thing=t, before=b, after=a) for t, b, a in facts["states"]],
        postings=[
            MovedView(account=account, asset=asset, amount=amount)
            for account, asset, amount in facts["postings"]
        ],
    )


def _delivery(delivery: Delivery | None) -> DeliverySummary | None:
    if delivery is None:
        return None
    return DeliverySummary(
        delivery_id=delivery.delivery_id,
        status=delivery.state,
        digest=delivery.digest,
        files=[artifact.digest for artifact in delivery.artifacts],
        completed_at=iso_or_none(delivery.completed_at),
    )
