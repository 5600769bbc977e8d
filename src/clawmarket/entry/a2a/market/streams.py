"""A task watched: its state and files from now on, until it ends or the watching has its end.

What happens to a task wakes those who watch it; their number is bounded.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from a2a.utils.errors import UnsupportedOperationError

from clawmarket.domain.kernel.errors import RateLimitedError
from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.entry.a2a.market.agent import Agent
from clawmarket.entry.a2a.market.bell import Bell
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.wire.form import ENDED, WAITING
from clawmarket.entry.a2a.wire.messages import Sent

Fields = dict[str, Any]

QUIET_S = 15.0
MOST_S = 3_600.0
MAX_STREAMS = 256
MAX_OF_ONE = 16
# Strangers have addresses without end; they leave room for those who have an account.
MAX_OF_STRANGERS = 128


class TooManyStreamsError(RateLimitedError):
    """So many streams are open already, here or by this caller."""

    advice = "End one that you do not need, or ask for the task now and then."
    next_command = "clawmarket explain too_many_streams"


@dataclass(frozen=True)
class Streams:
    """The streams of one process."""

    agent: Agent
    open: Counter[str] = field(default_factory=Counter)
    bell: Bell = field(default_factory=Bell)

    async def send(self, client: Client, sent: Sent) -> AsyncIterator[Fields | None]:
        """Do what a message asks for, and watch the task that it leads to.

        What is refused is raised before there is a stream; see Agent.send.
        """
        self._check_room(client)
        return self._from(client, await self.agent.send(client, sent))

    async def subscribe(self, client: Client, task_id: str) -> AsyncIterator[Fields | None]:
        """Watch a task. Raises TaskNotFoundError, UnsupportedOperationError, too many streams."""
        self._check_room(client)
        task = await self.agent.get(client, task_id)
        if task["status"]["state"] in ENDED:
            raise UnsupportedOperationError(f"The task {task_id} has ended.")
        return self._from(client, {"task": task})

    def _check_room(self, client: Client) -> None:
        who = client.account_id or client.market.peer
        full = self.open.total() >= MAX_STREAMS or self.open[who] >= MAX_OF_ONE
        if full or (not client.account_id and self._strangers() >= MAX_OF_STRANGERS):
            raise TooManyStreamsError("So many streams are open already.", retryAfterSec=30)

    def _strangers(self) -> int:
        return sum(n for who, n in self.open.items() if not who.startswith(PREFIXES["account"]))

    async def _from(self, client: Client, first: Fields) -> AsyncIterator[Fields | None]:
        """Yield the first event, then changes; None now and then while nothing happens."""
        yield first
        if "task" not in first:
            return
        who = client.account_id or client.market.peer
        self.open[who] += 1
        try:
            async for event in self._changes(client, first["task"]):
                yield event
        finally:
            self.open[who] -= 1
            if not self.open[who]:
                del self.open[who]

    async def _changes(self, client: Client, seen: Fields) -> AsyncIterator[Fields | None]:
        clock = asyncio.get_running_loop().time
        end = clock() + MOST_S
        told = clock()
        with self.bell.heard(seen["id"]) as woken:
            # What happened before it listened, nobody tells it.
            woken.set()
            while seen["status"]["state"] not in ENDED | WAITING and clock() < end:
                if not await _rings(woken, min(self.bell.look_s, QUIET_S)):
                    if clock() - told >= QUIET_S:
                        told = clock()
                        yield None
                elif self.bell.is_stopped:
                    return
                task = await self.agent.get(client, seen["id"], 0)
                for event in changes(seen, task):
                    told = clock()
                    yield event
                seen = task


async def _rings(woken: asyncio.Event, most_s: float) -> bool:
    """Wait for the bell; return whether it rang in time."""
    try:
        async with asyncio.timeout(most_s):
            await woken.wait()
    except TimeoutError:
        return False
    woken.clear()
    return True


def changes(before: Fields, after: Fields) -> list[Fields]:
    """Return the events that lead from one look at a task to the next, files before the state."""
    at = {"taskId": after["id"], "contextId": after["contextId"]}
    known = {artifact["artifactId"] for artifact in before["artifacts"]}
    events: list[Fields] = [
        {"artifactUpdate": at | {"artifact": artifact, "append": False, "lastChunk": True}}
        for artifact in after["artifacts"]
        if artifact["artifactId"] not in known
    ]
    said = ("status", "metadata")
    if any(before[name] != after[name] for name in said):
        status = {name: after[name] for name in said}
        events.append({"statusUpdate": at | status})
    return events
