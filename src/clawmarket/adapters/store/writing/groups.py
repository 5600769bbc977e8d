"""The one writer: many commands, one after the other, made durable by one COMMIT.

A command is answered only after the COMMIT of its group. A command that fails undoes itself and
nothing else. What commands changed is written when their group ends; should that be refused, who
did it is not known, so all are lost and the next ones run each in a group of its own. A group that
was lost is answered as lost and never run again: whoever asked decides anew, with the same
idempotency key.

Two hops between threads cost a lone command as much as the command itself. So one that no other
came with is run on the loop that asked, as long as commits are fast; all others form groups.
"""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from clawmarket.domain.kernel.errors import ConflictError, InternalError, Refused
from clawmarket.ports.store import (
    Place,
    SchemaNewerError,
    Snapshot,
    StoreBusyError,
    StoreLostError,
    StoreUnsureError,
    Transaction,
)

GROUP_SIZE = 64
GROUP_WORK_S = 0.015
LINGER_S = 0.0003
MAX_WAITING = 10_000
FAST_COMMIT_S = 0.001

Command = Callable[[Transaction], Any]


class Writing(Protocol):
    """The only writing connection of a process, in the words of the group writer."""

    @property
    def is_open(self) -> bool:
        """Whether the transaction is still there, and with it all that was done in it."""
        ...

    @property
    def others_wrote(self) -> bool:
        """Whether somebody else may have written between the last two transactions of this."""
        ...

    def begin(self, *, alone: bool, seeks: Sequence[Place] = ()) -> Transaction:
        """Begin a transaction beside which nobody else writes, and return its rows.

        `alone` says that it is for one command; `seeks` are as for `foresee`.
        """
        ...

    def foresee(self, places: Sequence[Place]) -> None:
        """Find out at once which of the rows that commands will look for are not there."""
        ...

    def mark(self) -> None:
        """Begin a command."""
        ...

    def undo(self) -> None:
        """Take back what was done since the mark. May raise StoreLostError."""
        ...

    def commit(self) -> None:
        """Write what waits and make the transaction durable.

        Raises RowExistsError, RowMissingError, InternalError, StoreLostError, StoreUnsureError.
        """
        ...

    def rollback(self) -> None:
        """Take the whole transaction back."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command returned, or what it raised."""

    value: Any = None
    failure: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command and whoever waits for its outcome."""

    command: Command
    seeks: Sequence[Place]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Outcome]"


class GroupLostError(Exception):
    """The database rolled the whole group back."""


class GroupWriter:
    """The owner of the only writing connection, used by its thread and by loops in turn.

    Args:
        writing: Opened for this writer alone; closed by `close`.
        commit_delay_s: Waited before each COMMIT, to stand for a slower disk.
        fast_commit_s: A lone command runs on its own loop while commits take less; 0 for never.
    """

    def __init__(
        self,
        writing: Writing,
        commit_delay_s: float = 0.0,
        fast_commit_s: float = FAST_COMMIT_S,
    ) -> None:
        self._writing = writing
        self._commit_delay_s = commit_delay_s
        self._fast_commit_s = fast_commit_s
        self._commit_s = 0.0
        self._arrived: dict[asyncio.AbstractEventLoop, list[Waiting]] = {}
        self._turn = threading.Lock()
        self._looks: list[Callable[[Snapshot], None]] = []
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._ready: deque[Waiting | None] = deque()  # taken from the queue and not run yet
        self._door = threading.Lock()
        self._closed = False
        self._served = False
        self._expected = 1
        self._apart = 0  # how many more commands form groups of their own
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def on_group(self, look: Callable[[Snapshot], None]) -> None:
        """Let a function see the rows at the beginning of each transaction that follows others'."""
        self._looks.append(look)

    def submit(self, command: Command, seeks: Sequence[Place] = ()) -> "asyncio.Future[Outcome]":
        """Queue a command of the running event loop; the future never fails.

        Raises StoreBusyError, StoreLostError.
        """
        loop = asyncio.get_running_loop()
        waiting = Waiting(command, seeks, loop, loop.create_future())
        with self._door:
            if self._closed:
                raise StoreLostError("The store is closed.")
            arrived = self._arrived.setdefault(loop, [])
            if self._queue.qsize() + len(self._ready) + len(arrived) >= MAX_WAITING:
                raise StoreBusyError(f"{MAX_WAITING} commands wait for the store already.")
            arrived.append(waiting)
            if len(arrived) == 1:
                loop.call_soon(self._settle_arrived, loop)
        return waiting.future

    def _settle_arrived(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run what came in this turn of a loop if it is one command; the thread does the rest."""
        with self._door:
            arrived = self._arrived.pop(loop, [])
            alone = len(arrived) == 1 and self._commit_s < self._fast_commit_s
            nobody_waits = self._queue.empty() and not self._ready
            if not (alone and nobody_waits and self._turn.acquire(blocking=False)):
                self._hand_over(arrived)
                return
        try:
            _resolve(self._finish(arrived[0], alone=True))
        finally:
            self._turn.release()

    def _hand_over(self, arrived: list[Waiting]) -> None:
        for waiting in arrived:
            self._queue.put(waiting)

    def close(self) -> None:
        """Finish what was accepted, then let go of the connection."""
        with self._door:
            if not self._closed:
                self._closed = True
                for arrived in self._arrived.values():
                    self._hand_over(arrived)
                self._arrived.clear()
                self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while not self._served:
            first = self._ready.popleft() if self._ready else self._queue.get()
            if first is None:
                break
            with self._turn:
                answers = self._finish(first, alone=False)
            _answer(answers)
        with self._turn:
            self._writing.close()

    def _finish(self, first: Waiting, *, alone: bool) -> list[tuple[Waiting, Outcome]]:
        """Run one group that begins with a command, make it durable and return its answers."""
        taken = [first]
        try:
            outcomes = self._group(taken, alone=alone)
        except BaseException as failure:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            self._abandon()
            outcomes = self._failed(failure, len(taken))
        self._expected = len(taken)
        return list(zip(taken, outcomes, strict=True))

    def _failed(self, failure: BaseException, commands: int) -> list[Outcome]:
        """Return the outcomes of a group that was lost."""
        if commands == 1:
            return [Outcome(failure=failure) if isinstance(failure, Refused) else _lost(failure)]
        behind = failure.__cause__ if isinstance(failure, GroupLostError) else failure
        if isinstance(behind, (ConflictError, InternalError)):
            # Whose row was refused is not known, but will be when it is tried again by itself.
            self._apart = GROUP_SIZE
        return [_lost(failure) for _ in range(commands)]

    def _group(self, taken: list[Waiting], *, alone: bool) -> list[Outcome]:
        """Run commands in one transaction, adding each that is taken from the queue."""
        ends = time.monotonic() + GROUP_WORK_S
        alone = alone or self._apart > 0
        self._apart = max(0, self._apart - 1)
        rows = self._begin(alone=alone, seeks=() if alone else self._gather(taken[0].seeks))
        outcome = self._run_first(taken[0].command, rows)
        if outcome.failure is not None:
            rows = self._begin(alone=alone)
        outcomes = [outcome]
        while not alone and (waiting := self._next(len(taken), ends)) is not None:
            taken.append(waiting)
            outcomes.append(self._run(waiting.command, rows))
        began = time.monotonic()
        if self._commit_delay_s:
            time.sleep(self._commit_delay_s)
        self._writing.commit()
        self._commit_s = time.monotonic() - began
        return outcomes

    def _begin(self, *, alone: bool, seeks: Sequence[Place] = ()) -> Transaction:
        rows = self._writing.begin(alone=alone, seeks=seeks)
        if self._writing.others_wrote:
            for look in self._looks:
                look(rows)
        return rows

    def _run_first(self, command: Command, rows: Transaction) -> Outcome:
        # Nothing ran before it, so it needs no savepoint: undoing all undoes it alone.
        outcome = self._outcome(command, rows)
        if outcome.failure is not None:
            self._writing.rollback()
        return outcome

    def _run(self, command: Command, rows: Transaction) -> Outcome:
        self._writing.mark()
        outcome = self._outcome(command, rows)
        if outcome.failure is not None:
            self._writing.undo()
        return outcome

    def _outcome(self, command: Command, rows: Transaction) -> Outcome:
        try:
            outcome = Outcome(command(rows))
        except BaseException as failure:  # noqa: BLE001 - whoever asked gets it
            outcome = Outcome(failure=failure)
        # A command need not notice that the database rolled everything back.
        if not self._writing.is_open:
            raise GroupLostError from outcome.failure
        return outcome

    def _next(self, ran: int, ends: float) -> Waiting | None:
        """Return the group's next command, or None when it is time to commit.

        Callers that the last group answered come back a moment later, so a group that is smaller
        than the last one waits a little for them; a lone caller never waits.
        """
        if ran >= GROUP_SIZE or time.monotonic() >= ends:
            return None
        if not self._ready:
            lingers = ran < self._expected and self._queue.empty()
            try:
                come = self._queue.get(timeout=LINGER_S) if lingers else self._queue.get_nowait()
            except queue.Empty:
                return None
            self._ready.append(come)
            if places := self._gather():
                self._writing.foresee(places)
        waiting = self._ready.popleft()
        self._served = waiting is None
        return waiting

    def _gather(self, seeks: Sequence[Place] = ()) -> Sequence[Place]:
        """Take what waits, as much as fits into a group, and return what it will look for."""
        with suppress(queue.Empty):
            while len(self._ready) < GROUP_SIZE:
                self._ready.append(self._queue.get_nowait())
        return [*seeks, *chain.from_iterable(each.seeks for each in self._ready if each)]

    def _abandon(self) -> None:
        # The rows are as they were before the group whether or not this can be said.
        with suppress(Exception):
            self._writing.rollback()


def _lost(failure: BaseException) -> Outcome:
    # An interrupt is no answer of the store; it goes on where the command was awaited.
    passed_on = isinstance(failure, (StoreUnsureError, SchemaNewerError))
    if passed_on or not isinstance(failure, Exception):
        return Outcome(failure=failure)
    reason = _reason(failure)
    lost = StoreLostError("The transaction was lost; nothing of it happened.", reason=reason)
    lost.__cause__ = failure
    return Outcome(failure=lost)


def _reason(failure: BaseException) -> str:
    """Return the database's name for what is behind a failure, such as SQLITE_FULL."""
    behind: BaseException | None = failure
    while behind is not None:
        name = getattr(behind, "sqlite_errorname", None) or getattr(behind, "sqlstate", None)
        if isinstance(name, str):
            return name
        behind = behind.__cause__
    return type(failure).__name__


def _answer(done: Iterable[tuple[Waiting, Outcome]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Outcome]]] = {}
    for waiting, outcome in done:
        by_loop.setdefault(waiting.loop, []).append((waiting, outcome))
    for loop, answers in by_loop.items():
        with suppress(RuntimeError):  # on a closed loop nobody waits any more
            loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: Iterable[tuple[Waiting, Outcome]]) -> None:
    for waiting, outcome in answers:
        if not waiting.future.done():
            waiting.future.set_result(outcome)
