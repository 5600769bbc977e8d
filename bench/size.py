"""How much memory open orders take, and how soon the command's help is there."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bench.figures import ROUNDS, Figure
from bench.market import open_market, pairs
from bench.trading import fill
from clawmarket.domain.market.order import OrderState

OPEN_ORDERS = 10_000


async def memory_figures() -> AsyncIterator[Figure]:
    """Yield memory_10k_orders: resident memory that 10,000 open orders add."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_market(Path(folder) / "home") as market:
            crowd = await pairs(market.pipeline, 1)
            await fill(market.pipeline, crowd[0], 100, state=OrderState.WORKING)
            before = _resident_mb()
            await fill(market.pipeline, crowd[0], OPEN_ORDERS, state=OrderState.WORKING)
            await market.pipeline.submit(
                crowd[0].buyer, "web3.market.order.list", {"side": "buyer", "limit": 200}
            )
            grown = _resident_mb() - before
    yield Figure("memory_10k_orders", grown, "MB", 15, better="lower")


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


async def help_figures() -> AsyncIterator[Figure]:
    """Yield cli_help: the median time until `clawmarket --help` has printed."""
    command = [str(Path(sys.executable).with_name("clawmarket")), "--help"]
    durations = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603, ASYNC221 - our own program, nothing else runs
        durations.append(time.perf_counter() - started)
    yield Figure("cli_help", statistics.median(durations), "s", 0.3, better="lower")
