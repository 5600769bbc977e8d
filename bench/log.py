"""How fast records become provable."""

import os
import tempfile
from collections.abc import AsyncIterator
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
                lambda: rate(COUNT, lambda: _append(market, ids)),
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


async def _append(market: Market, ids: RecordIds) -> None:
    store: Store = market.pipeline.ports.store
    now = market.pipeline.ports.clock.now()

    def command(rows: Transaction) -> None:
        for _ in range(BATCH):
            record_id = ids.next(now, os.urandom(10))
            rows.add(
                Record(
                    record_id,
                    now,
                    "agent_01h00000000000000000000000",
                    "web3.market.placeBid",
                    _body(record_id),
                    os.urandom(32),
                )
            )

    for _ in range(COUNT // BATCH):
        await store.write(command)
    await sequence(store, market.signer, now)
