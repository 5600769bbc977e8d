"""A store that fails as real ones do: before the write, after it, for a while, or for good."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from clawmarket.ports.store import (
    Key,
    Place,
    Query,
    Snapshot,
    Store,
    StoreBusyError,
    StoreLostError,
    StoreUnsureError,
    Transaction,
    key_of,
)
from simulation.chance import Chance

R = TypeVar("R")
T = TypeVar("T")

NOTHING, LOST, BUSY, SLOW = "", "lost", "busy", "slow"
UNSURE_UNDONE, UNSURE_DONE = "unsure, not done", "unsure, done"
CRASH_BEFORE, CRASH_AFTER = "crash before", "crash after"

Weather = dict[str, int]
"""Of a thousand writes, how many meet which fault."""

CALM: Weather = {NOTHING: 1000}
MILD: Weather = {
    NOTHING: 930,
    LOST: 15,
    BUSY: 10,
    SLOW: 20,
    UNSURE_UNDONE: 5,
    UNSURE_DONE: 10,
    CRASH_BEFORE: 5,
    CRASH_AFTER: 5,
}
STORM: Weather = {
    NOTHING: 690,
    LOST: 70,
    BUSY: 40,
    SLOW: 70,
    UNSURE_UNDONE: 30,
    UNSURE_DONE: 70,
    CRASH_BEFORE: 15,
    CRASH_AFTER: 15,
}


class CrashError(BaseException):
    """The process is gone; whatever was in flight either happened or not.

    No `Exception`: nothing in a process outlives its end to handle it.
    """


@dataclass(frozen=True)
class Change:
    """One row of a committed transaction: what it was and what it became; None is no row."""

    kind: type
    key: Key
    before: Any
    after: Any


@dataclass(frozen=True)
class Commit:
    """One transaction that happened, and on whose behalf."""

    context: object
    changes: tuple[Change, ...]


def _nothing() -> None:
    """Let nothing happen meanwhile."""


@dataclass
class FaultyStore:
    """Passes everything on to a real store, but for the faults that it draws for each write.

    A lost write did not happen and raises StoreLostError. An unsure one happened or not and
    raises StoreUnsureError, as after a connection that broke during the commit. `meanwhile` runs
    before a slow write, in the middle of whatever asked for it. After a crash nothing is written
    any more, by whatever ran side by side, until `restart`.

    Args:
        inner: The store that keeps the rows.
        chance: Decides which write meets which fault.
    """

    inner: Store
    chance: Chance
    weather: Weather = field(default_factory=lambda: CALM)
    meanwhile: Callable[[], None] = _nothing
    context: object = None
    commits: list[Commit] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    dead: bool = False

    def restart(self) -> None:
        """Serve the process that comes after a crash."""
        self.dead = False

    def read(self, ask: Callable[[Snapshot], T]) -> T:
        """Run a function on a snapshot."""
        return self.inner.read(ask)

    async def write(self, command: Callable[[Transaction], T], *, seeks: Sequence[Place] = ()) -> T:
        """Run a function in a transaction, unless or although a fault comes between."""
        if self.dead:
            raise CrashError
        context = self.context
        fault = NOTHING if self.weather is CALM else self.chance.weighed(self.weather)
        if fault != NOTHING:
            self.happened.append(fault)
        self._before(fault)
        watches: list[Watch] = []

        def watched(rows: Transaction) -> T:
            watches.append(Watch(rows))
            return command(watches[-1])

        value = await self.inner.write(watched, seeks=seeks)
        changes = watches[-1].changes()
        if changes:
            self.commits.append(Commit(context, changes))
        self._after(fault)
        return value

    def on_group(self, look: Callable[[Snapshot], None]) -> None:
        """Let a function see what other processes wrote."""
        self.inner.on_group(look)

    async def checkpoint(self) -> None:
        """Do what is put off."""
        await self.inner.checkpoint()

    def close(self) -> None:
        """Let go of the real store."""
        self.inner.close()

    def taken(self) -> list[Commit]:
        """Return the transactions since the last call, in their order."""
        taken, self.commits = self.commits, []
        return taken

    def _before(self, fault: str) -> None:
        match fault:
            case "lost":
                raise StoreLostError("The group was rolled back.")
            case "busy":
                raise StoreBusyError("Too many commands wait.")
            case "unsure, not done":
                raise StoreUnsureError("The connection broke before the commit.")
            case "crash before":
                self._die()
            case "slow":
                self.meanwhile()

    def _after(self, fault: str) -> None:
        if fault == UNSURE_DONE:
            raise StoreUnsureError("The connection broke after the commit.")
        if fault == CRASH_AFTER:
            self._die()

    def _die(self) -> NoReturn:
        self.dead = True
        raise CrashError


class Watch:
    """A transaction that remembers what was changed in it."""

    def __init__(self, rows: Transaction) -> None:
        self._rows = rows
        self._before: dict[tuple[type, Key], Any] = {}
        self._now: dict[tuple[type, Key], Any] = {}

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        return self._rows.get(kind, key)

    def find(self, query: Query[R]) -> list[R]:
        """Return the rows that a query names."""
        return self._rows.find(query)

    def add(self, row: object) -> None:
        """Insert a row."""
        self._rows.add(row)
        self._note(type(row), key_of(row), None, row)

    def save(self, row: object, before: object | None = None) -> None:
        """Replace a row."""
        stored = self._rows.get(type(row), key_of(row))
        self._rows.save(row, before)
        self._note(type(row), key_of(row), stored, row)

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete a row."""
        stored = self._rows.get(kind, key)
        self._rows.remove(kind, key)
        self._note(kind, key, stored, None)

    def changes(self) -> tuple[Change, ...]:
        """Return what each row was before the transaction and is after it."""
        return tuple(
            Change(*at, self._before[at], row)
            for at, row in self._now.items()
            if self._before[at] != row
        )

    def _note(self, kind: type, key: Key, before: object, after: object) -> None:
        self._before.setdefault((kind, key), before)
        self._now[kind, key] = after
