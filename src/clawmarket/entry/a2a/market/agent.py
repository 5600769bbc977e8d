"""The operations of A2A, the same for both versions and both bindings; answers as 1.0 has them."""

import re
from dataclasses import dataclass
from typing import Any

from a2a.types import a2a_pb2 as new
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from pydantic.alias_generators import to_camel

from clawmarket.domain.kernel.errors import ConflictError, ExpiredError
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.market.task import TaskExpiredError, TaskNotOpenError
from clawmarket.domain.trust.session import AuthNeededError
from clawmarket.entry.a2a.card import extended
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.contexts import context_for, context_of
from clawmarket.entry.a2a.market.lists import listed
from clawmarket.entry.a2a.market.projection import projected
from clawmarket.entry.a2a.skills.catalog import SKILLS
from clawmarket.entry.a2a.skills.skill import Outcome, Skill, Visit
from clawmarket.entry.a2a.skills.use import chosen, hint, use
from clawmarket.entry.a2a.wire.faults import invalid
from clawmarket.entry.a2a.wire.form import ENDED
from clawmarket.entry.a2a.wire.messages import Sent, check_history
from clawmarket.services.call import Terms

Fields = dict[str, Any]

CANCEL = "web3.market.cancelTask"
_TASK_ID = re.compile(id_pattern("task"))


@dataclass(frozen=True)
class Agent:
    """The market as an agent."""

    terms: Terms

    async def send(self, client: Client, sent: Sent) -> Fields:
        """Do what a message asks for and return a task or a message.

        Raises:
            TaskNotFoundError: The message belongs to a task that this client does not see.
            UnsupportedOperationError: That task has ended.
            InvalidParamsError: It belongs to another context.
            ContentTypeNotSupportedError: A file came as an address, or where none is taken.
            Refused: What the market says no to.
        """
        visit = client.visit(self.terms, sent)
        ended = bool(sent.task_id) and await self._has_ended(client, sent)
        found = chosen(sent.data)
        if found is None or not found[0].takes_files:
            refuse_files(sent)
        if found is None and ended:
            raise UnsupportedOperationError(f"The task {sent.task_id} has ended.")
        if found is None:
            return await self._only_words(client, visit, sent)
        skill, data = found
        data = _about(skill, sent, data)
        try:
            outcome = await use(visit, skill, data)
        except (ConflictError, ExpiredError) as error:
            # Asked first, the market still knows a message that did its deed and is sent again.
            if ended:
                raise UnsupportedOperationError(error.what) from None
            raise
        return await self._reply(client, sent, visit, outcome)

    async def get(self, client: Client, task_id: str, history_length: int | None = None) -> Fields:
        """Return a task. Raises TaskNotFoundError, InvalidParamsError."""
        check_history(history_length)
        if not _TASK_ID.fullmatch(task_id):
            raise TaskNotFoundError(f"There is no task {task_id[:80]!r}.")
        context = await context_of(client, task_id)
        return await projected(client.visit(self.terms), task_id, context, history_length)

    async def list(self, client: Client, asked: new.ListTasksRequest) -> Fields:
        """Return a page of the client's own tasks. Raises InvalidParamsError, Refused."""
        page = await listed(client, asked)
        tasks = [await self.get(client, task_id, asked.history_length) for task_id in page.task_ids]
        return page.told(tasks, asked)

    async def cancel(self, client: Client, task_id: str) -> Fields:
        """Take an open task back. Raises TaskNotFoundError, TaskNotCancelableError, Refused."""
        if not client.account_id:
            raise AuthNeededError("CancelTask needs a signed-in account.")
        if not _TASK_ID.fullmatch(task_id):
            raise TaskNotFoundError(f"There is no task {task_id[:80]!r}.")
        try:
            await client.market.ask(CANCEL, {"taskId": task_id})
        except (TaskNotOpenError, TaskExpiredError) as error:
            raise TaskNotCancelableError(error.what) from None
        return await self.get(client, task_id)

    def card(self, client: Client, plain: Fields) -> Fields:
        """Return a card with what it says to this client only. Raises AuthNeededError."""
        caller = client.caller
        if not caller.account_id:
            raise AuthNeededError("The extended card is for a signed-in account.")
        return extended(plain, self.terms, caller)

    async def _has_ended(self, client: Client, sent: Sent) -> bool:
        """Return whether a message's task is over; raise unless the contexts agree (3.4.3)."""
        task = await self.get(client, sent.task_id, 0)
        if sent.context_id and sent.context_id != task["contextId"]:
            raise invalid("message.contextId", "The task belongs to another context.")
        return task["status"]["state"] in ENDED

    async def _only_words(self, client: Client, visit: Visit, sent: Sent) -> Fields:
        outcome = Outcome(task_id=sent.task_id) if sent.task_id else Outcome(facts=hint())
        return await self._reply(client, sent, visit, outcome)

    async def _reply(self, client: Client, sent: Sent, visit: Visit, outcome: Outcome) -> Fields:
        if not outcome.task_id:
            return {"message": _message(client.market.request_id, sent, outcome.facts or {})}
        context = await context_for(client, sent, outcome.task_id)
        task = await projected(visit, outcome.task_id, context, sent.history_length)
        if outcome.metadata:
            task["metadata"] |= outcome.metadata
        return {"task": task}


def refuse_files(sent: Sent) -> None:
    """Raise ContentTypeNotSupportedError for files that nobody would look at."""
    if sent.files:
        takers = ", ".join(skill.name for skill in SKILLS if skill.takes_files)
        raise ContentTypeNotSupportedError(f"Files come with {takers} only.")


def _about(skill: Skill, sent: Sent, data: Fields) -> Fields:
    """Add the task that a message belongs to, and the older interface's token beside it.

    What the data itself names goes before.
    """
    token = sent.metadata.get("task_token")
    for name, value in (("task_id", sent.task_id or None), ("task_token", token)):
        spellings = {name, to_camel(name)}
        if value is not None and name in skill.request.model_fields and not spellings & data.keys():
            data = data | {to_camel(name): value}
    return data


def _message(message_id: str, sent: Sent, facts: Fields) -> Fields:
    context: Fields = {"contextId": sent.context_id} if sent.context_id else {}
    parts = [{"data": facts, "mediaType": "application/json"}]
    return {"messageId": message_id, "role": "ROLE_AGENT", "parts": parts} | context
