"""Rows in plain dictionaries: the store's twin for tests."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from clawmarket.adapters.store.matching import chosen
from clawmarket.adapters.store.schema import unique_names
from clawmarket.ports.store import (
    Key,
    Place,
    Query,
    RowExistsError,
    RowMissingError,
    Snapshot,
    StoreLostError,
    Transaction,
    key_of,
)

R = TypeVar("R")
T = TypeVar("T")


class MemoryStore:
    """A store that lasts as long as the object; writes run one after the other, at once."""

    def __init__(self) -> None:
        self._tables: dict[type, dict[Key, Any]] = {}
        self._closed = False

    def read(self, ask: Callable[[Snapshot], T]) -> T:
        """Run a function on the rows and return what it returns."""
        return ask(_MemoryTransaction(self._tables))

    async def write(
        self,
        command: Callable[[Transaction], T],
        *,
        seeks: Sequence[Place] = (),  # noqa: ARG002 - a look costs nothing here
    ) -> T:
        """Run a function on the rows; nothing stays of one that raises."""
        if self._closed:
            raise StoreLostError("The store is closed.")
        rows = _MemoryTransaction(self._tables)
        value = command(rows)
        rows.commit()
        return value

    def on_group(self, _look: Callable[[Snapshot], None]) -> None:
        """Nobody else writes here, so there is never anything to see."""

    async def checkpoint(self) -> None:
        """Nothing is ever put off."""

    def close(self) -> None:
        """Take no more writes."""
        self._closed = True


class _MemoryTransaction:
    """The rows as they are, and what is to become of them: a new row, or None for no row."""

    def __init__(self, tables: dict[type, dict[Key, Any]]) -> None:
        self._tables = tables
        self._changes: dict[type, dict[Key, Any]] = {}

    def commit(self) -> None:
        """Let the changes be seen."""
        for kind, changes in self._changes.items():
            table = self._tables.setdefault(kind, {})
            for key, row in changes.items():
                if row is None:
                    table.pop(key, None)
                else:
                    table[key] = row

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        before = self._tables.get(kind, {}).get(key)
        row: R | None = self._changes.get(kind, {}).get(key, before)
        return row

    def find(self, query: Query[R]) -> list[R]:
        """Return the rows that a query names."""
        return chosen(query, self._rows(query.kind))

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError."""
        self._put(row, self.get(type(row), key_of(row)), None)

    def save(self, row: object, _before: object | None = None) -> None:
        """Replace the row that has the same key. Raises RowMissingError, RowExistsError."""
        stored = self.get(type(row), key_of(row))
        if stored is None:
            raise RowMissingError("There is no row with this key to replace.")
        self._put(row, stored, stored)

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete the row with a key, if there is one."""
        self._changes.setdefault(kind, {})[key] = None

    def _put(self, row: object, there: object, replaced: object) -> None:
        if there is not replaced or self._is_taken(row, replaced):
            raise RowExistsError("There is a row with this key or unique value already.")
        self._changes.setdefault(type(row), {})[key_of(row)] = row

    def _rows(self, kind: type[R]) -> Iterable[R]:
        table, changes = self._tables.get(kind, {}), self._changes.get(kind)
        if not changes:
            return table.values()
        return [row for row in (table | changes).values() if row is not None]

    def _is_taken(self, row: object, replaced: object) -> bool:
        for name in unique_names(type(row)):
            value = getattr(row, name)
            others = (each for each in self._rows(type(row)) if each is not replaced)
            if value is not None and any(getattr(each, name) == value for each in others):
                return True
        return False
