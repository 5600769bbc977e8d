"""How fast records become provable."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from bench.figures import Figure, rate, ratio
from bench.market import open_market
from bench.raw import RawSqlite
from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.ids import RecordIds
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Store, Transaction
from clawmarket.runtime.app import Market
from clawmarket.services.trust.log import sequence

COUNT, BATCH = 4_096, 64


async def audit_figures() -> AsyncIterator[Figure]:
    """Yield audit_append: records appended, sequenced and provable over bare appends."""
    with tempfile.TemporaryDirectory() as folder:
        raw = RawSqlite(Path(folder) / "raw.db")
        async with open_market(Path(folder) / "home") as market:
            if market.workers is not None:
                await market.workers.stop()
            ids = RecordIds()
            value = await ratio(
                lambda: _rate_of(market, ids),
                lambda: rate(COUNT, lambda: raw.appends(COUNT, BATCH, _body("rec"))),
            )
        raw.close()
        yield Figure("audit_append", value, "of bare durable appends", 0.3)


def _body(record_id: str) -> bytes:
    return canonical_bytes(
        {
            "v": 1,
            "id": record_id,
            "at": 1_790_000_000_000,
            "actor": "agent_01h00000000000000000000000",
            "method": "web3.market.placeBid",
            "events": [{"kind": "bid_placed", "bidId": "bid_01h00000000000000000000000"}],
            "states": [["bid_01h00000000000000000000000", "", "bid_submitted"]],
            "postings": [],
        }
    )


async def _rate_of(market: Market, ids: RecordIds) -> float:
    now = market.pipeline.ports.clock.now()
    records = [_record(ids.next(now, os.urandom(10)), now) for _ in range(COUNT)]
    return await rate(COUNT, lambda: _append(market, records, now))


def _record(record_id: str, now: int) -> Record:
    actor, method = "agent_01h00000000000000000000000", "web3.market.placeBid"
    return Record(record_id, now, actor, method, _body(record_id), os.urandom(32))


async def _append(market: Market, records: list[Record], now: int) -> None:
    store: Store = market.pipeline.ports.store
    for start in range(0, COUNT, BATCH):
        await store.write(_command(records[start : start + BATCH]))
    await sequence(store, market.signer, now)


def _command(records: list[Record]) -> Callable[[Transaction], None]:
    def command(rows: Transaction) -> None:
        for record in records:
            rows.add(record)

    return command
