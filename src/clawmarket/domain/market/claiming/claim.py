"""Claims: a worker takes a task at its budget, because its terms say that whoever fits may.

The buyer's consent is the published task; the claim itself is the worker's own statement.
"""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import (
    ConflictError,
    InvalidArgumentError,
    QuotaExceededError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.award import Award
from clawmarket.domain.market.bid import check_bidder, check_divisible
from clawmarket.domain.market.order import ORDER, DeliveryLateError, Order
from clawmarket.domain.market.task import Task, check_open

MAX_LIVE_CLAIMS = 20


class ClaimsNeedFundsError(InvalidArgumentError):
    """A task that whoever fits may take has its budget set aside when it is published."""

    advice = "Publish it with `fund`, or without `claims`."
    next_command = "clawmarket help task publish"


class ClaimsClosedError(ConflictError):
    """The task's terms take bids; its buyer chooses."""

    advice = "Bid on it, and wait for the award."
    next_command = "clawmarket task show {taskId}"


class ClaimedBeforeError(ConflictError):
    """A worker who stepped back from a task cannot claim it again."""

    advice = "Look for another open task; or bid on this one, so that its buyer can choose you."
    next_command = "clawmarket task list --status task_open"


class ClaimsFullError(QuotaExceededError):
    """A worker has at most twenty claimed tasks at work at a time."""

    advice = "Finish one of the tasks that you claimed, or step back from it."
    next_command = "clawmarket task mine --side worker"


class NotClaimedError(ConflictError):
    """Only the worker who claimed a task can step back from it so."""

    advice = "Give the order up with web3.market.settlement.refund; then its task is over."
    next_command = "clawmarket order explain {orderId}"


class DeliveredBeforeError(ConflictError):
    """A worker steps back before the first delivery, and not after it was sent back."""

    advice = "Hand in again, or give the money back with web3.market.settlement.refund."
    next_command = "clawmarket order explain {orderId}"


@dataclass(frozen=True)
class LiveClaim:
    """An order that came of a claim, kept until somebody finds that it is over."""

    order_id: str
    worker: str


@event
@dataclass(frozen=True, slots=True)
class TaskReopened(Event):
    """The worker of a claimed task stepped back; its budget is held for the task again."""

    task_id: str
    order_id: str
    hold_id: str
    asset: str
    amount: str


def check_claim(task: Task, worker: str, now: int) -> None:
    """Raise unless this worker may take this task at its budget.

    Raises:
        TaskNotOpenError: Somebody else has it, or it has ended.
        TaskExpiredError: Its last moment has passed.
        ClaimsClosedError: Its terms do not say so.
        OwnTaskBidError: The worker is the buyer.
        PriceIndivisibleError: The budget is too small for its milestones.
    """
    check_open(task, now)
    if not task.claims:
        raise ClaimsClosedError("This task takes bids, no claims.", taskId=task.task_id)
    check_bidder(task, worker)
    check_divisible(task, task.budget)


def step_back(order: Order, now: int) -> Order:
    """End a claimed order whose worker steps back before the first delivery.

    Raises:
        TransitionRefusedError: Something was delivered and is to be reviewed, or it is over.
        DeliveredBeforeError: A delivery was sent back, or a milestone accepted.
        DeliveryLateError: `now` is not before the last moment to deliver; the refund follows.
    """
    state = ORDER.step(order.state, "unclaim", orderId=order.order_id)
    if order.rejections or order.milestone:
        raise DeliveredBeforeError("Something was delivered before.", orderId=order.order_id)
    if now >= order.due_at:
        raise DeliveryLateError("The time to deliver has passed.", orderId=order.order_id)
    return replace(order, state=state, acts_at=None)


def is_claimed(award: Award | None, order: Order) -> bool:
    """Return whether an order's worker awarded it, by the terms of the task."""
    return award is not None and award.awarder == order.seller
