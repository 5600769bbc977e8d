"""Ids: a prefix and a ULID, sorted by the moment; record ids rise whatever the clock does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.ids import (
    MARKET_ACCOUNT,
    PREFIXES,
    RecordIds,
    id_pattern,
    make_id,
    noun_of,
    same_ulid,
)

NOW = 1_790_000_000_000
LAST = 2**48 - 1
noise = st.binary(min_size=10, max_size=10)
moments = st.integers(0, LAST)
nouns = st.sampled_from(sorted(PREFIXES))


@given(nouns, moments, noise)
def test_an_id_says_what_it_is(noun: str, now: int, randomness: bytes) -> None:
    """It matches its noun's pattern, and no other noun claims it."""
    made = make_id(noun, now, randomness)
    assert re.fullmatch(id_pattern(noun), made)
    assert noun_of(made) == noun


@given(nouns, moments, moments, noise, noise)
def test_ids_sort_by_their_moment(
    noun: str, one: int, two: int, first: bytes, second: bytes
) -> None:
    """An id of an earlier millisecond is the smaller text."""
    ids = make_id(noun, one, first), make_id(noun, two, second)
    assert (one < two) <= (ids[0] < ids[1])
    assert (one > two) <= (ids[0] > ids[1])


def test_an_id_is_a_ulid_in_lower_case() -> None:
    """The first ten characters are the moment, in Crockford's base 32."""
    assert make_id("task", 0, b"\0" * 10) == "task_" + "0" * 26
    assert make_id("task", LAST, b"\xff" * 10) == "task_7" + "z" * 25
    assert make_id("task", 1, b"\0" * 10) == "task_0000000001" + "0" * 16


@pytest.mark.parametrize(
    "text",
    [
        "",
        "task_",
        "0" * 26,
        "task_" + "0" * 25,
        "task_" + "0" * 27,
        "task_8" + "0" * 25,
        "task_" + "0" * 25 + "i",
        "task_" + "0" * 25 + "U",
        "task_" + "0" * 25 + "\u0660",
        "task_" + "0" * 26 + "\n",
        "thing_" + "0" * 26,
        "TASK_" + "0" * 26,
    ],
)
def test_what_only_looks_like_an_id_is_none(text: str) -> None:
    """Wrong length, letters, case, script or prefix, or a moment beyond 48 bits."""
    assert noun_of(text) is None


def test_the_markets_own_account_is_an_account() -> None:
    """Its id is all zeros, which no moment of ours gives."""
    assert noun_of(MARKET_ACCOUNT) == "account"


def test_one_thing_of_another_has_its_ulid() -> None:
    """A receipt's id is its order's with another prefix."""
    order = make_id("order", NOW, b"0123456789")
    assert same_ulid("receipt", order) == "receipt_" + order.removeprefix("order_")


@given(st.lists(st.tuples(moments, noise), min_size=2, max_size=20))
def test_record_ids_rise_whatever_the_clock_does(draws: list[tuple[int, bytes]]) -> None:
    """Within a millisecond, and when the clock is set back, each id is above the one before."""
    ids = RecordIds()
    given_out = [ids.next(now, randomness) for now, randomness in draws]
    assert given_out == sorted(set(given_out))
    assert {noun_of(record_id) for record_id in given_out} <= {"record", None}


@given(moments.filter(lambda now: now < LAST), noise, moments, noise)
def test_record_ids_rise_after_a_restart(now: int, first: bytes, later: int, second: bytes) -> None:
    """A new run goes on above the newest id of the run before, earlier clock or not."""
    newest = RecordIds().next(now, first)
    assert RecordIds(newest).next(later, second) > newest


@given(moments.filter(lambda now: now < LAST), noise, moments, noise)
def test_record_ids_rise_above_those_of_another_process(
    now: int, first: bytes, later: int, second: bytes
) -> None:
    """Whoever looked at the newest one goes on above it; an older one takes nothing back."""
    theirs, mine = RecordIds().next(now, first), RecordIds()
    before = mine.next(later, second)
    mine.rise_above(theirs)
    mine.rise_above("")
    assert mine.next(0, second) > max(theirs, before)


def test_a_record_id_tells_its_moment_while_the_clock_runs_on() -> None:
    """Nothing but the randomness differs from any other id."""
    ids = RecordIds()
    assert ids.next(NOW, b"\0" * 10) == make_id("record", NOW, b"\0" * 10)
    assert ids.next(NOW + 1, b"\0" * 10) == make_id("record", NOW + 1, b"\0" * 10)


def test_after_the_largest_randomness_the_next_id_still_rises() -> None:
    """The counter runs over into the next millisecond rather than around."""
    ids = RecordIds(make_id("record", NOW, b"\xff" * 10))
    assert ids.next(NOW, b"\0" * 10) == make_id("record", NOW + 1, b"\0" * 10)
