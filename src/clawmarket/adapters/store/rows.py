"""Rows behind one SQLite connection, and what its errors mean."""

from typing import NoReturn

import pysqlite3
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from clawmarket.adapters.store.connection import Connection
from clawmarket.adapters.store.known import KnownRows, Remembering
from clawmarket.adapters.store.verbs import Reading
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.ports.store import RowExistsError, StoreLostError

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
        super().__init__(connection.cursor().execute)
        self._connection = connection

    def _fail(self, error: Exception) -> NoReturn:
        # Without a transaction SQLite would commit every further statement by itself.
        if not self._connection.in_transaction:
            self._execute = _refuse
        raise refusal(error) from error


class SqliteTransaction(Remembering, SqliteSnapshot):
    """What the only writing connection of a file sees, and can change.

    Args:
        connection: In a transaction that holds the file's write lock.
        known: The rows that its owner has in mind.
    """

    def __init__(self, connection: Connection, known: KnownRows) -> None:
        super().__init__(connection)
        self._known = known


class SqliteWriting:
    """The writing connection of a file.

    Args:
        connection: In autocommit mode.
    """

    # One home has one process.
    others_wrote = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._execute = connection.cursor().execute
        self._known = KnownRows()

    @property
    def is_open(self) -> bool:
        """Whether SQLite has not rolled the transaction back."""
        return self._connection.in_transaction

    def begin(self) -> SqliteTransaction:
        """Begin a transaction that holds the file's write lock."""
        self._execute("BEGIN IMMEDIATE")
        self._known.begin(others_wrote=self.others_wrote)
        return SqliteTransaction(self._connection, self._known)

    def mark(self) -> None:
        """Begin a command."""
        self._execute("SAVEPOINT command")
        self._known.mark()

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
        self._known.commit()

    def rollback(self) -> None:
        """Take the whole transaction back."""
        self._execute("ROLLBACK")
        self._known.rollback()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _refuse(*_: object) -> NoReturn:
    raise StoreLostError("The transaction was lost; nothing of it happened.")
