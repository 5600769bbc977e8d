"""ListTasks: which tasks of the account that asks, page by page."""

from dataclasses import dataclass
from typing import Any

from a2a.types import a2a_pb2 as new

from clawmarket.domain.trust.session import AuthNeededError
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.projection import STATES
from clawmarket.entry.a2a.wire.faults import invalid
from clawmarket.entry.a2a.wire.messages import check_history

Fields = dict[str, Any]

TASKS = "web3.market.listTasks"
SHOWN, MAX_SHOWN = 50, 100


@dataclass(frozen=True, slots=True)
class TaskPage:
    """The ids of a page, newest first, and where the next one begins."""

    task_ids: list[str]
    token: str
    size: int

    def told(self, tasks: list[Fields], asked: new.ListTasksRequest) -> Fields:
        """Return the answer, with those tasks that are in the context that was asked for."""
        found = [task for task in tasks if asked.context_id in ("", task["contextId"])]
        shown = [shown_in_list(task, asked) for task in found]
        counted = {"pageSize": self.size, "totalSize": len(shown)}
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
    ours = next((own for own, told in STATES.items() if told == state), None)
    if state and ours is None:
        return TaskPage([], "", size)
    params: Fields = {"buyer": client.account_id, "limit": size}
    params |= {"status": str(ours)} if ours else {}
    params |= {"cursor": asked.page_token} if asked.page_token else {}
    page = await client.market.ask(TASKS, params)
    return TaskPage([task["taskId"] for task in page["items"]], page["nextCursor"] or "", size)
