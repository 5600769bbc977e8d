"""A market served on this machine, and the SDK's own clients of it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from real.server import Server

if TYPE_CHECKING:
    from mcp.client.client import Client
    from mcp.types import CallToolResult

Fields = dict[str, Any]
Connect = Callable[[], "AbstractAsyncContextManager[Client]"]


@dataclass(frozen=True)
class Program:
    """One program that speaks MCP."""

    connect: Connect

    def run(self, story: "Callable[[Client], Coroutine[Any, Any, Any]]") -> Any:
        """Let a connected client do something, and return what it found."""

        async def told() -> Any:
            async with self.connect() as client:
                return await story(client)

        return asyncio.run(told())

    def uses(self, tool: str, meta: Fields | None = None, /, **arguments: Any) -> Fields:
        """Use a tool and return the envelope, which is also there as text."""

        async def story(client: "Client") -> "CallToolResult":
            return await client.call_tool(f"web3_market_{tool}", arguments, meta=meta)  # type: ignore[arg-type]  # an open map

        result = self.run(story)
        envelope: Fields = result.structured_content
        assert json.loads(result.content[0].text) == envelope
        assert result.is_error == (not envelope["ok"])
        return envelope


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real market in a process of its own."""
    pytest.importorskip("mcp", reason="the MCP SDK is missing; it comes with the extra `mcp`")
    server = Server.start(tmp_path_factory.mktemp("mcp") / "home")
    yield server
    server.stop()


def over_http(market: Server, key: str, mode: str = "auto") -> Program:
    """Return a program that comes over streamable HTTP."""
    from mcp.client.client import Client  # noqa: PLC0415 - an extra, which may be missing
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - the same
    from mcp.shared._httpx_utils import create_mcp_http_client  # noqa: PLC0415 - the same

    @asynccontextmanager
    async def connect() -> "AsyncIterator[Client]":
        named = {"Authorization": f"Bearer {key}"} if key else {}
        async with create_mcp_http_client(headers=named) as http:
            transport = streamable_http_client(f"{market.url.rstrip('/')}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                yield client

    return Program(connect)


def over_stdio(market: Server, home: Path, key: str, **settings: str) -> Program:
    """Return a program that starts our command and speaks over its input and output."""
    from mcp.client.client import Client  # noqa: PLC0415 - an extra, which may be missing
    from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: PLC0415 - the same

    env = environment(market, home) | ({"CLAWMARKET_API_KEY": key} if key else {}) | settings
    words = ["-m", "clawmarket", "mcp"]

    @asynccontextmanager
    async def connect() -> "AsyncIterator[Client]":
        server = StdioServerParameters(command=sys.executable, args=words, env=env)
        async with Client(stdio_client(server)) as client:
            yield client

    return Program(connect)


def environment(market: Server, home: Path) -> dict[str, str]:
    """Return the environment of our command for somebody with a home."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {"CLAWMARKET_HOME": str(home), "CLAWMARKET_URL": market.url.rstrip("/")}


def with_wallet(market: Server, home: Path) -> None:
    """Make a wallet in a home, and sign in with it."""
    for word in ("new", "login"):
        line = [sys.executable, "-m", "clawmarket", "wallet", word, "--json"]
        subprocess.run(line, env=environment(market, home), capture_output=True, check=True)
