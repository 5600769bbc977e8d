"""What it costs that much is waiting: the processor while nothing happens, and a new start."""

import asyncio
import http.client
import json
import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.figures import ROUNDS, Figure
from bench.market import open_market, pairs
from bench.trading import fill
from bench.wire import serve
from clawmarket.domain.market.order import OrderState
from clawmarket.domain.trust.session import CredentialKind

TIMERS = 50_000
ORDERS = 100_000
WATCHED_S = 4.0


async def timers_figures() -> AsyncIterator[Figure]:
    """Yield timers_cpu and timers_threads: what 50,000 orders that wait for a moment take.

    The processor time is that of the whole market with its workers, not only what timers add.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with open_market(Path(folder) / "home") as market:
            crowd = await pairs(market.pipeline, 1)
            await asyncio.sleep(WATCHED_S)
            threads = threading.active_count()
            await fill(market.pipeline, crowd[0], TIMERS, state=OrderState.WORKING)
            await asyncio.sleep(WATCHED_S)
            used = statistics.median([await _cpu_percent() for _ in range(ROUNDS)])
            more = threading.active_count() - threads
    yield Figure("timers_cpu", used, "% of a processor", 1, better="lower")
    yield Figure("timers_threads", more, "threads more", 0, better="lower")


async def _cpu_percent() -> float:
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(WATCHED_S)
    return 100 * (time.process_time() - cpu) / (time.perf_counter() - began)


@dataclass(frozen=True)
class Home:
    """A market's home, and what its buyer has to be told of the newest order there."""

    folder: Path
    token: str
    newest: list[str]


async def restart_figures() -> AsyncIterator[Figure]:
    """Yield restart_100k: the time to a correct answer after kill -9, over that of an empty one.

    Both homes were killed in the same way just before; both starts are timed from the command
    to the answer that names the buyer's newest order, or none.
    """
    with tempfile.TemporaryDirectory() as folder:
        full = await _home(Path(folder) / "full", ORDERS)
        empty = await _home(Path(folder) / "empty", 0)
        for home in (full, empty):
            _restart_s(home)
        ratios = [_restart_s(full) / _restart_s(empty) for _ in range(ROUNDS)]
        yield Figure("restart_100k", statistics.median(ratios), "of an empty start", 1.5, "lower")


async def _home(folder: Path, orders: int) -> Home:
    os.mkdir(folder)  # noqa: PTH102 - nothing else runs
    async with open_market(folder / "home") as market:
        (pair,) = await pairs(market.pipeline, 1)
        if orders:
            await fill(market.pipeline, pair, orders)
        owner = replace(pair.buyer, kind=CredentialKind.OPERATOR)  # a key makes no other keys
        made = await market.pipeline.submit(owner, "web3.keys.create", {"label": "bench"})
        asked: dict[str, Any] = {"side": "buyer", "limit": 1}
        page = await market.pipeline.submit(pair.buyer, "web3.market.order.list", asked)
    return Home(folder, made["key"], [order["orderId"] for order in page["items"]])


def _restart_s(home: Home) -> float:
    """Start the market, kill it after its first correct answer, and return when that came."""
    began = time.perf_counter()
    server, port = serve(home.folder)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {home.token}"}
    line.request("POST", "/rpc/web3.market.order.list", b'{"side":"buyer","limit":1}', headers)
    answer = json.loads(line.getresponse().read())
    took = time.perf_counter() - began
    if [order["orderId"] for order in answer["items"]] != home.newest:
        raise AssertionError(answer)
    _write(line, headers)
    _kill(server)
    line.close()
    return took


def _write(line: http.client.HTTPConnection, headers: dict[str, str]) -> None:
    """Leave something in the log of writes that the next start has to take in."""
    line.request("POST", "/rpc/web3.market.publishTask", b'{"title":"x","budget":"1"}', headers)
    if not json.loads(line.getresponse().read())["ok"]:
        raise AssertionError


def _kill(server: "subprocess.Popen[str]") -> None:
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    if server.stdout is not None:
        server.stdout.close()
