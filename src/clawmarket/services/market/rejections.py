"""Rejections: what an ending does to the bids and awards that hang on it."""

from dataclasses import replace

from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.market import bid as bids
from clawmarket.domain.market.award import AWARD, Award
from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.task import Task
from clawmarket.domain.market.terms import MAX_BIDS_PER_TASK
from clawmarket.ports.store import Query
from clawmarket.services.work import Work


def turn_down_bids(work: Work, task: Task, *, but: str = "") -> None:
    """Turn the live bids on a task down, because one was chosen or the task ended."""
    others = task.bid_count - 1 if but else task.bid_count
    if not others:
        return
    live = {"task_id": task.task_id, "state": BidState.SUBMITTED}
    for found in work.find(Query(Bid, equal=live, limit=MAX_BIDS_PER_TASK)):
        bid = work.get(Bid, found.bid_id)
        if bid is not None and bid.bid_id != but:
            work.save(bids.reject(bid))


def restore_bids(work: Work, task_id: str) -> int:
    """Let the bids stand again that a claim turned down, and return how many those are."""
    lost = {"task_id": task_id, "state": BidState.REJECTED}
    found = work.find(Query(Bid, equal=lost, limit=MAX_BIDS_PER_TASK))
    turned_down = [bid for each in found if (bid := work.get(Bid, each.bid_id)) is not None]
    for bid in turned_down:
        work.save(bids.restore(bid))
    return len(turned_down)


def revoke_award(work: Work, order: Order) -> None:
    """Take back the award of an order that ended without a delivery, if it was awarded."""
    award = work.get(Award, award_id_of(order.order_id))
    if award is not None:
        work.save(replace(award, state=AWARD.step(award.state, "revoke")))


def award_id_of(order_id: str) -> str:
    """Return the id of the award that became an order; there is at most one."""
    return same_ulid("award", order_id)
