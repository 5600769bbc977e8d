"""History: which trees a market's records begin with."""

from hypothesis import given, settings
from hypothesis import strategies as st

from clawmarket.domain.trust.merkle import EMPTY_ROOT
from clawmarket.domain.trust.rollback import MARK_BYTES, Mark, MarkDamagedError
from clawmarket.services.trust.history import begins_with, mark_of
from world import World


def believed(world: World, mark: Mark) -> bool:
    """Return whether a market takes a mark for its own."""
    return world.store.read(lambda rows: begins_with(rows, mark))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_every_tree_of_the_past_is_part_of_the_present(batches: list[int]) -> None:
    """Whatever was signed on the way, at each size, and nothing else of the same size."""
    world = World()
    marks = [Mark(0, EMPTY_ROOT)]
    for members in batches:
        for _ in range(members):
            world.member()
        world.log()
        marks.append(world.store.read(mark_of))
    assert all(believed(world, mark) for mark in marks)
    others = [Mark(mark.size, bytes(32)) for mark in marks if mark.size]
    assert not any(believed(world, mark) for mark in others)
    last = marks[-1]
    assert not believed(world, Mark(last.size + 1, last.root))
    world.close()


def test_a_mark_ahead_of_its_head_is_explained_by_records() -> None:
    """After a crash between mark and commit the records are there, but for the log."""
    world, ahead = World(), World()
    for each in (world, ahead):
        each.log()
        each.member()
    ahead.log()
    mark = ahead.store.read(mark_of)
    assert mark.size > world.store.read(mark_of).size
    assert believed(world, mark)
    assert not believed(world, Mark(mark.size, bytes(32)))
    for each in (world, ahead):
        each.close()


def test_a_market_of_another_key_has_another_history() -> None:
    """Records of one market are not those of another."""
    world, other = World(), World(seed=2)
    for each in (world, other):
        each.log()
    assert not believed(world, other.store.read(mark_of))
    for each in (world, other):
        each.close()


@given(st.integers(0, 2**64 - 1), st.binary(min_size=32, max_size=32))
def test_a_mark_is_a_line_of_fixed_length(size: int, root: bytes) -> None:
    """It reads back the same, whatever its size."""
    line = Mark(size, root).line()
    assert (len(line), Mark.parse(line)) == (MARK_BYTES, Mark(size, root))


@given(st.integers(0, 10**6), st.integers(0, 90), st.integers(1, 255))
def test_a_damaged_mark_is_never_another_mark(size: int, place: int, bits: int) -> None:
    """A changed byte is found, unless it changes nothing that is said."""
    mark = Mark(size, bytes(32))
    line = bytearray(mark.line())
    line[place] ^= bits
    for damaged in (bytes(line), bytes(line[:place]), b""):
        try:
            assert Mark.parse(damaged) == mark
        except MarkDamagedError:
            continue
