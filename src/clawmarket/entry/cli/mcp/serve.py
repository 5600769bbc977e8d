"""`clawmarket mcp`: the tools over stdio, as a client of the market under the session of the home.

A session of a wallet signs what has to be signed, as every other command does.
"""

import asyncio
from dataclasses import dataclass
from io import BytesIO

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal, reach
from clawmarket.entry.gateway.wire import failure
from clawmarket.entry.mcp.server import build_mcp
from clawmarket.entry.tools.use import tool_named, use
from clawmarket.entry.tools.using import Fields, ToolUse
from clawmarket.registry.codes import EXIT_DONE

_UNSEEN = ("E_NOT_FOUND", "E_AUTH_REQUIRED", "E_FORBIDDEN")


class _TooMuchError(Exception):
    """A file is larger than a tool shows."""


class _Sink(BytesIO):
    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: bytes) -> int:  # type: ignore[override]  # whatever httpx brings
        if self.tell() + len(data) > self._most:
            raise _TooMuchError
        return super().write(data)


@dataclass(frozen=True, slots=True)
class Outside:
    """The market as a client on this machine reaches it."""

    market: Market

    @property
    def refusals(self) -> tuple[type[Exception], ...]:
        """What it raises when it refuses, or cannot be reached."""
        return (Refused, RemoteRefusal)

    async def ask(self, method: str, params: Fields, key: str = "") -> Fields:
        """Return the answer of a call. Raises RemoteRefusal, MarketAwayError, MarketSilentError."""
        return await asyncio.to_thread(self.market.call, method, params, key)

    async def look(self, method: str, params: Fields) -> Fields | None:
        """Return the answer of a call, or None where this caller may not see it."""
        try:
            return await self.ask(method, params)
        except RemoteRefusal as refusal:
            if refusal.code in _UNSEEN:
                return None
            raise

    async def text_of(self, digest: str, most: int) -> str | None:
        """Return a stored file's text, if this caller may read it."""
        sink = _Sink(most)
        try:
            await asyncio.to_thread(self.market.get_file, digest, sink)
            return sink.getvalue().decode("utf-8")
        except (RemoteRefusal, _TooMuchError, UnicodeDecodeError):
            return None


def serve(invocation: Invocation) -> int:
    """Serve the tools on standard input and output until the other side closes them."""
    with reach(invocation) as market:
        asyncio.run(_serve(Outside(market)))
    return EXIT_DONE


async def _serve(market: Outside) -> None:
    async def answer(name: str, arguments: Fields, key: str) -> Fields:
        try:
            tool = tool_named(name)
            using = ToolUse(market, key or f"mcp-{SystemEntropy().draw(16).hex()}")
            return {"ok": True, "result": await use(using, tool, arguments)}
        except RemoteRefusal as refusal:
            return refusal.envelope
        except Refused as refusal:
            return _told(refusal)
        except Exception:  # noqa: BLE001 - a defect of ours shows no file of this machine
            return _told(InternalError("The tool failed; nothing more is known."))

    server = build_mcp(answer)
    from mcp.server.stdio import stdio_server  # noqa: PLC0415 - an extra, and a large one

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _told(refusal: Refused) -> Fields:
    """Return a refusal as a model may see it: without addresses and files of this machine."""
    envelope = failure(refusal, "").envelope
    return {name: value for name, value in envelope.items() if name != "requestId"}
