"""Rows in one SQLite file: a writer that commits in groups, and readers beside it."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar, cast

import pysqlite3

from clawmarket.adapters.store.connection import Connection, connect
from clawmarket.adapters.store.migration import migrate_file
from clawmarket.adapters.store.rows import SqliteSnapshot, SqliteWriting, refusal
from clawmarket.adapters.store.writing.groups import GroupWriter
from clawmarket.ports.store import Place, Snapshot, StoreLostError, Transaction

T = TypeVar("T")


class SqliteStore:
    """A store in a file whose schema is present; `open_sqlite` makes sure of that.

    One process owns the file. `read` may be called from any thread, `write` from any event loop.

    Args:
        path: The database file.
        commit_delay_s: Waited before each COMMIT, to stand for a slower disk.
    """

    def __init__(self, path: str | os.PathLike[str], *, commit_delay_s: float = 0.0) -> None:
        self._path = path
        self._writer = GroupWriter(SqliteWriting(connect(path)), commit_delay_s)
        self._free: deque[Connection] = deque()
        self._closed = False

    def read(self, ask: Callable[[Snapshot], T]) -> T:
        """Run a function on a snapshot and return what it returns. Raises StoreLostError."""
        connection = self._borrow()
        try:
            connection.execute("BEGIN")
            return ask(SqliteSnapshot(connection))
        except pysqlite3.Error as error:
            raise refusal(error) from error
        finally:
            self._give_back(connection)

    async def write(self, command: Callable[[Transaction], T], *, seeks: Sequence[Place] = ()) -> T:
        """Run a function in a transaction of its own and return once it is durable.

        Raises StoreLostError, StoreBusyError, and whatever the function raises.
        """
        outcome = await self._writer.submit(command, seeks)
        if outcome.failure is not None:
            raise outcome.failure
        return cast("T", outcome.value)

    def on_group(self, _look: Callable[[Snapshot], None]) -> None:
        """No other process writes to the file, so there is never anything to see."""

    async def checkpoint(self) -> None:
        """Copy what the log has into the file, as far as nobody reads what stands there.

        The commit that fills the log would do so otherwise, and its callers wait for two more
        syncs. Nobody waits for this: it keeps neither readers nor the writer out.
        """
        await asyncio.to_thread(self._checkpoint)

    def _checkpoint(self) -> None:
        connection = self._borrow()
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except pysqlite3.Error as error:
            raise refusal(error) from error
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Finish what was accepted and let go of the file."""
        self._closed = True
        self._writer.close()
        self._let_go()

    def _borrow(self) -> Connection:
        if self._closed:
            raise StoreLostError("The store is closed.")
        with suppress(IndexError):
            return self._free.pop()
        try:
            return connect(self._path, query_only=True)
        except pysqlite3.Error as error:
            raise refusal(error) from error

    def _give_back(self, connection: Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self._free.append(connection)
        if self._closed:
            self._let_go()

    def _let_go(self) -> None:
        with suppress(IndexError):
            while True:
                self._free.pop().close()


def open_sqlite(path: str | os.PathLike[str], *, commit_delay_s: float = 0.0) -> SqliteStore:
    """Open the store in a file, after making or migrating its tables.

    Raises SchemaNewerError, SqliteUnfitError, StoreLostError.
    """
    try:
        migrate_file(path)
        return SqliteStore(path, commit_delay_s=commit_delay_s)
    except pysqlite3.Error as error:
        raise refusal(error) from error
