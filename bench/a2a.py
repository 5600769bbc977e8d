"""How fast a message over A2A is answered, beside the SDK's own server in the same run."""

import asyncio
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bench.figures import Figure, rate, ratio
from bench.wire import Line, serve, sign_in

CALLERS, MESSAGES = 8, 50
_numbers = itertools.count()


class Sender:
    """One connection that sends one message after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, part: dict[str, Any]) -> dict[str, Any]:
        """Send a message of one part and return the answer."""
        message_id = f"bench-{next(_numbers)}"
        message = {"messageId": message_id, "role": "ROLE_USER", "parts": [part]}
        params = {"message": message}
        body = json.dumps(
            {"jsonrpc": "2.0", "id": message_id, "method": "SendMessage", "params": params}
        ).encode()
        head = "POST /a2a HTTP/1.1\r\nHost: 127.0.0.1\r\nA2A-Version: 1.0\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answered = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answered.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        told: dict[str, Any] = json.loads(await self._reader.readexactly(length))
        if "result" not in told:
            raise AssertionError(told)
        return told


async def send_figures() -> AsyncIterator[Figure]:
    """Yield a2a_send: get-task-status here over hello there, both by SendMessage."""
    with tempfile.TemporaryDirectory() as folder:
        hello = _hello()
        market, port = serve(Path(folder))
        try:
            buyer = Line(*await asyncio.open_connection("127.0.0.1", port))
            await sign_in(buyer)
            task = await buyer.call("web3.market.publishTask", title="Bench", budget="1000")
            buyer.close()
            asked = {"skill": "get-task-status", "task_id": task["taskId"]}
            other = int((hello.stdout or sys.stdin).readline().rsplit(":", 1)[1])
            ours, theirs = await _crowd(port), await _crowd(other)
            value = await ratio(
                lambda: rate(CALLERS * MESSAGES, lambda: _sent(ours, {"data": asked})),
                lambda: rate(CALLERS * MESSAGES, lambda: _sent(theirs, {"text": "hello"})),
            )
        finally:
            for server in (hello, market):
                server.terminate()
                server.wait(timeout=20)
        yield Figure("a2a_send", value, "messages per hello of the SDK's server", 0.5)


def _hello() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bench.a2a_hello"], stdout=subprocess.PIPE, text=True
    )


async def _crowd(port: int) -> list[Sender]:
    return [Sender(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(CALLERS)]


async def _sent(senders: list[Sender], part: dict[str, Any]) -> None:
    async def each(sender: Sender) -> None:
        for _ in range(MESSAGES):
            await sender.send(part)

    await asyncio.gather(*(each(sender) for sender in senders))
