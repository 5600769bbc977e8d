"""Bids: one live bid a worker, at most the budget; only the buyer sees them all."""

from typing import Any

import pytest

from clawmarket.domain.kernel.errors import ConflictError, Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.bid import (
    BidAboveBudgetError,
    BidExistsError,
    BidNotFoundError,
    OwnTaskBidError,
)
from clawmarket.domain.market.task import TaskNotOpenError
from world import START, Fields, Member, World, credits_


def test_a_bid_says_what_the_worker_wants(world: World) -> None:
    """The answer is the bid as it stands; it costs the worker nothing."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes()
    bid = worker.do(
        "web3.market.placeBid", taskId=task["taskId"], price="1", etaSec=60, note="Soon."
    )

    assert bid == {
        "bidId": bid["bidId"],
        "taskId": task["taskId"],
        "bidder": worker.id,
        "asset": "credits",
        "price": "1",
        "etaSec": 60,
        "note": "Soon.",
        "status": "bid_submitted",
        "createdAt": iso(START),
    }
    assert worker.figures() == ("1000000000", "0", "0", "0")
    assert world.nobody.do("web3.market.getTask", taskId=task["taskId"])["bids"] == 1


@pytest.mark.parametrize(("price", "refusal"), [("50", None), ("50.000001", BidAboveBudgetError)])
def test_the_budget_is_the_highest_bid(
    world: World, price: str, refusal: type[Refused] | None
) -> None:
    """Exactly the budget is in; one minor unit more is refused."""
    task, worker = world.member().publishes("50"), world.member()
    if refusal is None:
        assert worker.bids(task, price)["price"] == credits_(price)
    else:
        with pytest.raises(refusal) as refused:
            worker.bids(task, price)
        said = "The bid of 50.000001 credits is above the budget of 50.00 credits."
        assert refused.value.what == said


def test_a_buyer_does_not_bid_on_a_task_of_their_own(world: World) -> None:
    """Nobody can be both sides of a deal."""
    buyer = world.member()
    with pytest.raises(OwnTaskBidError):
        buyer.bids(buyer.publishes())


def test_one_live_bid_at_a_time(world: World) -> None:
    """A second bid is refused until the first one is withdrawn."""
    task, worker = world.member().publishes(), world.member()
    bid = worker.bids(task)
    with pytest.raises(BidExistsError):
        worker.bids(task, "39")
    assert worker.withdraws(bid) == bid | {"status": "bid_withdrawn"}
    assert worker.bids(task, "39")["status"] == "bid_submitted"


@pytest.mark.parametrize("how", ["withdrawn", "accepted", "rejected"])
def test_a_bid_that_is_decided_stays_decided(world: World, how: str) -> None:
    """A bid that was withdrawn, accepted or turned down can be neither withdrawn nor awarded."""
    buyer, worker, rival = world.member(), world.member(), world.member()
    task = buyer.publishes()
    bid = worker.bids(task)
    if how == "withdrawn":
        worker.withdraws(bid)
    else:
        buyer.awards(bid if how == "accepted" else rival.bids(task))
    with pytest.raises(TransitionRefusedError):
        worker.withdraws(bid)
    with pytest.raises(ConflictError):
        buyer.awards(bid)


def test_only_the_bidder_withdraws_a_bid(world: World) -> None:
    """Neither the buyer nor a stranger can; to them the bid is not there."""
    buyer, worker = world.member(), world.member()
    bid = worker.bids(buyer.publishes())
    for other in (buyer, world.member(), world.operator):
        with pytest.raises(BidNotFoundError):
            other.withdraws(bid)


def test_the_buyer_sees_all_bids_and_others_their_own(world: World) -> None:
    """A rival's price is no business of another worker."""
    buyer, ann, bob = world.member(), world.member(), world.member()
    task = buyer.publishes()
    hers, his = ann.bids(task, "40"), bob.bids(task, "41")

    def listed(member: Member, **filters: Any) -> list[Fields]:
        items: list[Fields] = member.do("web3.market.listBids", **filters)["items"]
        return sorted(items, key=lambda bid: str(bid["price"]))

    assert listed(buyer, taskId=task["taskId"]) == [hers, his]
    assert listed(ann, taskId=task["taskId"]) == listed(ann) == [hers]
    assert listed(buyer) == listed(world.member(), taskId=task["taskId"]) == []


def test_a_withdrawn_bid_makes_room(world: World) -> None:
    """A task counts its live bids, so a bid that was taken back keeps nobody out."""
    task, worker = world.member().publishes(), world.member()
    bid = worker.bids(task)
    assert world.nobody.do("web3.market.getTask", taskId=task["taskId"])["bids"] == 1
    worker.withdraws(bid)
    assert world.nobody.do("web3.market.getTask", taskId=task["taskId"])["bids"] == 0


def test_a_task_that_is_awarded_takes_no_bids(world: World) -> None:
    """The late bidder is told to look elsewhere."""
    _, _, award = world.hired()
    with pytest.raises(TaskNotOpenError):
        world.member().bids(award)
