"""ListTasks: the tasks of the account that asks."""

from typing import Any

from a2a.types import a2a_pb2 as new

from clawmarket.domain.trust.session import AuthNeededError
from clawmarket.entry.a2a.market.agent import Agent, Client
from clawmarket.entry.a2a.market.projection import STATES
from clawmarket.entry.a2a.wire.faults import invalid

Fields = dict[str, Any]

TASKS = "web3.market.listTasks"
SHOWN, MAX_SHOWN = 50, 100


async def list_tasks(agent: Agent, client: Client, asked: new.ListTasksRequest) -> Fields:
    """Return a page of the caller's tasks, newest first. Raises InvalidParamsError, Refused."""
    if not client.account_id:
        raise AuthNeededError("ListTasks needs a signed-in account.")
    size = asked.page_size if asked.HasField("page_size") else SHOWN
    if not 1 <= size <= MAX_SHOWN:
        raise invalid("pageSize", f"A page has 1 to {MAX_SHOWN} tasks.")
    state = new.TaskState.Name(asked.status) if asked.status else ""
    ours = next((own for own, told in STATES.items() if told == state), None)
    if state and ours is None:
        return _page([], "", size)
    params: Fields = {"buyer": client.account_id, "limit": size}
    params |= {"status": str(ours)} if ours else {}
    params |= {"cursor": asked.page_token} if asked.page_token else {}
    page = await client.market.ask(TASKS, params)
    tasks = [await agent.get(client, task["taskId"]) for task in page["items"]]
    shown = [task for task in tasks if asked.context_id in ("", task["contextId"])]
    if not asked.include_artifacts:
        shown = [{name: task[name] for name in task if name != "artifacts"} for task in shown]
    return _page(shown, page["nextCursor"] or "", size)


def _page(tasks: list[Fields], token: str, size: int) -> Fields:
    return {"tasks": tasks, "nextPageToken": token, "pageSize": size, "totalSize": len(tasks)}
