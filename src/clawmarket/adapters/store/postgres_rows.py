"""Rows behind one PostgreSQL connection, what its errors mean, and how text gets there."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, chain
from typing import Any, NoReturn

import psycopg
from psycopg.abc import Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper, TextBinaryLoader
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import Dialect

from clawmarket.adapters.store.codec import Cell
from clawmarket.adapters.store.connection import Cursor
from clawmarket.adapters.store.known import KnownRows, Remembering
from clawmarket.adapters.store.schema import UNIQUE
from clawmarket.adapters.store.statements import differing, plan_of, update_statement
from clawmarket.adapters.store.verbs import Changing
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.ports.store import (
    Key,
    RowExistsError,
    RowMissingError,
    StoreLostError,
    key_of,
)

Connection = psycopg.Connection[tuple[Any, ...]]

POSTGRES: Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]  # theirs

# The driver remembers the text of statements with as many values as this.
MOST_VALUES = 50
# How many statements are kept, as text here and prepared on each connection.
PREPARED = 1_000

_WITH_UNIQUE = frozenset(kind for kind, _ in UNIQUE)
# Class 25 of PostgreSQL's error codes: the transaction is not one that can do this any more.
_INVALID_TRANSACTION = "25"


def refusal(error: BaseException) -> Refused:
    """Return what an error of the driver means to whoever asked; its text stays inside."""
    if isinstance(error, psycopg.errors.UniqueViolation):
        return RowExistsError("There is a row with this key or unique value already.")
    if isinstance(error, (psycopg.IntegrityError, psycopg.DataError)):
        return InternalError("A row does not fit its table.")
    state = getattr(error, "sqlstate", None) or "unknown"
    defects = (psycopg.InterfaceError, psycopg.ProgrammingError, psycopg.InternalError)
    if isinstance(error, defects) and not state.startswith(_INVALID_TRANSACTION):
        return InternalError("The store was asked for something that it cannot do.")
    return StoreLostError("The store could not do this; nothing was changed.", reason=state)


def control(connection: Connection, statements: str) -> tuple[Any, ...] | None:
    """Run statements without values in one turn; return the last one's first row, if any."""
    cursor = connection.execute(statements, prepare=False)
    while cursor.nextset():
        pass
    return cursor.fetchone() if cursor.description else None


class PostgresRows(Changing):
    """What a connection sees and changes within the transaction that its owner began.

    Args:
        connection: It runs the statements.
    """

    dialect = POSTGRES
    errors = psycopg.Error

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor(binary=True)
        super().__init__(self._run)
        self._failure: Refused | None = None

    def _run(self, sql: str, values: Sequence[object] = ()) -> Cursor:
        return self._cursor.execute(sql, values)

    def check(self) -> None:
        """Raise the failure of a statement, if there was one: PostgreSQL does nothing after it."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def save(self, row: object, before: object | None = None) -> None:
        """Replace the row that has the same key, or of it what differs from before.

        Raises RowMissingError, RowExistsError.
        """
        if type(row) not in _WITH_UNIQUE:
            super().save(row, before)
            return
        # A value that is taken must not end the command that asked for it.
        self._run("SAVEPOINT row")
        try:
            super().save(row, before)
        except RowExistsError:
            self._run("ROLLBACK TO row")
            raise

    def _fail(self, error: Exception) -> NoReturn:
        refused = refusal(error)
        if not isinstance(refused, RowExistsError):
            self._failure = refused
        raise refused from error


class PostgresChanges(PostgresRows):
    """A transaction whose changes travel with the next look, or at the end of their command.

    They go in one statement where they fit, and what each found is told then. A row whose key
    or unique values need an answer at once is written at once. So most commands change nothing
    before they end, and the savepoint of a command is set right before its first change.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection
        self._waiting: dict[tuple[type, Key], tuple[str, Sequence[Cell]]] = {}
        self._is_marked = False
        self._mark_is_due = False

    def mark(self) -> None:
        """Begin a command that others went before."""
        self._mark_is_due = True

    def undo(self) -> None:
        """Take back what was done since the mark. Raises StoreLostError if that cannot be."""
        if not self._mark_is_due:
            control(self._connection, "ROLLBACK TO command")
        elif self._connection.info.transaction_status is TransactionStatus.INERROR:
            # A look that failed without a savepoint took the commands before it along.
            raise StoreLostError("The transaction was lost; nothing of it happened.")

    def _secure(self) -> None:
        """Set the savepoint of the command under way; the one before it needs its own no more."""
        if self._mark_is_due:
            before = "RELEASE command; " if self._is_marked else ""
            control(self._connection, f"{before}SAVEPOINT command")
            self._is_marked, self._mark_is_due = True, False

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError, at the latest when the command ends."""
        at = type(row), key_of(row)
        if at in self._waiting or at[0] in _WITH_UNIQUE:
            super().add(row)
            return
        plan = plan_of(at[0], self.dialect)
        self._waiting[at] = plan.insert.sql, plan.insert.bind(plan.codec.encode(row))

    def save(self, row: object, before: object | None = None) -> None:
        """Replace the row that has the same key, or of it what differs from before.

        Raises RowMissingError, RowExistsError; of a row that was read before, at the latest when
        the command ends.
        """
        at = type(row), key_of(row)
        if before is None or at in self._waiting or at[0] in _WITH_UNIQUE:
            super().save(row, before)
            return
        cells, kept = (plan_of(at[0], self.dialect).codec.encode(each) for each in (row, before))
        if places := differing(cells, kept):
            update = update_statement(at[0], places, self.dialect)
            self._waiting[at] = update.sql, update.bind(cells)

    def forget(self) -> None:
        """Drop what a command that failed left behind."""
        self._waiting.clear()
        self._failure = None

    def check(self) -> None:
        """Send what waits, and raise the failure of a statement, if there was one."""
        if self._waiting and self._failure is None:
            try:
                self._send()
            except psycopg.Error as error:
                self._fail(error)
        super().check()

    def _run(self, sql: str, values: Sequence[object] = ()) -> Cursor:
        if self._waiting:
            self._send()
        if not sql.startswith("SELECT"):
            self._secure()
        return super()._run(sql, values)

    def _send(self) -> None:
        """Write what waits in few statements; each of its changes touches another row."""
        self._secure()
        waiting, self._waiting = list(self._waiting.values()), {}
        while waiting:
            reach = accumulate(len(values) for _, values in waiting)
            count = max(1, sum(bound <= MOST_VALUES for bound in reach))
            some, waiting = waiting[:count], waiting[count:]
            values = list(chain.from_iterable(given for _, given in some))
            together = _together(tuple(sql for sql, _ in some))
            (found,) = self._cursor.execute(together, values).fetchall()
            if 0 in found:
                self._failure = _unchanged(some[found.index(0)][0])
                raise self._failure


class PostgresTransaction(Remembering, PostgresChanges):
    """What the writing connection of a process sees, and can change.

    Args:
        connection: In a transaction that holds the database's write lock.
        known: The rows that its owner has in mind.
    """

    def __init__(self, connection: Connection, known: KnownRows) -> None:
        super().__init__(connection)
        self._known = known


@lru_cache(maxsize=PREPARED)
def _together(changes: tuple[str, ...]) -> str:
    """Return one statement that does compiled changes and counts the rows of each."""
    parts = ", ".join(f"c{n} AS ({sql} RETURNING 1)" for n, sql in enumerate(changes))
    counts = ", ".join(f"(SELECT count(*) FROM c{n})" for n in range(len(changes)))  # noqa: S608 - numbers only
    return f"WITH {parts} SELECT {counts}"


def _unchanged(sql: str) -> Refused:
    """Return what it means that a change touched no row."""
    if sql.startswith("INSERT"):
        return RowExistsError("There is a row with this key or unique value already.")
    return RowMissingError("There is no row with this key to replace.")


# PostgreSQL has no text with U+0000. It is kept as two characters, and so is the character that
# tells of it; the order of texts and what they begin with stay as they were.
_NUL, _MARK = "\0", "\1"
_KEPT_NUL, _KEPT_MARK = "\1\1", "\1\2"


def kept_text(text: str) -> str:
    """Return a text as it is stored."""
    if _NUL in text or _MARK in text:
        return text.replace(_MARK, _KEPT_MARK).replace(_NUL, _KEPT_NUL)
    return text


def given_text(kept: str) -> str:
    """Return the text that was stored."""
    if _MARK in kept:
        return kept.replace(_KEPT_NUL, _NUL).replace(_KEPT_MARK, _MARK)
    return kept


class TextDumper(StrDumper):
    """Writes texts as they are stored."""

    def dump(self, obj: str) -> Buffer | None:
        """Return the bytes of a text."""
        return super().dump(kept_text(obj))


class TextLoader(TextBinaryLoader):
    """Reads texts that were stored."""

    def load(self, data: Buffer) -> str:
        """Return the text of the bytes."""
        return given_text(str(super().load(data)))
