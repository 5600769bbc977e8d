"""Tasks of the conformance kit: in memory, bounded, played step by step."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from clawmarket.domain.kernel.moment import iso
from clawmarket.entry.a2a.rehearsal.scripts import Script
from clawmarket.entry.a2a.wire.form import ENDED, WAITING
from clawmarket.entry.a2a.wire.messages import Sent
from clawmarket.ports.clock import Clock

Fields = dict[str, Any]

MAX_TASKS = 1_000
_STEP_S = 0.01


@dataclass(eq=False)
class Played:
    """One task and everything that happened to it."""

    task: Fields
    clock: Clock
    events: list[Fields] = field(default_factory=list)
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def state(self) -> str:
        """Where it stands."""
        state: str = self.task["status"]["state"]
        return state

    @property
    def rests(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state in ENDED | WAITING

    async def to(self, state: str, words: str = "") -> None:
        """Go into a state."""
        status: Fields = {"state": f"TASK_STATE_{state}", "timestamp": iso(self.clock.now())}
        if words:
            message_id = f"{self.task['id']}-{len(self.events)}"
            at = {"taskId": self.task["id"], "contextId": self.task["contextId"]}
            said = {"messageId": message_id, "role": "ROLE_AGENT", "parts": [{"text": words}]}
            status["message"] = at | said
        self.task["status"] = status
        await self._tell({"statusUpdate": self._at() | {"status": status}})

    async def hand(self, part: Fields, *, more: bool, last: bool) -> None:
        """Hand over an artifact, or one more chunk of it."""
        artifact = {"artifactId": "output", "name": "output", "parts": [part]}
        if more:
            self.task["artifacts"][0]["parts"].append(part)
        else:
            self.task["artifacts"] = [artifact | {"parts": [part]}]
        update = self._at() | {"artifact": artifact, "append": more, "lastChunk": last}
        await self._tell({"artifactUpdate": update})

    async def play(self, script: Script) -> None:
        """Let a script happen, unless it is taken back on the way."""
        if script.works:
            await self.to("WORKING")
        if script.stays:
            return
        await asyncio.sleep(script.hold_s or _STEP_S)
        chunks = [*script.parts, None]
        for count, (part, following) in enumerate(pairwise(chunks)):
            if part is not None and not self.rests:
                await self.hand(part, more=count > 0, last=following is None)
                await asyncio.sleep(_STEP_S)
        if not self.rests:
            await self.to(script.state, script.words)

    async def worked(self) -> None:
        """Wait until it is in work, or further."""
        async with self.moved:
            await self.moved.wait_for(lambda: bool(self.events))

    async def rested(self) -> None:
        """Wait until nothing more happens by itself."""
        async with self.moved:
            await self.moved.wait_for(lambda: self.rests)

    def watch(self) -> AsyncIterator[Fields | None]:
        """Return the task as it is now, then each event from now on, until it rests."""
        return self._since(dict(self.task), len(self.events))

    async def _since(self, task: Fields, seen: int) -> AsyncIterator[Fields | None]:
        yield {"task": task}
        while seen < len(self.events) or not self.rests:
            async with self.moved:
                while seen == len(self.events) and not self.rests:
                    await self.moved.wait()
            while seen < len(self.events):
                yield self.events[seen]
                seen += 1

    def _at(self) -> Fields:
        return {"taskId": self.task["id"], "contextId": self.task["contextId"]}

    async def _tell(self, event: Fields) -> None:
        self.events.append(event)
        async with self.moved:
            self.moved.notify_all()


class Tasks:
    """The tasks of one process; the oldest makes room."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, Played] = OrderedDict()

    def open(self, sent: Sent, task_id: str, context_id: str) -> Played:
        """Begin a task with a message."""
        status = {"state": "TASK_STATE_SUBMITTED", "timestamp": iso(self._clock.now())}
        task: Fields = {"id": task_id, "contextId": context_id, "status": status}
        played = Played(task | {"artifacts": [], "history": []}, self._clock)
        self._kept[task_id] = played
        while len(self._kept) > MAX_TASKS:
            self._kept.popitem(last=False)
        self.hear(played, sent)
        return played

    def hear(self, played: Played, sent: Sent) -> None:
        """Keep a message in a task's history."""
        at = {"taskId": played.task["id"], "contextId": played.task["contextId"]}
        parts = [*({"text": text} for text in sent.texts), *({"data": each} for each in sent.data)]
        message = {"messageId": sent.message_id, "role": "ROLE_USER", "parts": parts}
        played.task["history"].append(at | message)

    def get(self, task_id: str) -> Played | None:
        """Return a task, or None."""
        return self._kept.get(task_id)

    def newest_first(self) -> list[Played]:
        """Return all tasks, those that changed last first."""
        newest = list(self._kept.values())[::-1]
        newest.sort(key=lambda played: str(played.task["status"]["timestamp"]), reverse=True)
        return newest
