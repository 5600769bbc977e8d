"""Rows in plain dictionaries: the store's twin for tests."""

from collections.abc import Callable
from typing import Any, TypeVar

from clawmarket.adapters.store.schema import unique_names
from clawmarket.ports.store import (
    Key,
    Query,
    RowExistsError,
    RowMissingError,
    Snapshot,
    StoreLostError,
    Transaction,
    key_name,
    key_of,
    prefix_end,
)

R = TypeVar("R")
T = TypeVar("T")

Undo = Callable[[], object]


class MemoryStore:
    """A store that lasts as long as the object; writes run one after the other, at once."""

    def __init__(self) -> None:
        self._tables: dict[type, dict[Key, Any]] = {}
        self._closed = False

    def read(self, ask: Callable[[Snapshot], T]) -> T:
        """Run a function on the rows and return what it returns."""
        return ask(_MemoryTransaction(self._tables))

    async def write(self, command: Callable[[Transaction], T]) -> T:
        """Run a function on the rows; whatever it raises undoes what it did."""
        if self._closed:
            raise StoreLostError("The store is closed.")
        rows = _MemoryTransaction(self._tables)
        try:
            return command(rows)
        except BaseException:
            rows.undo()
            raise

    def close(self) -> None:
        """Take no more writes."""
        self._closed = True


class _MemoryTransaction:
    """The rows, and how to take back what was changed."""

    def __init__(self, tables: dict[type, dict[Key, Any]]) -> None:
        self._tables = tables
        self._undo: list[Undo] = []

    def undo(self) -> None:
        """Take every change back, the last one first."""
        while self._undo:
            self._undo.pop()()

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        row: R | None = self._table(kind).get(key)
        return row

    def find(self, query: Query[R]) -> list[R]:
        """Return the rows that a query names."""
        order_by, key = query.order_by or key_name(query.kind), key_name(query.kind)
        rows = [row for row in self._table(query.kind).values() if _matches(row, query, order_by)]
        rows.sort(
            key=lambda row: (getattr(row, order_by), getattr(row, key)),
            reverse=query.newest_first,
        )
        return rows[: query.limit]

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError."""
        table, key = self._table(type(row)), key_of(row)
        self._check_unique(row, None)
        if key in table:
            raise RowExistsError("There is a row with this key or unique value already.")
        table[key] = row
        self._undo.append(lambda: table.pop(key))

    def save(self, row: object) -> None:
        """Replace the row that has the same key. Raises RowMissingError, RowExistsError."""
        table, key = self._table(type(row)), key_of(row)
        if key not in table:
            raise RowMissingError("There is no row with this key to replace.")
        before = table[key]
        self._check_unique(row, before)
        table[key] = row
        self._undo.append(lambda: table.__setitem__(key, before))

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete the row with a key, if there is one."""
        table = self._table(kind)
        if key in table:
            before = table.pop(key)
            self._undo.append(lambda: table.__setitem__(key, before))

    def _table(self, kind: type) -> dict[Key, Any]:
        return self._tables.setdefault(kind, {})

    def _check_unique(self, row: object, before: object) -> None:
        for name in unique_names(type(row)):
            value = getattr(row, name)
            others = (each for each in self._table(type(row)).values() if each is not before)
            if value is not None and any(getattr(each, name) == value for each in others):
                raise RowExistsError("There is a row with this key or unique value already.")


def _matches(row: object, query: Query[Any], order_by: str) -> bool:
    place = getattr(row, order_by)
    if place is None or not all(getattr(row, n) == v for n, v in query.equal.items()):
        return False
    if query.prefix is not None and not query.prefix <= str(key_of(row)) < prefix_end(query.prefix):
        return False
    if query.after is not None:
        behind = place < query.after if query.newest_first else place > query.after
        return behind and _within(row, query)
    return _within(row, query)


def _within(row: object, query: Query[Any]) -> bool:
    least, most = query.at_least, query.at_most
    if least is not None and not _holds(getattr(row, least[0]), lambda value: value >= least[1]):
        return False
    return most is None or _holds(getattr(row, most[0]), lambda value: value <= most[1])


def _holds(value: int | None, condition: Callable[[int], bool]) -> bool:
    return value is not None and condition(value)
