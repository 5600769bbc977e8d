"""Rows behind one PostgreSQL connection, what its errors mean, and how text gets there."""

from collections.abc import Callable
from typing import Any, NoReturn

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper, TextBinaryLoader
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import Dialect

from clawmarket.adapters.store.connection import Cursor
from clawmarket.adapters.store.postgresql.turns import Connection
from clawmarket.adapters.store.schema import WITH_UNIQUE
from clawmarket.adapters.store.verbs import Changing
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.ports.store import (
    RowExistsError,
    StoreLostError,
)

POSTGRES: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # theirs

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
    """What a connection sees and changes within the transaction that its owner began."""

    dialect = POSTGRES
    errors = psycopg.Error

    def __init__(self, execute: Callable[..., Cursor]) -> None:
        super().__init__(execute)
        self._failure: Refused | None = None

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
        self._execute("SAVEPOINT row")
        try:
            super().save(row, before)
        except RowExistsError:
            self._execute("ROLLBACK TO row")
            raise

    def _fail(self, error: Exception) -> NoReturn:
        refused = refusal(error)
        if not isinstance(refused, RowExistsError):
            self._failure = refused
        raise refused from error


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
