"""What the writer has in mind is what stands in the file."""

import asyncio
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmarket.adapters.store.sqlite import SqliteStore
from clawmarket.adapters.store.writing.known import ABSENT, MAX_KNOWN, KnownRows
from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.domain.trust.file import FileRight
from clawmarket.domain.trust.record import Tally
from clawmarket.ports.store import Transaction
from stored_rows import Command, at_once, every, write

KEYS = ("a", "b", "c")
RIGHT = FileRight("a", "sha256:" + "0" * 64, "acc_0", 1, 0)
CHANGES = st.tuples(st.sampled_from(["put", "read", "remove"]), st.sampled_from(KEYS))
COMMANDS = st.tuples(st.lists(CHANGES, max_size=5), st.booleans())


class ChangedMindError(ConflictError):
    """A command that refuses after it did something."""


def _command(changes: list[tuple[str, str]], *, refuses: bool) -> Command:
    def command(rows: Transaction) -> None:
        for verb, key in changes:
            found = rows.get(Tally, key)
            if verb == "put":
                after = Tally(key, found.amount + 1 if found else 0)
                (rows.save if found else rows.add)(after)
            elif verb == "remove":
                rows.remove(Tally, key)
        if refuses:
            raise ChangedMindError("On second thought, no.")

    return command


@settings(max_examples=60, deadline=None)
@given(groups=st.lists(st.lists(COMMANDS, min_size=1, max_size=4), max_size=6))
def test_the_next_command_sees_what_the_file_holds(
    migrated: Path, groups: list[list[tuple[list[tuple[str, str]], bool]]]
) -> None:
    """After any commands, alone and in groups, done and refused."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(shutil.copy(migrated, folder))
        for group in groups:
            commands = [_command(changes, refuses=refuses) for changes, refuses in group]
            asyncio.run(at_once(store, commands))
            seen = write(store, lambda rows: [rows.get(Tally, key) for key in KEYS])
            assert [row for row in seen if row is not None] == every(store, Tally)
        store.close()


def test_only_kinds_that_change_are_kept_in_mind() -> None:
    """What is only ever added is not read again."""
    known = KnownRows()
    known.added(Tally("a", 1))
    assert known.get(Tally, "a") is None
    known.saved(Tally("a", 2))
    known.added(Tally("b", 1))
    assert (known.get(Tally, "a"), known.get(Tally, "b")) == (Tally("a", 2), Tally("b", 1))


def test_the_mind_is_bounded() -> None:
    """A market of any size costs the writer the same memory: what was not used longest goes."""
    known = KnownRows()
    half = MAX_KNOWN // 2
    rows = [Tally(f"{number}", number) for number in range(half + 1)]
    late = [Tally(f"late {number}", number) for number in range(half)]
    used, unused, newest = rows[:3], rows[3:half], rows[half:]
    for row in rows:
        known.saved(row)
    assert [known.get(Tally, row.tally_id) for row in used] == used
    for row in late:
        known.saved(row)
    assert [known.get(Tally, row.tally_id) for row in unused] == [None] * len(unused)
    kept = used + newest + late[:9]
    assert [known.get(Tally, row.tally_id) for row in kept] == kept


def test_what_is_not_there_is_kept_in_mind_where_many_ask() -> None:
    """Until somebody adds it; of other kinds nothing is kept."""
    known = KnownRows()
    known.missed(FileRight, "a")
    known.missed(Tally, "a")
    assert (known.get(FileRight, "a"), known.get(Tally, "a")) == (ABSENT, None)
    known.added(RIGHT)
    assert known.get(FileRight, "a") == RIGHT
    known.removed(FileRight, "a")
    assert known.get(FileRight, "a") is None


def test_who_asks_again_for_what_is_not_there_learns_the_same(migrated: Path) -> None:
    """And finds it once it is there."""

    def reads(rows: Transaction) -> list[FileRight | None]:
        return [rows.get(FileRight, RIGHT.right_id) for _ in range(2)]

    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SqliteStore(shutil.copy(migrated, folder))) as store,
    ):
        assert [write(store, reads) for _ in range(2)] == [[None, None]] * 2
        write(store, lambda rows: rows.add(RIGHT))
        assert write(store, reads) == [RIGHT, RIGHT]


def test_a_turn_of_others_may_have_brought_what_was_not_there() -> None:
    """What was missed is forgotten with what was known."""
    known = KnownRows()
    known.begin(others_wrote=False)
    known.missed(FileRight, "a")
    known.commit()
    known.begin(others_wrote=True)
    assert known.get(FileRight, "a") is None


@pytest.mark.parametrize("beside", [0, 1], ids=["alone", "in a group"])
def test_what_a_refused_command_deleted_is_there_again(migrated: Path, beside: int) -> None:
    """It looked for the row after it had deleted it, and did not find it."""

    def deletes(rows: Transaction) -> None:
        rows.remove(FileRight, RIGHT.right_id)
        assert rows.get(FileRight, RIGHT.right_id) is None
        raise ChangedMindError("On second thought, no.")

    def reads(rows: Transaction) -> FileRight | None:
        return rows.get(FileRight, RIGHT.right_id)

    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SqliteStore(shutil.copy(migrated, folder))) as store,
    ):
        write(store, lambda rows: rows.add(RIGHT))
        outcomes = asyncio.run(at_once(store, [*[reads] * beside, deletes]))
        assert [type(each) for each in outcomes] == [FileRight] * beside + [ChangedMindError]
        assert write(store, reads) == RIGHT


def test_a_command_that_is_refused_alone_forgets_only_its_own(migrated: Path) -> None:
    """What others wrote before stays in mind; what it wrote does not."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SqliteStore(shutil.copy(migrated, folder))) as store,
    ):
        write(store, _command([("put", "a"), ("put", "a"), ("put", "b")], refuses=False))
        with pytest.raises(ChangedMindError):
            write(store, _command([("put", "b"), ("put", "c")], refuses=True))
        writing: Any = store._writer._writing
        known = writing._known
        assert [known.get(Tally, key) for key in KEYS] == [Tally("a", 1), None, None]


def test_what_was_added_before_its_kind_changed_is_forgotten_too() -> None:
    """A refused command adds one row, changes another, and reads the first again."""
    known = KnownRows()
    known.mark()
    known.added(Tally("a", 1))
    known.saved(Tally("b", 2))
    known.read(Tally("a", 1))
    known.undo()
    assert (known.get(Tally, "a"), known.get(Tally, "b")) == (None, None)


def _known_before() -> KnownRows:
    known = KnownRows()
    known.begin(others_wrote=False)
    known.saved(Tally("a", 1))
    return known


def _aged(known: KnownRows) -> KnownRows:
    """Let what is in mind become the half that was not used last."""
    for number in range(MAX_KNOWN // 2):
        known.read(Tally(f"{number}", number))
    return known


def _both(known: KnownRows) -> list[object]:
    return [known.get(Tally, key) for key in ("a", "b")]


def test_a_lost_group_takes_everything_out_of_mind() -> None:
    """What was written before it, and what it wrote: the next transaction reads anew."""
    known = _known_before()
    known.commit()
    known.begin(others_wrote=False)
    known.mark()
    known.saved(Tally("b", 2))
    known.rollback()
    known.begin(others_wrote=False)
    assert _both(known) == [None, None]


def test_a_turn_of_others_takes_everything_out_of_mind() -> None:
    """What was committed stays until somebody else wrote."""
    known = _known_before()
    known.commit()
    known.begin(others_wrote=False)
    assert _both(known) == [Tally("a", 1), None]
    known.commit()
    known.begin(others_wrote=True)
    assert _both(known) == [None, None]


def test_what_was_not_used_last_is_forgotten_like_all_else() -> None:
    """After a turn of others, by a deletion and by an undone command."""
    known = _aged(_known_before())
    known.commit()
    known.begin(others_wrote=True)
    assert _both(known) == [None, None]
    known = _aged(_known_before())
    known.removed(Tally, "a")
    assert _both(known) == [None, None]
    known = _aged(_known_before())
    known.undo()
    assert _both(known) == [None, None]
    assert _both(_aged(_known_before())) == [Tally("a", 1), None]


def test_what_did_not_fit_is_undone_all_the_same() -> None:
    """A command that changed a row, outgrew the bound and read the row again is refused."""
    known = KnownRows()
    known.mark()
    known.saved(Tally("mine", 1))
    for number in range(MAX_KNOWN):
        known.read(Tally(f"{number}", number))
    known.read(Tally("mine", 1))
    known.undo()
    assert known.get(Tally, "mine") is None
