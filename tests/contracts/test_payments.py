"""What every rail promises to whoever asks it over a line that loses things."""

import asyncio
from dataclasses import replace

import pytest

from clawmarket.adapters.payments.memory import MemoryRail
from clawmarket.ports.payments import Declined, Move, Moved, Rail, Unseen

LOCK = Move("s.001.lock", "s.001.lock", "lock", "agent_b", "agent_s", "credits", 100, 0, 0, 0)
PART = replace(LOCK, key="s.002.part", step="part", seller_amount=39, fee=1)
RELEASE = replace(LOCK, key="s.003.release", step="release", seller_amount=49, fee=1, refund=10)
REFUND = replace(LOCK, key="s.002.refund", step="refund", refund=100)


@pytest.fixture(params=["memory"])
def rail(request: pytest.FixtureRequest) -> Rail:
    """Each rail in turn, empty."""
    assert request.param == "memory"
    return MemoryRail()


def does(rail: Rail, move: Move) -> object:
    """Return what a rail answers to a move."""
    return asyncio.run(rail.move(move))


def says(rail: Rail, key: str) -> object:
    """Return what a rail says of a key."""
    return asyncio.run(rail.look_up(key))


def test_a_key_that_nobody_sent_is_unseen(rail: Rail) -> None:
    """And looking it up sends nothing."""
    assert says(rail, LOCK.key) == Unseen(LOCK.key)
    assert says(rail, LOCK.key) == Unseen(LOCK.key)


def test_what_was_done_is_told_word_for_word_for_ever(rail: Rail) -> None:
    """The answer to the move, to its repetition and to a look-up are one and the same."""
    done = does(rail, LOCK)
    assert isinstance(done, Moved)
    assert done.move == LOCK
    assert (does(rail, LOCK), says(rail, LOCK.key)) == (done, done)


def test_a_lock_is_divided_to_the_unit(rail: Rail) -> None:
    """A part, then the rest in its split; each once."""
    for move in (LOCK, PART, RELEASE, PART, RELEASE):
        assert isinstance(does(rail, move), Moved)
    assert isinstance(does(rail, replace(REFUND, key="s.004.refund", refund=1)), Declined)


@pytest.mark.parametrize(
    "move",
    [
        replace(REFUND, refund=101),
        replace(REFUND, refund=99),
        replace(RELEASE, seller_amount=100),
        replace(PART, seller_amount=0, fee=0),
        replace(PART, lock_key="another.001.lock"),
    ],
)
def test_out_of_a_lock_never_leaves_more_than_lies_in_it(rail: Rail, move: Move) -> None:
    """Too much, too little to empty it, nothing, or out of no lock: declined."""
    does(rail, LOCK)
    assert isinstance(does(rail, move), Declined)
    assert isinstance(does(rail, replace(REFUND, key="s.009.refund")), Moved)


def test_a_refusal_stays_a_refusal(rail: Rail) -> None:
    """A key that was declined never moves anything, also when it could by now."""
    refused = does(rail, REFUND)
    assert isinstance(refused, Declined)
    does(rail, LOCK)
    assert (does(rail, REFUND), says(rail, REFUND.key)) == (refused, refused)


def test_a_key_stands_for_one_move(rail: Rail) -> None:
    """Another move under a known key is not done."""
    done = does(rail, LOCK)
    assert does(rail, replace(LOCK, locked=5)) == done
