"""Keys and open tasks from before 0016: no key was replaced, and all that is open counts."""

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
from clawmarket.domain.market.task import OpenTasks, Task
from clawmarket.domain.trust.session import Credential
from clawmarket.ports.store import Store
from postgres_server import PostgresDatabase, PostgresServer
from stored_rows import every
from world import World

BEFORE = "0015"


@pytest.fixture(scope="module")
def traded() -> dict[type, list[Any]]:
    """Two buyers with tasks that are open and tasks that are not, with what they come to."""
    world = World()
    one, two, worker = world.member(), world.member(), world.member()
    for _ in range(3):
        one.publishes()
    one.cancels(one.publishes())
    one.awards(worker.bids(one.publishes()))
    two.publishes(fund=False)
    world.with_key(one)
    rows: dict[type, list[Any]] = {kind: world.all(kind) for kind in (Task, Credential, OpenTasks)}
    world.close()
    return rows


def put(engine: Engine, rows: list[Any]) -> None:
    """Write rows as the version before had them."""
    with engine.begin() as connection:
        for row in rows:
            table = TABLES[type(row)]
            cells = codec_of(type(row)).encode(row)
            named = dict(zip(table.c.keys(), cells, strict=True))
            for later in ("successor", "ended_at"):
                named.pop(later, None)
            connection.execute(insert(table).values(named))


def check(store: Store, traded: dict[type, list[Any]]) -> None:
    """Compare what the migration made with what the market itself counted."""
    assert every(store, OpenTasks) == sorted(traded[OpenTasks], key=lambda row: row.buyer)
    assert every(store, Credential) == sorted(traded[Credential], key=lambda r: r.credential_id)
    store.close()


def test_a_file_counts_what_is_open(tmp_path: Path, traded: dict[type, list[Any]]) -> None:
    """The migration comes to the figures that the market would have counted."""
    path = tmp_path / "market.db"
    migrate_file(path, BEFORE)
    engine = create_engine(
        "sqlite://", module=pysqlite3, creator=lambda: connect(path), poolclass=NullPool
    )
    put(engine, [*traded[Task], *traded[Credential]])
    assert [row.tasks for row in traded[OpenTasks]] == [3, 1]
    check(open_sqlite(path), traded)


def test_a_database_counts_what_is_open(
    postgres_server: PostgresServer, traded: dict[type, list[Any]]
) -> None:
    """The same on the other database."""
    blank = PostgresDatabase(postgres_server, postgres_server.database())
    url = blank.url.reveal()
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
    )
    migrate(engine, BEFORE)
    put(engine, [*traded[Task], *traded[Credential]])
    check(open_postgres(blank.url), traded)
