"""Skills of both sides: write about a task, and read what was written."""

from typing import Annotated

from pydantic import Field

from clawmarket.entry.a2a.skills.skill import Fields, Outcome, Visit
from clawmarket.entry.tools.using import WHOLE_CHARS, said
from clawmarket.registry.fields import AccountId, Cursor, Note, Request, TaskId

SEND, LIST = "web3.market.message.send", "web3.market.message.list"


class SendMessage(Request):
    """What to say about a task; a buyer may name the bidder that it is for."""

    task_id: TaskId
    text: Annotated[Note, Field(min_length=1)]
    to: AccountId | None = None


async def send_message(visit: Visit, request: SendMessage) -> Outcome:
    """Write to the other side of a task."""
    params = request.model_dump(by_alias=True, exclude_none=True)
    message = await visit.do(SEND, params)
    return Outcome(task_id=request.task_id, metadata={"message_id": message["messageId"]})


class ListMessages(Request):
    """Messages on which task."""

    task_id: TaskId
    cursor: Cursor | None = None


async def list_messages(visit: Visit, request: ListMessages) -> Outcome:
    """List messages on a task that this sender may read, newest first."""
    page = await visit.ask(LIST, taskId=request.task_id, cursor=request.cursor)
    items = [_message(each) for each in page["items"]]
    return Outcome(facts={"messages": items, "next_cursor": page["nextCursor"]})


def _message(message: Fields) -> Fields:
    known = {"message_id": message["messageId"], "sent_at": message["sentAt"]}
    words = said(message["sender"], WHOLE_CHARS, text=message["text"])
    return known | {"to": message["recipient"], "said": words}
