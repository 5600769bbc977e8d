"""Messages as `/v1` shows them."""

from collections.abc import Mapping
from typing import Any

from clawmarket.entry.rest.envelope import Shape


class MessageRow(Shape):
    """A message about a task."""

    id: str
    task_id: str
    from_id: str
    to_id: str
    text: str
    sent_at: str


class MessagePage(Shape):
    """A page of messages."""

    items: list[MessageRow]
    next_cursor: str | None


def message_row(message: Mapping[str, Any]) -> MessageRow:
    """Return a message."""
    return MessageRow(
        id=message["messageId"],
        task_id=message["taskId"],
        from_id=message["sender"],
        to_id=message["recipient"],
        text=message["text"],
        sent_at=message["sentAt"],
    )
