"""Races: of the moves that exclude each other one is done, whoever comes first."""

from collections.abc import Callable

import pytest

from races.contests import CONTESTS, Contest
from races.ring import Ring
from world import World


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
