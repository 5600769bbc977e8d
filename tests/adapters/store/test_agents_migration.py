"""Agents of a market that traded before there were agents: every ended order counts, once."""

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
from clawmarket.domain.market.agents.standing import Counterparty, Standing
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.ports.store import Store
from postgres_server import PostgresDatabase, PostgresServer
from stored_rows import every
from world import World

BEFORE = "0012"


@pytest.fixture(scope="module")
def traded() -> dict[type, list[Any]]:
    """Orders that ended in every way and some that did not, with what they come to."""
    world = World()
    buyer, worker, award = world.hired()
    buyer.accepts(worker.submits(award))
    world.pass_time(seconds=60)
    for payer in (buyer, world.member()):
        payer.accepts(worker.submits(payer.awards(worker.bids(payer.publishes()))))
    worker.refunds(buyer.awards(worker.bids(buyer.publishes())))
    contested = buyer.awards(worker.bids(buyer.publishes()))
    worker.submits(contested)
    dispute = buyer.contests(contested)
    heard = {"disputeId": dispute["disputeId"], "summary": "See here."}
    buyer.do("web3.dispute.submitEvidence", **heard)
    world.permitted()
    world.pass_time(seconds=60 * 86_400)
    for _ in range(3):
        world.sweep()
    buyer.orders(worker.offers())
    buyer.awards(worker.bids(buyer.publishes()))
    kinds: tuple[type, ...] = (Order, Settlement, Standing, Counterparty)
    rows: dict[type, list[Any]] = {kind: world.all(kind) for kind in kinds}
    world.close()
    return rows


def put(engine: Engine, rows: list[Any]) -> None:
    """Write rows as the version before had them."""
    with engine.begin() as connection:
        for row in rows:
            table = TABLES[type(row)]
            cells = codec_of(type(row)).encode(row)
            named = dict(zip(table.c.keys(), cells, strict=True))
            named.pop("why" if table.name == "settlements" else "", None)
            connection.execute(insert(table).values(named))


def counted(store: Store) -> dict[type, list[Any]]:
    """Return what the migration made of the orders."""
    found: dict[type, list[Any]] = {kind: every(store, kind) for kind in (Standing, Counterparty)}
    store.close()
    return found


def expected(traded: dict[type, list[Any]]) -> dict[type, list[Any]]:
    """Return what the market itself counted, in the order of the keys."""
    standings = sorted(traded[Standing], key=lambda row: row.account_id)
    return {
        Standing: standings,
        Counterparty: sorted(traded[Counterparty], key=lambda r: r.pair_id),
    }


def test_the_orders_end_in_every_way(traded: dict[type, list[Any]]) -> None:
    """Three paid by two buyers, one refunded, one dispute lost."""
    (standing,) = (row for row in traded[Standing] if row.paid)

    assert (standing.paid, standing.refunded, standing.lost, standing.buyers) == (3, 1, 1, 2)


def test_a_file_counts_what_ended_before(path: Path, traded: dict[type, list[Any]]) -> None:
    """The migration comes to the figures that the market would have counted."""
    migrate_file(path, BEFORE)
    engine = create_engine(
        "sqlite://", module=pysqlite3, creator=lambda: connect(path), poolclass=NullPool
    )
    put(engine, [*traded[Order], *traded[Settlement]])

    assert counted(open_sqlite(path)) == expected(traded)


def test_a_database_counts_what_ended_before(
    postgres_server: PostgresServer, traded: dict[type, list[Any]]
) -> None:
    """The same on the other database."""
    blank = PostgresDatabase(postgres_server, postgres_server.database())
    url = blank.url.reveal()
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
    )
    migrate(engine, BEFORE)
    put(engine, [*traded[Order], *traded[Settlement]])

    assert counted(open_postgres(blank.url)) == expected(traded)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "market.db"
