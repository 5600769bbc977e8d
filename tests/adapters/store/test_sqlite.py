"""What only a file can show: durability, commits in groups, groups that are lost, crashes."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from clawmarket.adapters.store.connection import Connection, Cursor, Executor, connect
from clawmarket.adapters.store.rows import SqliteWriting, refusal
from clawmarket.adapters.store.sqlite import SqliteStore, open_sqlite
from clawmarket.adapters.store.writing import groups
from clawmarket.adapters.store.writing.groups import GROUP_SIZE, MAX_WAITING, GroupWriter, Outcome
from clawmarket.domain.kernel.errors import InternalError
from clawmarket.domain.trust.record import LogEntry, Tally
from clawmarket.ports.store import (
    Query,
    RowExistsError,
    Snapshot,
    StoreBusyError,
    StoreLostError,
    Transaction,
)
from stored_rows import Command, adding, at_once, every, find, numbered, numbers, write


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables and no rows."""
    path = tmp_path_factory.mktemp("migrated") / "market.db"
    open_sqlite(path).close()
    return path


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(migrated, tmp_path / "market.db"))


@pytest.fixture
def store(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    """A store whose groups end by number and never by the clock."""
    monkeypatch.setattr(groups, "GROUP_WORK_S", 600.0)
    opened = SqliteStore(path)
    yield opened
    opened.close()


def writing_connection(store: SqliteStore) -> Any:
    """Return the driver's connection of the writer."""
    writing: Any = store._writer._writing
    return writing._connection


def traced(store: SqliteStore) -> list[str]:
    """Return a list that takes every further statement of the writer that ends a transaction."""
    said: list[str] = []
    ends = {"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"}
    writing_connection(store).set_trace_callback(
        lambda sql: said.append(sql) if sql in ends else None
    )
    return said


def lose(work: Any) -> None:
    """Roll everything back, as SQLite itself does after some errors."""
    work._connection.execute("ROLLBACK")


def test_what_is_written_is_there_after_opening_again(path: Path) -> None:
    """Rows, replaced rows and removed ones."""
    first = SqliteStore(path)
    write(first, adding(Tally("a", 1), Tally("b", 1)))
    write(first, lambda work: work.save(Tally("a", 2)))
    write(first, lambda work: work.remove(Tally, "b"))
    first.close()
    second = SqliteStore(path)
    assert every(second, Tally) == [Tally("a", 2)]
    second.close()


def test_an_answered_write_is_in_the_file(store: SqliteStore, path: Path) -> None:
    """Another connection sees it at once, while the store is open."""
    write(store, adding(Tally("a", 1)))
    other = connect(path)
    assert other.execute("SELECT * FROM tallies").fetchall() == [("a", 1)]
    other.close()


def test_each_commit_waits_for_the_disk(store: SqliteStore) -> None:
    """Both connections write ahead and sync fully; the reader's cannot write."""

    def settings(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "query_only")
        found = (connection.execute(f"PRAGMA {name}").fetchone() for name in names)
        return [row and row[0] for row in found]

    every(store, Tally)
    assert settings(writing_connection(store)) == ["wal", 2, 0]
    assert [settings(connection) for connection in store._free] == [["wal", 2, 1]]


def test_sixty_four_commands_share_a_commit(store: SqliteStore) -> None:
    """Two full groups make two commits; all rows are there."""
    said = traced(store)
    asyncio.run(at_once(store, numbered(2 * GROUP_SIZE)))
    assert said == ["BEGIN IMMEDIATE", "COMMIT"] * 2
    assert numbers(store) == list(range(2 * GROUP_SIZE))


def test_a_lone_command_has_a_commit_of_its_own(store: SqliteStore) -> None:
    """Nobody waits for company."""
    said = traced(store)
    for command in numbered(3):
        write(store, command)
    assert said == ["BEGIN IMMEDIATE", "COMMIT"] * 3


def test_a_command_that_fails_loses_only_itself(store: SqliteStore) -> None:
    """Sixty-three of one group are kept, under one commit."""
    said = traced(store)
    commands = numbered(GROUP_SIZE)
    commands[5] = adding(LogEntry(5, "five"), LogEntry(0, "taken"))
    answers = asyncio.run(at_once(store, commands))
    assert [type(answer) for answer in answers].count(RowExistsError) == 1
    assert type(answers[5]) is RowExistsError
    assert said == ["BEGIN IMMEDIATE", "COMMIT"]
    assert numbers(store) == [*range(5), *range(6, GROUP_SIZE)]


def _lose_and_raise(work: Transaction) -> None:
    lose(work)
    raise ValueError


def _lose_and_go_on(work: Transaction) -> None:
    lose(work)
    for each in (adding(Tally("there", 1)), adding(Tally("late", 1))):
        with pytest.raises(StoreLostError):
            each(work)


@pytest.mark.parametrize("losing", [lose, _lose_and_raise, _lose_and_go_on])
def test_a_lost_group_is_answered_as_lost_and_never_run_again(
    store: SqliteStore, losing: Command
) -> None:
    """Those before the loss and the loser itself; those behind it run in the next group."""
    write(store, adding(Tally("there", 1)))
    ran: list[int] = []

    def counted(number: int) -> Command:
        def command(work: Transaction) -> None:
            ran.append(number)
            work.add(LogEntry(number, f"{number}"))

        return command

    commands = [*map(counted, range(10)), losing, *map(counted, range(11, 20))]
    answers = asyncio.run(at_once(store, commands))
    assert [type(answer) for answer in answers[:11]] == [StoreLostError] * 11
    assert not any(isinstance(answer, Exception) for answer in answers[11:])
    assert ran == [*range(10), *range(11, 20)]
    assert numbers(store) == list(range(11, 20))
    assert every(store, Tally) == [Tally("there", 1)]


MANY, CTRL_C = "any statement for many rows", "the same, by a person"


class FailingCursor:
    """What runs the statements of a connection, but for those that fail once."""

    def __init__(self, real: Executor, failing: set[str]) -> None:
        self._real = real
        self._failing = failing
        self.fetchone, self.fetchall = real.fetchone, real.fetchall

    @property
    def rowcount(self) -> int:
        """How many rows a change touched."""
        return self._real.rowcount

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run one statement, or fail."""
        if sql in self._failing:
            self._failing.remove(sql)
            raise pysqlite3.OperationalError("disk I/O error")
        return self._real.execute(sql, values)

    def executemany(self, sql: str, many: Iterable[Sequence[Any]], /) -> Cursor:
        """Run one statement for many rows, or fail."""
        if MANY in self._failing:
            self._failing.remove(MANY)
            raise pysqlite3.OperationalError("disk I/O error")
        if CTRL_C in self._failing:
            self._failing.remove(CTRL_C)
            raise KeyboardInterrupt
        return self._real.executemany(sql, many)


class FailingConnection:
    """SQLite with a disk that fails when some statements come for the first time."""

    def __init__(self, path: Path, *statements: str) -> None:
        self._real = connect(path)
        self._failing = set(statements)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._real.in_transaction

    def cursor(self) -> "FailingCursor":
        """Return what runs statements."""
        return FailingCursor(self._real.cursor(), self._failing)

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run one statement on a cursor of its own."""
        return self.cursor().execute(sql, values)

    def close(self) -> None:
        """Let go of the file."""
        self._real.close()


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
def test_a_disk_that_fails_once_loses_one_group(path: Path, statement: str) -> None:
    """It is undone, answered as lost and not run again; the next one is kept."""
    group = GroupWriter(SqliteWriting(FailingConnection(path, statement)))
    ran: list[int] = []

    async def submit(number: int) -> Outcome:
        def command(work: Transaction) -> None:
            ran.append(number)
            work.add(LogEntry(number, f"{number}"))

        return await group.submit(command)

    async def story() -> list[Outcome]:
        return [await submit(number) for number in range(3)]

    outcomes = asyncio.run(story())
    group.close()
    assert [type(outcome.failure) for outcome in outcomes] == [StoreLostError, *[type(None)] * 2]
    assert ran == ([0, 1, 2] if statement == "COMMIT" else [1, 2])
    store = SqliteStore(path)
    assert numbers(store) == [1, 2]
    store.close()


@pytest.mark.parametrize("statement", ["SAVEPOINT command", "RELEASE command"])
def test_a_disk_that_fails_between_commands_loses_their_group(path: Path, statement: str) -> None:
    """What ran in the group is lost with what did not; nothing of it runs again."""
    group = GroupWriter(SqliteWriting(FailingConnection(path, statement)))
    all_wait = threading.Event()

    def first(work: Transaction) -> None:
        all_wait.wait()
        work.add(LogEntry(0, "0"))

    async def story() -> list[Outcome]:
        at_once = [adding(LogEntry(number, ""), Tally(f"{number}", 0)) for number in (1, 2)]
        commands = [first, *at_once]
        waiting = [group.submit(command) for command in commands]
        all_wait.set()
        return [*await asyncio.gather(*waiting), await group.submit(adding(LogEntry(3, "3")))]

    outcomes = asyncio.run(story())
    group.close()
    lost_until = 3 if statement == "RELEASE command" else 2
    kinds = [StoreLostError] * lost_until + [type(None)] * (4 - lost_until)
    assert [type(outcome.failure) for outcome in outcomes] == kinds
    store = SqliteStore(path)
    assert numbers(store) == list(range(lost_until, 4))
    store.close()


@pytest.mark.parametrize("failing", [(MANY,), (MANY, "ROLLBACK"), (CTRL_C,)])
def test_what_waited_and_was_not_written_is_lost_to_all(
    path: Path, failing: tuple[str, ...]
) -> None:
    """Also if it cannot be taken back, or a person stopped it: nobody is told that it happened."""
    group = GroupWriter(SqliteWriting(FailingConnection(path, *failing)))
    all_wait = threading.Event()

    def first(work: Transaction) -> None:
        all_wait.wait()
        work.add(LogEntry(0, "0"))

    async def story() -> list[Outcome]:
        # The second is written at once, after what waits.
        commands = [first, adding(Tally("a", 1)), adding(LogEntry(2, "2"))]
        waiting = [group.submit(command) for command in commands]
        all_wait.set()
        return [*await asyncio.gather(*waiting), await group.submit(adding(LogEntry(3, "3")))]

    outcomes = asyncio.run(story())
    group.close()
    kinds = [StoreLostError, StoreLostError, type(None), type(None)]
    assert [type(outcome.failure) for outcome in outcomes] == kinds
    store = SqliteStore(path)
    assert (numbers(store), every(store, Tally)) == ([2, 3], [])
    store.close()


def test_a_full_disk_refuses_and_recovers(store: SqliteStore) -> None:
    """What did not fit is lost as a whole; with room again, writes go on."""
    writing = writing_connection(store)
    pages = int((writing.execute("PRAGMA page_count").fetchone() or [0])[0])
    writing.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
    large = adding(Tally("small", 1), LogEntry(1, "x" * 100_000))
    with pytest.raises(StoreLostError) as refused:
        write(store, large)
    assert refused.value.details == {"reason": "SQLITE_FULL"}
    assert (every(store, Tally), numbers(store)) == ([], [])
    writing.execute("PRAGMA max_page_count = 1000000").fetchall()
    write(store, large)
    assert (every(store, Tally), numbers(store)) == ([Tally("small", 1)], [1])


def test_a_damaged_page_is_refused_where_it_is_touched(path: Path) -> None:
    """Each kind of question and of change; tables on other pages can be used."""
    looking = connect(path)
    sql = "SELECT rootpage FROM sqlite_master WHERE name = 'tallies'"
    at = ((looking.execute(sql).fetchone() or [0])[0] - 1) * 4_096
    looking.close()
    path.write_bytes(path.read_bytes()[:at] + b"\xee" * 4_096 + path.read_bytes()[at + 4_096 :])
    store = SqliteStore(path)
    for command in (
        lambda work: work.get(Tally, "a"),
        lambda work: work.find(Query(Tally)),
        lambda work: work.remove(Tally, "a"),
        lambda work: work.save(Tally("a", 1)),
        adding(LogEntry(1, "with it"), Tally("a", 1)),
    ):
        with pytest.raises(StoreLostError) as refused:
            write(store, command)
        assert refused.value.details == {"reason": "SQLITE_CORRUPT"}
    with pytest.raises(StoreLostError):
        every(store, Tally)
    write(store, adding(LogEntry(2, "x")))
    assert numbers(store) == [2]
    store.close()


def test_too_many_waiting_commands_are_refused(store: SqliteStore) -> None:
    """At once and before they run; those that wait are run."""
    started, go_on = threading.Event(), threading.Event()

    def first(_: Transaction) -> None:
        started.set()
        go_on.wait()

    async def story() -> list[object]:
        # Two that come together are the thread's; the second waits behind the first.
        running = [asyncio.ensure_future(store.write(each)) for each in (first, lambda _: None)]
        await asyncio.to_thread(started.wait)
        waiting = [store._writer.submit(lambda _: None) for _ in range(MAX_WAITING - 1)]
        refused = await asyncio.gather(
            store.write(adding(Tally("too much", 1))), return_exceptions=True
        )
        go_on.set()
        assert [type(each) for each in refused] == [StoreBusyError]
        await asyncio.gather(*running)
        return [(await each).failure for each in waiting]

    assert asyncio.run(story()) == [None] * (MAX_WAITING - 1)
    assert every(store, Tally) == []
    write(store, adding(Tally("again", 1)))


def test_a_lone_command_stays_on_its_loop(store: SqliteStore) -> None:
    """Two that come together are left to the writer's thread, and so are all on a slow disk."""

    async def story(count: int) -> list[str]:
        commands = [store.write(lambda _: threading.current_thread().name) for _ in range(count)]
        return await asyncio.gather(*commands)

    assert asyncio.run(story(1)) == ["MainThread"]
    assert asyncio.run(story(2)) == ["store-writer"] * 2
    store._writer._commit_s = groups.FAST_COMMIT_S
    assert asyncio.run(story(1)) == ["store-writer"]


def test_a_loop_that_ended_keeps_no_other_waiting(store: SqliteStore) -> None:
    """What it asked for last is done when the store closes; others are answered at once."""
    ended = asyncio.new_event_loop()

    async def ask() -> None:
        ended.stop()
        store._writer.submit(adding(LogEntry(1, "1")))

    asking = ended.create_task(ask())
    ended.run_forever()
    ended.close()
    write(store, adding(LogEntry(2, "2")))
    assert (asking.done(), 2 in numbers(store)) == (True, True)


def test_an_interrupt_during_the_commit_is_passed_on(store: SqliteStore) -> None:
    """Ctrl+C while a lone command commits reaches who waits; the store goes on."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store._writer._writing, "commit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write(store, adding(LogEntry(1, "1")))
    write(store, adding(LogEntry(2, "2")))
    assert numbers(store) == [2]


def test_closing_finishes_what_was_accepted(path: Path) -> None:
    """Three groups wait for a slow disk when it is called; all are kept and answered."""
    store = SqliteStore(path, commit_delay_s=0.001)

    async def story() -> list[object]:
        waiting = [asyncio.ensure_future(store.write(each)) for each in numbered(3 * GROUP_SIZE)]
        await asyncio.sleep(0)
        store.close()
        return [await each for each in waiting]

    assert asyncio.run(story()) == [None] * 3 * GROUP_SIZE
    assert [each.name for each in threading.enumerate() if each.name == "store-writer"] == []
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    again = SqliteStore(path)
    assert numbers(again) == list(range(3 * GROUP_SIZE))
    again.close()


def test_a_read_after_the_end_is_refused_and_one_under_way_goes_on(path: Path) -> None:
    """The last reader lets go of the file."""
    store = SqliteStore(path)
    write(store, adding(Tally("a", 1)))

    def ask(rows: Snapshot) -> object:
        store.close()
        return rows.get(Tally, "a")

    assert store.read(ask) == Tally("a", 1)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    with pytest.raises(StoreLostError):
        every(store, Tally)


def test_a_reader_keeps_its_view_while_others_write(store: SqliteStore) -> None:
    """From its first look to its last; the next reader sees the write."""
    write(store, adding(Tally("a", 1)))

    def ask(rows: Snapshot) -> list[object]:
        before = rows.get(Tally, "a")
        write(store, lambda work: work.save(Tally("a", 2)))
        return [before, rows.get(Tally, "a"), *rows.find(Query(Tally))]

    assert store.read(ask) == [Tally("a", 1)] * 3
    assert every(store, Tally) == [Tally("a", 2)]


def test_several_threads_and_loops_may_write_and_read(store: SqliteStore) -> None:
    """Each loop hears of its own commands; every reader sees whole commands."""
    failures: list[BaseException] = []

    def work(base: int) -> None:
        async def story() -> None:
            for number in range(base, base + 40, 2):
                both = adding(LogEntry(number, f"{number}"), LogEntry(number + 1, f"{number + 1}"))
                await asyncio.gather(store.write(both), store.write(lambda _: None))
                assert len(every(store, LogEntry)) % 2 == 0

        try:
            asyncio.run(story())
        except BaseException as failure:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(base,)) for base in range(0, 200, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert numbers(store) == list(range(200))


def test_a_caller_that_gave_up_disturbs_nobody(store: SqliteStore) -> None:
    """Its command runs all the same; the others of its group are answered."""

    async def story() -> list[object]:
        impatient = asyncio.ensure_future(store.write(adding(LogEntry(-1, "impatient"))))
        await asyncio.sleep(0)
        impatient.cancel()
        answers = await at_once(store, numbered(3))
        return [*answers, impatient.cancelled()]

    assert asyncio.run(story()) == [None, None, None, True]
    assert numbers(store) == [-1, 0, 1, 2]


def test_a_closed_loop_disturbs_nobody(store: SqliteStore) -> None:
    """Nobody hears the answer of a command whose loop is gone."""
    go_on = threading.Event()

    async def leave() -> None:
        store._writer.submit(lambda _: go_on.wait())
        store._writer.submit(adding(LogEntry(0, "0")))

    asyncio.run(leave())
    go_on.set()
    write(store, adding(LogEntry(1, "1")))
    assert numbers(store) == [0, 1]


def test_a_reader_that_cannot_open_the_file_is_refused(store: SqliteStore, path: Path) -> None:
    """Its refusal has a code, as every other has."""
    path.parent.rename(path.parent.with_name("elsewhere"))
    with pytest.raises(StoreLostError):
        find(store, Query(Tally))
    path.parent.with_name("elsewhere").rename(path.parent)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (pysqlite3.IntegrityError("UNIQUE constraint failed: a.b"), RowExistsError),
        (pysqlite3.IntegrityError("NOT NULL constraint failed: a.b"), InternalError),
        (pysqlite3.ProgrammingError("no such thing"), InternalError),
        (pysqlite3.InterfaceError("no such type"), InternalError),
        (pysqlite3.OperationalError("disk I/O error"), StoreLostError),
        (pysqlite3.DatabaseError("malformed"), StoreLostError),
    ],
)
def test_an_error_of_the_driver_has_one_meaning(error: Exception, meaning: type) -> None:
    """And its text, which names tables, is not shown."""
    refused = refusal(error)
    assert type(refused) is meaning
    assert str(error) not in str(refused)


LOADED = """
import asyncio, itertools, sys
from clawmarket.adapters.store.sqlite import SqliteStore
from clawmarket.domain.trust.record import LogEntry, Tally

async def load(store, worker):
    for number in itertools.count(worker, 16):
        def command(work, number=number):
            work.add(LogEntry(number, "record %d" % number))
            work.add(Tally("tally %d" % number, number))
        await store.write(command)
        sys.stdout.write("%d\\n" % number)
        sys.stdout.flush()

async def main():
    store = SqliteStore(sys.argv[1])
    await asyncio.gather(*(load(store, worker) for worker in range(16)))

asyncio.run(main())
"""


@pytest.mark.parametrize("killed_after", [1, 300, 2_000])
def test_no_answered_write_is_lost_when_the_process_is_killed(
    path: Path, killed_after: int
) -> None:
    """The file is sound, each command is there whole or not at all, each answered one is."""
    command = [sys.executable, "-c", LOADED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(killed_after)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
    answered = {int(line) for line in lines if line.endswith(b"\n")}
    store = open_sqlite(path)
    kept = set(numbers(store))
    assert len(answered) >= killed_after
    assert answered - kept == set()
    assert {tally.amount for tally in every(store, Tally)} == kept
    write(store, adding(LogEntry(-1, "after")))
    store.close()
    checking = connect(path)
    assert checking.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    checking.close()


OPENED = """
import asyncio, sys
import clawmarket.runtime.app
from clawmarket.adapters.store.sqlite import open_sqlite
store = open_sqlite(sys.argv[1])
store.read(lambda rows: None)
asyncio.run(store.write(lambda work: None))
store.close()
print(sorted({"sqlite3", "_sqlite3"} & sys.modules.keys()))
"""


def test_the_interpreters_own_sqlite_is_never_loaded(tmp_path: Path) -> None:
    """Not by us nor by a library, so no connection of it can drop the locks of ours."""
    command = [sys.executable, "-c", OPENED, str(tmp_path / "market.db")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
