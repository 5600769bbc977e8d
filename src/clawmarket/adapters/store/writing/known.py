"""Rows that a writer has in mind, so that the next command need not read them.

What it last read or wrote is what stands there as long as nobody else wrote; a file has one
process, and a database of several says when it was another's turn. A command that fails takes
what it touched out of mind, a lost group of several everything. Of kinds that are read often it
also has in mind which rows are not there: most accounts have no plan for what their agents spend.
"""

from typing import Final, TypeVar, cast

from clawmarket.adapters.store.schema import READ_OFTEN
from clawmarket.adapters.store.verbs import Changing
from clawmarket.ports.store import Key, Place, key_of

R = TypeVar("R")

MAX_KNOWN = 2_000
ABSENT: Final = object()


class KnownRows:
    """The rows of kinds that change or are read often, as the transaction under way has them.

    Half of them are those that were used last; when that half is full, it takes the place of the
    other, which is forgotten.
    """

    def __init__(self) -> None:
        self._rows: dict[Place, object] = {}
        self._older: dict[Place, object] = {}
        self._changing: set[type] = set(READ_OFTEN)
        self._touched: list[object] = []
        self._missed: list[Place] = []
        self._stands = True
        self._is_group = False

    def get(self, kind: type, key: Key) -> object | None:
        """Return a row that is in mind, or ABSENT; None says nothing about whether it exists."""
        place = (kind, key)
        row = self._rows.get(place)
        if row is None and self._older:
            row = self._older.pop(place, None)
            if row is not None:
                self._keep(place, row)
        return row

    def read(self, row: object) -> None:
        """Keep a row in mind that was read, if its kind is one that changes."""
        if type(row) in self._changing:
            self._keep((type(row), key_of(row)), row)

    def missed(self, kind: type, key: Key) -> None:
        """Keep in mind that there is no such row, if its kind is one that is read often."""
        if kind in READ_OFTEN:
            self._keep((kind, key), ABSENT)
            # The command may have deleted it, and may be undone.
            self._missed.append((kind, key))

    def _keep(self, place: Place, row: object) -> None:
        if len(self._rows) >= MAX_KNOWN // 2:
            self._older, self._rows = self._rows, {}
        self._rows[place] = row

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
        self._forget((kind, key))

    def begin(self, *, others_wrote: bool) -> None:
        """Begin a transaction; nothing is in mind if others wrote since the last one."""
        if others_wrote or not self._stands:
            self._rows.clear()
            self._older.clear()
        self._begin_command()
        self._stands = self._is_group = False

    def mark(self) -> None:
        """Begin a command that others went before."""
        self._begin_command()
        self._is_group = True

    def undo(self) -> None:
        """Take what was written since the mark out of mind."""
        for row in self._touched:
            self._forget((type(row), key_of(row)))
        for place in self._missed:
            self._forget(place)
        self._begin_command()

    def commit(self) -> None:
        """Keep everything in mind for the next transaction."""
        self._stands = True

    def rollback(self) -> None:
        """Take the transaction out of mind; of a lone command that is what it touched."""
        if not self._is_group:
            self.undo()
            self._stands = True

    def _begin_command(self) -> None:
        self._touched.clear()
        self._missed.clear()

    def _forget(self, place: Place) -> None:
        self._rows.pop(place, None)
        self._older.pop(place, None)


class Remembering(Changing):
    """The verbs of a writing connection that need not read what its owner has in mind."""

    _known: KnownRows

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        known = self._known.get(kind, key)
        if known is not None:
            return None if known is ABSENT else cast("R", known)  # kept by its kind
        row = super().get(kind, key)
        if row is None:
            self._known.missed(kind, key)
        else:
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
