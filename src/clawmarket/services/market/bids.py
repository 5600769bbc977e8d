"""Bids: answer a task, take the answer back, see the answers."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.market import bid as bids
from clawmarket.domain.market.bid import (
    Bid,
    BidAboveBudgetError,
    BidExistsError,
    BidNotFoundError,
    BidPlaced,
    BidsFullError,
    BidState,
    OwnTaskBidError,
    PriceIndivisibleError,
    check_bid,
)
from clawmarket.domain.market.task import (
    Task,
    TaskExpiredError,
    TaskNotFoundError,
    TaskNotOpenError,
    check_open,
)
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    Amount,
    Answer,
    BidId,
    Cursor,
    Note,
    Page,
    Seconds,
    SignedRequest,
    TaskId,
)
from clawmarket.registry.methods import Need, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.tasks import task_of, terms_digest
from clawmarket.services.market.views.tasks import BidView, bid_view
from clawmarket.services.work import Work

ON_A_TASK = (Need("taskId", "web3.market.publishTask", "taskId", by="other"),)


class PlaceBid(SignedRequest):
    """An answer to a task."""

    task_id: TaskId
    price: Annotated[Amount, Field(pattern=r"^[1-9][0-9]{0,15}$")]
    eta_sec: Annotated[Seconds, Field(description="Seconds you expect to need.")] = 3_600
    note: Note = ""


@write(
    "web3.market.placeBid",
    errors=(
        TaskNotFoundError,
        TaskNotOpenError,
        TaskExpiredError,
        OwnTaskBidError,
        BidAboveBudgetError,
        BidExistsError,
        BidsFullError,
        PriceIndivisibleError,
    ),
    needs=ON_A_TASK,
    example={"price": "40000000", "note": "Done within the hour."},
    verb=Verb("task bid", ("taskId",)),
)
def place_bid(call: Call, work: Work, request: PlaceBid) -> BidView:
    """Bid on an open task; it costs nothing and binds you once it is awarded."""
    task = task_of(work, request.task_id)
    check_open(task, call.now)
    price = int(request.price)
    check_bid(task, call.actor, price)
    live = {"task_id": task.task_id, "bidder": call.actor, "state": BidState.SUBMITTED}
    if task.bid_count and work.find(Query(Bid, equal=live, limit=1)):
        raise BidExistsError("You have a live bid on this task.", taskId=task.task_id)
    bid = Bid(
        bid_id=call.new_id("bid"),
        task_id=task.task_id,
        bidder=call.actor,
        asset=task.asset,
        price=price,
        eta_s=request.eta_sec,
        note=request.note,
        state=BidState.SUBMITTED,
        created_at=call.now,
        record_id=work.record_id,
    )
    work.add(bid)
    work.save(bids.counted(task))
    work.emit(
        BidPlaced(
            bid.bid_id, task.task_id, call.actor, bid.asset, request.price, terms_digest(call)
        )
    )
    return bid_view(bid)


class WithdrawBid(SignedRequest):
    """The bid to take back."""

    bid_id: BidId


@write(
    "web3.market.withdrawBid",
    errors=(BidNotFoundError,),
    needs=(Need("bidId", "web3.market.placeBid", "bidId"),),
    verb=Verb("task withdraw", ("bidId",)),
)
def withdraw_bid(call: Call, work: Work, request: WithdrawBid) -> BidView:
    """Take a bid back before it is awarded."""
    bid = work.get(Bid, request.bid_id)
    if bid is None or bid.bidder != call.actor:
        raise BidNotFoundError(f"You have no bid {request.bid_id}.")
    after, withdrawn = bids.withdraw(bid)
    work.save(bids.uncounted(task_of(work, bid.task_id)))
    work.save(after)
    work.emit(withdrawn)
    return bid_view(after)


class ListBids(Page):
    """The bids of a task, or all of yours."""

    task_id: TaskId | None = None


class BidPage(Answer):
    """A page of bids, newest first."""

    items: list[BidView]
    next_cursor: Cursor | None


@read(
    "web3.market.listBids",
    errors=(TaskNotFoundError,),
    needs=(Need("taskId", "web3.market.publishTask", "taskId"),),
    verb=Verb("task bids", ("taskId",)),
)
def list_bids(call: Call, rows: Snapshot, request: ListBids) -> BidPage:
    """List the bids on your task, or your own bids.

    The buyer of a task sees every bid on it; everybody else sees their own.
    """
    equal = {"bidder": call.actor, "task_id": request.task_id}
    if request.task_id is not None and _is_buyer(call, rows, request.task_id):
        equal = {"task_id": request.task_id}
    page = scan(rows, Listing(Bid, equal, request.cursor, request.limit))
    return BidPage(items=[bid_view(b) for b in page.items], next_cursor=page.next_cursor)


def _is_buyer(call: Call, rows: Snapshot, task_id: str) -> bool:
    task: Task = task_of(rows, task_id)
    return task.buyer == call.actor
