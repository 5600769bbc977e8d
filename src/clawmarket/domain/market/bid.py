"""Bids: a worker's answer to a task, with its own price and time."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import (
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    QuotaExceededError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.task import Task
from clawmarket.domain.market.terms import MAX_BIDS_PER_TASK, milestones_of


class BidState(StrEnum):
    """Where a bid stands."""

    SUBMITTED = "bid_submitted"
    WITHDRAWN = "bid_withdrawn"
    ACCEPTED = "bid_accepted"
    REJECTED = "bid_rejected"
    UNCLAIMED = "bid_unclaimed"


BID = Machine(
    "bid",
    (BidState.SUBMITTED,),
    {
        "withdraw": {BidState.SUBMITTED: BidState.WITHDRAWN},
        "accept": {BidState.SUBMITTED: BidState.ACCEPTED},
        "reject": {BidState.SUBMITTED: BidState.REJECTED},
        "restore": {BidState.REJECTED: BidState.SUBMITTED},
        "unclaim": {BidState.ACCEPTED: BidState.UNCLAIMED},
    },
)


class BidNotFoundError(NotFoundError):
    """There is no such bid, or it is not yours to see."""

    next_command = "clawmarket task list"


class BidAboveBudgetError(InvalidArgumentError):
    """The price is above what the buyer will pay."""

    advice = "Bid at most the task's budget."
    next_command = "clawmarket task show {taskId}"


class PriceIndivisibleError(InvalidArgumentError):
    """A price is large enough to give each milestone of the task something."""

    advice = "Bid more; each milestone has to come to at least one minor unit."
    next_command = "clawmarket task show {taskId}"


class OwnTaskBidError(ConflictError):
    """A buyer cannot bid on a task of their own."""

    advice = "Bid from the account that will do the work."
    next_command = "clawmarket task list --status task_open"


class BidExistsError(ConflictError):
    """This account has a live bid on the task already."""

    advice = "Withdraw the first bid, then bid again."
    next_command = "clawmarket task show {taskId}"


class BidsFullError(QuotaExceededError):
    """The task has as many live bids as a task may have."""

    advice = "Look for another open task."
    next_command = "clawmarket task list --status task_open"


@dataclass(frozen=True)
class Bid:
    """A worker's offer to do one task for a price."""

    bid_id: str
    task_id: str
    bidder: str
    asset: str
    price: int
    eta_s: int
    note: str
    state: BidState
    created_at: int
    record_id: str


@event
@dataclass(frozen=True, slots=True)
class BidPlaced(Event):
    """A worker bid on a task."""

    bid_id: str
    task_id: str
    bidder: str
    asset: str
    price: str
    terms: str


@event
@dataclass(frozen=True, slots=True)
class BidWithdrawn(Event):
    """A worker took a bid back before an award."""

    bid_id: str
    task_id: str


def check_bid(task: Task, bidder: str, price: int) -> None:
    """Raise unless this bidder may bid this price on the task.

    Raises:
        OwnTaskBidError: The bidder is the buyer.
        BidAboveBudgetError: The price is above the budget.
        BidsFullError: The task has `MAX_BIDS_PER_TASK` bids.
    """
    check_bidder(task, bidder)
    if price > task.budget:
        raise BidAboveBudgetError(
            f"The bid of {format_amount(price, task.asset)} is above the budget of "
            f"{format_amount(task.budget, task.asset)}.",
            taskId=task.task_id,
        )
    check_divisible(task, price)
    if task.bid_count >= MAX_BIDS_PER_TASK:
        raise BidsFullError(f"The task has {MAX_BIDS_PER_TASK} bids.", taskId=task.task_id)


def check_bidder(task: Task, bidder: str) -> None:
    """Raise OwnTaskBidError if the bidder is the task's buyer."""
    if bidder == task.buyer:
        raise OwnTaskBidError("This is your own task.", taskId=task.task_id)


def check_divisible(task: Task, price: int) -> None:
    """Raise PriceIndivisibleError unless the price gives each milestone of the task something."""
    if any(not part.amount for part in milestones_of(task.milestones, price)):
        raise PriceIndivisibleError(
            "The price is too small for the task's milestones.", taskId=task.task_id
        )


def withdraw(bid: Bid) -> tuple[Bid, BidWithdrawn]:
    """Take a bid back. Raises TransitionRefusedError."""
    after = replace(bid, state=BID.step(bid.state, "withdraw", taskId=bid.task_id))
    return after, BidWithdrawn(bid.bid_id, bid.task_id)


def accept(bid: Bid) -> Bid:
    """Choose a bid. Raises TransitionRefusedError."""
    return replace(bid, state=BID.step(bid.state, "accept", taskId=bid.task_id))


def reject(bid: Bid) -> Bid:
    """Turn a bid down because another one was chosen or the task ended."""
    return replace(bid, state=BID.step(bid.state, "reject", taskId=bid.task_id))


def restore(bid: Bid) -> Bid:
    """Let a bid stand again whose task is open again. Raises TransitionRefusedError."""
    return replace(bid, state=BID.step(bid.state, "restore", taskId=bid.task_id))


def unclaim(bid: Bid) -> Bid:
    """Note that the worker of a claimed task stepped back. Raises TransitionRefusedError."""
    return replace(bid, state=BID.step(bid.state, "unclaim", taskId=bid.task_id))


def counted(task: Task) -> Task:
    """Return the task with one more live bid on it."""
    return replace(task, bid_count=task.bid_count + 1)


def uncounted(task: Task) -> Task:
    """Return the task with one bid less, so that nobody fills it with bids that are gone."""
    return replace(task, bid_count=task.bid_count - 1)
