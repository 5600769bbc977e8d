"""Stepping back: what is kept of it, and what it closes."""

from clawmarket.domain.market.award import Award
from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.claiming.claim import MAX_LIVE_CLAIMS, is_claimed
from clawmarket.domain.market.claiming.stepping_back import (
    STEP_BACKS_A_DAY,
    STEP_BACKS_A_TASK,
    StepBack,
    StepBackInsteadError,
    check_steps,
    is_forgotten,
)
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.ports.store import Query
from clawmarket.services.market.rejections import award_id_of
from clawmarket.services.work import Work

# Who has the most claims at work may leave all of them behind one that is still allowed.
_MOST_KEPT = STEP_BACKS_A_DAY + MAX_LIVE_CLAIMS


def check_not_paused(work: Work, worker: str) -> None:
    """Raise ClaimsPausedError for a worker who left too many claims; old ones are let go of."""
    kept = work.find(Query(StepBack, equal={"worker": worker}, limit=_MOST_KEPT))
    check_steps(kept, work.now)
    for step in kept:
        if is_forgotten(step, work.now):
            work.remove(StepBack, step.order_id)


def note_step_back(work: Work, order: Order) -> None:
    """Keep for a day that a worker left what he had claimed."""
    work.add(StepBack(order.order_id, order.seller, work.now))


def note_silence(work: Work, order: Order) -> None:
    """Keep for a day that a worker claimed a task and handed nothing in."""
    if _is_untouched_claim(work, order):
        note_step_back(work, order)


def check_not_claimed(work: Work, order: Order) -> None:
    """Raise StepBackInsteadError if the order's worker could step back instead of giving it up."""
    if work.now < order.due_at and _is_untouched_claim(work, order):
        raise StepBackInsteadError("You claimed this task.", taskId=str(order.task_id))


def is_worn_out(work: Work, task_id: str) -> bool:
    """Return whether so many workers have stepped back from a task that it takes bids only."""
    left = {"task_id": task_id, "state": BidState.UNCLAIMED}
    return len(work.find(Query(Bid, equal=left, limit=STEP_BACKS_A_TASK))) == STEP_BACKS_A_TASK


def _is_untouched_claim(work: Work, order: Order) -> bool:
    """Return whether an order at work came of a claim and nothing of it was ever delivered."""
    if order.state is not OrderState.WORKING or order.rejections or order.milestone:
        return False
    return is_claimed(work.get(Award, award_id_of(order.order_id)), order)
