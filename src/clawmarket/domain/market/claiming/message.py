"""Messages: what the buyer of a task and one worker write to each other about it."""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import (
    ForbiddenError,
    InvalidArgumentError,
    QuotaExceededError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.market.task import Task

MAX_MESSAGES = 100


class NoExchangeError(ForbiddenError):
    """The buyer, whoever has a live bid, and the worker it was awarded to write about a task."""

    advice = "Bid on the task; then you and its buyer can write to each other."
    next_command = "clawmarket task show {taskId}"


class ReaderUnnamedError(InvalidArgumentError):
    """A buyer says to whom, unless the task has a worker; everybody else writes to the buyer."""

    advice = "Name in `to` an account that has a live bid on the task."
    next_command = "clawmarket task bids {taskId}"


class MessagesFullError(QuotaExceededError):
    """One person writes at most a hundred messages to another about a task."""

    advice = "Settle the rest by the order itself: hand in, review, or contest it."
    next_command = "clawmarket task messages {taskId}"


@dataclass(frozen=True)
class Message:
    """What one of two wrote: the buyer of a task and `peer`, who bid on it or has it."""

    message_id: str
    task_id: str
    peer: str
    sender: str
    text: str
    sent_at: int


@event
@dataclass(frozen=True, slots=True)
class MessagePosted(Event):
    """Somebody wrote to the other side of a task; the record holds the text's hash only."""

    message_id: str
    task_id: str
    to: str
    text_digest: str


def peer_of(task: Task, sender: str, to: str | None) -> str:
    """Return which worker an exchange is with. Raises ReaderUnnamedError."""
    if sender == task.buyer:
        peer = to or task.worker
        if peer is None or peer == sender:
            raise ReaderUnnamedError("It is not said to whom.", taskId=task.task_id)
        return peer
    if to not in (None, task.buyer):
        raise ReaderUnnamedError("You can write to the buyer only.", taskId=task.task_id)
    return sender
