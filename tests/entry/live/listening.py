"""A market whose events are served on loopback, and listeners that read them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.live.hub import Hub, Room
from clawmarket.entry.live.route import events_route
from clawmarket.entry.live.stream import HEARTBEAT_S
from clawmarket.runtime.serving.http import EndingServer, build_server
from world import Fields, Member, World, credits_

WITHIN_S = 30


@dataclass
class Told:
    """One event, or a comment, as a stream sent it."""

    name: str = ""
    id: str = ""
    data: Fields = field(default_factory=dict)
    comment: str = ""


@dataclass
class Ear:
    """One open stream."""

    lines: AsyncIterator[str]

    async def next(self) -> Told | None:
        """Return the next block of the stream; None once it has ended."""
        told = Told()
        async for line in self.lines:
            name, _, value = line.partition(": ")
            match name:
                case "":
                    if not line:
                        return told
                    told.comment = value
                case "event":
                    told.name = value
                case "id":
                    told.id = value
                case "data":
                    told.data = json.loads(value)
        return None

    async def event(self) -> Told:
        """Return the next event, whatever comments come before it."""
        while (told := await self.next()) is not None:
            if told.name:
                return told
        raise AssertionError("the stream has ended")

    async def events(self, count: int) -> list[Told]:
        """Return the next events."""
        return [await self.event() for _ in range(count)]


@dataclass
class Live:
    """A market behind a gateway with live events, within one running event loop."""

    world: World
    hub: Hub
    server: EndingServer
    client: httpx.AsyncClient

    async def do(self, who: Member, method: str, **params: Any) -> Fields:
        """Call a method."""
        name = f"web3.market.{method}"
        pipeline, key = self.world.pipeline, self.world.new_key()
        self.world.clock.advance(1)
        return await pipeline.submit(who.caller, name, params, key=key)

    async def publishes(self, who: Member, **terms: Any) -> Fields:
        """Publish a task."""
        asked: Fields = {"title": "A task", "budget": credits_("5"), **terms}
        return await self.do(who, "publishTask", **asked)

    async def hires(self, buyer: Member, worker: Member, task: Fields) -> Fields:
        """Bid on a task and award it."""
        bid = await self.do(worker, "placeBid", taskId=task["taskId"], price=credits_("4"))
        return await self.do(buyer, "awardBid", bidId=bid["bidId"])

    @asynccontextmanager
    async def listening(self, key: str = "", after: str = "", **query: str) -> AsyncIterator[Ear]:
        """Listen; the greeting has come when this begins."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        headers |= {"Last-Event-ID": after} if after else {}
        async with self.client.stream("GET", "/events", params=query, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            ear = Ear(answer.aiter_lines())
            await ear.next()
            yield ear


def serve(
    world: World,
    scenario: Callable[[Live], Awaitable[Any]],
    *,
    room: Room | None = None,
    heartbeat_s: float = HEARTBEAT_S,
) -> Any:
    """Serve a market's events and let a scenario happen; return what it returned."""

    async def run() -> Any:
        hub = Hub(world.store, room)
        route = events_route(world.pipeline, hub, heartbeat_s=heartbeat_s)
        server = build_server(build_gateway(world.pipeline, max_file_bytes=10**6, more=[route]))
        server.on_stop = hub.close
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=url, timeout=WITHIN_S) as client:
                return await scenario(Live(world, hub, server, client))
        finally:
            server.should_exit = True
            await serving

    return world.run(asyncio.wait_for(run(), WITHIN_S))


def key_of(member: Member) -> str:
    """Return a new API key of a member."""
    made = member.do("web3.keys.create", label="test", scope="read")
    return str(made["key"])
