"""Filling an empty PostgreSQL database from a SQLite file: all rows, or none."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import psycopg
import pysqlite3
from sqlalchemy import Connection as Migrating
from sqlalchemy import Table, select
from sqlalchemy.exc import DBAPIError

from clawmarket.adapters.store.codec import Cell
from clawmarket.adapters.store.connection import Connection as Driver
from clawmarket.adapters.store.copies.layout import REVISION_TABLE, tables_of
from clawmarket.adapters.store.copies.postgres import Far, quoted_name, types_of
from clawmarket.adapters.store.copies.sqlite import opened_file
from clawmarket.adapters.store.migration import revision_in as revision_in_file
from clawmarket.adapters.store.migration import upgrade
from clawmarket.adapters.store.postgres import answering, check_server, migrating, revision_in
from clawmarket.adapters.store.postgresql.connection import connect
from clawmarket.adapters.store.postgresql.rows import POSTGRES, control, kept_text
from clawmarket.adapters.store.postgresql.rows import refusal as postgres_refusal
from clawmarket.adapters.store.postgresql.turns import Connection
from clawmarket.adapters.store.rows import SQLITE, refusal
from clawmarket.adapters.store.schema import KINDS
from clawmarket.domain.kernel.errors import InternalError
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.store import DatabaseTakenError, StoreLostError, StoreUnsureError

# What an extension made is nobody's table.
_TABLES = """
SELECT relname::text FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT EXISTS (
  SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
  AND deptype = 'e')
"""
# What a value of another type than its column's raises on its way to the server.
_UNFIT = (AttributeError, TypeError, ValueError, OverflowError)


def check_empty(url: Secret) -> None:
    """Refuse a database in which there is anything.

    Raises DatabaseTakenError, DatabaseUrlError, DatabaseUnfitError, SchemaNewerError,
    StoreLostError.
    """
    with answering(), closing(connect(url)) as connection:
        check_server(connection)
        _check_empty(connection)


def _check_empty(connection: Connection) -> str | None:
    """Return the schema of a database without rows, or None for one without tables."""
    revision = revision_in(connection)
    names = [str(name) for (name,) in connection.execute(_TABLES, prepare=False).fetchall()]
    if not set(names) <= {*KINDS, REVISION_TABLE}:
        raise DatabaseTakenError("The database holds tables of something else.")
    for name in set(names) & set(KINDS):
        if control(connection, f"SELECT 1 FROM {name} LIMIT 1") is not None:  # noqa: S608 - ours
            raise DatabaseTakenError("The database holds rows of a market.")
    return revision


@contextmanager
def _filling() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise postgres_refusal(error) from error
    except DBAPIError as error:
        reason = getattr(error.orig, "sqlstate", None) or "unknown"
        raise StoreLostError("The database could not be filled.", reason=reason) from error
    except pysqlite3.Error as error:
        raise refusal(error) from error


def load_postgres(source: Path, url: Secret, progress: Far) -> None:
    """Bring all rows of a SQLite file into an empty database, in one transaction.

    Args:
        source: A copy that nobody writes to; the database gets its schema.
        url: The database.
        progress: Told how far it is.

    Raises:
        DatabaseTakenError: There is anything in the database.
        DatabaseUrlError, DatabaseUnfitError, SchemaNewerError: The database cannot be used.
        StoreLostError, InternalError: It does not answer, or does not take a row; nothing of it
            happened.
        StoreUnsureError: The connection broke while all of it was being confirmed.
    """
    check_empty(url)
    with _filling(), closing(opened_file(source)) as reader:
        revision = revision_in_file(reader)
        if revision is None:
            raise StoreLostError("The copy has no tables of a market.")
        tables = tables_of(revision)
        with migrating(url).connect() as connection:
            whole = connection.begin()
            _fill(connection, revision, tables, reader, progress)
            try:
                whole.commit()
            except DBAPIError as error:
                said = "The connection broke while the rows were being confirmed."
                raise StoreUnsureError(said) from error


def _fill(
    connection: Migrating,
    revision: str,
    tables: list[Table],
    reader: Driver,
    progress: Far,
) -> None:
    writer = cast("Connection", connection.connection.driver_connection)
    # Looked at again under the lock: another process may have come first.
    found = _check_empty(writer)
    if found is not None and found > revision:
        raise DatabaseTakenError(f"The database has tables of the newer schema {found}.")
    if found != revision:
        upgrade(connection, revision)
    for number, table in enumerate(tables):
        rows = select(table).order_by(*table.primary_key).compile(dialect=SQLITE)
        found_rows = cast("Iterable[Sequence[Cell]]", reader.execute(str(rows)))
        _write(writer, table, found_rows)
        progress(number + 1, len(tables))


def _write(writer: Connection, table: Table, rows: Iterable[Sequence[Cell]]) -> None:
    columns = ", ".join(POSTGRES.identifier_preparer.format_column(each) for each in table.c)
    into = f"COPY {quoted_name(table)} ({columns}) FROM STDIN (FORMAT BINARY)"
    with writer.cursor().copy(into) as copy:
        copy.set_types(types_of(table))
        for row in rows:
            cells = [kept_text(cell) if isinstance(cell, str) else cell for cell in row]
            try:
                copy.write_row(cells)
            except _UNFIT as error:
                raise InternalError("A row does not fit its table.") from error
