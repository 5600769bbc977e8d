"""How soon 500 listeners of one process see what happens."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure
from bench.wire import Line, serve, sign_in

LISTENERS = 500
EVENTS = 20
TOGETHER = 50
ASK = b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@dataclass
class Ear:
    """One stream, and when it saw which task."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: dict[str, float] = field(default_factory=dict)

    async def listen(self, count: int) -> None:
        """Read until so many tasks were seen."""
        while len(self.seen) < count:
            line = await self.reader.readline()
            if line.startswith(b"data: "):
                self.seen[json.loads(line[6:])["taskId"]] = time.perf_counter()
            elif not line:
                raise AssertionError("the stream ended")


async def sse_figures() -> AsyncIterator[Figure]:
    """Yield sse_500: the slowest of 500 listeners to see any of 20 events, from its publication.

    Each event is published once everybody has seen the one before. The time runs from before the
    call until the listener has read it, so it holds the command itself too.
    """
    with tempfile.TemporaryDirectory() as folder:
        server, port = serve(Path(folder))
        try:
            buyer = Line(*await asyncio.open_connection("127.0.0.1", port))
            await sign_in(buyer)
            ears = [ear for _ in range(LISTENERS // TOGETHER) for ear in await _open(port)]
            slowest = max([await _round(buyer, ears, number) for number in range(EVENTS)])
            for ear in ears:
                ear.writer.close()
            buyer.close()
        finally:
            server.terminate()
            server.wait(timeout=20)
    yield Figure("sse_500", slowest * 1000, "ms", 1000, better="lower")


async def _open(port: int) -> list[Ear]:
    return await asyncio.gather(*(_ear(port) for _ in range(TOGETHER)))


async def _ear(port: int) -> Ear:
    ear = Ear(*await asyncio.open_connection("127.0.0.1", port))
    ear.writer.write(ASK)
    head = await ear.reader.readuntil(b"retry: ")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise AssertionError(head)
    return ear


async def _round(buyer: Line, ears: list[Ear], number: int) -> float:
    """Publish a task; return how long it took until the last listener had seen it."""
    listening = asyncio.gather(*(ear.listen(number + 1) for ear in ears))
    began = time.perf_counter()
    task = await buyer.call("web3.market.publishTask", title="Bench", budget="1000")
    await listening
    return max(ear.seen[task["taskId"]] for ear in ears) - began
