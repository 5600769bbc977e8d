"""Rows that a writer has in mind, so that the next command need not read them.

What it last read or wrote is what stands there as long as nobody else wrote; a file has one
process, and a database of several says when it was another's turn. A command that fails takes
what it touched out of mind, a lost group of several everything.
"""

from typing import TypeVar

from clawmarket.adapters.store.schema import READ_OFTEN
from clawmarket.adapters.store.verbs import Changing
from clawmarket.ports.store import Key, key_of

R = TypeVar("R")

MAX_KNOWN = 1_000


class KnownRows:
    """The rows of kinds that change or are read often, as the transaction under way has them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[type, Key], object] = {}
        self._changing: set[type] = set(READ_OFTEN)
        self._touched: list[object] = []
        self._stands = True
        self._is_group = False

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
        self._touched.append(row)
        self.read(row)

    def saved(self, row: object) -> None:
        """Keep a row in mind that was changed, and its kind as one that changes."""
        self._changing.add(type(row))
        self.added(row)

    def removed(self, kind: type, key: Key) -> None:
        """Take a deleted row out of mind."""
        self._rows.pop((kind, key), None)

    def begin(self, *, others_wrote: bool) -> None:
        """Begin a transaction; nothing is in mind if others wrote since the last one."""
        if others_wrote or not self._stands:
            self._rows.clear()
        self._touched.clear()
        self._stands = self._is_group = False

    def mark(self) -> None:
        """Begin a command that others went before."""
        self._touched.clear()
        self._is_group = True

    def undo(self) -> None:
        """Take what was written since the mark out of mind."""
        for row in self._touched:
            self._rows.pop((type(row), key_of(row)), None)
        self._touched.clear()

    def commit(self) -> None:
        """Keep everything in mind for the next transaction."""
        self._stands = True

    def rollback(self) -> None:
        """Take the transaction out of mind; of a lone command that is what it touched."""
        if not self._is_group:
            self.undo()
            self._stands = True


class Remembering(Changing):
    """The verbs of a writing connection that need not read what its owner has in mind."""

    _known: KnownRows

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        row = self._known.get(kind, key)
        if row is None:
            row = super().get(kind, key)
            if row is not None:
                self._known.read(row)
        return row

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError."""
        super().add(row)
        self._known.added(row)

    def save(self, row: object, before: object | None = None) -> None:
        """Replace the row that has the same key, or of it what differs from before.

        Raises RowMissingError, RowExistsError.
        """
        super().save(row, before)
        self._known.saved(row)

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete the row with a key, if there is one."""
        super().remove(kind, key)
        self._known.removed(kind, key)
