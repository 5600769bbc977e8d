"""What a group changes waits in memory; each command sees it, and none loses another's."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.adapters.store.sqlite import SqliteStore, open_sqlite
from clawmarket.adapters.store.writing import groups
from clawmarket.adapters.store.writing.groups import GROUP_SIZE
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.trust.record import LogEntry, Tally
from clawmarket.ports.store import (
    Query,
    RowExistsError,
    RowMissingError,
    StoreLostError,
    Transaction,
)
from stored_rows import Command, a_job, adding, at_once, every, numbers, write


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    """A store whose groups end by number and never by the clock."""
    monkeypatch.setattr(groups, "GROUP_WORK_S", 600.0)
    path = tmp_path / "market.db"
    open_sqlite(path).close()
    opened = SqliteStore(path)
    yield opened
    opened.close()


def kinds(answers: list[object]) -> list[type]:
    """Return what commands answered with."""
    return [type(answer) for answer in answers]


def test_a_command_sees_what_those_before_it_changed(store: SqliteStore) -> None:
    """Rows by key, rows by a query, in its order and up to its limit."""
    write(store, adding(a_job("b", 5), a_job("d", 9)))

    def look(rows: Transaction) -> object:
        latest = Query(Job, order_by="acts_at", newest_first=True, limit=2)
        return [rows.get(Job, "c"), [job.job_id for job in rows.find(latest)]]

    def postpone(rows: Transaction) -> None:
        job = rows.get(Job, "d")
        assert job is not None
        rows.save(replace(job, acts_at=1), job)

    answers = asyncio.run(at_once(store, [adding(a_job("c", 7)), postpone, look, look]))
    assert answers[2:] == [[a_job("c", 7), ["c", "b"]]] * 2


def test_nothing_is_left_of_a_command_that_fails(store: SqliteStore) -> None:
    """What it added and changed is gone; what those before it did to the same row is not."""
    write(store, adding(a_job("a", 1)))

    def move(rows: Transaction, to: int) -> None:
        job = rows.get(Job, "a")
        assert job is not None
        rows.save(replace(job, acts_at=to), job)

    def failing(rows: Transaction) -> None:
        move(rows, 3)
        rows.add(a_job("b", 1))
        raise LookupError

    commands: list[Command] = [lambda rows: move(rows, 2), failing, lambda rows: rows.get(Job, "b")]
    assert kinds(asyncio.run(at_once(store, commands))) == [type(None), LookupError, type(None)]
    assert every(store, Job) == [a_job("a", 2)]


def test_a_failure_behind_a_savepoint_takes_back_its_own_part_alone(store: SqliteStore) -> None:
    """What is written at once goes back to the savepoint; those before it were written first."""

    def failing(rows: Transaction) -> None:
        rows.add(LogEntry(7, "7"))
        rows.add(Tally("mine", 1))
        raise LookupError

    commands = [adding(LogEntry(1, "1"), Tally("a", 1)), failing, adding(LogEntry(2, "2"))]
    assert kinds(asyncio.run(at_once(store, commands))) == [type(None), LookupError, type(None)]
    assert (numbers(store), every(store, Tally)) == ([1, 2], [Tally("a", 1)])


def test_a_row_that_is_refused_at_the_end_is_refused_to_a_lone_command(store: SqliteStore) -> None:
    """It hears why, and the next one is as good as ever."""
    write(store, adding(a_job("a", 1)))
    with pytest.raises(RowExistsError):
        write(store, adding(a_job("a", 2), LogEntry(1, "1")))
    with pytest.raises(RowMissingError):
        write(store, lambda rows: rows.save(a_job("z", 2), a_job("z", 1)))
    write(store, adding(LogEntry(2, "2")))
    assert (every(store, Job), numbers(store)) == ([a_job("a", 1)], [2])


def test_a_row_that_is_refused_at_the_end_loses_its_group_once(store: SqliteStore) -> None:
    """Nobody knows whose it was; sent again, each runs by itself and only that one is refused."""
    write(store, adding(a_job("a", 1)))
    commands = [adding(LogEntry(1, "1")), adding(a_job("a", 2)), adding(LogEntry(2, "2"))]
    assert kinds(asyncio.run(at_once(store, commands))) == [StoreLostError] * 3
    assert (every(store, Job), numbers(store)) == ([a_job("a", 1)], [])
    none = type(None)
    assert kinds(asyncio.run(at_once(store, commands))) == [none, RowExistsError, none]
    assert (every(store, Job), numbers(store)) == ([a_job("a", 1)], [1, 2])


def test_groups_form_again_after_a_loss(store: SqliteStore) -> None:
    """As many commands as one group takes run by themselves, and no more."""
    write(store, adding(a_job("a", 1)))
    asyncio.run(at_once(store, [adding(LogEntry(-1, "")), adding(a_job("a", 2))]))
    commits: list[str] = []
    store._writer._writing._connection.set_trace_callback(commits.append)  # type: ignore[attr-defined]  # the driver's own
    asyncio.run(at_once(store, [adding(LogEntry(n, f"{n}")) for n in range(GROUP_SIZE + 3)]))
    assert commits.count("COMMIT") == GROUP_SIZE + 1


STEPS = st.tuples(
    st.sampled_from(["put", "add", "find", "remove", "raise"]),
    st.sampled_from("abc"),
    st.none() | st.integers(-2, 2),
)
GROUPS = st.lists(st.lists(st.lists(STEPS, max_size=5), min_size=1, max_size=4), max_size=4)


def _command(steps: list[tuple[str, str, int | None]]) -> Command:
    def command(rows: Transaction) -> list[Any]:
        seen: list[Any] = []
        for verb, key, moment in steps:
            found, row = rows.get(Job, key), a_job(key, moment)
            seen.append(found)
            if verb == "raise":
                raise LookupError(key)
            if verb == "remove":
                rows.remove(Job, key)
            elif verb == "find":
                waiting = {"state": JobState.WAITING}
                seen.append(rows.find(Query(Job, waiting, order_by="acts_at", limit=2)))
            elif found is None:
                rows.add(row)
            elif verb == "put":
                rows.save(row, found)
        return seen

    return command


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables and no rows."""
    path = tmp_path_factory.mktemp("migrated") / "market.db"
    open_sqlite(path).close()
    return path


@given(groups=GROUPS)
def test_a_group_is_as_if_each_command_had_been_alone(
    migrated: Path,
    tmp_path_factory: pytest.TempPathFactory,
    groups: list[list[list[tuple[str, str, int | None]]]],
) -> None:
    """What each command sees and leaves, whatever those around it do and whether they fail."""
    folder = tmp_path_factory.mktemp("group")
    stored, twin = SqliteStore(shutil.copy(migrated, folder)), MemoryStore()
    try:
        for group in groups:
            commands = [_command(steps) for steps in group]
            answers = asyncio.run(at_once(stored, commands))
            alone = [_outcome(twin, command) for command in commands]
            assert list(map(str, answers)) == list(map(str, alone))
            assert every(stored, Job) == every(twin, Job)
    finally:
        stored.close()
        shutil.rmtree(folder)


def _outcome(store: MemoryStore, command: Command) -> object:
    try:
        return write(store, command)
    except LookupError as failure:
        return failure
