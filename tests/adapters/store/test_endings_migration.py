"""Settlements and standings from before 0019: the records say why money went back, and whose."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3
import pytest
from sqlalchemy import Engine, NullPool, create_engine, insert

from clawmarket.adapters.store.codec import codec_of
from clawmarket.adapters.store.connection import connect
from clawmarket.adapters.store.migration import migrate, migrate_file
from clawmarket.adapters.store.postgres import open_postgres
from clawmarket.adapters.store.schema import TABLES
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.market.agents.standing import Standing
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Store, key_of
from postgres_server import PostgresDatabase, PostgresServer
from stored_rows import every
from world import Member, World

BEFORE = "0018"
KINDS: tuple[type, ...] = (Order, Settlement, Dispute, Record, Standing)
UNPAID = ("order_cancelled", "order_expired")

Rows = dict[type, list[Any]]


@pytest.fixture(scope="module")
def traded() -> Rows:
    """A market where orders ended by either side's doing, as it is stored today."""
    world = World()
    buyer, seller, order = world.ordered()
    for gives_up in (buyer, seller):
        buyer.locks(order)
        gives_up.refunds(order)
        order = buyer.orders(seller.offers())
    buyer.do("web3.market.order.cancel", orderId=order["orderId"])
    buyer.orders(seller.offers())
    asking = buyer.orders(seller.offers(usageScope={"purpose": "research"}))
    buyer.locks(asking)
    buyer.revokes(buyer.consents(asking))
    buyer.accepts(seller.submits(buyer.awards(seller.bids(buyer.publishes()))))
    _contested(buyer, seller)
    world.pass_time(seconds=60 * 86_400)
    world.sweep()
    rows: Rows = {kind: world.all(kind) for kind in KINDS}
    world.close()
    return rows


def _contested(buyer: Member, seller: Member) -> None:
    """Let both sides be heard, and nobody rule."""
    award = buyer.awards(seller.bids(buyer.publishes()))
    buyer.rejects(seller.submits(award))
    dispute = seller.contests(award)
    for party in (buyer, seller):
        party.do("web3.dispute.submitEvidence", summary="See.", disputeId=dispute["disputeId"])


def as_before(kind: type, row: Any) -> Any:
    """Return a row as the version before had it: all that went back was the seller's."""
    if kind is Order and row.state in UNPAID:
        return replace(row, records=row.records[:-1])
    if kind is Standing and row.paid:
        return replace(row, refunded=row.refunded + 2, lost=row.lost + 1)
    return row


def put(engine: Engine, rows: Rows) -> None:
    """Write what was there before."""
    with engine.begin() as connection:
        for kind, found in rows.items():
            table = TABLES[kind]
            for row in found:
                cells = codec_of(kind).encode(as_before(kind, row))
                named = dict(zip(table.c.keys(), cells, strict=True))
                named.pop("why" if kind is Settlement else "", None)
                connection.execute(insert(table).values(named))


def check(store: Store, traded: Rows) -> None:
    """Compare what the migration made with what the market itself stores today."""
    for kind in (Order, Settlement, Standing):
        assert every(store, kind) == sorted(traded[kind], key=lambda row: str(key_of(row)))
    store.close()


def test_the_orders_end_by_either_side(traded: Rows) -> None:
    """One paid, one given up by the seller, and three that are not the seller's."""
    (standing,) = traded[Standing]
    assert (standing.paid, standing.refunded, standing.lost) == (1, 1, 0)
    assert sorted(row.why for row in traded[Settlement] if row.why) == [
        "no arbiter ruled",
        "the buyer gave the order up",
        "the buyer revoked the consent",
        "the seller gave the order up",
    ]
    assert sum(row.state in UNPAID for row in traded[Order]) == 2


def test_a_file_says_why_and_counts_again(tmp_path: Path, traded: Rows) -> None:
    """The migration comes to what the market would have stored."""
    path = tmp_path / "market.db"
    migrate_file(path, BEFORE)
    engine = create_engine(
        "sqlite://", module=pysqlite3, creator=lambda: connect(path), poolclass=NullPool
    )
    put(engine, traded)
    check(open_sqlite(path), traded)


def test_a_database_says_why_and_counts_again(
    postgres_server: PostgresServer, traded: Rows
) -> None:
    """The same on the other database."""
    blank = PostgresDatabase(postgres_server, postgres_server.database())
    url = blank.url.reveal()
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
    )
    migrate(engine, BEFORE)
    put(engine, traded)
    check(open_postgres(blank.url), traded)
