"""Claims: take a task at its budget at once, and step back before delivering."""

from clawmarket.domain.market import bid as bids
from clawmarket.domain.market import order as orders
from clawmarket.domain.market import task as tasks
from clawmarket.domain.market.award import Award
from clawmarket.domain.market.bid import (
    Bid,
    BidPlaced,
    BidState,
    OwnTaskBidError,
    PriceIndivisibleError,
)
from clawmarket.domain.market.claiming.claim import (
    MAX_LIVE_CLAIMS,
    ClaimedBeforeError,
    ClaimsClosedError,
    ClaimsFullError,
    DeliveredBeforeError,
    LiveClaim,
    NotClaimedError,
    TaskReopened,
    check_claim,
    is_claimed,
    step_back,
)
from clawmarket.domain.market.claiming.stepping_back import ClaimsPausedError
from clawmarket.domain.market.ending import Ending
from clawmarket.domain.market.order import DeliveryLateError, Order
from clawmarket.domain.market.task import (
    Task,
    TaskExpiredError,
    TaskNotFoundError,
    TaskNotOpenError,
)
from clawmarket.ports.store import Query
from clawmarket.registry.fields import SignedRequest, TaskId
from clawmarket.registry.methods import Need, Verb, write
from clawmarket.services.call import Call
from clawmarket.services.market.agents.standings import count_order
from clawmarket.services.market.awards import conclude_award
from clawmarket.services.market.claiming.stepping_back import (
    check_not_paused,
    is_worn_out,
    note_step_back,
)
from clawmarket.services.market.open_tasks import count_open
from clawmarket.services.market.rejections import award_id_of, restore_bids, revoke_award
from clawmarket.services.market.tasks import task_of, terms_digest
from clawmarket.services.market.views.tasks import AwardView, TaskView, task_view
from clawmarket.services.treasury.moves import refund, set_aside_again, settlement_of
from clawmarket.services.work import Work

CLAIMED = (Need("taskId", "web3.market.claimTask", "taskId"),)


class ClaimTask(SignedRequest):
    """The task to take."""

    task_id: TaskId


@write(
    "web3.market.claimTask",
    errors=(
        TaskNotFoundError,
        TaskNotOpenError,
        TaskExpiredError,
        ClaimsClosedError,
        ClaimedBeforeError,
        ClaimsFullError,
        ClaimsPausedError,
        OwnTaskBidError,
        PriceIndivisibleError,
    ),
    needs=(Need("taskId", "web3.market.publishTask", "taskId", by="other"),),
    verb=Verb("task claim", ("taskId",)),
)
def claim_task(call: Call, work: Work, request: ClaimTask) -> AwardView:
    """Take a task at its budget at once, if its terms say that whoever fits may.

    It is a bid and its award in one: the budget is locked for you, all bids are turned down, and
    you have to deliver within the time that the task gives. Of several workers one gets it.
    """
    task = task_of(work, request.task_id)
    check_claim(task, call.actor, call.now)
    check_not_paused(work, call.actor)
    _check_first_time(work, task)
    _check_free(work)
    bid = _bid_on(call, work, task)
    work.add(bid)
    work.emit(
        BidPlaced(
            bid.bid_id,
            task.task_id,
            call.actor,
            bid.asset,
            str(bid.price),
            terms_digest(call),
        )
    )
    award = conclude_award(call, work, bids.counted(task), bid)
    work.add(LiveClaim(award.order_id, call.actor))
    return award


class UnclaimTask(SignedRequest):
    """The task to give back."""

    task_id: TaskId


@write(
    "web3.market.unclaimTask",
    errors=(
        TaskNotFoundError,
        ClaimedBeforeError,
        NotClaimedError,
        DeliveredBeforeError,
        DeliveryLateError,
    ),
    needs=CLAIMED,
    verb=Verb("task unclaim", ("taskId",)),
)
def unclaim_task(call: Call, work: Work, request: UnclaimTask) -> TaskView:
    """Step back from a task that you claimed, before the first delivery.

    The money is held for the task again, which is open to all but you, and the bids on it stand
    again. Its last moment stays. After the third worker who stepped back it takes bids only; who
    leaves five claims within a day claims nothing until the first of them is a day old.
    """
    task, order = _claimed(work, request.task_id)
    ended = orders.recorded(step_back(order, call.now), work.record_id)
    work.save(ended)
    refund(work, settlement_of(work, order), Ending.STEPPED_BACK.value)
    revoke_award(work, order)
    count_order(work, ended)
    bid = work.get(Bid, order.bid_id or "")
    if bid is not None:
        work.save(bids.unclaim(bid))
    hold = set_aside_again(work, order.buyer, order.amount, task.task_id, order.asset)
    note_step_back(work, order)
    live = restore_bids(work, task.task_id)
    claims = not is_worn_out(work, task.task_id)
    reopened = tasks.reopen(task, hold.hold_id, live, claims=claims)
    work.save(reopened)
    count_open(work, task.buyer, 1)
    work.emit(
        TaskReopened(task.task_id, order.order_id, hold.hold_id, order.asset, str(order.amount))
    )
    work.remove(LiveClaim, order.order_id)
    work.involve(order.parties)
    work.enqueue("receipt", order.order_id)
    return task_view(reopened)


def _claimed(work: Work, task_id: str) -> tuple[Task, Order]:
    """Return a task that the caller claimed, and its order.

    Raises TaskNotFoundError, ClaimedBeforeError for who stepped back already, NotClaimedError.
    """
    task = work.get(Task, task_id)
    order = work.get(Order, task.order_id) if task and task.order_id else None
    if task is None or order is None or order.seller != work.call.actor:
        if task is not None:
            _check_first_time(work, task)
        raise TaskNotFoundError(f"You have no task {task_id}.")
    if not is_claimed(work.get(Award, award_id_of(order.order_id)), order):
        raise NotClaimedError("The buyer awarded you this task.", orderId=order.order_id)
    return task, order


def _bid_on(call: Call, work: Work, task: Task) -> Bid:
    return Bid(
        bid_id=call.new_id("bid"),
        task_id=task.task_id,
        bidder=call.actor,
        asset=task.asset,
        price=task.budget,
        eta_s=task.delivery_s,
        note="",
        state=BidState.SUBMITTED,
        created_at=call.now,
        record_id=work.record_id,
    )


def _check_first_time(work: Work, task: Task) -> None:
    """Raise ClaimedBeforeError if the worker has stepped back from the task."""
    left = {"task_id": task.task_id, "state": BidState.UNCLAIMED, "bidder": work.call.actor}
    if work.find(Query(Bid, equal=left, limit=1)):
        raise ClaimedBeforeError("You stepped back from this task.", taskId=task.task_id)


def _check_free(work: Work) -> None:
    """Raise ClaimsFullError for one claim too many; those that are over are let go of first."""
    query = Query(LiveClaim, equal={"worker": work.call.actor}, limit=MAX_LIVE_CLAIMS)
    live = work.find(query)
    if len(live) < MAX_LIVE_CLAIMS:
        return
    over = [claim for claim in live if _is_over(work, claim)]
    for claim in over:
        work.remove(LiveClaim, claim.order_id)
    if not over:
        raise ClaimsFullError(f"You have {MAX_LIVE_CLAIMS} claimed tasks at work.")


def _is_over(work: Work, claim: LiveClaim) -> bool:
    order = work.get(Order, claim.order_id)
    return order is None or order.is_over
