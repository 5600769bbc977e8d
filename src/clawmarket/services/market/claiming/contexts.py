"""Contexts: say and see in which conversation of your own a task is done."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.market.bid import Bid
from clawmarket.domain.market.claiming.context import ContextNamed, TaskContext, context_key
from clawmarket.domain.market.claiming.message import NoExchangeError
from clawmarket.domain.market.task import Task, TaskNotFoundError
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Answer, Request, TaskId, Verbatim
from clawmarket.registry.methods import Need, read, write
from clawmarket.services.call import Call
from clawmarket.services.market.tasks import task_of
from clawmarket.services.work import Work

MAX_ASKED = 200
MAX_CHARS = 200

ContextId = Annotated[
    str,
    Field(
        strict=True,
        pattern=rf"^[ -~]{{1,{MAX_CHARS}}}$",
        description="Your own name for a conversation: printable ASCII.",
        examples=["ctx-1"],
    ),
    Verbatim,
]


class NameContext(Request):
    """A task, and the conversation that it belongs to."""

    task_id: TaskId
    context_id: ContextId


class ContextView(Answer):
    """Which conversation a task belongs to."""

    task_id: TaskId
    context_id: ContextId


class ListContexts(Request):
    """Which tasks."""

    task_ids: Annotated[list[TaskId], Field(max_length=MAX_ASKED, description="At most 200.")]


class ContextList(Answer):
    """The tasks that you named a conversation for, in the order asked for."""

    items: list[ContextView]
    next_cursor: None = None


@write(
    "web3.market.context.name",
    errors=(TaskNotFoundError, NoExchangeError),
    needs=(Need("taskId", "web3.market.publishTask", "taskId"),),
    example={"contextId": "ctx-1"},
)
def name_context(call: Call, work: Work, request: NameContext) -> ContextView:
    """Say in which conversation of yours a task is done; the first one that you name stays.

    Its buyer, whoever bid on it and its worker can; nobody else is told of it.
    """
    task = task_of(work, request.task_id)
    if call.actor not in (task.buyer, task.worker) and not _has_bid(work, task):
        what = "Only a task's buyer, its bidders and its worker name a conversation for it."
        raise NoExchangeError(what, taskId=task.task_id)
    key = context_key(call.actor, task.task_id)
    known = work.get(TaskContext, key)
    if known is None:
        known = TaskContext(key, request.context_id)
        work.add(known)
        work.emit(ContextNamed(task.task_id, content_digest(request.context_id)))
    return ContextView(task_id=task.task_id, context_id=known.context_id)


def _has_bid(work: Work, task: Task) -> bool:
    own = {"task_id": task.task_id, "bidder": work.call.actor}
    return bool(work.find(Query(Bid, equal=own, limit=1)))


@read("web3.market.context.list", example={"taskIds": []})
def list_contexts(call: Call, rows: Snapshot, request: ListContexts) -> ContextList:
    """List the conversations that you named for some tasks; a task without one is left out."""
    found = (
        (task_id, rows.get(TaskContext, context_key(call.actor, task_id)))
        for task_id in dict.fromkeys(request.task_ids)
    )
    views = [
        ContextView(task_id=task_id, context_id=row.context_id) for task_id, row in found if row
    ]
    return ContextList(items=views)
