"""What a group changes waits in memory; each command sees it, and none loses another's."""

import asyncio
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.adapters.store.postgresql.turns import Step
from clawmarket.adapters.store.schema import DRAWN
from clawmarket.adapters.store.sqlite import SqliteStore
from clawmarket.adapters.store.writing import groups
from clawmarket.adapters.store.writing.groups import GROUP_SIZE
from clawmarket.domain.kernel.errors import InternalError
from clawmarket.domain.kernel.job import Job
from clawmarket.domain.kernel.replay import KeptAnswer
from clawmarket.domain.trust.record import LogEntry, Tally
from clawmarket.domain.trust.session import Credential
from clawmarket.ports.store import (
    Query,
    RowExistsError,
    RowMissingError,
    Store,
    StoreLostError,
    Transaction,
    key_of,
)
from postgres_server import PostgresDatabase
from stored_rows import Command, a_credential, a_job, adding, at_once, every, numbers, write


@pytest.fixture(params=["sqlite", "postgres"])
def store(
    request: pytest.FixtureRequest,
    migrated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Store]:
    """A store whose groups end by number and never by the clock."""
    monkeypatch.setattr(groups, "GROUP_WORK_S", 600.0)
    opened: Store
    if request.param == "sqlite":
        opened = SqliteStore(shutil.copy(migrated, tmp_path))
    else:
        opened = request.getfixturevalue("database").open()
    yield opened
    opened.close()


_LOOKS = ("add", "put", "get")

KINDS: tuple[type[Any], ...] = (Job, Tally, Credential)


def kinds(answers: list[object]) -> list[type]:
    """Return what commands answered with."""
    return [type(answer) for answer in answers]


def test_a_command_sees_what_those_before_it_changed(store: Store) -> None:
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


def test_a_row_that_moved_away_makes_room_for_the_next(store: Store) -> None:
    """A query is asked for as many more as may have changed."""
    write(store, adding(*(a_job(key, moment) for moment, key in enumerate("abc"))))

    def move(rows: Transaction) -> None:
        job = rows.get(Job, "a")
        assert job is not None
        rows.save(replace(job, acts_at=9), job)

    def first(rows: Transaction) -> list[str]:
        return [job.job_id for job in rows.find(Query(Job, order_by="acts_at", limit=1))]

    assert asyncio.run(at_once(store, [move, first])) == [None, ["b"]]


def test_a_key_is_taken_once_in_a_group(store: Store) -> None:
    """Of two commands that add it without a look, the second is refused."""
    answers = asyncio.run(at_once(store, [adding(a_job("a", 1)), adding(a_job("a", 2))]))
    assert (kinds(answers), every(store, Job)) == ([type(None), RowExistsError], [a_job("a", 1)])


def test_nothing_is_left_of_a_command_that_fails(store: Store) -> None:
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


def test_a_failure_behind_a_savepoint_takes_back_its_own_part_alone(store: Store) -> None:
    """What is written at once goes back to the savepoint; those before it were written first."""

    def failing(rows: Transaction) -> None:
        rows.add(LogEntry(7, "7"))
        rows.add(Tally("mine", 1))
        raise LookupError

    commands = [adding(LogEntry(1, "1"), Tally("a", 1)), failing, adding(LogEntry(2, "2"))]
    assert kinds(asyncio.run(at_once(store, commands))) == [type(None), LookupError, type(None)]
    assert (numbers(store), every(store, Tally)) == ([1, 2], [Tally("a", 1)])


def test_what_a_failed_command_deleted_is_there_for_the_next(store: Store) -> None:
    """Also when it looked for it in vain before it failed."""
    write(store, adding(a_job("a", 1)))

    def failing(rows: Transaction) -> None:
        rows.remove(Job, "a")
        assert rows.get(Job, "a") is None
        raise LookupError

    commands: list[Command] = [adding(LogEntry(1, "1")), failing, lambda rows: rows.get(Job, "a")]
    answers = asyncio.run(at_once(store, commands))
    assert [kinds(answers[:2]), answers[2]] == [[type(None), LookupError], a_job("a", 1)]


def test_a_row_that_is_refused_at_the_end_is_refused_to_a_lone_command(store: Store) -> None:
    """It hears why, and the next one is as good as ever."""
    write(store, adding(a_job("a", 1)))
    with pytest.raises(RowExistsError):
        write(store, adding(a_job("a", 2), LogEntry(1, "1")))
    with pytest.raises(RowMissingError):
        write(store, lambda rows: rows.save(a_job("z", 2), a_job("z", 1)))
    write(store, adding(LogEntry(2, "2")))
    assert (every(store, Job), numbers(store)) == ([a_job("a", 1)], [2])


def test_a_row_that_is_refused_at_the_end_loses_its_group_once(store: Store) -> None:
    """Nobody knows whose it was; sent again, each runs by itself and only that one is refused."""
    write(store, adding(a_job("a", 1)))
    commands = [adding(LogEntry(1, "1")), adding(a_job("a", 2)), adding(LogEntry(2, "2"))]
    lost = asyncio.run(at_once(store, commands))
    assert kinds(lost) == [StoreLostError] * 3
    assert len({id(each) for each in lost}) == 3  # each is raised in a task of its own
    assert (every(store, Job), numbers(store)) == ([a_job("a", 1)], [])
    none = type(None)
    assert kinds(asyncio.run(at_once(store, commands))) == [none, RowExistsError, none]
    assert (every(store, Job), numbers(store)) == ([a_job("a", 1)], [1, 2])


def test_groups_form_again_after_a_loss(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many commands as one group takes run by themselves, and no more."""
    write(store, adding(a_job("a", 1)))
    asyncio.run(at_once(store, [adding(LogEntry(-1, "")), adding(a_job("a", 2))]))
    writing: Any = store._writer._writing  # type: ignore[attr-defined]  # both have one
    commits: list[int] = []
    commit = writing.commit
    monkeypatch.setattr(writing, "commit", lambda: commits.append(commit()))
    asyncio.run(at_once(store, [adding(LogEntry(n, f"{n}")) for n in range(GROUP_SIZE + 3)]))
    assert len(commits) == GROUP_SIZE + 1


def test_a_repeated_request_is_seen_after_others_changes_were_written(store: Store) -> None:
    """What waits is there for those that come later, though the database does not know it yet."""
    kept = KeptAnswer("a|m|k", "hash", b"{}", 0)
    steps: Steps = [("put", kept)]
    waves: Waves = ([steps], [[("remove", Tally("a", 1))], [("get", kept)]])
    assert asyncio.run(_in_waves(store, waves)) == [[None], [None], [kept]]
    again: Waves = ([[("get", kept)]], [steps])
    assert asyncio.run(_in_waves(store, again)) == [[kept], [kept]]


def test_what_a_wave_looks_for_in_vain_is_asked_for_once(database: PostgresDatabase) -> None:
    """One look at the server for all that came together, and none for each command."""
    store = database.open()
    write(store, adding(Tally("a", 1)))
    looks: list[str] = []
    writing: Any = store._writer._writing
    real = writing._turns.take

    def take(wanted: Iterable[Step]) -> Any:
        steps = [*wanted]
        looks.extend(step.sql for step in steps if "FROM kept_answers" in step.sql)
        return real(steps)

    writing._turns.take = take
    later: list[Steps] = [[("put", KeptAnswer(f"a|m|{n}", "hash", b"{}", 0))] for n in range(5)]
    assert asyncio.run(_in_waves(store, ([[]], later))) == [[], *[[None]] * 5]
    assert len(looks) == 1
    store.close()


def test_a_key_that_waits_is_taken(store: Store) -> None:
    """Also for who had it looked for in vain while it waited."""
    waves = ([[("put", Tally("a", 1))]], [[("add", Tally("a", 2))]])
    answers = asyncio.run(_in_waves(store, waves))
    assert (_said(answers), every(store, Tally)) == ([[None], RowExistsError], [Tally("a", 1)])


def test_a_refusal_of_rows_that_waited_cannot_be_passed_over(store: Store) -> None:
    """They may be there in part, so nothing of the group is kept, nor in mind."""
    write(store, adding(a_job("b", 1), a_job("z", 1)))
    write(store, lambda rows: rows.save(a_job("z", 2), rows.get(Job, "z")))

    def careless(rows: Transaction) -> None:
        for key in "abc":
            rows.add(a_job(key, 9))
        with suppress(RowExistsError):
            rows.remove(Job, "nobody")

    answers = asyncio.run(at_once(store, [careless, lambda _: None]))
    assert type(answers[0]) is StoreLostError
    assert write(store, lambda rows: rows.get(Job, "b")) == a_job("b", 1)
    assert every(store, Job) == [a_job("b", 1), a_job("z", 2)]


@pytest.mark.parametrize("value", ["\ud800", 2**64])
def test_what_fits_no_column_is_a_defect_of_its_own_command(store: Store, value: Any) -> None:
    """A lone command hears that it is one; nothing of it is kept."""
    with pytest.raises((InternalError, OverflowError, UnicodeError)):
        write(store, adding(LogEntry(1, "1"), replace(a_job("a"), created_at=value, kind=value)))
    write(store, adding(LogEntry(2, "2")))
    assert (every(store, Job), numbers(store)) == ([], [2])


# Two waves of one group: what came while it formed, and what came while it ran.
Steps = list[tuple[str, Any]]
Waves = tuple[list[Steps], list[Steps]]

ROWS = st.one_of(
    st.builds(a_job, st.sampled_from("ab"), st.none() | st.integers(-1, 1)),
    st.builds(Tally, st.sampled_from("ab"), st.integers(-1, 1)),
    st.builds(a_credential, st.sampled_from("ab"), st.sampled_from("xy")),
)
QUERIES = st.builds(
    lambda **asked: Query(Job, **asked),
    order_by=st.sampled_from([None, "acts_at"]),
    at_least=st.none() | st.tuples(st.just("acts_at"), st.integers(-1, 1)),
    newest_first=st.booleans(),
    limit=st.integers(0, 2),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "put", "put", "remove", "get"]), ROWS)
    | st.tuples(st.just("find"), QUERIES)
    | st.tuples(st.just("raise"), st.none()),
    max_size=5,
)
WAVES = st.tuples(st.lists(STEPS, min_size=1, max_size=3), st.lists(STEPS, max_size=3))


def _command(steps: Steps) -> Command:
    def command(rows: Transaction) -> list[Any]:
        return [_do(rows, verb, about) for verb, about in steps]

    return command


def _do(rows: Transaction, verb: str, about: Any) -> object:
    if verb == "raise":
        raise LookupError
    if verb == "find":
        return rows.find(about)
    if verb == "add" and type(about) not in DRAWN:
        rows.add(about)
        return None
    found: Any = rows.get(type(about), key_of(about))
    if verb == "remove":
        rows.remove(type(about), key_of(about))
    elif verb != "get" and found is None:
        rows.add(about)
    elif verb != "get":
        rows.save(about, found)
    return found


async def _in_waves(store: Store, waves: Waves) -> list[Any]:
    """Run one group of commands, of which a second wave comes while the first one runs."""
    runs, goes_on = threading.Event(), threading.Event()

    def first(rows: Transaction) -> object:
        runs.set()
        goes_on.wait()
        return _command(waves[0][0])(rows)

    def queue(command: Command, steps: Steps) -> "asyncio.Future[Any]":
        seeks = [(type(about), key_of(about)) for verb, about in steps if verb in _LOOKS]
        return asyncio.ensure_future(store.write(command, seeks=seeks))

    waiting = [queue(first, waves[0][0])]
    waiting += [queue(_command(steps), steps) for steps in waves[0][1:]]
    company = queue(lambda _: None, [])  # a lone command would be run by the loop
    await asyncio.to_thread(runs.wait)
    waiting += [queue(_command(steps), steps) for steps in waves[1]]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    goes_on.set()
    await company
    return await asyncio.gather(*waiting, return_exceptions=True)


def _alone(store: MemoryStore, command: Command) -> object:
    try:
        return write(store, command)
    except (LookupError, RowExistsError) as failure:
        return failure


def _emptied(rows: Transaction) -> None:
    for kind in KINDS:
        for key in "ab":
            rows.remove(kind, key)


def _said(answers: Iterable[object]) -> list[object]:
    return [type(each) if isinstance(each, BaseException) else each for each in answers]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(groups=st.lists(WAVES, max_size=3))
def test_a_group_is_as_if_each_command_had_been_alone(store: Store, groups: list[Waves]) -> None:
    """What each command sees and leaves, whatever those around it do and whether they fail."""
    write(store, _emptied)
    twin = MemoryStore()
    for waves in groups:
        answers = asyncio.run(_in_waves(store, waves))
        alone = [_alone(twin, _command(steps)) for steps in waves[0] + waves[1]]
        assert _said(answers) == _said(alone)
        assert [every(store, kind) for kind in KINDS] == [every(twin, kind) for kind in KINDS]
