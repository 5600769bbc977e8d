"""Griefing: claiming and stepping back costs nobody else his bid, and has an end."""

from typing import Any

import pytest

from books import Books
from clawmarket.domain.kernel.moment import DAY_MS, SECOND_MS, iso
from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.claiming.claim import ClaimsClosedError
from clawmarket.domain.market.claiming.stepping_back import (
    STEP_BACKS_A_DAY,
    STEP_BACKS_A_TASK,
    ClaimsPausedError,
    StepBack,
    StepBackInsteadError,
)
from world import Fields, Member, World

DAY_S = DAY_MS // SECOND_MS


def griefed(world: World, task: Fields, times: int = 1) -> Fields:
    """Let new accounts claim a task and step back, and return the task."""
    for _ in range(times):
        other = world.member()
        other.claims(task)
        task = other.steps_back(task)
    return task


def states(world: World, bids: list[Fields]) -> list[BidState]:
    """Return where these bids stand."""
    known = {bid.bid_id: bid.state for bid in world.all(Bid)}
    return [known[bid["bidId"]] for bid in bids]


def test_bids_are_there_again_after_a_step_back(world: World) -> None:
    """Those that the claim turned down, and not what was withdrawn before; one can be awarded."""
    buyer = world.member()
    task = buyer.publishes(claims=True)
    workers = [world.member() for _ in range(3)]
    bids = [worker.bids(task) for worker in workers]
    workers[0].do("web3.market.withdrawBid", bidId=bids[0]["bidId"])
    reopened = griefed(world, task, 2)
    live = [BidState.WITHDRAWN, BidState.SUBMITTED, BidState.SUBMITTED]
    assert (states(world, bids), reopened["bids"]) == (live, 2)
    Books(world.store).check()
    award = buyer.awards(bids[2])
    buyer.accepts(workers[2].submits(award))
    assert states(world, bids) == [BidState.WITHDRAWN, BidState.REJECTED, BidState.ACCEPTED]
    Books(world.store).check()


def test_a_claimants_own_bid_is_there_again(world: World) -> None:
    """As everybody's; it is live once, and can be taken back."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True)
    bid = worker.bids(task)
    worker.claims(task)
    assert worker.steps_back(task)["bids"] == 1
    assert griefed(world, task)["bids"] == 1
    worker.do("web3.market.withdrawBid", bidId=bid["bidId"])
    assert griefed(world, task)["bids"] == 0
    Books(world.store).check()


def test_a_task_that_was_given_back_too_often_takes_bids_only(world: World) -> None:
    """However many accounts somebody has; the bids stay, and the buyer chooses."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True)
    bid = worker.bids(task)
    before = griefed(world, task, STEP_BACKS_A_TASK - 1)
    after = griefed(world, task)
    assert (before["claims"], after["claims"], after["bids"]) == (True, False, 1)
    with pytest.raises(ClaimsClosedError):
        world.member().claims(task)
    buyer.accepts(worker.submits(buyer.awards(bid)))
    Books(world.store).check()


def backed_out(world: World) -> tuple[Member, Member]:
    """Return a buyer, and a worker who stepped back as often as one may in a day."""
    buyer, worker = world.member(), world.member()
    for _ in range(STEP_BACKS_A_DAY):
        task = buyer.publishes("1", claims=True)
        worker.claims(task)
        worker.steps_back(task)
        world.pass_time(seconds=60)
    return buyer, worker


def test_who_stepped_back_often_claims_nothing_for_a_day(world: World) -> None:
    """Until the first of them is a day old; bids are taken meanwhile."""
    buyer, worker = backed_out(world)
    task = buyer.publishes("1", claims=True, expirySec=2 * DAY_S)
    with pytest.raises(ClaimsPausedError) as refused:
        worker.claims(task)
    assert refused.value.code == "E_QUOTA_EXCEEDED"
    until = iso(min(step.stepped_back_at for step in world.all(StepBack)) + DAY_MS)
    assert refused.value.what.endswith(f"within a day; claim after {until}.")
    worker.bids(task, "1")
    world.pass_time(seconds=DAY_S - STEP_BACKS_A_DAY * 60 - 1)
    with pytest.raises(ClaimsPausedError):
        worker.claims(task)
    world.pass_time(seconds=1)
    worker.claims(task)
    assert len(world.all(StepBack)) == STEP_BACKS_A_DAY - 1


def test_a_claim_that_nobody_delivered_counts_as_well(world: World) -> None:
    """Silence until the last moment is no way around the bound."""
    buyer, worker = world.member(), world.member()
    for _ in range(STEP_BACKS_A_DAY):
        worker.claims(buyer.publishes("1", claims=True, timeoutSec=60))
    world.pass_time(seconds=120)
    world.sweep()
    with pytest.raises(ClaimsPausedError):
        worker.claims(buyer.publishes("1", claims=True))


def test_who_claimed_steps_back_and_gives_nothing_up(world: World) -> None:
    """Before the first delivery the order of a claim does not end its task with its bids."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True)
    award = worker.claims(task)
    with pytest.raises(StepBackInsteadError) as refused:
        worker.refunds(award)
    assert refused.value.details["taskId"] == task["taskId"]
    buyer.rejects(worker.submits(award))
    assert worker.refunds(award)["status"] == "settlement_refunded"
    Books(world.store).check()


def test_an_awarded_order_is_given_up_as_before(world: World) -> None:
    """Also of a task that takes claims: its buyer chose, and decides anew."""
    buyer, worker = world.member(), world.member()
    award: Any = buyer.awards(worker.bids(buyer.publishes(claims=True)))
    assert worker.refunds(award)["status"] == "settlement_refunded"
