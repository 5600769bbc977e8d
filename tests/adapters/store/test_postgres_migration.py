"""A database gets the schema that this version knows, or is left alone."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, NullPool, create_engine

from clawmarket.adapters.store.codec import codec_of
from clawmarket.adapters.store.migration import REVISIONS, migrate
from clawmarket.adapters.store.postgres import open_postgres
from clawmarket.adapters.store.postgresql.connection import connect
from clawmarket.adapters.store.schema import METADATA
from clawmarket.adapters.store.schema import TABLES as DECLARED
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.treasury.rail import RailStep
from clawmarket.domain.trust.record import Tally
from clawmarket.ports.store import (
    DatabaseUnfitError,
    DatabaseUrlError,
    SchemaNewerError,
    StoreLostError,
)
from postgres_server import PostgresDatabase, PostgresServer
from stored_rows import adding, every, rows_of, write

TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture
def blank(postgres_server: PostgresServer) -> PostgresDatabase:
    """A database of its own without tables."""
    return PostgresDatabase(postgres_server, postgres_server.database())


@pytest.fixture
def driver(blank: PostgresDatabase) -> "Iterator[psycopg.Connection[Any]]":
    """A connection of somebody else to it."""
    with blank.server.connect(blank.name) as connection:
        yield connection


def tables(driver: "psycopg.Connection[Any]") -> list[str]:
    """Return the names of all tables."""
    return [name for (name,) in driver.execute(TABLES)]


def engine(database: PostgresDatabase) -> Engine:
    """Let SQLAlchemy look at a database."""
    url = database.url.reveal()
    return create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
    )


def test_a_migrated_database_has_the_declared_tables_and_indexes(
    migrated_database: PostgresDatabase,
) -> None:
    """Alembic finds nothing that it would have to change, by name or by type."""
    with engine(migrated_database).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_every_text_is_ordered_by_its_bytes(migrated_database: PostgresDatabase) -> None:
    """Whatever the order of the database itself is."""
    asked = """
        SELECT DISTINCT data_type::text, collation_name::text FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1
    """
    with migrated_database.server.connect(migrated_database.name) as connection:
        found = connection.execute(asked).fetchall()
    assert found == [("bigint", None), ("bytea", None), ("text", "C")]


def test_rail_steps_from_before_lose_their_share_and_nothing_else(blank: PostgresDatabase) -> None:
    """Rows of the revision before, with a share and without one, open and read equal."""
    steps, url = rows_of(RailStep), blank.url.reveal()
    connection = connect(blank.url)
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
    )
    migrate(engine, "0007")
    for step, share in zip(steps, (None, 0, 2**63 - 1), strict=True):
        cells = [*codec_of(RailStep).encode(step), share]
        names = ", ".join((*DECLARED[RailStep].c.keys(), "share"))
        marks = ", ".join(f"${place + 1}" for place in range(len(cells)))
        connection.execute(f"INSERT INTO rail_steps ({names}) VALUES ({marks})", cells)  # noqa: S608 - our own words
    connection.close()
    store = open_postgres(blank.url)
    assert every(store, RailStep) == sorted(steps, key=lambda step: step.key.encode())
    store.close()


def test_processes_that_start_together_migrate_once(blank: PostgresDatabase) -> None:
    """Four at a time; all of them have the tables then, and rows outlive another opening."""
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_postgres(blank.url), range(4)))
    for number, store in enumerate(stores):
        write(store, adding(Tally(str(number), number)))
        store.close()
    again = open_postgres(blank.url)
    assert [row.amount for row in every(again, Tally)] == [0, 1, 2, 3]
    again.close()


def test_a_newer_database_is_left_alone(
    blank: PostgresDatabase, driver: "psycopg.Connection[Any]"
) -> None:
    """At the opening, and by a process that has it open while another one migrates."""
    running = open_postgres(blank.url)
    write(running, adding(Tally("a", 1)))
    driver.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaNewerError, match=f"schema 9999; .* knows {REVISIONS[-1]}"):
        open_postgres(blank.url)
    with pytest.raises(SchemaNewerError, match="schema 9999"):
        write(running, adding(Tally("b", 1)))
    running.close()
    assert driver.execute("SELECT * FROM tallies").fetchall() == [("a", 1)]


@pytest.mark.parametrize("name", ["used_nonces", "alembic_version"])
def test_tables_of_somebody_else_are_left_alone(
    blank: PostgresDatabase, driver: "psycopg.Connection[Any]", name: str
) -> None:
    """One table in the way takes all the others back."""
    driver.execute(f"CREATE TABLE {name} (mine TEXT)")
    with pytest.raises(StoreLostError) as refused:
        open_postgres(blank.url)
    assert (refused.value.code, "SELECT" in str(refused.value)) == ("E_UNAVAILABLE", False)
    assert tables(driver) == [name]


def test_a_database_that_cannot_hold_all_texts_is_refused(postgres_server: PostgresServer) -> None:
    """Its encoding has no letters but those of English."""
    name = postgres_server.database("template0", "SQL_ASCII")
    with pytest.raises(DatabaseUnfitError, match="encoding SQL_ASCII"):
        open_postgres(postgres_server.url(name))


def _elsewhere(server: PostgresServer) -> str:
    return f"postgresql://postgres:hunter@/postgres?host={server.folder / 'none'}"


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        (_elsewhere, StoreLostError),
        (lambda s: f"postgresql://postgres:hunter@/no_such?host={s.folder}", StoreLostError),
        (lambda _: "postgresql://postgres:hunter@localhost:port/x", StoreLostError),
        (lambda _: "postgresql://postgres:hunter @ x?y", DatabaseUrlError),
        (lambda _: "postgresql://postgres:hunter@/x?no_such_option=1", DatabaseUrlError),
        (lambda _: "hunter", DatabaseUrlError),
        (lambda _: "postgresql://postgres:hunter@127.0.0.1/\udcff", DatabaseUrlError),
    ],
)
def test_what_is_no_database_is_refused_without_its_password(
    postgres_server: PostgresServer, url: Callable[[PostgresServer], str], failure: type
) -> None:
    """In the refusal and in all that is behind it."""
    with pytest.raises(failure) as refused:
        open_postgres(Secret(url(postgres_server)))
    behind: BaseException | None = refused.value
    while behind is not None:
        assert "hunter" not in f"{behind!r} {getattr(behind, 'details', '')}"
        behind = behind.__cause__ or behind.__context__


def test_sqlite_needs_no_driver_of_postgresql() -> None:
    """A market on a file starts without it."""
    code = "import sys, clawmarket.runtime.app; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
