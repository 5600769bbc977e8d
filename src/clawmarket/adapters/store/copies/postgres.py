"""Copies of a PostgreSQL database: all rows of one moment in a SQLite file of the same schema.

Rows are streamed table by table in the order of their keys, one of them in memory at a time.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pysqlite3
from sqlalchemy import Table, insert, select

from clawmarket.adapters.store.codec import Cell
from clawmarket.adapters.store.copies.layout import REVISION_TABLE, tables_in
from clawmarket.adapters.store.migration import migrate_file
from clawmarket.adapters.store.postgres import answering, check_server, revision_in
from clawmarket.adapters.store.postgresql.connection import connect
from clawmarket.adapters.store.postgresql.rows import POSTGRES, control
from clawmarket.adapters.store.postgresql.turns import Connection
from clawmarket.adapters.store.rows import SQLITE, refusal
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.store import StoreLostError

Far = Callable[[int, int], None]
"""Told how many tables of how many are copied."""

# Nobody waits for a reader, so it may take its time; a disk that is full for long ends it.
_BEGIN_READING = """
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = '10min'
"""


def copy_postgres(url: Secret, target: Path, progress: Far) -> None:
    """Copy a database as it stands at this moment into a SQLite file of the same schema.

    A market may go on writing; it waits for nothing but a migration.

    Args:
        url: The database; it is not changed.
        target: A name that is free.
        progress: Told how far it is.

    Raises:
        DatabaseUrlError, DatabaseUnfitError, SchemaNewerError: The database cannot be read.
        StoreLostError: It has no tables, does not answer, or the copy could not be written.
        FileExistsError: The name is taken.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with answering(), closing(connect(url)) as reader:
        check_server(reader)
        revision = revision_in(reader)
        if revision is None:
            raise StoreLostError("The database has no tables of a market.")
        migrate_file(target, revision)
        tables = tables_in(target)
        _begin_reading(reader, tables, revision)
        try:
            _write_file(reader, target, tables, progress)
        except pysqlite3.Error as error:
            raise refusal(error) from error


def _begin_reading(reader: Connection, tables: list[Table], revision: str) -> None:
    """Begin the snapshot; a migration would be seen through it, so none may run meanwhile."""
    control(reader, _BEGIN_READING)
    names = ", ".join([REVISION_TABLE, *(quoted_name(table) for table in tables)])
    control(reader, f"LOCK TABLE {names} IN ACCESS SHARE MODE")
    if revision_in(reader) != revision:
        raise StoreLostError("The database was migrated at this moment.", reason="migrated")


def _write_file(reader: Connection, target: Path, tables: list[Table], progress: Far) -> None:
    with closing(pysqlite3.connect(os.fspath(target), isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")
        # A copy that fails is thrown away, and a whole one is synced by whoever asked for it.
        writer.execute("PRAGMA journal_mode = OFF")
        writer.execute("PRAGMA synchronous = OFF")
        writer.execute("BEGIN")
        for number, table in enumerate(tables):
            statement = insert(table).compile(dialect=SQLITE)
            writer.executemany(str(statement), _read(reader, table))
            progress(number + 1, len(tables))
        writer.execute("COMMIT")


def _read(reader: Connection, table: Table) -> Iterator[tuple[Cell, ...]]:
    rows = select(table).order_by(*table.primary_key).compile(dialect=POSTGRES)
    with reader.cursor().copy(f"COPY ({rows}) TO STDOUT (FORMAT BINARY)") as copy:
        copy.set_types(types_of(table))
        yield from copy.rows()


def quoted_name(table: Table) -> str:
    """Return the name of a table as it stands in statements."""
    return POSTGRES.identifier_preparer.format_table(table)


def types_of(table: Table) -> list[str]:
    """Return the types of the columns by the names that the driver knows."""
    return [column.type.as_generic().compile(dialect=POSTGRES).lower() for column in table.c]
