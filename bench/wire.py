"""How fast the HTTP side is, over one keep-alive connection a caller and a client of few lines."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bench.figures import Figure, rate, ratio
from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.statement import statement, statement_digest

CALLERS = 8
_lines = itertools.count()


class Line:
    """One HTTP connection that carries one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.token = ""
        self._name = next(_lines)
        self._count = self._name * 10_000_000

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method and return its answer."""
        body = json.dumps(params).encode()
        headers = f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        self._writer.write(
            f"POST /rpc/{method} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}"
            f"Idempotency-Key: {self.next_key()}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        self._count += 1
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        answer: dict[str, Any] = json.loads(await self._reader.readexactly(length))
        if not answer["ok"]:
            raise AssertionError(answer)
        return answer

    def next_key(self) -> str:
        """Return the idempotency key that the next call will send."""
        return f"b{self._count}"

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def http_figures() -> AsyncIterator[Figure]:
    """Yield lifecycle_http: paid lifecycles over no-op calls of the same server."""
    with tempfile.TemporaryDirectory() as folder:
        server, port = serve(Path(folder))
        try:
            lines = [Line(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(16)]
            crowd = list(zip(lines[::2], lines[1::2], strict=True))
            for line in lines:
                await sign_in(line)
            files = [await _store(worker) for _, worker in crowd]
            value = await ratio(
                lambda: rate(CALLERS * 10, lambda: _lifecycles(crowd, files, 10)),
                lambda: rate(CALLERS * 250, lambda: _pings(lines[:CALLERS], 250)),
            )
            for line in lines:
                line.close()
        finally:
            server.terminate()
            server.wait(timeout=20)
        yield Figure("lifecycle_http", value, "lifecycles per no-op call", 0.04)


def serve(folder: Path) -> tuple["subprocess.Popen[str]", int]:
    """Start a market in a process of its own; return it and its port."""
    settings = {"HOME": str(folder / "home"), "PORT": "0", "CALLS_PER_S": "0"}
    environ = os.environ | {f"CLAWMARKET_{name}": value for name, value in settings.items()}
    server = subprocess.Popen(
        [sys.executable, "-m", "clawmarket", "serve", "--faucet"],
        stdout=subprocess.PIPE,
        env=environ,
        text=True,
    )
    for line in server.stdout or ():
        if "http://127.0.0.1:" in line:
            return server, int(line.rsplit(":", 1)[1])
    raise AssertionError("the market did not start")


async def sign_in(line: Line) -> None:
    """Let a new wallet sign in, and go on with an API key of its account."""
    from clawmarket.adapters.entropy.system import SystemEntropy  # noqa: PLC0415 - after the fork
    from clawmarket.adapters.wallets.keyfile import Wallet  # noqa: PLC0415 - after the fork

    wallet = Wallet.create(SystemEntropy())
    asked = await line.call("web3.siwe.challenge", address=wallet.address)
    signature = wallet.sign_message(asked["message"])
    session = await line.call("web3.siwe.verify", message=asked["message"], signature=signature)
    line.token = session["token"]
    market = await line.call("web3.status.summary")
    said = statement(
        market=market["origin"],
        method="web3.keys.create",
        actor=session["accountId"],
        key=line.next_key(),
        signed_at=iso(SystemClock().now()),
        params={"label": "bench"},
    )
    signature = wallet.sign_digest(statement_digest(said))
    proof = {"signature": signature, "signedAt": said["signedAt"]}
    line.token = (await line.call("web3.keys.create", label="bench", **proof))["key"]


async def _store(line: Line) -> dict[str, Any]:
    stored = await line.call("web3.files.put", name="result.md", dataBase64="aGVsbG8=")
    file: dict[str, Any] = stored["file"]
    return file


async def _lifecycles(
    crowd: list[tuple[Line, Line]], files: list[dict[str, Any]], each: int
) -> None:
    async def one(buyer: Line, worker: Line, file: dict[str, Any]) -> None:
        for _ in range(each):
            task = await buyer.call("web3.market.publishTask", title="Bench", budget="1000")
            bid = await worker.call("web3.market.placeBid", taskId=task["taskId"], price="900")
            award = await buyer.call("web3.market.awardBid", bidId=bid["bidId"])
            result = await worker.call(
                "web3.market.submitResult", orderId=award["orderId"], artifacts=[file]
            )
            await buyer.call(
                "web3.market.reviewResult", resultId=result["resultId"], decision="accept"
            )

    await asyncio.gather(*(one(*pair, file) for pair, file in zip(crowd, files, strict=True)))


async def _pings(lines: list[Line], each: int) -> None:
    async def one(line: Line) -> None:
        for _ in range(each):
            await line.call("web3.status.ping")

    await asyncio.gather(*(one(line) for line in lines))
