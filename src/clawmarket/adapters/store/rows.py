"""Rows behind one SQLite connection, and what its errors mean."""

from collections.abc import Sequence
from typing import Any, NoReturn

import pysqlite3
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from clawmarket.adapters.store.connection import Connection
from clawmarket.adapters.store.statements import Plan, Prepared, plan_of, update_statement
from clawmarket.adapters.store.verbs import Reading
from clawmarket.adapters.store.writing.deferred import Cells, Changes, Deferring, by_places
from clawmarket.adapters.store.writing.known import KnownRows, Remembering
from clawmarket.adapters.store.writing.marking import Marking
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.ports.store import Place, RowExistsError, RowMissingError, StoreLostError

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
        self._cursor = connection.cursor()
        super().__init__(self._cursor.execute)
        self._connection = connection

    def _fail(self, error: Exception) -> NoReturn:
        if not self._connection.in_transaction:
            self._execute = _refuse
        raise refusal(error) from error


class SqliteTransaction(Remembering, Deferring, SqliteSnapshot):
    """What the only writing connection of a file sees, and can change.

    Args:
        connection: In a transaction that holds the file's write lock.
        known: The rows that its owner has in mind.
        waits: Whether changes wait until the end.
    """

    def __init__(self, connection: Connection, known: KnownRows, *, waits: bool) -> None:
        SqliteSnapshot.__init__(self, connection)
        Deferring.__init__(self, waits=waits)
        self._known = known

    def _write(self, changes: Changes, then: Sequence[str]) -> None:
        for kind, of_kind in changes.items():
            plan: Plan[Any] = plan_of(kind, self.dialect)
            new, changed = by_places(plan.codec, of_kind)
            if new and self._many(plan.insert, new) != len(new):
                raise RowExistsError("There is a row with this key or unique value already.")
            for places, rows in changed.items():
                if self._many(update_statement(kind, places, self.dialect), rows) != len(rows):
                    raise RowMissingError("There is no row with this key to replace.")
        self._control(*then)

    def _many(self, statement: Prepared, rows: list[Cells]) -> int:
        self._check_open()
        try:
            done = self._cursor.executemany(statement.sql, map(statement.bind, rows))
        except pysqlite3.Error as error:
            self._fail(error)
        except (OverflowError, UnicodeError) as error:
            raise InternalError("A row does not fit its table.") from error
        return done.rowcount

    def _control(self, *statements: str) -> None:
        for statement in statements:
            self._check_open()
            self._execute(statement)

    def _lose(self) -> None:
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def _check_open(self) -> None:
        # Without a transaction SQLite would commit every further statement by itself.
        if not self._connection.in_transaction:
            _refuse()


class SqliteWriting(Marking[SqliteTransaction]):
    """The writing connection of a file.

    Args:
        connection: In autocommit mode.
    """

    # One home has one process.
    others_wrote = False

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._execute = connection.cursor().execute

    @property
    def is_open(self) -> bool:
        """Whether SQLite has not rolled the transaction back, and nothing of it was lost."""
        return self._connection.in_transaction and not self._at_work().is_lost

    def begin(self, *, alone: bool, seeks: Sequence[Place] = ()) -> SqliteTransaction:  # noqa: ARG002 - a look into the file costs no more alone
        """Begin a transaction that holds the file's write lock."""
        if self._connection.in_transaction:  # the last one's ROLLBACK failed
            self._execute("ROLLBACK")
        self._execute("BEGIN IMMEDIATE")
        self._known.begin(others_wrote=self.others_wrote)
        self._rows = SqliteTransaction(self._connection, self._known, waits=not alone)
        return self._rows

    def foresee(self, places: Sequence[Place]) -> None:
        """Do nothing: a look into the file costs no more alone."""

    def commit(self) -> None:
        """Write what waits and make the transaction durable."""
        self._at_work().write_all()
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
