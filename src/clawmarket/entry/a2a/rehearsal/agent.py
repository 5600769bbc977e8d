"""The market as the conformance kit meets it: its messages first, everything else as always."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from a2a.types import a2a_pb2 as new
from a2a.utils.errors import (
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)

from clawmarket.entry.a2a.market.agent import Agent, refuse_files
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.lists import page_size, shown_in_list
from clawmarket.entry.a2a.market.streams import Streams
from clawmarket.entry.a2a.rehearsal.scripts import (
    ENDS,
    MESSAGE_WORDS,
    STAYS,
    Script,
    is_answered_at_once,
    script_of,
)
from clawmarket.entry.a2a.rehearsal.tasks import Played, Tasks
from clawmarket.entry.a2a.skills.use import names_a_skill
from clawmarket.entry.a2a.wire.faults import invalid
from clawmarket.entry.a2a.wire.form import ENDED
from clawmarket.entry.a2a.wire.messages import Sent, check_history
from clawmarket.ports.clock import Clock

Fields = dict[str, Any]


@dataclass(frozen=True)
class Rehearsal(Agent):
    """Plays the kit's scripts; what is no part of them goes to the market."""

    clock: Clock = field(kw_only=True)
    tasks: Tasks = field(init=False)
    playing: set["asyncio.Task[None]"] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        """Begin without tasks."""
        object.__setattr__(self, "tasks", Tasks(self.clock))

    async def send(self, client: Client, sent: Sent) -> Fields:
        """Answer with a message, or with the task once it rests. Raises as Agent.send."""
        played = self.played(client, sent, STAYS)
        if played is None:
            return await super().send(client, sent)
        if isinstance(played, dict):
            return played
        if script_of(sent.message_id) is None:
            await played.worked()
        elif not sent.returns_at_once:
            await played.rested()
        return {"task": _shown(played, sent.history_length)}

    def played(self, client: Client, sent: Sent, otherwise: Script) -> Played | Fields | None:
        """Return the task that a message begins or goes on with, or the message that answers it.

        `otherwise` is done for an id that the kit has no script for; None comes back for what is
        the market's.

        Raises:
            TaskNotFoundError: The message belongs to a task that is not there.
            UnsupportedOperationError: That task has ended.
            InvalidParamsError: It belongs to another context.
        """
        known = self.tasks.get(sent.task_id)
        if known is None and script_of(sent.message_id) is None and names_a_skill(sent.data):
            return None
        refuse_files(sent)
        if is_answered_at_once(sent.message_id):
            context = sent.context_id or f"ctx-{client.market.request_id}"
            told = {"messageId": client.market.request_id, "contextId": context}
            said: Fields = {"role": "ROLE_AGENT", "parts": [{"text": MESSAGE_WORDS}]}
            return {"message": told | said}
        script = script_of(sent.message_id)
        if known is not None:
            return self._goes_on(known, sent, script or otherwise)
        if sent.task_id:
            raise TaskNotFoundError(f"There is no task {sent.task_id[:80]!r}.")
        request_id = client.market.request_id
        context = sent.context_id or f"ctx-{request_id}"
        known = self.tasks.open(sent, f"tck-{request_id}", context)
        self._play(known, script or otherwise)
        return known

    def _goes_on(self, known: Played, sent: Sent, script: Script) -> Played:
        if known.state in ENDED:
            raise UnsupportedOperationError("The task has ended.")
        if sent.context_id and sent.context_id != known.task["contextId"]:
            raise invalid("message.contextId", "The task belongs to another context.")
        self.tasks.hear(known, sent)
        known.task["status"] = known.task["status"] | {"state": "TASK_STATE_WORKING"}
        self._play(known, script)
        return known

    def _play(self, played: Played, script: Script) -> None:
        task = asyncio.create_task(played.play(script))
        self.playing.add(task)
        task.add_done_callback(self.playing.discard)

    async def get(self, client: Client, task_id: str, history_length: int | None = None) -> Fields:
        """Return a task of the kit, or of the market. Raises TaskNotFoundError."""
        check_history(history_length)
        played = self.tasks.get(task_id)
        if played is None:
            return await super().get(client, task_id, history_length)
        return _shown(played, history_length)

    async def cancel(self, client: Client, task_id: str) -> Fields:
        """Take a task back. Raises TaskNotFoundError, TaskNotCancelableError."""
        played = self.tasks.get(task_id)
        if played is None:
            if not client.account_id:
                raise TaskNotFoundError(f"There is no task {task_id[:80]!r}.")
            return await super().cancel(client, task_id)
        if played.state in ENDED:
            raise TaskNotCancelableError("The task has ended.")
        await played.to("CANCELED")
        return _shown(played, None)

    async def list(self, client: Client, asked: new.ListTasksRequest) -> Fields:
        """List the kit's tasks to whoever has no key. Raises InvalidParamsError."""
        if client.account_id:
            return await super().list(client, asked)
        found = [played for played in self.tasks.newest_first() if _is_asked_for(played, asked)]
        size = page_size(asked)
        first = _first(asked.page_token)
        shown = [
            _shown(played, asked.history_length if asked.HasField("history_length") else None)
            for played in found[first : first + size]
        ]
        shown = [shown_in_list(task, asked) for task in shown]
        more = str(first + size) if first + size < len(found) else ""
        counted = {"pageSize": size, "totalSize": len(found)}
        return {"tasks": shown, "nextPageToken": more} | counted


@dataclass(frozen=True)
class RehearsedStreams(Streams):
    """Streams of the kit's tasks, and of the market's."""

    agent: Rehearsal

    async def send(self, client: Client, sent: Sent) -> AsyncIterator[Fields | None]:
        """Watch the task that a message begins. Raises as Agent.send."""
        played = self.agent.played(client, sent, ENDS)
        if isinstance(played, Played):
            return played.watch()
        if isinstance(played, dict):
            return self._from(client, played)
        return await super().send(client, sent)

    async def subscribe(self, client: Client, task_id: str) -> AsyncIterator[Fields | None]:
        """Watch a task. Raises TaskNotFoundError, UnsupportedOperationError."""
        played = self.agent.tasks.get(task_id)
        if played is None:
            return await super().subscribe(client, task_id)
        if played.state in ENDED:
            raise UnsupportedOperationError("The task has ended.")
        return played.watch()


def _shown(played: Played, history_length: int | None) -> Fields:
    task = dict(played.task)
    if history_length is not None:
        history = task.pop("history")
        if history_length:
            task["history"] = history[-history_length:]
    return task


def _is_asked_for(played: Played, asked: new.ListTasksRequest) -> bool:
    if asked.context_id and asked.context_id != played.task["contextId"]:
        return False
    if asked.HasField("status_timestamp_after"):
        after = asked.status_timestamp_after.ToDatetime().isoformat()
        if str(played.task["status"]["timestamp"])[:19] < after[:19]:
            return False
    return not asked.status or new.TaskState.Name(asked.status) == played.state


def _first(token: str) -> int:
    if token and not (token.isdecimal() and len(token) < len(str(10**9))):
        raise invalid("pageToken", "There is no such page.")
    return int(token or 0)
