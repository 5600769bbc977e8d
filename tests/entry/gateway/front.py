"""A market behind its gateway: over plain ASGI for answers, over loopback for connections."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from clawmarket.domain.treasury.account import Balance
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.trust.file import FileRight
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import Account, Credential
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.runtime.serving.http import BoundedHttp, build_server
from world import Member, World

STORED = (Account, Balance, Credential, Entry, FileRight, Record)


@dataclass
class Front:
    """Asks the gateway as a client would."""

    world: World

    def __post_init__(self) -> None:
        self.app = build_gateway(self.world.pipeline, max_file_bytes=1_000_000)

    def ask(self, verb: str, path: str, **how: Any) -> httpx.Response:
        """Send one request and return the answer."""
        answer: httpx.Response = self.world.run(self._ask(verb, path, how))
        return answer

    def call(self, method: str, body: bytes | str = b"", **how: Any) -> httpx.Response:
        """Call a method with a body as it stands."""
        return self.ask("POST", f"/rpc/{method}", content=body, **how)

    def key_of(self, member: Member, scope: str = "write") -> dict[str, str]:
        """Return the headers that a new API key of a member makes."""
        made = member.do("web3.keys.create", label="test", scope=scope)
        return {"Authorization": f"Bearer {made['key']}"}

    def stored(self) -> list[object]:
        """Return everything that a refused call must leave as it was."""
        return [row for kind in STORED for row in self.world.all(kind)]

    async def _ask(self, verb: str, path: str, how: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=(how.pop("peer", "127.0.0.1"), 40_000))
        base = self.world.terms.base_url
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(verb, path, **how)

    @asynccontextmanager
    async def served(
        self, http: type[BoundedHttp] = BoundedHttp, ping_s: float | None = 20.0
    ) -> AsyncIterator[str]:
        """Serve on a free loopback port and give its address.

        WebSockets are asked for a sign of life every `ping_s`, and have as long to give it.
        """
        # Only of a socket that says TCP does asyncio know that it may send small answers at once.
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        server = build_server(self.app, http)
        server.config.ws_ping_interval = server.config.ws_ping_timeout = ping_s
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
