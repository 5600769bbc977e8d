"""What every store of rows promises."""

import asyncio
import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.adapters.store.sqlite import SqliteStore
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.trust.record import LogEntry, RecordParty, Tally
from clawmarket.domain.trust.session import Credential, CredentialKind
from clawmarket.ports.store import (
    Key,
    Query,
    RowExistsError,
    RowMissingError,
    Store,
    StoreLostError,
    Transaction,
    key_of,
)
from postgres_server import PostgresDatabase
from stored_rows import ALL_KINDS, a_credential, a_job, adding, changed, every, find, rows_of, write

Command = Callable[[Transaction], None]

each_kind = pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: str(kind.__name__))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> Iterator[Store]:
    """Each store in turn, without a row."""
    opened: Store = MemoryStore()
    if request.param == "sqlite":
        opened = SqliteStore(shutil.copy(migrated, tmp_path / "market.db"))
    if request.param == "postgres":
        database: PostgresDatabase = request.getfixturevalue("database")
        opened = database.open()
    yield opened
    opened.close()


def get(store: Store, kind: type[Any], key: Key) -> object:
    """Return the row with a key."""
    return store.read(lambda rows: rows.get(kind, key))


def saving(row: object, before: object | None = None) -> Command:
    """Return a command that replaces a row."""
    return lambda work: work.save(row, before)


@each_kind
def test_a_row_comes_back_as_it_was(store: Store, kind: type[Any]) -> None:
    """None, empty and filled tuples, all of Unicode, NUL, both ends of int64, every byte."""
    rows = rows_of(kind)
    write(store, adding(*rows))
    got = [get(store, kind, key_of(row)) for row in rows]
    assert got == rows
    assert [type(row) for row in got] == [kind] * 3
    assert every(store, kind) == sorted(rows, key=key_of)


@each_kind
def test_a_row_is_replaced_whole(store: Store, kind: type[Any]) -> None:
    """Every field but the key takes its new value; the other rows keep theirs."""
    least, _, other = rows_of(kind)
    after = changed(least)
    write(store, adding(least, other))
    write(store, saving(after))
    assert [get(store, kind, key_of(row)) for row in (least, other)] == [after, other]


@each_kind
def test_what_differs_from_the_row_as_it_was_read_is_written(store: Store, kind: type[Any]) -> None:
    """One field, all of them or none; the row is then the new one in every field."""
    least, most, other = rows_of(kind)
    last = replace(least, **{fields(kind)[-1].name: getattr(most, fields(kind)[-1].name)})
    write(store, adding(least, other))
    steps = [least, least, last, changed(least), last]
    for before, after in itertools.pairwise(steps):
        write(store, saving(after, before))
        assert [get(store, kind, key_of(row)) for row in (least, other)] == [after, other]


def test_a_row_that_is_gone_is_not_written_by_what_differs(store: Store) -> None:
    """Whoever read it before somebody removed it is told; a taken unique value likewise."""
    with pytest.raises(RowMissingError):
        write(store, lambda work: work.save(Tally("a", 2), Tally("a", 1)))
    write(store, adding(LogEntry(1, "x"), LogEntry(2, "y")))
    with pytest.raises(RowExistsError):
        write(store, lambda work: work.save(LogEntry(2, "x"), LogEntry(2, "y")))
    assert every(store, LogEntry) == [LogEntry(1, "x"), LogEntry(2, "y")]
    assert every(store, Tally) == []


@each_kind
def test_a_row_is_removed(store: Store, kind: type[Any]) -> None:
    """Once; that it is not there the second time is no error, and the others stay."""
    least, most, other = rows_of(kind)
    write(store, adding(least, most, other))
    for _ in range(2):
        write(store, lambda work: work.remove(kind, key_of(most)))
    assert [get(store, kind, key_of(row)) for row in (least, most, other)] == [least, None, other]


@each_kind
def test_no_two_rows_have_one_key(store: Store, kind: type[Any]) -> None:
    """The first one stays as it is."""
    least, *_ = rows_of(kind)
    write(store, adding(least))
    with pytest.raises(RowExistsError):
        write(store, adding(changed(least)))
    assert every(store, kind) == [least]


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        (a_credential("c1", "x"), a_credential("c2", "y"), a_credential("c2", "x")),
        (LogEntry(1, "x"), LogEntry(2, "y"), LogEntry(2, "x")),
    ],
)
def test_unique_values_stay_unique(
    store: Store, first: object, second: object, clash: object
) -> None:
    """Whether a new row takes one that is taken or an old row changes to it."""
    write(store, adding(first))
    with pytest.raises(RowExistsError):
        write(store, adding(clash))
    write(store, adding(second))
    with pytest.raises(RowExistsError):
        write(store, saving(clash))
    write(store, saving(second))
    assert every(store, type(first)) == [first, second]


def test_a_unique_value_is_free_again_once_its_row_is_gone(store: Store) -> None:
    """Also within one command."""

    def command(work: Transaction) -> None:
        work.add(LogEntry(1, "x"))
        work.remove(LogEntry, 1)
        work.add(LogEntry(2, "x"))

    write(store, command)
    assert every(store, LogEntry) == [LogEntry(2, "x")]


def test_a_row_that_is_not_there_cannot_be_replaced(store: Store) -> None:
    """Nor does it come to be; one that was removed is not there."""
    write(store, adding(Tally("gone", 1)))
    write(store, lambda work: work.remove(Tally, "gone"))
    for row in (Tally("gone", 2), Tally("never", 2)):
        with pytest.raises(RowMissingError):
            write(store, saving(row))
    assert every(store, Tally) == []


JOBS = [
    a_job("a", acts_at=20, attempts=1),
    a_job("b", acts_at=None, attempts=1),
    a_job("c", acts_at=10, attempts=2),
    a_job("d", acts_at=20, attempts=3),
    replace(a_job("e", acts_at=-5), state=JobState.DONE, kind="other"),
]


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({}, "abcde"),
        ({"newest_first": True}, "edcba"),
        ({"limit": 2}, "ab"),
        ({"limit": 2, "newest_first": True}, "ed"),
        ({"limit": 0}, ""),
        ({"equal": {"attempts": 1}}, "ab"),
        ({"equal": {"job_id": "c"}}, "c"),
        ({"equal": {"state": JobState.DONE}}, "e"),
        ({"equal": {"state": "job_done"}}, "e"),
        ({"equal": {"acts_at": None}}, "b"),
        ({"equal": {"attempts": 1, "acts_at": None}}, "b"),
        ({"equal": {"acts_at": None, "attempts": 1}}, "b"),
        ({"equal": {"kind": None}}, ""),
        ({"equal": {"kind": "tes"}}, ""),
        ({"at_least": ("acts_at", 20)}, "ad"),
        ({"at_least": ("acts_at", 21)}, ""),
        ({"at_most": ("acts_at", 10)}, "ce"),
        ({"at_most": ("acts_at", -6)}, ""),
        ({"at_least": ("acts_at", 0), "at_most": ("acts_at", 10)}, "c"),
        ({"at_least": ("attempts", 1), "at_most": ("acts_at", 20)}, "acd"),
        ({"order_by": "acts_at"}, "ecad"),
        ({"order_by": "acts_at", "newest_first": True}, "dace"),
        ({"order_by": "acts_at", "limit": 3}, "eca"),
        ({"order_by": "acts_at", "equal": {"acts_at": None}}, ""),
        ({"order_by": "acts_at", "after": 10}, "ad"),
        ({"order_by": "acts_at", "after": 20, "newest_first": True}, "ce"),
        ({"order_by": "attempts", "after": 1}, "cd"),
        ({"after": "b"}, "cde"),
        ({"after": "b", "newest_first": True}, "a"),
        ({"after": "", "limit": 1}, "a"),
        ({"after": "e"}, ""),
        ({"after": "bb", "equal": {"attempts": 3}}, "d"),
    ],
)
def test_a_query_finds_its_rows_in_order(store: Store, asked: Mapping[str, Any], keys: str) -> None:
    """Ties in the order of the keys, nothing without a value to order or to compare by."""
    write(store, adding(*reversed(JOBS)))
    by_key = {job.job_id: job for job in JOBS}
    assert find(store, Query(Job, **asked)) == [by_key[key] for key in keys]


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("a|", ["a|", "a|1", "a|é"]),
        ("a", ["a", "a|", "a|1", "a|é", "a\U0010ffff"]),
        ("A", ["A|1"]),
        ("%", ["%", "%_"]),
        ("_", ["_%"]),
        ("'", ["'"]),
        ("\0", ["\0x"]),
        ("\x7f", ["\x7f"]),
        ("é", ["é", "éé"]),
        ("\ue000", ["\ue000!"]),
        ("a|12", []),
        ("z", []),
    ],
)
def test_a_prefix_is_taken_as_it_stands(store: Store, prefix: str, found: list[str]) -> None:
    """No wildcards, no folding of case; ends of one-byte and two-byte codes are no edges."""
    keys = ["a", "a|", "a|1", "a|é", "a\U0010ffff", "b", "A|1", "%", "%_", "_%", "'", "\0x"]
    keys += ["\x7f", "\x80", "é", "éé", "ê", "\ue000!", "\ue001"]
    write(store, adding(*(RecordParty(key, "r") for key in keys)))
    query = Query(RecordParty, prefix=prefix)
    assert [row.link_id for row in find(store, query)] == found
    backwards = [row.link_id for row in find(store, replace(query, newest_first=True))]
    assert backwards == found[::-1]


def test_text_is_ordered_by_its_bytes(store: Store) -> None:
    """Which is the order of code points; a language would have it otherwise."""
    keys = ["", "\0", "A", "Z", "_", "a", "aa", "z", "É", "é", "\uffff", "\U00010000"]
    write(store, adding(*(Tally(key, 1) for key in reversed(keys))))
    assert [row.tally_id for row in every(store, Tally)] == keys


def test_pages_by_key_hold_each_row_once_while_rows_are_added(store: Store) -> None:
    """What was there at the first page is found, whatever comes before, between or behind."""
    write(store, adding(*(Tally(f"{number:03}", 0) for number in range(10, 30))))
    seen: list[str] = []
    page = find(store, Query(Tally, limit=3, newest_first=True))
    while page:
        seen += [row.tally_id for row in page]
        number = int(seen[-1][:3])
        write(store, adding(Tally(f"{number:03}-new", 0), Tally(f"{99 - number:03}-late", 0)))
        page = find(store, Query(Tally, after=seen[-1], limit=3, newest_first=True))
    assert [key for key in seen if len(key) == 3] == [f"{n:03}" for n in range(29, 9, -1)]
    assert len(seen) == len(set(seen))


def _remove_and_add_again(work: Transaction) -> None:
    work.remove(Tally, "kept")
    work.add(Tally("kept", 3))


@pytest.mark.parametrize(
    "change",
    [
        adding(Tally("new", 1)),
        lambda work: work.save(Tally("kept", 2)),
        lambda work: work.remove(Tally, "kept"),
        lambda work: work.remove(Tally, "never"),
        _remove_and_add_again,
        adding(a_credential("c", "x"), LogEntry(1, "r")),
    ],
    ids=["add", "save", "remove", "remove nothing", "remove and add", "other kinds"],
)
@pytest.mark.parametrize("kind_of_failure", [ValueError, KeyboardInterrupt, RowExistsError])
def test_nothing_stays_of_a_command_that_raises(
    store: Store, change: Command, kind_of_failure: type[BaseException]
) -> None:
    """And what it raises comes out as it was, not as a copy or in a wrapper."""
    write(store, adding(Tally("kept", 1)))
    failure = kind_of_failure("stop")

    def command(work: Transaction) -> None:
        change(work)
        raise failure

    with pytest.raises(kind_of_failure) as raised:
        write(store, command)
    assert raised.value is failure
    assert every(store, Tally) == [Tally("kept", 1)]
    assert [every(store, kind) for kind in (Credential, LogEntry)] == [[], []]


def test_a_command_may_go_on_after_a_refused_row(store: Store) -> None:
    """A refusal that it catches undoes nothing of what it did before."""

    def command(work: Transaction) -> str:
        work.add(Tally("a", 1))
        with pytest.raises(RowExistsError):
            work.add(Tally("a", 2))
        with pytest.raises(RowMissingError):
            work.save(Tally("b", 2))
        work.add(Tally("c", 3))
        return "done"

    assert write(store, command) == "done"
    assert every(store, Tally) == [Tally("a", 1), Tally("c", 3)]


def test_a_command_sees_what_it_did(store: Store) -> None:
    """By key and by query, before anything is kept."""
    write(store, adding(Tally("a", 1), Tally("b", 1)))

    def command(work: Transaction) -> list[object]:
        work.save(Tally("a", 2))
        work.remove(Tally, "b")
        work.add(Tally("c", 3))
        return [work.get(Tally, "a"), work.get(Tally, "b"), *work.find(Query(Tally))]

    assert write(store, command) == [Tally("a", 2), None, Tally("a", 2), Tally("c", 3)]


def test_a_reader_does_not_see_what_is_not_yet_kept(store: Store) -> None:
    """A read in the middle of a command gives what was there before it."""
    write(store, adding(Tally("a", 1), Tally("b", 1)))
    seen: list[list[Tally]] = []

    def command(work: Transaction) -> None:
        work.save(Tally("a", 2))
        work.remove(Tally, "b")
        work.add(Tally("c", 3))
        seen.append(every(store, Tally))

    write(store, command)
    assert seen == [[Tally("a", 1), Tally("b", 1)]]
    assert every(store, Tally) == [Tally("a", 2), Tally("c", 3)]


def test_many_writes_at_once_all_happen_one_after_the_other(store: Store) -> None:
    """Two hundred rows are there, and no count was lost between reading and writing it."""
    write(store, adding(Tally("count", 0)))

    def command(work: Transaction, number: int) -> int:
        counted = work.get(Tally, "count")
        assert counted is not None
        work.save(Tally("count", counted.amount + 1))
        work.add(LogEntry(number, f"record {number}"))
        return counted.amount

    async def story() -> list[int]:
        commands = (lambda work, n=n: command(work, n) for n in range(200))
        return await asyncio.gather(*map(store.write, commands))

    assert sorted(asyncio.run(story())) == list(range(200))
    assert get(store, Tally, "count") == Tally("count", 200)
    assert [row.idx for row in every(store, LogEntry)] == list(range(200))


def test_a_command_that_fails_among_others_fails_alone(store: Store) -> None:
    """Every third of sixty is refused or broken; the rest are there."""
    write(store, adding(Tally("taken", 0)))

    def command(work: Transaction, number: int) -> None:
        work.add(LogEntry(number, f"{number}"))
        if number % 3 == 0:
            work.add(Tally("taken", number))
        if number % 3 == 1:
            raise LookupError(number)

    async def story() -> list[object]:
        commands = (lambda work, n=n: command(work, n) for n in range(60))
        return await asyncio.gather(*map(store.write, commands), return_exceptions=True)

    answers = asyncio.run(story())
    assert [type(answer) for answer in answers] == [RowExistsError, LookupError, type(None)] * 20
    assert [row.idx for row in every(store, LogEntry)] == list(range(2, 60, 3))
    assert every(store, Tally) == [Tally("taken", 0)]


def test_a_write_after_the_end_is_refused(store: Store) -> None:
    """Nothing of it runs; ending twice is once."""
    ran: list[bool] = []
    store.close()
    store.close()
    with pytest.raises(StoreLostError):
        write(store, lambda _: ran.append(True))
    assert ran == []


def test_an_empty_column_is_not_a_zero(store: Store) -> None:
    """Live keys are those without a moment of revocation."""
    live, revoked = a_credential("live", "x"), a_credential("revoked", "y", revoked_at=0)
    write(store, adding(live, revoked))
    equal = {"account_id": "acc_1", "kind": CredentialKind.KEY, "revoked_at": None}
    assert find(store, Query(Credential, equal=equal)) == [live]
    assert find(store, Query(Credential, equal=equal | {"revoked_at": 0})) == [revoked]
