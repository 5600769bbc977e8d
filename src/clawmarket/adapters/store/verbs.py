"""The five verbs over one connection: what is the same on every database."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NoReturn, TypeVar

from sqlalchemy.engine.interfaces import Dialect

from clawmarket.adapters.store.connection import Cursor
from clawmarket.adapters.store.statements import (
    cells_of,
    differing,
    find_statement,
    plan_of,
    shape_of,
    update_statement,
)
from clawmarket.ports.store import Key, Query, RowExistsError, RowMissingError

R = TypeVar("R")


class Reading(ABC):
    """What a connection sees within the transaction that its owner began.

    Args:
        execute: Runs one statement with its values.
    """

    dialect: ClassVar[Dialect]
    errors: ClassVar[type[Exception]]

    def __init__(self, execute: Callable[..., Cursor]) -> None:
        self._execute = execute

    @abstractmethod
    def _fail(self, error: Exception) -> NoReturn:
        """Raise what an error of the driver means."""

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        plan = plan_of(kind, self.dialect)
        try:
            found = self._execute(plan.get.sql, (key,)).fetchone()
        except self.errors as error:
            self._fail(error)
        return None if found is None else plan.codec.decode(found)

    def find(self, query: Query[R]) -> list[R]:
        """Return the rows that a query names."""
        statement = find_statement(shape_of(query), self.dialect)
        try:
            found = self._execute(statement.sql, statement.bind(cells_of(query))).fetchall()
        except self.errors as error:
            self._fail(error)
        return list(map(plan_of(query.kind, self.dialect).codec.decode, found))


class Changing(Reading):
    """What a connection sees, and can change."""

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError."""
        plan = plan_of(type(row), self.dialect)
        try:
            done = self._execute(plan.insert.sql, plan.insert.bind(plan.codec.encode(row)))
        except self.errors as error:
            self._fail(error)
        if done.rowcount != 1:
            raise RowExistsError("There is a row with this key or unique value already.")

    def save(self, row: object, before: object | None = None) -> None:
        """Replace the row that has the same key, or of it what differs from before.

        Raises RowMissingError, RowExistsError.
        """
        plan = plan_of(type(row), self.dialect)
        cells = plan.codec.encode(row)
        if before is None:
            update = plan.update
        else:
            places = differing(cells, plan.codec.encode(before))
            if not places:
                return
            update = update_statement(type(row), places, self.dialect)
        try:
            done = self._execute(update.sql, update.bind(cells))
        except self.errors as error:
            self._fail(error)
        if done.rowcount != 1:
            raise RowMissingError("There is no row with this key to replace.")

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete the row with a key, if there is one."""
        try:
            self._execute(plan_of(kind, self.dialect).delete.sql, (key,))
        except self.errors as error:
            self._fail(error)
