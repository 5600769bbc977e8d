"""Changes that wait in memory until their group ends, and are then written together.

A command's changes are seen by itself and by those after it in its group, and are gone without a
trace if it fails: nothing was written, so there is nothing to take back and no savepoint to set.
Where each statement is a turn to a server, one for a hundred rows costs little more than one for
a single row.

Only what cannot be refused may wait, since a refusal at the end would be the whole group's: rows
whose key the market draws itself, rows that were looked for in vain, and changes of rows that
were read. All others are written at once, behind a savepoint of their command unless it is
the group's first.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from clawmarket.adapters.store.codec import Cell, Codec
from clawmarket.adapters.store.matching import chosen
from clawmarket.adapters.store.schema import DRAWN, WITH_UNIQUE
from clawmarket.adapters.store.statements import differing
from clawmarket.adapters.store.verbs import Changing
from clawmarket.ports.store import Key, Place, Query, key_of

R = TypeVar("R")


class Change(NamedTuple):
    """A row as it has to be, and as it is stored; None if it is new."""

    row: Any
    before: Any


Changes = dict[type, dict[Key, Change]]
Cells = Sequence[Cell]


def by_places(
    codec: Codec[Any], changes: Mapping[Key, Change]
) -> tuple[list[Cells], dict[tuple[int, ...], list[Cells]]]:
    """Return the cells of new rows, and those of changed rows by the places that differ."""
    new: list[Cells] = []
    changed: dict[tuple[int, ...], list[Cells]] = {}
    for row, before in changes.values():
        cells = codec.encode(row)
        if before is None:
            new.append(cells)
        elif places := differing(cells, codec.encode(before)):
            changed.setdefault(places, []).append(cells)
    return new, changed


class Deferring(Changing):
    """The verbs of a transaction whose changes wait.

    Args:
        waits: Whether they do; a lone command's may as well be written at once.
    """

    def __init__(self, *, waits: bool) -> None:
        self._waits = waits
        self._ended: Changes = {}  # by commands that came to their end
        self._begun: Changes = {}  # by the command under way
        self._absent: set[Place] = set()
        self._needs_savepoint = False
        self._has_savepoint = False
        self.is_lost = False

    @abstractmethod
    def _write(self, changes: Changes, then: Sequence[str]) -> None:
        """Write changes, then run statements about the transaction.

        Raises RowExistsError, RowMissingError, InternalError, StoreLostError.
        """

    @abstractmethod
    def _lose(self) -> None:
        """Roll the whole transaction back, unless the database did so itself."""

    @abstractmethod
    def _control(self, *statements: str) -> None:
        """Run statements about the transaction."""

    def mark(self) -> None:
        """Begin a command that others went before."""
        self._end()
        self._needs_savepoint = True

    def undo(self) -> None:
        """Take back what was done since the mark."""
        self._begun.clear()
        if not self._needs_savepoint:
            self._control("ROLLBACK TO command")
            # What it deleted and then looked for is there again.
            self._absent.clear()

    def write_all(self, *then: str) -> None:
        """Write everything that waits, and run statements about the transaction."""
        self._end()
        self._write_ended(*then)

    def _end(self) -> None:
        """Let what the last command changed wait with what those before it did."""
        for kind, changes in self._begun.items():
            waiting = self._ended.setdefault(kind, changes)
            if waiting is not changes:
                for key, (row, before) in changes.items():
                    known = waiting.get(key)
                    waiting[key] = Change(row, before if known is None else known.before)
        self._begun = {}

    def _write_ended(self, *then: str) -> None:
        """Write what ended commands changed, and run statements about the transaction."""
        ended, self._ended = self._ended, {}
        self._write_or_lose(ended, *then)

    def _write_or_lose(self, changes: Changes, *then: str) -> None:
        # What waited is promised to the commands that are over, and may be there in part now.
        try:
            self._write(changes, then)
        except BaseException:  # also whoever was stopped by a person leaves a part
            self.is_lost = True
            self._lose()
            raise

    def _write_kind(self, kind: type) -> None:
        """Write what waits for a kind, so that a statement finds it."""
        if kind in self._ended:
            self._write_ended()
        if kind in self._begun:
            self._secure()
            self._write_or_lose({kind: self._begun.pop(kind)})

    def _secure(self) -> None:
        """Make sure that what this command writes can be taken back without the others' part."""
        if self._needs_savepoint:
            # That of a command before is not needed any more, whatever became of it.
            before = ("RELEASE command",) if self._has_savepoint else ()
            self._write_ended(*before, "SAVEPOINT command")
            self._needs_savepoint, self._has_savepoint = False, True

    def note_absent(self, kind: type, keys: Iterable[Key]) -> None:
        """Keep in mind which rows the database does not have, but for those that wait."""
        self._absent.update((kind, key) for key in keys if not self._is_waiting(kind, key))

    def _is_waiting(self, kind: type, key: Key) -> bool:
        return any(key in changes.get(kind, ()) for changes in (self._begun, self._ended))

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        for waiting in (self._begun, self._ended):
            changes = waiting.get(kind)
            if changes is not None and key in changes:
                row: R = changes[key].row
                return row
        if (kind, key) in self._absent:
            return None
        found = super().get(kind, key)
        if found is None:
            self._absent.add((kind, key))
        return found

    def find(self, query: Query[R]) -> list[R]:
        """Return the rows that a query names."""
        waiting = self._ended.get(query.kind, {}) | self._begun.get(query.kind, {})
        if not waiting:
            return super().find(query)
        # As many stored rows more as may turn out to be others by now.
        stored = super().find(replace(query, limit=query.limit + len(waiting)))
        rows = [row for row in stored if key_of(row) not in waiting]
        return chosen(query, [*rows, *(change.row for change in waiting.values())])

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError."""
        kind, key = type(row), key_of(row)
        if self._may_wait(kind, key):
            self._begun.setdefault(kind, {})[key] = Change(row, None)
        else:
            self._write_kind(kind)
            self._secure()
            super().add(row)
        self._absent.discard((kind, key))

    def _may_wait(self, kind: type, key: Key) -> bool:
        """Whether a row may wait, because no other can have its key or any unique value of it."""
        if not self._waits or self._is_waiting(kind, key):
            return False
        return kind in DRAWN or (kind not in WITH_UNIQUE and (kind, key) in self._absent)

    def save(self, row: object, before: object | None = None) -> None:
        """Replace the row that has the same key, or of it what differs from before.

        Raises RowMissingError, RowExistsError.
        """
        kind, key = type(row), key_of(row)
        if before is None or kind in WITH_UNIQUE or not self._waits:
            self._write_kind(kind)
            self._secure()
            super().save(row, before)
            return
        changes = self._begun.setdefault(kind, {})
        known = changes.get(key)
        changes[key] = Change(row, before if known is None else known.before)

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete the row with a key, if there is one."""
        self._write_kind(kind)
        self._secure()
        super().remove(kind, key)
