"""How long a paid call waits for its reservation, with sixteen at once."""

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from bench.figures import ROUNDS, Figure, p99
from bench.market import open_market, pairs
from clawmarket.domain.trust.session import CredentialKind
from clawmarket.services.call import Caller
from clawmarket.services.pipeline import Pipeline

AT_ONCE = 16
TURNS = 300
TOOLS_RUN_S = 0.02
PRICES = {"web_search": "10000"}

_calls = itertools.count()


async def reserve_figures() -> AsyncIterator[Figure]:
    """Yield reserve_16_p99: the slowest hundredth of durable reservations, sixteen in parallel.

    All are of one account and one session, as when an agent calls sixteen tools at once: each moves
    the same meters. Three hundred turns, so that no turn alone decides. SQLite as it runs for
    users, synchronous=FULL, the workers too. Median of the rounds.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with open_market(Path(folder) / "home") as market:
            (pair,) = await pairs(market.pipeline, 1)
            owner = replace(pair.buyer, kind=CredentialKind.OPERATOR)
            await market.pipeline.submit(owner, "web3.billing.plan.set", {"toolPrices": PRICES})
            await _round(market.pipeline, pair.buyer)
            rounds = [await _round(market.pipeline, pair.buyer) for _ in range(ROUNDS)]
    yield Figure("reserve_16_p99", statistics.median(rounds), "ms", 5, better="lower")


async def _round(pipeline: Pipeline, agent: Caller) -> float:
    """Let an agent call sixteen tools at once, turn by turn; return the 99th percentile."""
    durations: list[float] = []
    for _ in range(TURNS):
        durations += await asyncio.gather(*(_reserve_s(pipeline, agent) for _ in range(AT_ONCE)))
        await asyncio.sleep(TOOLS_RUN_S)
    return p99(durations)


async def _reserve_s(pipeline: Pipeline, agent: Caller) -> float:
    call = {"sessionIdHash": "0" * 64, "tool": "web_search", "callId": str(next(_calls))}
    began = time.perf_counter()
    await pipeline.submit(agent, "web3.billing.reserve", call)
    return time.perf_counter() - began
