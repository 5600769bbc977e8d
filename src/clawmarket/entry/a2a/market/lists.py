"""ListTasks: which tasks of the account that asks, those that it published before those it has."""

from dataclasses import dataclass
from typing import Any

from a2a.types import a2a_pb2 as new

from clawmarket.domain.market.task import TaskState
from clawmarket.domain.trust.session import AuthNeededError
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.projection import (
    CANCELED,
    COMPLETED,
    FAILED,
    INPUT_REQUIRED,
    SUBMITTED,
    WORKING,
)
from clawmarket.entry.a2a.wire.faults import invalid
from clawmarket.entry.a2a.wire.messages import check_history

Fields = dict[str, Any]

MINE = "web3.market.task.mine"
SIDES = ("employer", "worker")
SHOWN, MAX_SHOWN = 50, 100
_BATCH, _MAX_BATCHES = 200, 5
# In which state of the market's a task is that has one of A2A's.
_KEPT_AS: dict[str, str] = {
    SUBMITTED: TaskState.OPEN,
    WORKING: TaskState.AWARDED,
    INPUT_REQUIRED: TaskState.AWARDED,
    COMPLETED: TaskState.CLOSED,
    CANCELED: TaskState.CANCELLED,
    FAILED: TaskState.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class TaskPage:
    """The ids of a page, newest first, where the next one begins, and how many there are."""

    task_ids: list[str]
    token: str
    size: int
    total: int

    def told(self, tasks: list[Fields], asked: new.ListTasksRequest) -> Fields:
        """Return the answer, with those tasks that have the context and state asked for."""
        state = new.TaskState.Name(asked.status) if asked.status else ""
        fit = [task for task in tasks if asked.context_id in ("", task["contextId"])]
        found = [task for task in fit if state in ("", task["status"]["state"])]
        shown = [shown_in_list(task, asked) for task in found]
        counted = {"pageSize": self.size, "totalSize": self.total}
        return {"tasks": shown, "nextPageToken": self.token} | counted


def shown_in_list(task: Fields, asked: new.ListTasksRequest) -> Fields:
    """Leave the files out, unless they were asked for."""
    if asked.include_artifacts:
        return task
    return {name: value for name, value in task.items() if name != "artifacts"}


def page_size(asked: new.ListTasksRequest) -> int:
    """Return how many tasks a page has. Raises InvalidParamsError."""
    check_history(asked.history_length if asked.HasField("history_length") else None)
    size: int = asked.page_size if asked.HasField("page_size") else SHOWN
    if not 1 <= size <= MAX_SHOWN:
        raise invalid("pageSize", f"A page has 1 to {MAX_SHOWN} tasks.")
    return size


async def listed(client: Client, asked: new.ListTasksRequest) -> TaskPage:
    """Return a page of the caller's tasks. Raises InvalidParamsError, Refused."""
    if not client.account_id:
        raise AuthNeededError("ListTasks needs a signed-in account.")
    size = page_size(asked)
    state = new.TaskState.Name(asked.status) if asked.status else ""
    ours = str(_KEPT_AS.get(state, ""))
    if state and not ours:
        return TaskPage([], "", size, 0)
    side, cursor = _place(asked.page_token)
    found: list[str] = []
    token = ""
    for at in range(side, len(SIDES)):
        if len(found) == size:
            token = _token(at, "")
            break
        ids, more = await _mine(client, SIDES[at], ours, (cursor, size - len(found)))
        found, cursor = found + ids, ""
        if more:
            token = _token(at, more)
            break
    whole = not asked.page_token and not token
    return TaskPage(found, token, size, len(found) if whole else await _count(client, ours))


async def _mine(
    client: Client, side: str, state: str, part: tuple[str, int]
) -> tuple[list[str], str]:
    cursor, limit = part
    params: Fields = {"side": side, "limit": limit}
    params |= {"status": state} if state else {}
    params |= {"cursor": cursor} if cursor else {}
    page = await client.market.ask(MINE, params)
    return [task["taskId"] for task in page["items"]], page["nextCursor"] or ""


async def _count(client: Client, state: str) -> int:
    """Return how many tasks there are on both sides, up to a thousand on each."""
    total = 0
    for side in SIDES:
        cursor = ""
        for _ in range(_MAX_BATCHES):
            ids, cursor = await _mine(client, side, state, (cursor, _BATCH))
            total += len(ids)
            if not cursor:
                break
    return total


def _token(side: int, cursor: str) -> str:
    return f"{SIDES[side][0]}{cursor}"


def _place(token: str) -> tuple[int, str]:
    """Return side and cursor of a page. Raises InvalidParamsError."""
    if not token:
        return 0, ""
    side = next((at for at, name in enumerate(SIDES) if token[0] == name[0]), None)
    if side is None:
        raise invalid("pageToken", "There is no such page.")
    return side, token[1:]
