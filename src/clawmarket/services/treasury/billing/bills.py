"""Bills: listed for both sides, locked and paid by the market's own job."""

from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.events import Event
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.treasury import bill as bills
from clawmarket.domain.treasury.bill import UNLOCKED, Bill, BillState
from clawmarket.domain.treasury.budget import Spend
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import Answer, Cursor, Page
from clawmarket.registry.methods import Verb, read
from clawmarket.services.call import THE_MARKET, Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.billing.views import BillView, bill_view
from clawmarket.services.treasury.moves import RowLostError, pay_bill, set_aside
from clawmarket.services.work import Work

METHOD = "market.billing.settle"


class ListBills(Page):
    """Which bills."""

    side: Annotated[
        Literal["payer", "payee"],
        Field(description="Those that you pay, or those that you are paid."),
    ] = "payer"
    status: Annotated[BillState | None, Field(description="Only bills in this state.")] = None


class BillPage(Answer):
    """A page of bills, newest first."""

    items: list[BillView]
    next_cursor: Cursor | None


@read("web3.billing.bill.list", example={"limit": 10}, verb=Verb("billing bills"))
def list_bills(call: Call, rows: Snapshot, request: ListBills) -> BillPage:
    """List your bills for what agents used, newest first."""
    equal = {request.side: call.actor, "state": request.status}
    page = scan(rows, Listing(Bill, equal, request.cursor, request.limit))
    return BillPage(items=[bill_view(bill) for bill in page.items], next_cursor=page.next_cursor)


async def settle_bill(pipeline: Pipeline, bill_id: str) -> None:
    """Lock what a new bill asks for, then pay it: two commands, each of which can be the last.

    A job that ended in between goes on with what is locked; nothing is ever locked twice. A bill
    that cannot be paid waits for the sweep.
    """
    while True:
        bill = pipeline.ports.store.read(lambda rows: rows.get(Bill, bill_id))
        if bill is None or bill.state not in (BillState.DUE, BillState.LOCKED):
            return
        call = pipeline.call(THE_MARKET, METHOD)
        await pipeline.write(call, lambda work: advance(work, _bill(work, bill_id)))


def _bill(work: Work, bill_id: str) -> Bill:
    bill = work.get(Bill, bill_id)
    if bill is None:
        raise RowLostError("A bill is missing.")
    return bill


def advance(work: Work, bill: Bill) -> Bill:
    """Take a bill one step on: lock it, note that it is owed, write it off, or pay it.

    Raises TransitionRefusedError if it is over.
    """
    work.involve(bill.parties)
    if bill.state not in UNLOCKED:
        paid = _step(work, bill, bills.pay(bill, work.now))
        pay_bill(work, paid)
        return paid
    if work.balance(bill.payer, bill.asset).available >= bill.amount:
        hold = set_aside(work, bill.payer, bill.amount, bill.bill_id, bill.asset)
        return _step(work, bill, bills.lock(bill, hold.hold_id, work.now))
    end = bills.write_off if bills.is_lost(bill, work.now) else bills.default
    return _step(work, bill, end(bill, work.now))


def _step(work: Work, before: Bill, step: tuple[Bill, Event]) -> Bill:
    """Store what a step made of a bill, and say so."""
    after, happened = step
    work.save(after)
    work.emit(happened)
    _count_debts(work, before, after)
    return after


def _count_debts(work: Work, before: Bill, after: Bill) -> None:
    """Keep count of the payer's unpaid bills: while there is one nothing new is begun."""
    more = (after.state is BillState.UNPAID) - (before.state is BillState.UNPAID)
    spend = work.get(Spend, before.payer)
    if spend is None:
        raise RowLostError("The meters of an account are missing.")
    if more:
        work.save(replace(spend, debts=spend.debts + more))
