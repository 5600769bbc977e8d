"""Rows that the only writer of a file has in mind, so that the next command need not read them.

Nobody else writes to the file (one home, one process), so what this writer last read or wrote is
what stands there. A command that fails takes what it touched out of mind, a lost group of several
everything.
"""

from typing import TypeVar

from clawmarket.ports.store import Key, key_of

R = TypeVar("R")

MAX_KNOWN = 1_000


class KnownRows:
    """The rows of kinds that change, as the transaction under way has them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[type, Key], object] = {}
        self._changing: set[type] = set()
        self._touched: list[tuple[type, Key]] = []

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return a row that is in mind; None says nothing about whether it exists."""
        row: R | None = self._rows.get((kind, key))  # type: ignore[assignment]  # kept by its kind
        return row

    def read(self, row: object) -> None:
        """Keep a row in mind that was read, if its kind is one that changes."""
        if type(row) in self._changing:
            if len(self._rows) >= MAX_KNOWN:
                self._rows.clear()
            self._rows[type(row), key_of(row)] = row

    def added(self, row: object) -> None:
        """Keep a new row in mind, if its kind is one that changes."""
        # Its kind may become one later in this command; undoing has to know the row all the same.
        self._touched.append((type(row), key_of(row)))
        self.read(row)

    def saved(self, row: object) -> None:
        """Keep a row in mind that was changed, and its kind as one that changes."""
        self._changing.add(type(row))
        self.added(row)

    def removed(self, kind: type, key: Key) -> None:
        """Take a deleted row out of mind."""
        self._rows.pop((kind, key), None)

    def mark(self) -> None:
        """Begin a command."""
        self._touched.clear()

    def undo(self) -> None:
        """Take what was written since the mark out of mind."""
        for touched in self._touched:
            self._rows.pop(touched, None)
        self._touched.clear()

    def clear(self) -> None:
        """Take everything out of mind."""
        self._rows.clear()
        self._touched.clear()
