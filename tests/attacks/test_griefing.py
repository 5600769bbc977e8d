"""Griefing: what costs the attacker nothing and would cost somebody else time or evidence."""

import json

import pytest

from clawmarket.domain.market.bid import BidsFullError
from clawmarket.domain.market.order import RevocationsUsedUpError
from clawmarket.domain.market.terms import MAX_BIDS_PER_TASK
from clawmarket.domain.trust.record import Record
from clawmarket.services.market.sweep import sweep, sweep_all
from clawmarket.services.pipeline import FieldInvalidError
from receipts import VERIFIERS, Verifier
from world import Fields, Member, World


def an_order(buyer: Member, seller: Member) -> Fields:
    """Order from a published offer and pay."""
    offer = seller.do("web3.market.offer.create", title="One page", price="1000000")
    seller.do("web3.market.offer.publish", offerId=offer["offerId"])
    order = buyer.do("web3.market.order.create", offerId=offer["offerId"])
    buyer.do("web3.market.settlement.lock", orderId=order["orderId"])
    return order


def begin_and_take_back(seller: Member, order: Fields, times: int) -> None:
    """Issue a delivery and revoke it, over and over."""
    for _ in range(times):
        begun = seller.do("web3.market.delivery.issue", orderId=order["orderId"])
        seller.do("web3.market.delivery.revoke", deliveryId=begun["deliveryId"])


def test_a_second_spelling_of_a_name_spoils_no_receipt(world: World) -> None:
    """`offer_id` is unknown: what is signed has the names that verifiers look for."""
    buyer, seller = world.member(), world.member()
    offer = seller.do("web3.market.offer.create", title="One page", price="1000000")
    seller.do("web3.market.offer.publish", offerId=offer["offerId"])
    before = world.all(Record)
    with pytest.raises(FieldInvalidError):
        buyer.do("web3.market.order.create", offer_id=offer["offerId"])
    assert world.all(Record) == before


def test_withdrawn_bids_lock_nobody_out(world: World) -> None:
    """One account that bids and withdraws a hundred times leaves room for others."""
    buyer, rival, worker = world.member(), world.member(), world.member()
    task = buyer.publishes()
    for _ in range(MAX_BIDS_PER_TASK):
        rival.withdraws(rival.bids(task))
    worker.bids(task)
    assert buyer.do("web3.market.getTask", taskId=task["taskId"])["bids"] == 1


def test_live_bids_are_still_bounded(world: World) -> None:
    """A hundred accounts fill a task, as before."""
    task = world.member().publishes()
    for _ in range(MAX_BIDS_PER_TASK):
        world.pass_time(seconds=1)
        world.member().bids(task)
    with pytest.raises(BidsFullError):
        world.member().bids(task)


@pytest.mark.parametrize("verify", VERIFIERS, ids=["package", "tool"])
def test_a_story_cannot_outgrow_its_receipt(world: World, verify: Verifier) -> None:
    """A seller takes a delivery back so often and no more; the receipt stays one that holds."""
    buyer, seller = world.member(), world.member()
    order = an_order(buyer, seller)
    with pytest.raises(RevocationsUsedUpError):
        begin_and_take_back(seller, order, 100)
    seller.do("web3.market.settlement.refund", orderId=order["orderId"])
    world.log()
    text = buyer.do("web3.market.receipt.get", orderId=order["orderId"])["receipt"]
    assert len(json.loads(text)["records"]) < 50
    assert verify(text, world.terms.vkey)["ok"] is True


def test_a_flood_of_tasks_keeps_no_order_waiting(world: World) -> None:
    """What is due longest ends first, although more tasks are due than one sweep takes."""
    buyer, seller, flooder = world.member(), world.member(), world.member()
    award = buyer.awards(seller.bids(buyer.publishes(disputeWindowSec=60)))
    seller.submits(award)
    world.pass_time(seconds=1)
    for _ in range(11):
        flooder.publishes(budget="1", fund=False, expirySec=60)
    world.pass_time(seconds=61)
    answer = world.run(sweep(world.pipeline, limit=10))
    assert (answer.due, answer.released, answer.tasks_expired) == (10, 1, 9)
    assert buyer.order(award)["status"] == "settlement_completed"


def test_the_market_sweeps_until_nothing_is_due(world: World) -> None:
    """However much is due, a flood waits for one round of the sweep only."""
    flooders = [world.member(), world.member()]
    for number in range(201):
        flooders[number % 2].publishes(budget="1", fund=False, expirySec=1)
    world.pass_time(seconds=2)
    world.run(sweep_all(world.pipeline))
    assert world.sweep().due == 0
