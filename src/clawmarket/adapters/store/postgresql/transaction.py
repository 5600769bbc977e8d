"""What the writing connection of a process sees and changes; what waits goes in one turn."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NoReturn

import orjson
import psycopg
from psycopg.pq import TransactionStatus

from clawmarket.adapters.store.codec import Cell
from clawmarket.adapters.store.postgresql.rows import POSTGRES, PostgresRows, control, kept_text
from clawmarket.adapters.store.postgresql.turns import Given, Step, Turns
from clawmarket.adapters.store.statements import (
    Plan,
    Prepared,
    insert_many,
    names_of,
    plan_of,
    present,
    update_many,
)
from clawmarket.adapters.store.writing.deferred import Change, Changes, Deferring, by_places
from clawmarket.adapters.store.writing.known import KnownRows, Remembering
from clawmarket.domain.kernel.errors import InternalError
from clawmarket.ports.store import Key, Place, RowMissingError, StoreLostError

Json = dict[str, Cell]

_IN_ERROR = TransactionStatus.INERROR


class Sought:
    """Rows that commands will look for and hardly find; they are asked for in a turn of others.

    Args:
        places: Where they would be.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._keys: dict[type, list[Key]] = defaultdict(list)
        for kind, key in places:
            self._keys[kind].append(key)

    def steps(self) -> list[Step]:
        """Return the statements that ask for them, one a kind."""
        return [_step(present(kind, POSTGRES), keys) for kind, keys in self._keys.items()]

    def absent(self, found: Sequence[Given]) -> Iterator[tuple[type, list[Key]]]:
        """Yield the keys of each kind that are not among what the statements gave."""
        for (kind, keys), result in zip(self._keys.items(), found, strict=True):
            there = {row[0] for row in result.fetchall()}
            yield kind, [key for key in keys if key not in there]


class PostgresTransaction(Remembering, Deferring, PostgresRows):
    """What the writing connection of a process sees, and can change.

    Args:
        turns: Of a connection in a transaction that holds the database's write lock.
        known: The rows that its owner has in mind.
    """

    def __init__(self, turns: Turns, known: KnownRows) -> None:
        PostgresRows.__init__(self, self._run)
        Deferring.__init__(self, waits=True)
        self._turns = turns
        self._known = known

    def foresee(self, sought: Sought) -> None:
        """Find out at once which rows are not there."""
        self.learn(sought, self._take(sought.steps()))

    def learn(self, sought: Sought, found: Sequence[Given]) -> None:
        """Keep in mind which rows are not there."""
        for kind, absent in sought.absent(found):
            self.note_absent(kind, absent)

    def undo(self) -> None:
        """Take back what was done since the mark. Raises StoreLostError if that cannot be."""
        self._failure = None
        if self._needs_savepoint and self._status() is _IN_ERROR:
            # A look that failed without a savepoint took the commands before it along.
            raise StoreLostError("The transaction was lost; nothing of it happened.")
        super().undo()

    def _write(self, changes: Changes, then: Sequence[str]) -> None:
        if not changes and not then:
            return
        ends = [Step(statement, lasts=False) for statement in then]
        try:
            done = self._take(chain(_changing(changes), ends))
        except TypeError as error:  # of orjson: a number too large, half of a character
            raise InternalError("A row does not fit its table.") from error
        for statement, result in zip(then, done[len(done) - len(then) :], strict=True):
            # The COMMIT of a transaction that failed is a ROLLBACK.
            if result.said != statement.partition(" ")[0]:
                raise StoreLostError("The transaction was lost; nothing of it happened.")

    def _run(self, sql: str, values: Sequence[object] = ()) -> Given:
        (given,) = self._turns.take([Step(sql, tuple(values))])
        return given

    def _take(self, steps: Iterable[Step]) -> list[Given]:
        try:
            return self._turns.take(steps)
        except psycopg.Error as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        if isinstance(error, psycopg.errors.DivisionByZero):
            raise RowMissingError("There is no row with this key to replace.") from error
        super()._fail(error)

    def _lose(self) -> None:
        if self._status() in (_IN_ERROR, TransactionStatus.INTRANS):
            self._control("ROLLBACK")

    def _control(self, *statements: str) -> None:
        control(self._turns.connection, "; ".join(statements))

    def _status(self) -> TransactionStatus:
        return TransactionStatus(self._turns.connection.pgconn.transaction_status)


def _changing(changes: Changes) -> Iterator[Step]:
    """Yield the statements that write changes."""
    for kind, of_kind in changes.items():
        yield from _steps(kind, of_kind)


def _steps(kind: type, changes: Mapping[Key, Change]) -> Iterator[Step]:
    plan: Plan[Any] = plan_of(kind, POSTGRES)
    new, changed = by_places(plan.codec, changes)
    names = names_of(kind)
    if new:
        rows = [dict(zip(names, cells, strict=True)) for cells in new]
        yield _step(insert_many(kind, POSTGRES), as_json(rows))
    for places, some in changed.items():
        few = [(names[place], place) for place in (0, *places)]
        rows = [{name: cells[place] for name, place in few} for cells in some]
        yield _step(update_many(kind, places, POSTGRES), as_json(rows), len(rows))


def _step(statement: Prepared, *values: Any) -> Step:  # noqa: ANN401 - whatever it takes
    return Step(statement.sql, tuple(statement.bind(values)))


def as_json(rows: list[Json]) -> str:
    """Write rows as the one value that a statement for many of them takes."""
    written = orjson.dumps(rows, default=_hex)
    if b"\\u0000" in written or b"\\u0001" in written:
        kept = [{name: _kept(cell) for name, cell in row.items()} for row in rows]
        written = orjson.dumps(kept, default=_hex)
    return written.decode()


def _hex(cell: object) -> str:
    if not isinstance(cell, bytes):
        raise TypeError
    return "\\x" + cell.hex()


def _kept(cell: Cell) -> Cell:
    return kept_text(cell) if isinstance(cell, str) else cell
