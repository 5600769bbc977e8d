"""Races about money on a rail that answers late: one winner, and each key moves once."""

from collections.abc import Callable

import pytest

from clawmarket.adapters.payments.memory import Fault
from clawmarket.domain.treasury.rail import RailState, RailStep
from races.rail_contests import (
    FIND,
    LOCK,
    RAIL_CONTESTS,
    RETRY,
    TWIN,
    RailContest,
    SlowRail,
    answers,
    asks,
    jobs,
    settle,
)
from races.ring import Move, Ring
from world import Fields, Member, World

COPIES = 8


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("contest", RAIL_CONTESTS, ids=lambda contest: contest.__name__)
def test_one_of_the_rivals_wins_on_a_slow_rail(
    ring: Ring, rail: SlowRail, contest: Callable[[World, SlowRail], RailContest], first: int
) -> None:
    """Everybody moves at once while the rail is silent: one is done, and the rail moves it once."""
    asked = contest(ring.world, rail)
    rivals, others = asked.contest.rivals, asked.contest.others
    ahead = rivals[first % len(rivals)]
    done = ring.race([*rivals, *others], seed=first, ahead=ahead, copies=COPIES)
    won = sum(done[move.name] for move in rivals)
    assert won == 1 or (won == 0 and done[asked.last] == 1), done
    settle(ring.world, rail)


def test_thirty_two_locks_of_one_order_on_a_slow_rail(ring: Ring, rail: SlowRail) -> None:
    """One is asked for; the rail locks it once."""
    buyer, _, order = ring.world.ordered()
    rail.hush()
    lock = Move("lock", buyer, LOCK, {"orderId": order["orderId"], "rail": TWIN})
    others = [jobs(), answers(rail)]
    done = ring.race([lock, *others], seed=32, copies=32)
    (step,) = ring.world.all(RailStep)
    assert done == {"lock": 1}
    settle(ring.world, rail)
    assert [key for key in rail.done if key.endswith("lock")] == [step.key]


def paying(world: World) -> tuple[Member, str]:
    """Let a release be asked for, so that its key is known; return the buyer and that key."""
    buyer, seller, order = world.ordered()
    buyer.locks(order, rail=TWIN)
    world.run_jobs()
    seller.delivers(seller.begins(order))
    buyer.releases(order)
    (asked,) = [step.key for step in world.all(RailStep) if step.state is RailState.ASKED]
    return buyer, asked


def finding(world: World, key: str, outcome: str) -> Move:
    """Return what an operator says of a step."""
    said: Fields = {"stepKey": key, "outcome": outcome, "reason": "Their desk says so."}
    return Move(outcome, world.operator, FIND, said)


# What the rail did of the release before, unheard: it moved it, refused it, or has not got it.
BEFORE: dict[str, Fault | None] = {
    "moved": Fault.LOSE_ANSWER,
    "refused": Fault.LOSE_ANSWER,
    "on its way": Fault.HOLD_BACK,
    "never sent": Fault.LOSE_QUESTION,
}


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("before", BEFORE)
def test_findings_retries_and_a_late_answer(
    ring: Ring, rail: SlowRail, before: str, first: int
) -> None:
    """Whatever operators say while it is silent: the seller is paid once, and the order ends.

    Every second look-up is unknown, so that some findings count; that it moved is only said where
    it did, that it did not is said everywhere.
    """
    buyer, key = paying(ring.world)
    rail.refuses |= {"release"} if before == "refused" else set()
    rail.faults.extend([None, BEFORE[before], Fault.SAY_UNKNOWN])
    ring.world.run_jobs()
    rail.refuses.clear()
    outcomes = ["not_moved"] + (["moved"] if before == "moved" else [])
    found = [finding(ring.world, key, outcome) for outcome in outcomes]
    retry = Move("retry", ring.world.operator, RETRY, {"stepKey": key})
    rail.faults.extend([Fault.SAY_UNKNOWN, None] * (2 * COPIES))
    rail.hush()
    moves = [*found, retry, asks(key), jobs(), answers(rail)]
    done = ring.race(moves, seed=first, ahead=moves[first], copies=COPIES)

    assert sum(done[move.name] for move in found) <= 1, done
    settle(ring.world, rail)
    lock = key[: -len("002.release")] + "001.lock"
    assert [move.step for move in rail.moves(lock)] == ["lock", "release"]
    assert buyer.figures()[:2] == ("1000000000", "0")
