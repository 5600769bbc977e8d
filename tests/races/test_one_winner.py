"""Races: of the moves that exclude each other one is done, whoever comes first."""

from collections.abc import Callable

import pytest

from clawmarket.domain.market.order import Order
from races.contests import CONTESTS, Contest
from races.ring import Move, Ring
from world import World


def test_of_fifty_workers_one_gets_the_task(ring: Ring) -> None:
    """All claim it at the same moment, each once: one has it, the others hear of a conflict."""
    buyer = ring.world.member()
    task = buyer.publishes(claims=True)
    workers = [ring.world.member() for _ in range(50)]
    claims = [Move(w.id, w, "web3.market.claimTask", {"taskId": task["taskId"]}) for w in workers]
    done = ring.race(claims, seed=1, copies=1)
    assert [*done.values()] == [1]
    assert ring.world.nobody.task(task)["worker"] == next(iter(done))
    assert len(ring.world.all(Order)) == 1
    ring.check()


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("contest", CONTESTS, ids=lambda contest: contest.__name__)
def test_one_of_the_rivals_wins(
    ring: Ring, contest: Callable[[World], Contest], first: int
) -> None:
    """Everybody moves sixteen times at once, each rival first in one race: one rival is done."""
    asked = contest(ring.world)
    ahead = asked.rivals[first % len(asked.rivals)]
    done = ring.race([*asked.rivals, *asked.others], seed=first, ahead=ahead)
    assert sum(done[move.name] for move in asked.rivals) == 1, done
    ring.check()
