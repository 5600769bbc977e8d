"""Rows behind one SQLite connection, and what its errors mean."""

from typing import NoReturn, TypeVar

import pysqlite3
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from clawmarket.adapters.store.connection import Connection
from clawmarket.adapters.store.known import KnownRows
from clawmarket.adapters.store.verbs import Changing, Reading
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.ports.store import Key, RowExistsError, StoreLostError

R = TypeVar("R")

SQLITE = SQLiteDialect_pysqlite(paramstyle="qmark")


def refusal(error: pysqlite3.Error) -> Refused:
    """Return what an error of SQLite means to whoever asked; its text stays inside."""
    if isinstance(error, pysqlite3.IntegrityError):
        if str(error).startswith("UNIQUE"):
            return RowExistsError("There is a row with this key or unique value already.")
        return InternalError("A row does not fit its table.")
    if isinstance(error, (pysqlite3.InterfaceError, pysqlite3.ProgrammingError)):
        return InternalError("The store was asked for something that it cannot do.")
    reason = getattr(error, "sqlite_errorname", "unknown")
    return StoreLostError("The store could not do this; nothing was changed.", reason=reason)


class SqliteSnapshot(Reading):
    """What a connection sees within the transaction that its owner began."""

    dialect = SQLITE
    errors = pysqlite3.Error

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.execute)
        self._connection = connection

    def _fail(self, error: Exception) -> NoReturn:
        # Without a transaction SQLite would commit every further statement by itself.
        if not self._connection.in_transaction:
            self._execute = _refuse
        raise refusal(error) from error


class SqliteTransaction(SqliteSnapshot, Changing):
    """What the only writing connection of a file sees, and can change.

    Args:
        connection: In a transaction that holds the file's write lock.
        known: The rows that its owner has in mind.
    """

    def __init__(self, connection: Connection, known: KnownRows) -> None:
        super().__init__(connection)
        self._known = known

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        row = self._known.get(kind, key)
        if row is None:
            row = super().get(kind, key)
            if row is not None:
                self._known.read(row)
        return row

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError."""
        super().add(row)
        self._known.added(row)

    def save(self, row: object, before: object | None = None) -> None:
        """Replace the row that has the same key, or of it what differs from before.

        Raises RowMissingError, RowExistsError.
        """
        super().save(row, before)
        self._known.saved(row)

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete the row with a key, if there is one."""
        super().remove(kind, key)
        self._known.removed(kind, key)


class SqliteWriting:
    """The writing connection of a file.

    Args:
        connection: In autocommit mode.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._known = KnownRows()
        self._kept = True
        self._is_group = False

    @property
    def is_open(self) -> bool:
        """Whether SQLite has not rolled the transaction back."""
        return self._connection.in_transaction

    def begin(self) -> SqliteTransaction:
        """Begin a transaction that holds the file's write lock."""
        self._execute("BEGIN IMMEDIATE")
        if self._kept:
            self._known.mark()
        else:
            self._known.clear()
        self._kept = self._is_group = False
        return SqliteTransaction(self._connection, self._known)

    def mark(self) -> None:
        """Begin a command."""
        self._execute("SAVEPOINT command")
        self._known.mark()
        self._is_group = True

    def undo(self) -> None:
        """Take back what was done since the mark."""
        self._execute("ROLLBACK TO command")
        self._execute("RELEASE command")
        self._known.undo()

    def keep(self) -> None:
        """End a command with all that it did."""
        self._execute("RELEASE command")

    def commit(self) -> None:
        """Make the transaction durable."""
        self._execute("COMMIT")
        self._kept = True

    def rollback(self) -> None:
        """Take the whole transaction back."""
        self._execute("ROLLBACK")
        if not self._is_group:
            # All that was done was done since the last mark.
            self._known.undo()
            self._kept = True

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _refuse(*_: object) -> NoReturn:
    raise StoreLostError("The transaction was lost; nothing of it happened.")
