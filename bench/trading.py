"""How fast a market trades: alone, with 32 callers, when it has grown, on a slow disk."""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bench.figures import Figure, p99, rate, ratio
from bench.market import (
    Pair,
    all_at_once,
    bid,
    lifecycle,
    lifecycles,
    open_market,
    pairs,
    publish,
    trade,
)
from bench.raw import RawSqlite
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.market.task import Task
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.ports.store import Transaction
from clawmarket.services.pipeline import Pipeline

RAW_COMMITS = 2_000
GROWN = 50_000
SMALL = 1_000


async def lifecycle_figures() -> AsyncIterator[Figure]:
    """Yield how many lifecycles pass in the time of one raw commit, alone and with 32 callers.

    A lifecycle is publish funded, award, submit, accept. The bid between the first two is the
    answer of somebody else and stands in figures of its own, which time all five commands.
    """
    for measure, suffix, floors in (
        (paid_rate, "", (0.05, 0.10)),
        (lifecycle_rate, "_with_bid", (0.035, 0.075)),
    ):
        for callers, each, floor in zip((1, 32), (200, 12), floors, strict=True):
            value = await _against_raw(measure, callers, each)
            name = f"lifecycle_{callers}{suffix}"
            yield Figure(name, value, "lifecycles per raw commit", floor)


Measure = Callable[[Pipeline, list[Pair], int], Awaitable[float]]


async def _against_raw(measure: Measure, callers: int, each: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        raw = RawSqlite(Path(folder) / "raw.db")
        async with open_market(Path(folder) / "home") as market:
            crowd = await pairs(market.pipeline, callers)
            value = await ratio(
                lambda: measure(market.pipeline, crowd, each),
                lambda: rate(RAW_COMMITS, lambda: raw.double_entries(RAW_COMMITS)),
            )
        raw.close()
        return value


async def paid_rate(pipeline: Pipeline, crowd: list[Pair], each: int) -> float:
    """Return lifecycles a second of publish, award, submit and accept; bids are off the clock."""

    async def published(pair: Pair) -> list[str]:
        return [await publish(pipeline, pair) for _ in range(each)]

    async def traded(pair: Pair) -> None:
        for bid_id in bids[pair]:
            await trade(pipeline, pair, bid_id)

    started = time.perf_counter()
    tasks = await all_at_once(crowd, published)
    publishing = time.perf_counter() - started
    bids = {
        pair: [await bid(pipeline, pair, task_id) for task_id in task_ids]
        for pair, task_ids in zip(crowd, tasks, strict=True)
    }
    started = time.perf_counter()
    await all_at_once(crowd, traded)
    return len(crowd) * each / (publishing + time.perf_counter() - started)


async def lifecycle_rate(pipeline: Pipeline, crowd: list[Pair], each: int) -> float:
    """Return lifecycles a second, bids included."""
    return await rate(len(crowd) * each, lambda: lifecycles(pipeline, crowd, each))


async def group_commit_figures() -> AsyncIterator[Figure]:
    """Yield group_commit_gain: 32 callers over one, with 2 ms added to each commit."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_market(Path(folder) / "home", commit_delay_s=0.002) as market:
            crowd = await pairs(market.pipeline, 32)
            value = await ratio(
                lambda: lifecycle_rate(market.pipeline, crowd, 6),
                lambda: lifecycle_rate(market.pipeline, crowd[:1], 20),
            )
        yield Figure("group_commit_gain", value, "times", 8)


async def growth_figures() -> AsyncIterator[Figure]:
    """Yield growth_50k and the slowest looks at one order among 50,000."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_market(Path(folder) / "grown") as grown,
            open_market(Path(folder) / "small") as small,
        ):
            crowds = {}
            for market, size in ((grown, GROWN), (small, SMALL)):
                crowds[market.config.home] = await pairs(market.pipeline, 4)
                await fill(market.pipeline, crowds[market.config.home][0], size)
            value = await ratio(
                lambda: lifecycle_rate(grown.pipeline, crowds[grown.config.home], 25),
                lambda: lifecycle_rate(small.pipeline, crowds[small.config.home], 25),
            )
            yield Figure("growth_50k", value, "of the rate with 1,000 orders", 0.75)
            pair = crowds[grown.config.home][0]
            async for figure in _looks(grown.pipeline, pair):
                yield figure


async def _looks(pipeline: Pipeline, pair: Pair) -> AsyncIterator[Figure]:
    order_id = await lifecycle(pipeline, pair)
    looks: dict[str, tuple[str, dict[str, Any]]] = {
        "status": ("web3.market.status.summary", {}),
        "tasks": ("web3.market.listTasks", {"status": "task_open", "limit": 50}),
        "orders": ("web3.market.order.list", {"side": "buyer", "limit": 50}),
        "explain": ("web3.market.order.explain", {"orderId": order_id}),
    }
    for name, (method, params) in looks.items():
        durations = []
        for _ in range(300):
            started = time.perf_counter()
            await pipeline.submit(pair.buyer, method, params)
            durations.append(time.perf_counter() - started)
        yield Figure(f"growth_50k_{name}_p99", p99(durations), "ms", 5, better="lower")


async def fill(
    pipeline: Pipeline, pair: Pair, count: int, *, state: OrderState = OrderState.COMPLETED
) -> None:
    """Add copies of one real order, its task and its settlement under ids of their own."""
    order_id = await lifecycle(pipeline, pair)
    store = pipeline.ports.store
    order = store.read(lambda rows: rows.get(Order, order_id))
    if order is None:
        raise AssertionError(order_id)
    acts_at = None if state is OrderState.COMPLETED else order.due_at + 10**9
    originals: list[Any] = [replace(order, state=state, acts_at=acts_at)]
    originals.append(store.read(lambda rows: rows.get(Task, order.task_id or "")))
    originals.append(store.read(lambda rows: rows.get(Settlement, order.settlement_id or "")))
    for start in range(0, count, 500):
        await store.write(_copies(originals, start, min(500, count - start)))


def _copies(originals: list[Any], start: int, count: int) -> Callable[[Transaction], None]:
    def command(rows: Transaction) -> None:
        for number in range(start, start + count):
            for original in originals:
                key = fields(original)[0].name
                rows.add(replace(original, **{key: _other_id(getattr(original, key), number)}))

    return command


def _other_id(some_id: str, number: int) -> str:
    prefix, _, ulid = some_id.rpartition("_")
    return f"{prefix}_{ulid[:-8]}{number:08d}"
