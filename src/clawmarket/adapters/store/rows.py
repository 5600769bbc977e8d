"""Rows behind one SQLite connection, and what its errors mean."""

from collections.abc import Callable
from typing import NoReturn, TypeVar

import pysqlite3
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from clawmarket.adapters.store.connection import Connection, Cursor
from clawmarket.adapters.store.statements import (
    cells_of,
    differing,
    find_statement,
    plan_of,
    shape_of,
    update_statement,
)
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.ports.store import Key, Query, RowExistsError, RowMissingError, StoreLostError

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


class SqliteSnapshot:
    """What a connection sees within the transaction that its owner began."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._execute: Callable[..., Cursor] = connection.execute

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        plan = plan_of(kind, SQLITE)
        try:
            found = self._execute(plan.get.sql, (key,)).fetchone()
        except pysqlite3.Error as error:
            self._fail(error)
        return None if found is None else plan.codec.decode(found)

    def find(self, query: Query[R]) -> list[R]:
        """Return the rows that a query names."""
        statement = find_statement(shape_of(query), SQLITE)
        try:
            found = self._execute(statement.sql, statement.bind(cells_of(query))).fetchall()
        except pysqlite3.Error as error:
            self._fail(error)
        return list(map(plan_of(query.kind, SQLITE).codec.decode, found))

    def _fail(self, error: pysqlite3.Error) -> NoReturn:
        # Without a transaction SQLite would commit every further statement by itself.
        if not self._connection.in_transaction:
            self._execute = _refuse
        raise refusal(error) from error


class SqliteTransaction(SqliteSnapshot):
    """A snapshot that can be changed."""

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError."""
        plan = plan_of(type(row), SQLITE)
        try:
            self._execute(plan.insert.sql, plan.insert.bind(plan.codec.encode(row)))
        except pysqlite3.Error as error:
            self._fail(error)

    def save(self, row: object, before: object | None = None) -> None:
        """Replace the row that has the same key, or of it what differs from before.

        Raises RowMissingError, RowExistsError.
        """
        plan = plan_of(type(row), SQLITE)
        cells = plan.codec.encode(row)
        if before is None:
            update = plan.update
        else:
            places = differing(cells, plan.codec.encode(before))
            if not places:
                return
            update = update_statement(type(row), places, SQLITE)
        try:
            done = self._execute(update.sql, update.bind(cells))
        except pysqlite3.Error as error:
            self._fail(error)
        if done.rowcount != 1:
            raise RowMissingError("There is no row with this key to replace.")

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete the row with a key, if there is one."""
        try:
            self._execute(plan_of(kind, SQLITE).delete.sql, (key,))
        except pysqlite3.Error as error:
            self._fail(error)


def _refuse(*_: object) -> NoReturn:
    raise StoreLostError("The transaction was lost; nothing of it happened.")
