"""How long a paid call waits for its reservation, with sixteen at once."""

import asyncio
import itertools
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
EACH = 100
PRICES = {"web_search": "10000"}

_calls = itertools.count()


async def reserve_figures() -> AsyncIterator[Figure]:
    """Yield reserve_16_p99: the slowest hundredth of durable reservations, sixteen in parallel.

    All sixteen are of one account and one session, as when an agent calls tools in parallel: each
    moves the same meters. SQLite as it runs for users, synchronous=FULL; the workers run too. The
    median of the rounds.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with open_market(Path(folder) / "home") as market:
            (pair,) = await pairs(market.pipeline, 1)
            owner = replace(pair.buyer, kind=CredentialKind.OPERATOR)
            await market.pipeline.submit(owner, "web3.billing.plan.set", {"toolPrices": PRICES})
            await _round(market.pipeline, pair.buyer)
            rounds = [await _round(market.pipeline, pair.buyer) for _ in range(ROUNDS)]
    yield Figure("reserve_16_p99", sorted(rounds)[ROUNDS // 2], "ms", 5, better="lower")


async def _round(pipeline: Pipeline, agent: Caller) -> float:
    """Let sixteen callers reserve one after the other; return the 99th percentile."""
    durations: list[float] = []

    async def caller() -> None:
        for _ in range(EACH):
            call = {"sessionIdHash": "0" * 64, "tool": "web_search", "callId": str(next(_calls))}
            began = time.perf_counter()
            await pipeline.submit(agent, "web3.billing.reserve", call, key=call["callId"])
            durations.append(time.perf_counter() - began)

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    return p99(durations)
