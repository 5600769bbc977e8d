"""How fast money moves in bulk: the ledger in batches, and the end of orders that are due."""

import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from bench.figures import Figure, rate, ratio
from bench.market import MovableClock, Pair, all_at_once, bid, hand_in, open_market, pairs, publish
from bench.raw import OWNERS, RawSqlite
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.treasury.account import available
from clawmarket.services.call import THE_MARKET
from clawmarket.services.market.sweep import sweep
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.work import Work

TRANSFERS, BATCH = 8_192, 512
DUE = 256
CALLERS = 16
LATER_MS = 700_000


async def batch_figures() -> AsyncIterator[Figure]:
    """Yield ledger_batch: transfers in commands of 512, over raw transactions of 512."""
    with tempfile.TemporaryDirectory() as folder:
        raw = RawSqlite(Path(folder) / "raw.db")
        async with open_market(Path(folder) / "home") as market:
            if market.workers is not None:
                await market.workers.stop()
            crowd = await pairs(market.pipeline, OWNERS // 2)
            owners = [one.account_id for pair in crowd for one in (pair.buyer, pair.worker)]
            value = await ratio(
                lambda: rate(TRANSFERS, lambda: _transfers(market.pipeline, owners)),
                lambda: rate(TRANSFERS, lambda: raw.double_entries(TRANSFERS, BATCH)),
            )
        raw.close()
        yield Figure("ledger_batch", value, "of raw grouped transfers", 0.25)


async def _transfers(pipeline: Pipeline, owners: list[str]) -> None:
    for start in range(0, TRANSFERS, BATCH):
        call = pipeline.call(THE_MARKET, "bench.transfer")
        await pipeline.write(call, partial(_batch, owners, start))


def _batch(owners: list[str], start: int, work: Work) -> None:
    for number in range(start, start + BATCH):
        payer, payee = owners[number % OWNERS], owners[7]
        if payer == payee:
            payee = owners[8]
        work.keep_balance(work.balance(payer, CREDITS).moved(available=-1))
        work.keep_balance(work.balance(payee, CREDITS).moved(available=1))
        moves = [(available(payer), -1), (available(payee), 1)]
        work.post("transfer", payer, CREDITS, moves)


async def sweep_figures() -> AsyncIterator[Figure]:
    """Yield sweep: due orders settled, over a raw loop that takes and does durable jobs."""
    clock = MovableClock()
    with tempfile.TemporaryDirectory() as folder:
        raw = RawSqlite(Path(folder) / "raw.db")
        async with open_market(Path(folder) / "home", clock=clock) as market:
            if market.workers is not None:
                await market.workers.stop()
            crowd = await pairs(market.pipeline, CALLERS)

            async def settled() -> float:
                await all_at_once(crowd, lambda pair: _delivered(market.pipeline, pair))
                clock.advance(LATER_MS)
                return await rate(DUE, lambda: _swept(market.pipeline))

            async def looped() -> float:
                await raw.waiting_jobs(DUE)
                return await rate(DUE, lambda: raw.job_loop(DUE))

            value = await ratio(settled, looped)
        raw.close()
        yield Figure("sweep", value, "of a raw job loop", 0.3)


async def _delivered(pipeline: Pipeline, pair: Pair) -> None:
    for _ in range(DUE // CALLERS):
        await hand_in(pipeline, pair, await bid(pipeline, pair, await publish(pipeline, pair)))


async def _swept(pipeline: Pipeline) -> None:
    released = 0
    while ended := (await sweep(pipeline)).released:
        released += ended
    if released != DUE:
        raise AssertionError(released)
