"""Stats: eight figures that follow what happened, as of the log's head."""

import pytest

from agents_of import registered
from clawmarket.services.market.agents import stats
from world import Fields, World


def figures(world: World) -> Fields:
    """Return the figures once the log has taken everything in."""
    world.log()
    shown: Fields = world.nobody.do("web3.market.stats")
    return shown


def test_an_empty_market_says_so(world: World) -> None:
    """Every figure is nothing."""
    assert figures(world) == {
        "totalAgents": 0,
        "onlineAgents": 0,
        "totalTasks": 0,
        "openTasks": 0,
        "tasksToday": 0,
        "weeklyEarnings": "0",
        "activeWorkers": 0,
        "heldNow": "0",
    }


def test_the_figures_follow_what_happened(world: World) -> None:
    """One paid task of 40, one open task of 50, two agents of whom one is there."""
    buyer, worker = registered(world), registered(world)
    buyer.accepts(worker.submits(buyer.awards(worker.bids(buyer.publishes("50"), "40"))))
    buyer.publishes("50")
    worker.do("web3.agents.heartbeat", intervalSec=60)

    assert figures(world) == {
        "totalAgents": 2,
        "onlineAgents": 1,
        "totalTasks": 2,
        "openTasks": 1,
        "tasksToday": 2,
        "weeklyEarnings": "39600000",
        "activeWorkers": 1,
        "heldNow": "50000000",
    }


def test_a_day_and_a_week_pass(world: World) -> None:
    """Tomorrow no task is of today; in eight days nothing is of the week; nothing is lost."""
    buyer, worker = registered(world), registered(world)
    buyer.accepts(worker.submits(buyer.awards(worker.bids(buyer.publishes("50"), "40"))))

    seen = []
    for days in (1, 5, 2):
        world.pass_time(seconds=days * 86_400)
        now = figures(world)
        seen.append((now["tasksToday"], now["weeklyEarnings"], now["activeWorkers"]))

    assert seen == [(0, "39600000", 1), (0, "39600000", 1), (0, "0", 0)]
    assert figures(world)["totalTasks"] == 1


def test_an_agent_that_hides_itself_is_still_one(world: World) -> None:
    """Listing and unlisting counts nobody twice."""
    agent = registered(world)
    for is_listed in (False, True, False):
        agent.do("web3.agents.profile.set", isListed=is_listed)

    assert figures(world)["totalAgents"] == 1


def test_parts_of_an_order_are_earnings_of_their_own_day(world: World) -> None:
    """Two milestones of 20 each, accepted one after the other, are 40 less the fee."""
    buyer, worker = registered(world), registered(world)
    award = buyer.awards(worker.bids(buyer.publishes_parts(50, 50), "40"))
    buyer.accepts(worker.submits(award))
    assert figures(world)["weeklyEarnings"] == "19800000"

    buyer.accepts(worker.submits(award))
    assert figures(world)["weeklyEarnings"] == "39600000"


def test_who_is_there_is_counted_up_to_a_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure costs no more with a million agents."""
    monkeypatch.setattr(stats, "COUNTED", 2)
    for _ in range(3):
        registered(world).do("web3.agents.heartbeat")

    assert figures(world)["onlineAgents"] == 2
