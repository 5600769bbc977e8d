"""Copies between both databases: equal rows, of one moment, in an empty place or not at all."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from clawmarket.adapters.store.copies.loading import check_empty, load_postgres
from clawmarket.adapters.store.copies.postgres import copy_postgres
from clawmarket.adapters.store.migration import REVISIONS, migrate_file
from clawmarket.adapters.store.postgres import open_postgres, stored_revision
from clawmarket.adapters.store.schema import METADATA
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.kernel.errors import InternalError
from clawmarket.domain.trust.record import Tally
from clawmarket.domain.trust.session import UsedNonce
from clawmarket.ports.store import DatabaseTakenError, SchemaNewerError, Store, StoreLostError
from postgres_server import PostgresDatabase, PostgresServer
from stored_rows import ALL_KINDS, adding, every, rows_of, write


@pytest.fixture
def blank(postgres_server: PostgresServer) -> PostgresDatabase:
    """A database of its own without tables."""
    return PostgresDatabase(postgres_server, postgres_server.database())


def quiet(*_: int) -> None:
    """Tell nobody."""


def filled(store: Store) -> dict[str, list[Any]]:
    """Store rows of every kind, the least, the largest, another one; return them by their kind."""
    for kind in ALL_KINDS:
        write(store, adding(*rows_of(kind)))
    return contents(store)


def file_with(path: Path, *rows: object) -> Path:
    """Make a database in a file."""
    store = open_sqlite(path)
    write(store, adding(*rows))
    store.close()
    return path


def contents(store: Store) -> dict[str, list[Any]]:
    """Return all rows by their kind, and let go of the store."""
    found = {kind.__name__: every(store, kind) for kind in ALL_KINDS}
    store.close()
    return found


def schema(path: Path) -> list[tuple[str, ...]]:
    """Return what a file says of its tables and indexes."""
    with closing(pysqlite3.connect(path)) as connection:
        return sorted(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"))


def tables(database: PostgresDatabase) -> int:
    """Return how many tables a database has."""
    with database.server.connect(database.name) as connection:
        return len(
            connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchall()
        )


def test_a_copy_is_what_a_market_on_a_file_would_have(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    """Every kind of row with its extreme values, in the schema of a new home; one file, closed."""
    held = filled(database.open())
    told: list[tuple[int, int]] = []
    copy_postgres(database.url, tmp_path / "copy.db", lambda *far: told.append(far))
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    migrate_file(tmp_path / "fresh.db")
    assert schema(tmp_path / "copy.db") == schema(tmp_path / "fresh.db")
    assert contents(open_sqlite(tmp_path / "copy.db")) == held
    assert told == [(n + 1, len(ALL_KINDS)) for n in range(len(ALL_KINDS))]


def test_a_loaded_database_is_what_the_file_has(blank: PostgresDatabase, tmp_path: Path) -> None:
    """And back again; the database has tables as if a market had made them."""
    held = filled(open_sqlite(tmp_path / "a.db"))
    load_postgres(tmp_path / "a.db", blank.url, quiet)
    assert contents(open_postgres(blank.url)) == held
    copy_postgres(blank.url, tmp_path / "b.db", quiet)
    assert contents(open_sqlite(tmp_path / "b.db")) == held
    assert tables(blank) == len(METADATA.tables) + 1


def test_tables_without_rows_are_filled(database: PostgresDatabase, tmp_path: Path) -> None:
    """Those that a market made which never started."""
    load_postgres(file_with(tmp_path / "a.db", Tally("a", 1)), database.url, quiet)
    assert contents(database.open())["Tally"] == [Tally("a", 1)]


def test_a_copy_is_of_one_moment(database: PostgresDatabase, tmp_path: Path) -> None:
    """What others write between its first table and its last is not in it."""
    store = database.open()
    write(store, adding(Tally("a", 1), UsedNonce("a", 1)))
    late = iter([(Tally("b", 2), UsedNonce("b", 2))])

    def meanwhile(done: int, _all: int) -> None:
        for rows in late:
            assert done == 1
            write(store, adding(*rows))

    copy_postgres(database.url, tmp_path / "copy.db", meanwhile)
    store.close()
    copied = contents(open_sqlite(tmp_path / "copy.db"))
    assert (copied["Tally"], copied["UsedNonce"]) == ([Tally("a", 1)], [UsedNonce("a", 1)])
    assert len(contents(database.open())["UsedNonce"]) == 2


def test_an_older_schema_is_copied_as_it_is(blank: PostgresDatabase, tmp_path: Path) -> None:
    """Both ways; whoever opens it then migrates it, as any older one."""
    migrate_file(tmp_path / "old.db", REVISIONS[0])
    with closing(pysqlite3.connect(tmp_path / "old.db", isolation_level=None)) as old:
        old.execute("INSERT INTO tallies VALUES ('a', 1)")
    load_postgres(tmp_path / "old.db", blank.url, quiet)
    assert stored_revision(blank.url) == REVISIONS[0]
    copy_postgres(blank.url, tmp_path / "copy.db", quiet)
    assert schema(tmp_path / "copy.db") == schema(tmp_path / "old.db")
    for opened in (open_postgres(blank.url), open_sqlite(tmp_path / "copy.db")):
        assert contents(opened)["Tally"] == [Tally("a", 1)]
    assert stored_revision(blank.url) == REVISIONS[-1]


def test_a_newer_schema_is_not_copied(blank: PostgresDatabase, tmp_path: Path) -> None:
    """Neither from a database nor into one."""
    open_postgres(blank.url).close()
    with blank.server.connect(blank.name) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaNewerError, match="schema 9999"):
        copy_postgres(blank.url, tmp_path / "copy.db", quiet)
    with pytest.raises(SchemaNewerError, match="schema 9999"):
        check_empty(blank.url)


def test_empty_tables_of_a_newer_schema_than_the_copy_are_left_alone(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    """Schemas only ever go forward."""
    migrate_file(tmp_path / "old.db", REVISIONS[0])
    with pytest.raises(DatabaseTakenError, match=f"newer schema {REVISIONS[-1]}"):
        load_postgres(tmp_path / "old.db", database.url, quiet)


@pytest.mark.parametrize(
    "there",
    [
        "CREATE TABLE mine (a INT)",
        "CREATE TABLE tallies (name TEXT, amount INT); INSERT INTO tallies VALUES ('a', 1)",
    ],
)
def test_a_database_with_anything_in_it_is_left_alone(
    blank: PostgresDatabase, tmp_path: Path, there: str
) -> None:
    """A table of somebody else, or a row of a market."""
    with blank.server.connect(blank.name) as connection:
        connection.execute(there)
    with pytest.raises(DatabaseTakenError):
        load_postgres(file_with(tmp_path / "a.db", Tally("b", 2)), blank.url, quiet)
    assert tables(blank) == 1


def test_a_row_that_does_not_fit_takes_all_others_back(
    blank: PostgresDatabase, tmp_path: Path
) -> None:
    """A file that was made by hand: a number is a text there, and a text bytes."""
    for number, values in enumerate([("a", "many"), (b"a", 1)]):
        path = file_with(tmp_path / f"{number}.db", Tally("b", 2))
        with closing(pysqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("INSERT INTO tallies VALUES (?, ?)", values)
        with pytest.raises(InternalError, match="does not fit"):
            load_postgres(path, blank.url, quiet)
        assert tables(blank) == 0


def test_a_lost_connection_leaves_nothing(blank: PostgresDatabase, tmp_path: Path) -> None:
    """In the middle of the rows; the database can be filled afterwards."""
    path = file_with(tmp_path / "a.db", Tally("a", 1))

    def cut(done: int, _all: int) -> None:
        if done == 1:
            with blank.server.connect() as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [blank.name],
                )

    with pytest.raises(StoreLostError):
        load_postgres(path, blank.url, cut)
    assert tables(blank) == 0
    load_postgres(path, blank.url, quiet)
    with pytest.raises(StoreLostError):
        copy_postgres(blank.url, tmp_path / "copy.db", cut)


def test_a_database_without_tables_is_no_market(blank: PostgresDatabase, tmp_path: Path) -> None:
    """There is nothing to copy, and nothing in the way."""
    check_empty(blank.url)
    with pytest.raises(StoreLostError, match="no tables"):
        copy_postgres(blank.url, tmp_path / "copy.db", quiet)
