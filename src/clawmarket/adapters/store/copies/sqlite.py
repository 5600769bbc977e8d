"""Copies of a SQLite file: taken while others write, and looked at without touching them."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pysqlite3

from clawmarket.adapters.store.connection import check_version, connect
from clawmarket.adapters.store.migration import revision_in
from clawmarket.adapters.store.rows import SqliteSnapshot, refusal
from clawmarket.ports.store import Snapshot

_PAGES_A_STEP = 1024


def copy_database(source: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    """Copy a database as it stands at this moment; a market may go on writing to it.

    The copy is one file without a write-ahead log beside it, readable by its owner only.

    Args:
        source: The database; it is not changed.
        target: A name that is free.
        progress: Told now and then how many pages of how many are copied.

    Raises:
        StoreLostError: The source is no database, or the copy could not be written.
        FileExistsError: The name is taken.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        # One reading transaction for all steps: without it each write of another process would
        # make SQLite begin again, and a busy market could never be copied.
        with closing(_driver(connect(source, query_only=True))) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(pysqlite3.connect(os.fspath(target), isolation_level=None)) as writer:
                writer.execute("PRAGMA synchronous = OFF")
                reader.backup(
                    writer,
                    pages=_PAGES_A_STEP,
                    progress=lambda _, left, total: progress(total - left, total),
                )
                writer.execute("PRAGMA journal_mode = DELETE")
    except pysqlite3.Error as error:
        raise refusal(error) from error


@contextmanager
def opened_copy(path: Path) -> Iterator[Snapshot]:
    """Open a copy that nobody writes to; not even a lock or a journal is left beside it.

    Raises StoreLostError for what is no database.
    """
    with closing(opened_file(path)) as connection:
        yield SqliteSnapshot(connection)


def copied_revision(path: Path) -> str | None:
    """Return the schema of a copy, or None if it has no tables. Raises StoreLostError."""
    try:
        with closing(opened_file(path)) as connection:
            return revision_in(connection)
    except pysqlite3.Error as error:
        raise refusal(error) from error


def file_faults(path: Path) -> list[str]:
    """Return what SQLite finds wrong with a copy: pages, indexes, rows against their columns."""
    try:
        with closing(opened_file(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    except pysqlite3.Error as error:
        return [f"{error}"]
    return [] if found == ["ok"] else found


def opened_file(path: Path) -> Any:  # noqa: ANN401 - the driver ships no types
    """Open a copy for reading, as its driver does. Raises StoreLostError."""
    check_version(pysqlite3.sqlite_version_info)
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        connection = pysqlite3.connect(address, uri=True, isolation_level=None)
        # A stranger's file must not run functions of its own making.
        connection.execute("PRAGMA trusted_schema = OFF")
    except pysqlite3.Error as error:
        raise refusal(error) from error
    return connection


def _driver(connection: object) -> Any:  # noqa: ANN401 - the driver ships no types
    return connection
