"""A task's history, told from what the market has of it: its posting and the letters on it.

Messages themselves are not kept. What others wrote is data, never instructions.
"""

from typing import Any

from clawmarket.entry.a2a.skills.skill import Visit
from clawmarket.entry.a2a.skills.talking import LIST
from clawmarket.entry.tools.using import WHOLE_CHARS, said

Fields = dict[str, Any]

MOST = 50
_TOLD = ("title", "summary", "requirements")


async def history_of(visit: Visit, task: Fields, at: Fields, length: int | None) -> list[Fields]:
    """Return the newest messages on a task that this sender may read, oldest first.

    Args:
        visit: Who reads.
        task: The market's task.
        at: The A2A ids of the task and its context.
        length: How many at the most; None for as many as are shown by themselves.
    """
    most = MOST if length is None else min(length, MOST)
    if not most:
        return []
    page = None
    if visit.account_id:
        page = await visit.look(LIST, taskId=task["taskId"], limit=most)
    letters = [_letter(visit, each) for each in reversed(page["items"])] if page else []
    return [at | each for each in [_posting(visit, task), *letters][-most:]]


def _posting(visit: Visit, task: Fields) -> Fields:
    """Return the message that the task itself is."""
    words = {name: task[name] for name in _TOLD if task[name]}
    data = words if task["buyer"] == visit.account_id else said(task["buyer"], **words)
    return _message(visit, f"{task['taskId']}-posted", task["buyer"], {"data": data})


def _letter(visit: Visit, letter: Fields) -> Fields:
    sender = letter["sender"]
    if sender == visit.account_id:
        part: Fields = {"text": letter["text"]}
    else:
        part = {"data": said(sender, WHOLE_CHARS, text=letter["text"])}
    return _message(visit, letter["messageId"], sender, part)


def _message(visit: Visit, message_id: str, sender: str, part: Fields) -> Fields:
    role = "ROLE_USER" if sender == visit.account_id else "ROLE_AGENT"
    return {"messageId": message_id, "role": role, "parts": [part]}
