"""Messages: write to the other side of a task, and read what was written."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.claiming.message import (
    MAX_MESSAGES,
    Message,
    MessagePosted,
    MessagesFullError,
    NoExchangeError,
    ReaderUnnamedError,
    peer_of,
)
from clawmarket.domain.market.task import Task, TaskNotFoundError
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Answer,
    Cursor,
    MessageId,
    Moment,
    Note,
    Page,
    Request,
    TaskId,
)
from clawmarket.registry.methods import Need, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.tasks import task_of
from clawmarket.services.work import Work

ON_A_TASK = (Need("taskId", "web3.market.placeBid", "taskId"),)


class SendMessage(Request):
    """What to say about a task, and to whom."""

    task_id: TaskId
    text: Annotated[Note, Field(min_length=1, description="Plain text, never executed.")]
    to: Annotated[
        AccountId | None,
        Field(description="For a buyer: which bidder; without it the worker that has the task."),
    ] = None


class MessageView(Answer):
    """A message; what one side wrote stands as it was written in `text`."""

    message_id: MessageId
    task_id: TaskId
    sender: AccountId
    recipient: AccountId
    text: Note
    sent_at: Moment


class MessagePage(Answer):
    """A page of messages, newest first."""

    items: list[MessageView]
    next_cursor: Cursor | None


@write(
    "web3.market.message.send",
    errors=(TaskNotFoundError, NoExchangeError, ReaderUnnamedError, MessagesFullError),
    needs=ON_A_TASK,
    example={"text": "Which of the three chapters comes first?"},
    verb=Verb("task message", ("taskId", "text")),
)
def send_message(call: Call, work: Work, request: SendMessage) -> MessageView:
    """Write to the other side of a task: its buyer to a bidder or the worker, they to the buyer.

    Nobody else reads it. The record of it holds the text's hash only.
    """
    task = task_of(work, request.task_id)
    peer = peer_of(task, call.actor, request.to)
    if peer != task.worker and not _is_bidder(work, task, peer):
        what = "Only a task's buyer, its bidders and its worker write about it."
        raise NoExchangeError(what, taskId=task.task_id)
    own = {"task_id": task.task_id, "peer": peer, "sender": call.actor}
    if len(work.find(Query(Message, equal=own, limit=MAX_MESSAGES))) >= MAX_MESSAGES:
        raise MessagesFullError(f"You wrote {MAX_MESSAGES} messages.", taskId=task.task_id)
    message = Message(
        call.new_id("message"), task.task_id, peer, call.actor, request.text, call.now
    )
    work.add(message)
    shown = message_view(task, message)
    work.emit(
        MessagePosted(
            message.message_id, task.task_id, shown.recipient, content_digest(message.text)
        )
    )
    work.involve((task.buyer, peer))
    return shown


def _is_bidder(work: Work, task: Task, account_id: str) -> bool:
    live = {"task_id": task.task_id, "bidder": account_id, "state": BidState.SUBMITTED}
    return bool(work.find(Query(Bid, equal=live, limit=1)))


class ListMessages(Page):
    """The task, and with whom."""

    task_id: TaskId
    peer: Annotated[
        AccountId | None,
        Field(description="For a buyer: only what was exchanged with this worker."),
    ] = None


@read(
    "web3.market.message.list",
    errors=(TaskNotFoundError,),
    needs=ON_A_TASK,
    verb=Verb("task messages", ("taskId",)),
)
def list_messages(call: Call, rows: Snapshot, request: ListMessages) -> MessagePage:
    """List what was written about a task, newest first.

    The buyer sees every exchange; everybody else their own with the buyer.
    """
    task = task_of(rows, request.task_id)
    peer = request.peer if call.actor == task.buyer else call.actor
    equal = {"task_id": task.task_id, "peer": peer}
    page = scan(rows, Listing(Message, equal, request.cursor, request.limit))
    items = [message_view(task, message) for message in page.items]
    return MessagePage(items=items, next_cursor=page.next_cursor)


def message_view(task: Task, message: Message) -> MessageView:
    """Return a message in wire form."""
    return MessageView(
        message_id=message.message_id,
        task_id=message.task_id,
        sender=message.sender,
        recipient=message.peer if message.sender == task.buyer else task.buyer,
        text=message.text,
        sent_at=iso(message.sent_at),
    )
