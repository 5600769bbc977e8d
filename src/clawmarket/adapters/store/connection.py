"""Connections to a SQLite file, each opened the same way."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import pysqlite3

from clawmarket.domain.kernel.errors import UnavailableError

# Older ones can corrupt the file when a connection resets the write-ahead log beside another.
OLDEST_SQLITE = (3, 53, 0)
BUSY_S = 5.0
CACHED_STATEMENTS = 512
# A commit that finds as many in the log copies them; before that a thread beside it does.
CHECKPOINT_PAGES = 16_000
CACHE_KIB = 8_192


class SqliteUnfitError(UnavailableError):
    """The installed SQLite has a known defect that can damage the file."""

    advice = "Install pysqlite3 0.6.1 or later."
    next_command = "pip install --upgrade pysqlite3"
    retryable = False


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows a change touched."""
        ...

    def fetchone(self) -> Sequence[Any] | None:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return all rows."""
        ...


class Executor(Cursor, Protocol):
    """What runs statements one after the other, and has what the last one gave."""

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, many: Iterable[Sequence[Any]], /) -> Cursor:
        """Run one statement for each of many rows of values."""
        ...


class Connection(Protocol):
    """What we use of a driver that ships no types."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        ...

    def cursor(self) -> Executor:
        """Return what runs statements; making one costs a quarter of a short statement."""
        ...

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement on a cursor of its own."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def connect(path: str | os.PathLike[str], *, query_only: bool = False) -> Connection:
    """Open a file in autocommit mode, with a write-ahead log synced at each COMMIT.

    The connection may move between threads, but only one may use it at a time.
    Raises SqliteUnfitError.
    """
    check_version(pysqlite3.sqlite_version_info)
    connection: Connection = pysqlite3.connect(
        os.fspath(path),
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=CACHED_STATEMENTS,
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute(f"PRAGMA query_only = {int(query_only)}")
    return connection


def check_version(version: tuple[int, ...]) -> None:
    """Raise SqliteUnfitError for a SQLite that is too old."""
    if version < OLDEST_SQLITE:
        raise SqliteUnfitError(f"SQLite {'.'.join(map(str, version))} is too old.")
