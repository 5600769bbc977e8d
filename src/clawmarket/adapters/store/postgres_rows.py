"""Rows behind one PostgreSQL connection, what its errors mean, and how text gets there."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper, TextBinaryLoader
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import Dialect

from clawmarket.adapters.store.codec import Cell
from clawmarket.adapters.store.connection import Cursor
from clawmarket.adapters.store.schema import WITH_UNIQUE
from clawmarket.adapters.store.statements import (
    Plan,
    insert_many,
    names_of,
    plan_of,
    present,
    update_many,
)
from clawmarket.adapters.store.verbs import Changing
from clawmarket.adapters.store.writing.deferred import Change, Changes, Deferring, by_places
from clawmarket.adapters.store.writing.known import KnownRows, Remembering
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.ports.store import (
    Key,
    Place,
    RowExistsError,
    RowMissingError,
    StoreLostError,
)

Connection = psycopg.Connection[tuple[Any, ...]]
Json = dict[str, Cell]

POSTGRES: Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]  # theirs

# How many statements are kept, as text here and prepared on each connection.
PREPARED = 1_000

# Class 25 of PostgreSQL's error codes: the transaction is not one that can do this any more.
_INVALID_TRANSACTION = "25"
_IN_ERROR = TransactionStatus.INERROR


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
        if type(row) not in WITH_UNIQUE:
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


class PostgresTransaction(Remembering, Deferring, PostgresRows):
    """What the writing connection of a process sees, and can change.

    Whatever waits goes in one statement: each of its changes touches another row.

    Args:
        connection: In a transaction that holds the database's write lock.
        known: The rows that its owner has in mind.
    """

    def __init__(self, connection: Connection, known: KnownRows) -> None:
        PostgresRows.__init__(self, connection)
        Deferring.__init__(self, waits=True)
        self._connection = connection
        self._known = known

    def foresee(self, places: Sequence[Place]) -> None:
        """Find out at once which of these rows are not there."""
        sought: dict[type, list[Key]] = {}
        for kind, key in places:
            sought.setdefault(kind, []).append(key)
        for kind, keys in sought.items():
            found = self._execute(present(kind, self.dialect), (keys,)).fetchall()
            there = {row[0] for row in found}
            self.note_absent(kind, (key for key in keys if key not in there))

    def undo(self) -> None:
        """Take back what was done since the mark. Raises StoreLostError if that cannot be."""
        self._failure = None
        if self._needs_savepoint and self._connection.info.transaction_status is _IN_ERROR:
            # A look that failed without a savepoint took the commands before it along.
            raise StoreLostError("The transaction was lost; nothing of it happened.")
        super().undo()

    def _write(self, changes: Changes) -> None:
        parts = [part for kind, rows in changes.items() for part in _parts(kind, rows)]
        if not parts:
            return
        together = _together(tuple(part.sql for part in parts))
        try:
            given = [as_json(part.rows) for part in parts]
            (found,) = self._cursor.execute(together, given).fetchall()
        except psycopg.Error as error:
            self._fail(error)
        except TypeError as error:  # of orjson: a number too large, half of a character
            raise InternalError("A row does not fit its table.") from error
        for part, count in zip(parts, found, strict=True):
            if count != len(part.rows):
                raise part.refusal

    def _lose(self) -> None:
        if self._connection.info.transaction_status in (_IN_ERROR, TransactionStatus.INTRANS):
            self._control("ROLLBACK")

    def _control(self, *statements: str) -> None:
        if statements:
            control(self._connection, "; ".join(statements))


class Part(NamedTuple):
    """A statement, the rows that it takes, and what it means if it does not touch all of them."""

    sql: str
    rows: list[Json]
    refusal: Refused


def _parts(kind: type, changes: Mapping[Key, Change]) -> Iterator[Part]:
    """Yield the statements that write changes of one kind."""
    plan: Plan[Any] = plan_of(kind, POSTGRES)
    new, changed = by_places(plan.codec, changes)
    names = names_of(kind)
    if new:
        taken = RowExistsError("There is a row with this key or unique value already.")
        rows = [dict(zip(names, cells, strict=True)) for cells in new]
        yield Part(insert_many(kind, POSTGRES), rows, taken)
    for places, some in changed.items():
        missing = RowMissingError("There is no row with this key to replace.")
        few = [(names[place], place) for place in (0, *places)]
        rows = [{name: cells[place] for name, place in few} for cells in some]
        yield Part(update_many(kind, places, POSTGRES), rows, missing)


def as_json(rows: list[Json]) -> str:
    """Write rows as the one value that a statement for many of them takes."""
    written = orjson.dumps(rows, default=_hex)
    if b"\\u0000" in written or b"\\u0001" in written:
        kept = [{name: _kept(cell) for name, cell in row.items()} for row in rows]
        written = orjson.dumps(kept, default=_hex)
    return written.decode()


def _hex(cell: object) -> str:
    if not isinstance(cell, bytes):
        raise TypeError
    return "\\x" + cell.hex()


def _kept(cell: Cell) -> Cell:
    return kept_text(cell) if isinstance(cell, str) else cell


@lru_cache(maxsize=PREPARED)
def _together(changes: tuple[str, ...]) -> str:
    """Return one statement that does compiled changes and counts the rows of each."""
    parts = ", ".join(f"c{n} AS ({sql})" for n, sql in enumerate(changes))
    counts = ", ".join(f"(SELECT count(*) FROM c{n})" for n in range(len(changes)))  # noqa: S608 - numbers only
    return f"WITH {parts} SELECT {counts}"


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
