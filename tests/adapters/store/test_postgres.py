"""What only a server can show: processes side by side, lost connections, answers that got lost."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from types import NoneType
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.errors import DivisionByZero

from clawmarket.adapters.store.postgres import PostgresStore, whole
from clawmarket.adapters.store.postgresql import connection as postgres_connection
from clawmarket.adapters.store.postgresql.connection import PostgresWriting, connect
from clawmarket.adapters.store.postgresql.rows import given_text, kept_text, refusal
from clawmarket.adapters.store.postgresql.turns import Connection, Given, Step, Turns
from clawmarket.adapters.store.writing import groups
from clawmarket.adapters.store.writing.groups import GROUP_SIZE, GroupWriter, Outcome
from clawmarket.domain.kernel.errors import InternalError
from clawmarket.domain.kernel.job import Job
from clawmarket.domain.market.offer import Offer
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.trust.record import LogEntry, Tally
from clawmarket.ports.store import (
    Query,
    RowExistsError,
    Snapshot,
    StoreLostError,
    StoreUnsureError,
    Transaction,
)
from postgres_server import PostgresDatabase, PostgresServer
from stored_rows import Command, adding, at_once, every, numbered, numbers, rows_of, write


@pytest.fixture
def store(database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresStore]:
    """A store whose groups end by number and never by the clock."""
    monkeypatch.setattr(groups, "GROUP_WORK_S", 600.0)
    opened = database.open()
    yield opened
    opened.close()


def writing_connection(store: PostgresStore) -> Any:
    """Return the driver's connection of the writer."""
    writing: Any = store._writer._writing
    return writing._turns.connection


def breaking(database: PostgresDatabase, broken: Connection) -> None:
    """Let the server end a connection, and wait until it has."""
    with database.server.connect() as other:
        pid = broken.info.backend_pid
        assert other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,)).fetchone() == (True,)


def test_each_commit_waits_for_the_disk_and_readers_cannot_write(store: PostgresStore) -> None:
    """Whatever the server's own settings are."""
    write(store, adding(Tally("a", 1)))
    shown = writing_connection(store).execute("SHOW synchronous_commit").fetchone()
    assert shown == ("on",)

    def ask(rows: Any) -> None:
        rows.add(Tally("b", 1))

    with pytest.raises(StoreLostError) as refused:
        store.read(ask)
    assert refused.value.details == {"reason": "25006"}
    assert every(store, Tally) == [Tally("a", 1)]


def test_sixty_four_commands_share_a_commit(store: PostgresStore) -> None:
    """Two full groups are two transactions; all rows are there."""
    transactions: set[str] = set()

    def command(work: Any, number: int) -> None:
        asked = "SELECT pg_current_xact_id()::text"
        transactions.add(work._execute(asked).fetchone()[0])
        work.add(LogEntry(number, f"record {number}"))

    commands = [lambda work, n=n: command(work, n) for n in range(2 * GROUP_SIZE)]
    asyncio.run(at_once(store, commands))
    assert len(transactions) == 2
    assert numbers(store) == list(range(2 * GROUP_SIZE))


def _taking_what_is_taken(work: Transaction) -> None:
    work.add(LogEntry(5, "five"))
    work.add(LogEntry(0, "taken"))


def _passing_over_a_failure(work: Transaction) -> None:
    work.add(LogEntry(5, "five"))
    nothing: Any = None
    with pytest.raises(InternalError):
        work.add(LogEntry(5, nothing))


def _ending_with_a_failure(work: Transaction) -> None:
    nothing: Any = None
    work.add(LogEntry(5, "five"))
    work.add(LogEntry(5, nothing))


@pytest.mark.parametrize(
    ("failing", "failure"),
    [
        (_taking_what_is_taken, RowExistsError),
        (_passing_over_a_failure, InternalError),
        (_ending_with_a_failure, InternalError),
    ],
)
def test_a_command_that_fails_loses_only_itself(
    store: PostgresStore, failing: Command, failure: type[Exception]
) -> None:
    """The others of its group are kept, whether it says so or passes over a failed statement."""
    commands = numbered(20)
    commands[5] = failing
    answers = asyncio.run(at_once(store, commands))
    assert [type(answer) for answer in answers if answer is not None] == [failure]
    assert numbers(store) == [*range(5), *range(6, 20)]


def test_a_value_that_is_taken_undoes_nothing_else(store: PostgresStore) -> None:
    """A changed row that would take it stays as it was, and its command may go on."""

    def command(work: Transaction) -> None:
        work.add(LogEntry(1, "x"))
        work.add(LogEntry(2, "y"))
        with pytest.raises(RowExistsError):
            work.save(LogEntry(2, "x"))
        work.add(LogEntry(3, "z"))

    write(store, command)
    assert every(store, LogEntry) == [LogEntry(1, "x"), LogEntry(2, "y"), LogEntry(3, "z")]


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**70])
def test_a_number_beyond_its_column_is_refused(store: PostgresStore, number: int) -> None:
    """As SQLite refuses it; nothing of its command stays."""
    with pytest.raises(OverflowError):
        write(store, adding(Tally("a", 1), Tally("b", number)))
    assert every(store, Tally) == []


def test_a_lost_connection_loses_one_group(
    store: PostgresStore, database: PostgresDatabase
) -> None:
    """Those before the loss and the loser itself; those behind it run in the next group."""
    ran: list[int] = []

    def counted(number: int) -> Command:
        def command(work: Transaction) -> None:
            ran.append(number)
            work.add(LogEntry(number, f"{number}"))

        return command

    def lose(work: Transaction) -> None:
        breaking(database, writing_connection(store))
        work.get(Tally, "a")

    commands = [*map(counted, range(10)), lose, *map(counted, range(11, 20))]
    answers = asyncio.run(at_once(store, commands))
    assert [type(answer) for answer in answers[:11]] == [StoreLostError] * 11
    assert answers[10].details == {"reason": "57P01"}
    assert answers[11:] == [None] * 9
    assert ran == [*range(10), *range(11, 20)]
    assert numbers(store) == list(range(11, 20))


def test_a_connection_that_broke_while_it_was_idle_is_no_loss(
    store: PostgresStore, database: PostgresDatabase
) -> None:
    """Neither for the writer nor for readers: nothing was begun on it."""
    write(store, adding(Tally("a", 1)))
    assert every(store, Tally) == [Tally("a", 1)]
    breaking(database, writing_connection(store))
    breaking(database, store._free[0])
    assert every(store, Tally) == [Tally("a", 1)]
    write(store, adding(Tally("b", 1)))
    assert every(store, Tally) == [Tally("a", 1), Tally("b", 1)]


def test_whoever_lets_go_of_what_was_prepared_stops_nobody(store: PostgresStore) -> None:
    """The next command opens a connection that has it."""
    write(store, adding(Tally("a", 1)))
    writing_connection(store).execute("DEALLOCATE ALL", prepare=False)
    write(store, adding(Tally("b", 1)))
    assert every(store, Tally) == [Tally("a", 1), Tally("b", 1)]


def test_what_a_reader_asks_again_is_planned_once(store: PostgresStore) -> None:
    """A read that ends, and one that fails, leave the connection what it has prepared."""

    def fails(rows: Snapshot) -> None:
        rows.get(Tally, "a")
        raise ZeroDivisionError

    def planned() -> Any:
        asked = "SELECT count(*) FROM pg_prepared_statements"
        return store._free[0].execute(asked, prepare=False).fetchone()

    for _ in range(2):
        assert every(store, Tally) == []
        with pytest.raises(ZeroDivisionError):
            store.read(fails)
        assert planned() == (2,)


class Answerless:
    """Opens connections whose COMMIT is done, or not, but never answered the first time."""

    def __init__(self, database: PostgresDatabase, *, done: bool, comes_back: bool) -> None:
        self.database, self.done, self.comes_back = database, done, comes_back
        self.opened: list[Connection] = []
        self.take = Turns.take

    def __call__(self) -> Connection:
        """Open a connection."""
        if self.opened and not self.comes_back:
            raise psycopg.OperationalError("the server is gone")
        self.opened.append(connect(self.database.url))
        return self.opened[-1]

    def intercept(self, turns: Turns, wanted: Iterable[Step]) -> list[Given]:
        """Take a turn, and break the first connection where it should answer to a COMMIT."""
        steps = [*wanted]
        if steps[-1].sql != "COMMIT" or turns.connection is not self.opened[0]:
            return self.take(turns, steps)
        if self.done:
            self.take(turns, steps)
        breaking(self.database, turns.connection)
        return self.take(turns, steps)


@pytest.mark.parametrize(
    ("done", "comes_back", "failure"),
    [
        (True, True, type(None)),
        (False, True, StoreLostError),
        (True, False, StoreUnsureError),
        (False, False, StoreUnsureError),
    ],
)
def test_an_answer_that_was_lost_is_asked_for(
    database: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
    *,
    done: bool,
    comes_back: bool,
    failure: type,
) -> None:
    """A commit is told from a loss; without a server nobody says that nothing happened."""
    opening = Answerless(database, done=done, comes_back=comes_back)

    def take(turns: Turns, steps: Iterable[Step]) -> list[Given]:
        return opening.intercept(turns, steps)

    monkeypatch.setattr(Turns, "take", take)
    group = GroupWriter(PostgresWriting(opening), fast_commit_s=0.0)

    async def submit() -> Outcome:
        return await group.submit(lambda rows: whole(adding(Tally("a", 1)), rows))

    outcome = asyncio.run(submit())
    opening.comes_back = True
    after = asyncio.run(submit())
    group.close()
    assert type(outcome.failure) is failure
    assert type(after.failure) is (RowExistsError if done else type(None))


def test_an_answer_that_could_not_be_read_is_asked_for(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit was done already, so it is no loss, and the next command goes on."""
    write(store, adding(Tally("a", 1)))
    stumbled: list[Turns] = []

    def reading(turns: Turns, commands: int) -> Any:
        results = yield from read(turns, commands)
        if results[-2].command_status == b"COMMIT":
            monkeypatch.setattr(Turns, "_results", read)
            stumbled.append(turns)
            raise MemoryError
        return results

    read = Turns._results
    monkeypatch.setattr(Turns, "_results", reading)
    write(store, adding(Tally("b", 1)))
    assert [each.connection.broken for each in stumbled] == [True]
    write(store, adding(Tally("c", 1)))
    assert every(store, Tally) == [Tally("a", 1), Tally("b", 1), Tally("c", 1)]


def test_what_was_not_taken_back_is_never_committed(store: PostgresStore) -> None:
    """A group that comes behind one whose ROLLBACK failed does not go on with it."""
    writing: Any = store._writer._writing
    left = writing.begin(alone=False)
    left.add(Tally("a", 1))
    left.write_all()
    write(store, adding(Tally("b", 1)))
    assert every(store, Tally) == [Tally("b", 1)]


def test_the_commit_of_a_failed_transaction_is_none(database: PostgresDatabase) -> None:
    """The server answers it with a rollback, which is no error of its own."""
    opened: list[Connection] = []

    def opening() -> Connection:
        opened.append(connect(database.url))
        return opened[-1]

    writing = PostgresWriting(opening)
    writing.begin(alone=False)
    with pytest.raises(DivisionByZero):
        opened[0].execute("SELECT 1 / 0")
    with pytest.raises(StoreLostError):
        writing.commit()
    writing.close()


SLOW_COMMIT = """
CREATE FUNCTION wait_for_seven() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON tallies DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_for_seven()
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def test_a_commit_that_is_still_under_way_is_waited_for(postgres_server: PostgresServer) -> None:
    """The writer hears nothing from it any more, and yet does not call it lost."""
    database = PostgresDatabase.make(postgres_server)
    opened: list[Connection] = []

    def opening() -> Connection:
        opened.append(connect(database.url))
        return opened[-1]

    group = GroupWriter(PostgresWriting(opening), fast_commit_s=0.0)

    async def story(other: "psycopg.Connection[Any]") -> Outcome:
        other.execute("SELECT pg_advisory_lock(7)")
        outcome = group.submit(lambda rows: whole(adding(Tally("a", 1)), rows))
        await _until(lambda: other.execute(WAITING).fetchone() == (1,))
        with socket.socket(fileno=os.dup(opened[0].fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        await _until(lambda: outcome.done() or other.execute(WAITING).fetchone() == (2,))
        other.execute("SELECT pg_advisory_unlock(7)")
        return await outcome

    with postgres_server.connect(database.name) as other:
        other.execute(SLOW_COMMIT)
        assert asyncio.run(story(other)).failure is None
        assert other.execute("SELECT * FROM tallies").fetchall() == [("a", 1)]
    group.close()


async def _until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - a server that waits sends no event
        await asyncio.sleep(0)


def test_no_meeting_of_commands_makes_a_new_plan(store: PostgresStore) -> None:
    """What each kind needs is planned once, whichever kinds a group happens to change."""
    jobs, offers, entries = (rows_of(kind) for kind in (Job, Offer, Entry))

    def planned() -> Any:
        asked = "SELECT count(*) FROM pg_prepared_statements"
        return writing_connection(store).execute(asked, prepare=False).fetchone()

    for first in (jobs[0], offers[0], entries[0]):
        write(store, adding(first))
    before = planned()
    asyncio.run(at_once(store, [adding(each) for each in (entries[1], jobs[1])]))
    asyncio.run(at_once(store, [adding(each) for each in (offers[1], entries[2], offers[2])]))
    write(store, adding(jobs[2]))
    assert planned() == before
    assert [len(every(store, kind)) for kind in (Job, Offer, Entry)] == [3, 3, 3]


def test_whoever_holds_the_lock_too_long_is_not_waited_for(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group is refused; once the lock is free, writes go on."""
    short = postgres_connection.SETTINGS.replace("'10s'", "'50ms'")
    monkeypatch.setattr(postgres_connection, "SETTINGS", short)
    store = database.open()
    with database.server.connect(database.name) as other, other.transaction():
        other.execute(postgres_connection.LOCK)
        with pytest.raises(StoreLostError) as refused:
            write(store, adding(Tally("a", 1)))
        assert every(store, Tally) == []
    assert refused.value.details == {"reason": "55P03"}
    write(store, adding(Tally("a", 2)))
    assert every(store, Tally) == [Tally("a", 2)]
    store.close()


def test_a_reader_keeps_its_view_while_others_write(store: PostgresStore) -> None:
    """From its first look to its last; the next reader sees the write."""
    write(store, adding(Tally("a", 1)))

    def ask(rows: Snapshot) -> list[object]:
        before = rows.get(Tally, "a")
        write(store, lambda work: work.save(Tally("a", 2)))
        return [before, rows.get(Tally, "a")]

    assert store.read(ask) == [Tally("a", 1)] * 2
    assert every(store, Tally) == [Tally("a", 2)]


def test_closing_finishes_what_was_accepted(database: PostgresDatabase) -> None:
    """Three groups wait when it is called; all are kept and answered, no connection stays."""
    store = database.open()

    async def story() -> list[object]:
        waiting = [asyncio.ensure_future(store.write(each)) for each in numbered(3 * GROUP_SIZE)]
        await asyncio.sleep(0)
        store.close()
        return [await each for each in waiting]

    assert asyncio.run(story()) == [None] * 3 * GROUP_SIZE
    with pytest.raises(StoreLostError):
        every(store, LogEntry)
    again = database.open()
    assert numbers(again) == list(range(3 * GROUP_SIZE))
    again.close()


def test_two_stores_count_as_one(database: PostgresDatabase) -> None:
    """Four hundred commands that read and write one row from two threads: none is lost."""
    stores = [database.open(), database.open()]
    write(stores[0], adding(Tally("count", 0)))

    def count(work: Transaction) -> int:
        counted = work.get(Tally, "count")
        assert counted is not None
        work.save(Tally("count", counted.amount + 1))
        return counted.amount

    async def story() -> list[int]:
        return await asyncio.gather(*(each.write(count) for each in stores * 200))

    assert sorted(asyncio.run(story())) == list(range(400))
    for each in stores:
        assert every(each, Tally) == [Tally("count", 400)]
        each.close()


def test_a_look_sees_what_others_wrote_before_a_group(database: PostgresDatabase) -> None:
    """Once each time that others had a turn, and not for a group that follows one's own."""
    mine, other = database.open(), database.open()
    seen: list[list[int]] = []
    mine.on_group(lambda rows: seen.append([each.idx for each in rows.find(Query(LogEntry))]))
    write(mine, adding(LogEntry(1, "1")))
    write(other, adding(LogEntry(2, "2")))
    write(mine, adding(LogEntry(3, "3")))
    with pytest.raises(RowExistsError):
        write(mine, adding(LogEntry(3, "again")))
    with pytest.raises(RowExistsError):
        write(other, adding(LogEntry(3, "and again")))
    write(mine, adding(LogEntry(4, "4")))
    assert seen == [[], [1, 2], [1, 2, 3]]
    mine.close()
    other.close()


def test_a_look_that_fails_takes_the_commands_before_it_along(store: PostgresStore) -> None:
    """It had no savepoint yet, so the group is lost: nobody is told that something happened."""

    def failing(rows: Any) -> None:
        rows._execute("SELECT 1 / 0")

    answers = asyncio.run(at_once(store, [*numbered(2), failing, adding(LogEntry(2, "2"))]))
    assert [type(answer) for answer in answers] == [*[StoreLostError] * 3, NoneType]
    assert numbers(store) == [2]


def test_a_look_that_fails_after_a_change_undoes_its_command_alone(store: PostgresStore) -> None:
    """Its savepoint stands by then, so the others in the group are kept."""

    def failing(rows: Any) -> None:
        rows.add(Tally("a", 7))
        rows._execute("SELECT 1 / 0")

    answers = asyncio.run(at_once(store, [*numbered(2), failing, adding(LogEntry(2, "2"))]))
    assert [type(answer) for answer in answers] == [NoneType, NoneType, DivisionByZero, NoneType]
    assert numbers(store) == [0, 1, 2]


KEYS = ("a", "b", "c")
STEPS = st.tuples(st.sampled_from(["count", "read", "remove"]), st.sampled_from(KEYS))
GROUPS = st.tuples(
    st.booleans(), st.lists(st.tuples(st.lists(STEPS, max_size=4), st.booleans()), min_size=1)
)


def counting(steps: list[tuple[str, str]], *, refuses: bool) -> Command:
    """Return a command that counts up, reads and removes rows, and may refuse in the end."""

    def command(rows: Transaction) -> list[Tally | None]:
        for verb, key in steps:
            found = rows.get(Tally, key)
            if verb == "count":
                after = Tally(key, found.amount + 1 if found else 0)
                (rows.save if found else rows.add)(after)
            elif verb == "remove":
                rows.remove(Tally, key)
        if refuses:
            raise RowExistsError("It did all this in vain.")
        return [rows.get(Tally, key) for key in KEYS]

    return command


@settings(max_examples=30)
@given(turns=st.lists(GROUPS, max_size=6))
def test_each_of_two_writers_knows_what_the_other_wrote(
    migrated_database: PostgresDatabase, turns: list[tuple[bool, list[Any]]]
) -> None:
    """Whoever's turn it is, done and refused, in groups and alone: what is in mind is true."""
    migrated_database.server.empty(migrated_database.name)
    stores = [migrated_database.open(), migrated_database.open()]
    for first, group in turns:
        store = stores[first]
        asyncio.run(at_once(store, [counting(steps, refuses=no) for steps, no in group]))
        for each in (store, *stores):
            seen = write(each, counting([], refuses=False))
            assert [row for row in seen if row is not None] == every(each, Tally)
    for each in stores:
        each.close()


LOADED = """
import asyncio, itertools, sys
from clawmarket.adapters.store.postgres import PostgresStore
from clawmarket.domain.kernel.secret import Secret
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
    store = PostgresStore(Secret(sys.argv[1]))
    await asyncio.gather(*(load(store, worker) for worker in range(16)))

asyncio.run(main())
"""


@pytest.mark.parametrize("killed_after", [1, 100, 1_000])
def test_no_answered_write_is_lost_when_the_process_is_killed(
    database: PostgresDatabase, killed_after: int
) -> None:
    """Each command is there whole or not at all, each answered one is, and others go on."""
    command = [sys.executable, "-c", LOADED, database.url.reveal()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(killed_after)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
    answered = {int(line) for line in lines if line.endswith(b"\n")}
    store = database.open()
    write(store, adding(LogEntry(-1, "after"), Tally("after", -1)))
    kept = set(numbers(store))
    assert len(answered) >= killed_after
    assert answered - kept == set()
    assert {tally.amount for tally in every(store, Tally)} == kept
    store.close()


@given(st.lists(st.text("\0\1\2aé\U0010ffff", max_size=6), min_size=2, max_size=2))
def test_a_text_is_kept_without_nul_in_its_order(texts: list[str]) -> None:
    """What is stored gives the text back, sorts like it, and begins with what it began with."""
    first, second = texts
    kept = [kept_text(text) for text in texts]
    assert [given_text(text) for text in kept] == texts
    assert "\0" not in "".join(kept)
    assert (kept[0] < kept[1]) == (first < second)
    assert kept_text(first + second) == kept[0] + kept[1]


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (psycopg.errors.UniqueViolation("key x"), RowExistsError),
        (psycopg.errors.NotNullViolation("column y"), InternalError),
        (psycopg.errors.NumericValueOutOfRange("z"), InternalError),
        (psycopg.errors.UndefinedTable("jobs"), InternalError),
        (psycopg.errors.InFailedSqlTransaction("ignored"), StoreLostError),
        (psycopg.errors.ReadOnlySqlTransaction("standby"), StoreLostError),
        (psycopg.errors.DiskFull("data"), StoreLostError),
        (psycopg.OperationalError("server closed"), StoreLostError),
    ],
)
def test_an_error_of_the_driver_has_one_meaning(error: Exception, meaning: type) -> None:
    """And its text, which names tables, is not shown."""
    refused = refusal(error)
    assert type(refused) is meaning
    assert str(error) not in str(refused)
