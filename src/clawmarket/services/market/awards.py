"""Awards: choose one bid; it becomes an order whose money is locked."""

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market import bid as bids
from clawmarket.domain.market import order as orders
from clawmarket.domain.market import task as tasks
from clawmarket.domain.market.award import Award, AwardState, TaskAwarded
from clawmarket.domain.market.bid import Bid, BidNotFoundError
from clawmarket.domain.market.order import Order, OrderCreated, OrderState
from clawmarket.domain.market.task import (
    Task,
    TaskExpiredError,
    TaskNotFoundError,
    TaskNotOpenError,
)
from clawmarket.domain.market.terms import milestones_of, usage_facts
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.registry.fields import BidId, SignedRequest
from clawmarket.registry.methods import Need, Risk, Verb, write
from clawmarket.services.call import Call
from clawmarket.services.market.open_tasks import count_open
from clawmarket.services.market.rejections import award_id_of, turn_down_bids
from clawmarket.services.market.views.tasks import AwardView
from clawmarket.services.treasury.moves import carry_over, hold_of, lock, set_aside
from clawmarket.services.work import Work


class AwardBid(SignedRequest):
    """The bid to choose."""

    bid_id: BidId


@write(
    "web3.market.awardBid",
    risk=Risk.MONEY,
    errors=(
        BidNotFoundError,
        TaskNotFoundError,
        TaskNotOpenError,
        TaskExpiredError,
        FundsMissingError,
    ),
    needs=(Need("bidId", "web3.market.placeBid", "bidId", by="other"),),
    verb=Verb("task award", ("bidId",)),
)
def award_bid(call: Call, work: Work, request: AwardBid) -> AwardView:
    """Choose a bid on your task; its price is locked, the rest of the budget comes back.

    The worker has to deliver within the time that the task gives; all other bids are turned down.
    """
    bid = work.get(Bid, request.bid_id)
    task = work.get(Task, bid.task_id) if bid else None
    if bid is None or task is None or task.buyer != call.actor:
        raise BidNotFoundError(f"There is no bid {request.bid_id} on a task of yours.")
    return conclude_award(call, work, task, bid)


def conclude_award(call: Call, work: Work, task: Task, bid: Bid) -> AwardView:
    """Make a bid the task's order and lock its price, in the name of whoever calls.

    Raises TransitionRefusedError, TaskNotOpenError, TaskExpiredError, FundsMissingError.
    """
    accepted = bids.accept(bid)
    order = _order_of(call, work, task, bid)
    work.save(tasks.award(task, order.order_id, bid.bidder, call.now))
    count_open(work, task.buyer, -1)
    work.save(accepted)
    turn_down_bids(work, task, but=bid.bid_id)
    old = hold_of(work, task.hold_id) if task.hold_id else None
    if old is None:
        hold = set_aside(work, task.buyer, order.amount, order.order_id, task.asset)
    else:
        hold = carry_over(work, old, order)
    award = Award(
        award_id_of(order.order_id),
        task.task_id,
        bid.bid_id,
        order.order_id,
        call.actor,
        AwardState.ACTIVE,
        call.now,
    )
    work.add(award)
    work.emit(
        TaskAwarded(task.task_id, award.award_id, bid.bid_id, order.order_id),
        order_created(call, order),
    )
    locked, settlement = lock(work, order, hold)
    working = orders.start(locked, None, call.now)
    work.add(working)
    work.involve(order.parties)
    return _view(award, working, settlement.settlement_id)


def _order_of(call: Call, work: Work, task: Task, bid: Bid) -> Order:
    return Order(
        order_id=call.new_id("order"),
        task_id=task.task_id,
        offer_id=None,
        bid_id=bid.bid_id,
        buyer=task.buyer,
        seller=bid.bidder,
        title=task.title,
        asset=task.asset,
        quantity=1,
        price=bid.price,
        fee_bps=call.terms.fee_bps,
        delivery_s=tasks.delivery_left(task, call.now),
        review_s=task.review_s,
        resubmit_s=task.resubmit_s,
        settlement_id=None,
        delivery_id=None,
        result_id=None,
        rejections=0,
        state=OrderState.CREATED,
        created_at=call.now,
        due_at=orders.first_due(call.now),
        acts_at=orders.first_due(call.now),
        records=tuple(dict.fromkeys((task.record_id, bid.record_id, work.record_id))),
        dispute_id=None,
        milestones=milestones_of(task.milestones, bid.price),
        milestone=0,
        sealed=task.sealed,
    )


def order_created(call: Call, order: Order) -> OrderCreated:
    """Return what the record says of a new order."""
    return OrderCreated(
        order.order_id,
        order.buyer,
        order.seller,
        order.asset,
        str(order.amount),
        order.fee_bps,
        order.delivery_s,
        order.review_s,
        order.resubmit_s,
        agreed_milestones(order),
        usage_facts(order.usage_scope),
        call.terms.test_money,
        terms_of(order),
    )


def terms_of(order: Order) -> str:
    """Return the content hash over what both sides agreed on."""
    usage = usage_facts(order.usage_scope)
    return content_digest(
        ({"usageScope": usage} if usage else {})
        | {
            "orderId": order.order_id,
            "taskId": order.task_id,
            "offerId": order.offer_id,
            "bidId": order.bid_id,
            "buyer": order.buyer,
            "seller": order.seller,
            "asset": order.asset,
            "quantity": order.quantity,
            "price": str(order.price),
            "feeBps": order.fee_bps,
            "timeoutSec": order.delivery_s,
            "disputeWindowSec": order.review_s,
            "resubmitSec": order.resubmit_s,
            "milestones": agreed_milestones(order),
        }
    )


def agreed_milestones(order: Order) -> list[object]:
    """Return an order's milestones as its record and its terms name them: title and amount."""
    return [[milestone.title, str(milestone.amount)] for milestone in order.milestones]


def _view(award: Award, order: Order, settlement_id: str) -> AwardView:
    return AwardView(
        award_id=award.award_id,
        task_id=award.task_id,
        bid_id=award.bid_id,
        order_id=award.order_id,
        settlement_id=settlement_id,
        seller=order.seller,
        asset="credits",
        amount=str(order.amount),
        status=award.state,
        order_status=order.state,
        due_at=iso(order.due_at),
    )
