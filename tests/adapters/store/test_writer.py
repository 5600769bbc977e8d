"""How the one writer answers what went wrong: interrupts, doubts, refusals, whoever they hit."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from clawmarket.adapters.store.sqlite import SqliteStore, open_sqlite
from clawmarket.adapters.store.writing import groups
from clawmarket.adapters.store.writing.groups import GroupWriter, Outcome
from clawmarket.domain.trust.record import LogEntry, Tally
from clawmarket.ports.store import (
    Place,
    RowExistsError,
    SchemaNewerError,
    StoreLostError,
    StoreUnsureError,
    Transaction,
)
from stored_rows import Command, adding, at_once, numbers, write


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    """A store whose groups end by number and never by the clock."""
    monkeypatch.setattr(groups, "GROUP_WORK_S", 600.0)
    path = tmp_path / "market.db"
    open_sqlite(path).close()
    opened = SqliteStore(shutil.copy(path, tmp_path / "copy.db"))
    yield opened
    opened.close()


class Paper:
    """A connection that keeps nothing and fails at the commit."""

    is_open = True
    others_wrote = False

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def begin(self, *, alone: bool, seeks: Sequence[Place] = ()) -> Any:
        """Begin a transaction without rows."""

    def foresee(self, places: Sequence[Place]) -> None:
        """Know nothing."""

    def mark(self) -> None:
        """Begin a command."""

    undo = rollback = close = mark

    def commit(self) -> None:
        """Fail."""
        raise self._failure


@pytest.mark.parametrize(
    ("failure", "answered"),
    [
        (StoreUnsureError("Nobody knows."), StoreUnsureError),
        (SchemaNewerError("A newer program migrated it."), SchemaNewerError),
        (OSError("The disk is gone."), StoreLostError),
    ],
    ids=["unsure", "newer", "lost"],
)
def test_only_what_is_known_to_be_lost_is_called_lost(
    failure: Exception, answered: type[Exception]
) -> None:
    """Whoever cannot know whether it happened is told so, and not that nothing happened."""
    groups = GroupWriter(Paper(failure))

    async def story() -> Outcome:
        return await groups.submit(lambda _: "done")

    outcome = asyncio.run(story())
    groups.close()
    assert (outcome.value, type(outcome.failure)) == (None, answered)


def interrupted(rows: Transaction) -> None:
    """Write something, and be stopped by a person."""
    rows.add(LogEntry(9, "9"))
    raise KeyboardInterrupt


async def outcomes(store: SqliteStore, commands: list[Command]) -> list[Outcome]:
    """Queue all commands in one turn of the loop, and return what came of each."""
    return await asyncio.gather(*[store._writer.submit(each) for each in commands])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_interrupted_command_undoes_itself_and_no_other(store: SqliteStore, place: int) -> None:
    """Also in a group: those beside it are done, and only it gets the interrupt."""
    commands: list[Command] = [adding(LogEntry(n, f"{n}")) for n in range(2)]
    commands.insert(place, interrupted)
    failed = [type(each.failure) for each in asyncio.run(outcomes(store, commands))]
    assert failed == [KeyboardInterrupt if n == place else type(None) for n in range(3)]
    assert numbers(store) == [0, 1]


def test_each_transaction_after_others_is_looked_at(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the one after a refusal: the look is what keeps ids rising. No other one is."""
    write(store, adding(LogEntry(1, "1"), Tally("a", 1)))
    looks: list[int] = []
    store._writer.on_group(lambda rows: looks.append(rows.get(LogEntry, 1) is not None))
    write(store, adding(LogEntry(2, "2")))
    assert looks == []
    monkeypatch.setattr(store._writer._writing, "others_wrote", True, raising=False)
    twice = asyncio.run(at_once(store, [adding(Tally("a", 1)), adding(LogEntry(3, "3"))]))
    assert ([type(each) for each in twice], looks) == ([RowExistsError, type(None)], [True, True])


def _saving(amount: int) -> Callable[[Transaction], None]:
    return lambda rows: rows.save(Tally("a", amount))


def lose(rows: Any) -> None:
    """Roll everything back, as SQLite itself does after some errors."""
    rows._connection.execute("ROLLBACK")
    raise OSError("The disk is full.")


@pytest.mark.parametrize("before", [[], [_saving(2)], [_saving(2), _saving(3)]])
def test_nothing_of_a_lost_transaction_stays_in_mind(
    store: SqliteStore, before: list[Command]
) -> None:
    """Whoever comes next reads what the file holds, and not what would have been."""
    write(store, adding(Tally("a", 0)))
    write(store, _saving(1))

    def save_and_lose(rows: Transaction) -> None:
        _saving(4)(rows)
        lose(rows)

    answers = asyncio.run(at_once(store, [*before, save_and_lose]))
    assert [type(each) for each in answers] == [StoreLostError] * len(answers)
    assert write(store, lambda rows: rows.get(Tally, "a")) == Tally("a", 1)
