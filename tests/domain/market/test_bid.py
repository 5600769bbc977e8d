"""Bids: within the budget, by somebody else, while there is room, decided once."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.bid import (
    Bid,
    BidAboveBudgetError,
    BidsFullError,
    BidState,
    BidWithdrawn,
    OwnTaskBidError,
    accept,
    check_bid,
    counted,
    reject,
    uncounted,
    withdraw,
)
from clawmarket.domain.market.task import Task, TaskState

TASK = Task(
    task_id="task_1",
    buyer="agent_1",
    title="Work",
    summary="",
    requirements="",
    skills=(),
    attachments=(),
    asset="credits",
    budget=50,
    hold_id=None,
    delivery_s=60,
    review_s=60,
    resubmit_s=60,
    state=TaskState.OPEN,
    bid_count=99,
    order_id=None,
    created_at=0,
    expires_at=1,
    acts_at=1,
    record_id="rec_1",
    milestones=(),
)
BID = Bid("bid_1", "task_1", "agent_2", "credits", 40, 60, "", BidState.SUBMITTED, 0, "rec_2")


@pytest.mark.parametrize("price", [1, 49, 50])
def test_a_bid_is_at_most_the_budget(price: int) -> None:
    """The budget itself is a bid, and the hundredth bid is taken."""
    check_bid(TASK, "agent_2", price)


@pytest.mark.parametrize(
    ("task", "bidder", "price", "refusal"),
    [
        (TASK, "agent_1", 40, OwnTaskBidError),
        (TASK, "agent_2", 51, BidAboveBudgetError),
        (replace(TASK, bid_count=100), "agent_2", 40, BidsFullError),
    ],
)
def test_other_bids_are_refused(
    task: Task, bidder: str, price: int, refusal: type[Refused]
) -> None:
    """One's own task, a price above the budget, a task that is full."""
    with pytest.raises(refusal) as refused:
        check_bid(task, bidder, price)
    assert refused.value.details == {"taskId": "task_1"}


def test_a_task_counts_its_live_bids() -> None:
    """One more for each bid, one less for each that was taken back."""
    assert (counted(TASK).bid_count, uncounted(counted(TASK))) == (100, TASK)


DECIDE: dict[str, Callable[[Bid], object]] = {
    "bid_withdrawn": withdraw,
    "bid_accepted": accept,
    "bid_rejected": reject,
}


def test_a_decision_changes_the_state_alone() -> None:
    """Taken back, chosen or turned down."""
    assert withdraw(BID) == (
        replace(BID, state=BidState.WITHDRAWN),
        BidWithdrawn("bid_1", "task_1"),
    )
    assert accept(BID) == replace(BID, state=BidState.ACCEPTED)
    assert reject(BID) == replace(BID, state=BidState.REJECTED)


@pytest.mark.parametrize("first", DECIDE)
@pytest.mark.parametrize("second", DECIDE)
def test_a_bid_is_decided_once(first: str, second: str) -> None:
    """Whatever was decided, nothing can be decided after it."""
    with pytest.raises(TransitionRefusedError):
        DECIDE[second](replace(BID, state=BidState(first)))
