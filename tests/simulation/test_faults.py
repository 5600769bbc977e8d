"""The store that fails: each fault does what its name says, and nothing else."""

import asyncio

import pytest

from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.domain.trust.record import Tally
from clawmarket.ports.store import (
    Query,
    StoreBusyError,
    StoreLostError,
    StoreUnsureError,
    Transaction,
)
from simulation.chance import Chance
from simulation.faults import (
    BUSY,
    CALM,
    CRASH_AFTER,
    CRASH_BEFORE,
    LOST,
    SLOW,
    UNSURE_DONE,
    UNSURE_UNDONE,
    Change,
    CrashError,
    FaultyStore,
)


def store_with(fault: str) -> FaultyStore:
    """Return a store in which every write meets one fault."""
    return FaultyStore(MemoryStore(), Chance(1), {fault: 1000})


def add(store: FaultyStore, name: str = "a") -> None:
    """Write one row."""
    asyncio.run(store.write(lambda rows: rows.add(Tally(name, 1))))


def names(store: FaultyStore) -> list[str]:
    """Return what was written."""
    return [row.tally_id for row in store.read(lambda rows: rows.find(Query(Tally)))]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (LOST, StoreLostError),
        (BUSY, StoreBusyError),
        (UNSURE_UNDONE, StoreUnsureError),
        (CRASH_BEFORE, CrashError),
    ],
)
def test_a_fault_before_the_write_leaves_nothing(fault: str, raised: type[BaseException]) -> None:
    """The caller is told, no row is there and no commit was seen."""
    store = store_with(fault)
    with pytest.raises(raised):
        add(store)

    assert (names(store), store.taken(), store.happened) == ([], [], [fault])


@pytest.mark.parametrize(
    ("fault", "raised"), [(UNSURE_DONE, StoreUnsureError), (CRASH_AFTER, CrashError)]
)
def test_a_fault_after_the_write_keeps_it(fault: str, raised: type[BaseException]) -> None:
    """The caller is not answered, and the row is there."""
    store = store_with(fault)
    with pytest.raises(raised):
        add(store)

    assert names(store) == ["a"]
    assert [commit.changes for commit in store.taken()] == [
        (Change(Tally, "a", None, Tally("a", 1)),)
    ]


def test_while_a_slow_write_waits_others_are_faster() -> None:
    """What happens meanwhile is committed first."""
    store = store_with(SLOW)

    def meanwhile() -> None:
        store.weather = CALM
        with pytest.raises(StopIteration):
            store.write(lambda rows: rows.add(Tally("first", 1))).send(None)

    store.meanwhile = meanwhile
    add(store, "second")

    written = [commit.changes[0].key for commit in store.taken()]
    assert written == ["first", "second"]


def test_a_refused_command_is_no_commit() -> None:
    """Whatever the command raises is raised, and nothing stays."""
    store = store_with(UNSURE_DONE)

    def command(rows: Transaction) -> None:
        rows.add(Tally("a", 1))
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        asyncio.run(store.write(command))

    assert (names(store), store.taken()) == ([], [])


def test_a_commit_tells_what_each_row_was_and_is() -> None:
    """Once for each row, whatever was done to it in between; what ends as it was is no change."""
    store = store_with("")
    add(store, "changed")
    add(store, "removed")
    add(store, "same")
    store.taken()

    def command(rows: Transaction) -> None:
        for amount in (2, 3):
            rows.save(Tally("changed", amount))
        rows.remove(Tally, "removed")
        rows.save(Tally("same", 5))
        rows.save(Tally("same", 1))

    asyncio.run(store.write(command))

    assert [commit.changes for commit in store.taken()] == [
        (
            Change(Tally, "changed", Tally("changed", 1), Tally("changed", 3)),
            Change(Tally, "removed", Tally("removed", 1), None),
        )
    ]


def test_nothing_is_written_after_a_crash() -> None:
    """What ran side by side with it has died too, until the process starts anew."""
    store = store_with(CRASH_AFTER)
    with pytest.raises(CrashError):
        add(store)
    store.weather = CALM
    with pytest.raises(CrashError):
        add(store, "b")
    assert names(store) == ["a"]
    store.restart()
    add(store, "c")
    assert names(store) == ["a", "c"]
