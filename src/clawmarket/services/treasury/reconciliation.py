"""Reconciliation: settlement, hold, records, ledger and receipt of an order, held together."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.order import Order, OrderNotFoundError
from clawmarket.domain.market.receipt import Receipt, receipt_state
from clawmarket.domain.treasury.account import FEES, held
from clawmarket.domain.treasury.rail import RailStep
from clawmarket.domain.treasury.reconciliation import (
    UNLOCKED,
    Difference,
    Sums,
    differences,
    purse,
    rail_differences,
)
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.ports.payments import Moved, RailSilentError, Unseen
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    Answer,
    Change,
    Cursor,
    Digest,
    Moment,
    OrderId,
    ReceiptId,
    Request,
    SettlementId,
    StepKey,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Need, Risk, Scope, ask, read
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.settlements import SettlementNotFoundError
from clawmarket.services.market.views.orders import SettlementView, settlement_view
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.order_books import order_books, records_of
from clawmarket.services.treasury.rail_answers import PATIENCE_S, look_up, rail_of
from clawmarket.services.treasury.rails import MOST_STEPS, move_of
from clawmarket.services.treasury.statement import LedgerAccount
from clawmarket.services.trust.onlookers import order_in_sight

_PAGE = 500
_MAX_DISPUTES = 20
# As many questions to rails at a time as a round of the market's own.
AT_ONCE = 8

Fact = Annotated[
    str, Field(description="A word, or digits in minor units where it is an amount."), Verbatim
]


class OrderUnnamedError(InvalidArgumentError):
    """Neither an order nor a settlement is named, or both are."""

    advice = "Name one order or one settlement; operators list differences without naming any."
    next_command = "clawmarket order list"


class ReconcileOrder(Request):
    """One of the two ids."""

    order_id: OrderId | None = None
    settlement_id: SettlementId | None = None


class MovedView(Answer):
    """What moved on one ledger account for an order, all in all."""

    account: LedgerAccount
    asset: Word
    amount: Change


class RailStepView(Answer):
    """One step of an outside rail: what the market knows of it, and what the rail says now."""

    step_key: StepKey
    status: Word
    said: Annotated[Fact | None, Field(description="Null: the rail was not asked, or is silent.")]


class RailView(Answer):
    """Where the money is, by what was booked; an outside rail's own word stands in `steps`."""

    name: Word
    held: Change
    paid: Annotated[Change, Field(description="What reached the seller.")]
    fee: Change
    returned: Annotated[Change, Field(description="What went back to the buyer.")]
    steps: Annotated[list[RailStepView], Field(description="None for credits.")]


class ReceiptSummary(Answer):
    """The receipt that was made of an order."""

    receipt_id: ReceiptId
    status: Word
    digest: Digest
    made_at: Moment


class DisputeCounts(Answer):
    """How many disputes an order has, by state."""

    total: int
    by_status: Annotated[dict[str, int], Verbatim]


class DifferenceView(Answer):
    """Where two of them disagree."""

    what: Fact
    expected: Fact
    found: Fact


class ReconciliationSummary(Answer):
    """Everything that is known about the money of an order, and whether it agrees."""

    order_id: OrderId
    settlement_id: SettlementId | None
    status: Word
    settlement: SettlementView | None
    ledger: Annotated[list[MovedView], Field(description="What the order's records posted.")]
    rail: RailView | None
    receipt: ReceiptSummary | None
    disputes: DisputeCounts
    agrees: bool
    differences: list[DifferenceView]
    complete: Annotated[
        bool, Field(description="False where an outside rail was asked and did not answer.")
    ]


@ask(
    "web3.market.reconciliation.summary",
    scope=Scope.READ,
    risk=Risk.READ,
    errors=(OrderNotFoundError, SettlementNotFoundError, OrderUnnamedError),
    needs=(Need("orderId", "web3.market.awardBid", "orderId"),),
)
async def reconcile_order(
    call: Call, pipeline: Pipeline, request: ReconcileOrder
) -> ReconciliationSummary:
    """Hold settlement, hold, records, ledger, rail and receipt of an order together.

    For its parties and for operators. All of it is of this one order and of one moment; an outside
    rail is asked right after it what it knows of each step.
    """
    store = pipeline.ports.store
    summary, steps = store.read(lambda rows: _looked_at(call, rows, request))
    if not steps:
        return summary
    said = await _all_said(pipeline, steps)
    found = [*summary.differences, *map(_difference, rail_differences(said))]
    views = [RailStepView(step_key=step.key, status=step.state, said=words) for step, words in said]
    rail = summary.rail and summary.rail.model_copy(update={"steps": views})
    complete = all(words is not None for _, words in said)
    checked = {"agrees": not found, "differences": found, "complete": complete}
    return summary.model_copy(update={"rail": rail, **checked})


async def _all_said(
    pipeline: Pipeline, steps: Sequence[RailStep]
) -> list[tuple[RailStep, str | None]]:
    """Ask what a rail says of each step, a few side by side, all within one question's time."""
    free, ends_at = asyncio.Semaphore(AT_ONCE), asyncio.get_running_loop().time() + PATIENCE_S

    async def within_time(step: RailStep) -> str | None:
        try:
            async with asyncio.timeout_at(ends_at), free:
                return await _said(pipeline, step)
        except TimeoutError:
            return None

    return list(zip(steps, await asyncio.gather(*map(within_time, steps)), strict=True))


async def _said(pipeline: Pipeline, step: RailStep) -> str | None:
    """Return in a word what the rail says of a step; None if it does not say."""
    try:
        answer = await look_up(rail_of(pipeline, step), move_of(step))
    except RailSilentError:
        return None
    if isinstance(answer, Unseen):
        return "never got it"
    return "moved" if isinstance(answer, Moved) else "refused"


def _looked_at(
    call: Call, rows: Snapshot, request: ReconcileOrder
) -> tuple[ReconciliationSummary, list[RailStep]]:
    """Return an order's summary and every step a rail was asked for, also locks it refused."""
    summary = _of_order(call, rows, request)
    asked = Query(RailStep, equal={"order_id": summary.order_id}, limit=MOST_STEPS)
    return summary, rows.find(asked)


def _of_order(call: Call, rows: Snapshot, request: ReconcileOrder) -> ReconciliationSummary:
    if (request.order_id is None) == (request.settlement_id is None):
        raise OrderUnnamedError("Name an order or a settlement, and not both.")
    if request.order_id is not None:
        return _summary(rows, order_in_sight(call, rows, request.order_id))
    settlement = rows.get(Settlement, request.settlement_id or "")
    try:
        order_id = settlement.order_id if settlement else ""
        return _summary(rows, order_in_sight(call, rows, order_id))
    except OrderNotFoundError:
        raise SettlementNotFoundError("There is no such settlement.") from None


class ListReconciliations(Request):
    """How many of the latest orders to look at."""

    cursor: Cursor | None = None
    limit: Annotated[
        int, Field(strict=True, ge=1, le=50, description="How many orders a page looks at.")
    ] = 20


class ReconciliationPage(Answer):
    """The orders of a page whose money does not agree; empty where all is well."""

    items: list[ReconciliationSummary]
    orders: Annotated[int, Field(description="How many orders this page looked at.")]
    next_cursor: Cursor | None


@read("market.reconciliation.list", scope=Scope.ADMIN)
def list_reconciliations(
    _call: Call, rows: Snapshot, request: ListReconciliations
) -> ReconciliationPage:
    """List the orders whose money does not agree, looking at the latest orders first."""
    page = scan(rows, Listing(Order, {}, request.cursor, request.limit))
    summaries = [_summary(rows, order) for order in page.items]
    return ReconciliationPage(
        items=[summary for summary in summaries if not summary.agrees],
        orders=len(page.items),
        next_cursor=page.next_cursor,
    )


def _summary(rows: Snapshot, order: Order) -> ReconciliationSummary:
    books, receipt = (
        order_books(rows, order),
        rows.get(Receipt, same_ulid("receipt", order.order_id)),
    )
    found = [*_missing_records(rows, order), *differences(books)]
    found += _receipt_differences(receipt, books.settlement)
    settlement = books.settlement
    return ReconciliationSummary(
        order_id=order.order_id,
        settlement_id=order.settlement_id,
        status=order.state,
        settlement=settlement_view(settlement) if settlement else None,
        ledger=_moved(books.recorded),
        rail=_rail(settlement, books.posted) if settlement else None,
        receipt=receipt_summary(receipt),
        disputes=_disputes(rows, order),
        agrees=not found,
        differences=[_difference(one) for one in found],
        complete=True,
    )


def _difference(one: Difference) -> DifferenceView:
    return DifferenceView(what=one.what, expected=one.expected, found=one.found)


def _missing_records(rows: Snapshot, order: Order) -> Iterator[Difference]:
    there = {record.record_id for record in records_of(rows, order)}
    for record_id in order.records:
        if record_id not in there:
            yield Difference(f"record {record_id}", "there", "missing")


def _receipt_differences(
    receipt: Receipt | None, settlement: Settlement | None
) -> Iterator[Difference]:
    if receipt is None:
        return
    wanted = str(receipt_state(settlement.state)) if settlement else "none"
    if receipt.state != wanted:
        yield Difference("receipt.status", wanted, receipt.state)


def _moved(sums: Sums) -> list[MovedView]:
    return [
        MovedView(account=account, asset=asset, amount=str(amount))
        for (account, asset), amount in sorted(sums.items())
    ]


def _rail(settlement: Settlement, posted: Sums) -> RailView:
    asset = settlement.asset
    outward = posted[purse(settlement, settlement.payer), asset]
    locked = 0 if settlement.state in UNLOCKED else settlement.amount
    return RailView(
        name=settlement.rail,
        held=str(posted[held(settlement.payer), asset]),
        paid=str(posted[purse(settlement, settlement.payee), asset]),
        fee=str(posted[FEES, asset]),
        returned=str(locked + outward),
        steps=[],
    )


def receipt_summary(receipt: Receipt | None) -> ReceiptSummary | None:
    """Return a receipt in wire form, without its text."""
    if receipt is None:
        return None
    return ReceiptSummary(
        receipt_id=receipt.receipt_id,
        status=receipt.state,
        digest=receipt.digest,
        made_at=iso(receipt.made_at),
    )


def _disputes(rows: Snapshot, order: Order) -> DisputeCounts:
    equal = {"order_id": order.order_id}
    found = rows.find(Query(Dispute, equal=equal, limit=_MAX_DISPUTES))
    states = Counter(str(dispute.state) for dispute in found)
    return DisputeCounts(total=len(found), by_status=dict(states))
