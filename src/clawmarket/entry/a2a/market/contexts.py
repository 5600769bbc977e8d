"""Which conversation a client said that a task belongs to: the market keeps it for its parties.

A task without one has its own id for a context.
"""

from collections.abc import Sequence

from clawmarket.domain.kernel.errors import ForbiddenError
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.wire.messages import Sent

NAME, LIST = "web3.market.context.name", "web3.market.context.list"


async def contexts_of(client: Client, task_ids: Sequence[str]) -> dict[str, str]:
    """Return the contexts that this client named for tasks."""
    if not client.account_id:
        return {}
    page = await client.market.look(LIST, {"taskIds": list(task_ids)})
    if page is None:
        return {}
    return {each["taskId"]: each["contextId"] for each in page["items"]}


async def context_of(client: Client, task_id: str) -> str:
    """Return a task's context for this client."""
    return (await contexts_of(client, [task_id])).get(task_id, task_id)


async def context_for(client: Client, sent: Sent, task_id: str) -> str:
    """Return a task's context after a message about it; the first that is named stays.

    Whoever has no part in the task hears its own word again, and nothing of it is kept.
    """
    known = await contexts_of(client, [task_id])
    if task_id in known or not sent.context_id:
        return known.get(task_id, task_id)
    if not client.account_id:
        return sent.context_id
    named = {"taskId": task_id, "contextId": sent.context_id}
    try:
        kept = await client.market.ask(NAME, named, sent.message_id)
    except ForbiddenError:
        return sent.context_id
    context_id: str = kept["contextId"]
    return context_id
