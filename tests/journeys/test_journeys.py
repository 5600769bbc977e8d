"""Whole deals: who does what, who falls silent, and where the money is in the end."""

import pytest

from books import Books
from clawmarket.domain.kernel.errors import Refused
from receipts import by_tool, outcomes
from world import Fields, Member, World

ALL = ("1000000000", "0", "0", "0")


def proven(world: World, party: Member, order: Fields) -> Fields:
    """Let log and workers finish; return what the receipt says, checked without the market."""
    world.log()
    world.run_jobs()
    receipt = party.do("web3.market.receipt.get", orderId=order["orderId"])
    verdict = by_tool(receipt["receipt"], world.terms.vkey)
    assert verdict["failed"] == []
    return {"status": receipt["status"], "checks": outcomes(verdict)}


def test_a_buyer_hires_a_worker_and_both_can_prove_it(world: World) -> None:
    """A task is published, bid on, awarded, handed in, accepted; the worker is paid."""
    buyer, worker = world.member(), world.member()
    document = buyer.stores(b"a long document", "document.txt")
    task = buyer.publishes("50", attachments=[document], skills=["summarize"])
    (found,) = worker.do("web3.market.listTasks", skill="summarize")["items"]
    assert found == task
    award = buyer.awards(worker.bids(found, "40"))
    world.pass_time(seconds=1_800)
    result = worker.submits(award, b"three points")
    read = buyer.do("web3.market.getResult", resultId=result["resultId"])
    assert buyer.accepts(read)["status"] == "result_accepted"

    assert buyer.figures() == ("960000000", "0", "0", "0")
    assert worker.figures() == ("1039600000", "0", "0", "39600000")
    said = proven(world, worker, award)
    assert said == {"status": "receipt_settled", "checks": said["checks"]}
    assert said["checks"]["signatures"] == said["checks"]["delivery"] == "passed"
    assert proven(world, buyer, award) == said


def test_the_seller_vanishes_and_the_buyer_is_refunded(world: World) -> None:
    """A worker who never delivers gets nothing; the buyer loses no unit, no fee is taken."""
    buyer, worker, award = world.hired(timeoutSec=3_600)
    words = buyer.do("web3.market.order.explain", orderId=award["orderId"])
    assert (words["waitsFor"], words["then"][:51]) == (
        "seller",
        "If nothing is handed in, 40.00 credits go back to y",
    )
    world.pass_time(seconds=3_600)
    assert world.sweep().refunded == 1
    with pytest.raises(Refused):
        worker.submits(award)

    assert (buyer.figures(), worker.figures()) == (ALL, ALL)
    assert proven(world, buyer, award)["status"] == "receipt_refunded"
    over = buyer.do("web3.market.order.explain", orderId=award["orderId"])
    assert (over["waitsFor"], over["now"]) == (
        "nobody",
        "Nothing was delivered: 40.00 credits went back to you.",
    )


def test_the_buyer_falls_silent_and_the_seller_is_paid(world: World) -> None:
    """Whoever gets a result and says nothing has accepted it."""
    _, worker, award = world.hired()
    result = worker.submits(award)
    world.pass_time(seconds=600)
    assert world.sweep().released == 1

    seen = worker.do("web3.market.getResult", resultId=result["resultId"])
    assert seen["status"] == "result_accepted"
    assert worker.figures() == ("1039600000", "0", "0", "39600000")
    assert proven(world, worker, award)["status"] == "receipt_settled"


def test_three_rejections_end_in_a_refund(world: World) -> None:
    """Each time the reason is told; after the third time the money goes back."""
    buyer, worker, award = world.hired()
    told = []
    for number in range(3):
        result = worker.submits(award, b"attempt %d" % number)
        buyer.rejects(result, f"Not yet: {number}.")
        seen = worker.do("web3.market.getResult", resultId=result["resultId"])
        told.append((seen["status"], seen["feedback"]))
    with pytest.raises(Refused) as refused:
        worker.submits(award)
    assert refused.value.cause == "attempts_used_up"
    world.pass_time(seconds=600)
    assert world.sweep().refunded == 1

    assert told == [("result_rejected", f"Not yet: {number}.") for number in range(3)]
    assert (buyer.figures(), worker.figures()) == (ALL, ALL)
    assert proven(world, worker, award)["status"] == "receipt_refunded"


def test_nobody_is_chosen_and_the_budget_comes_back(world: World) -> None:
    """A task that runs out takes its bids with it."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes("50", expirySec=3_600)
    bid = worker.bids(task)
    world.pass_time(seconds=3_600)
    assert world.sweep().tasks_expired == 1
    with pytest.raises(Refused):
        buyer.awards(bid)

    assert buyer.figures() == ALL
    (mine,) = worker.do("web3.market.listBids")["items"]
    assert mine["status"] == "bid_rejected"


def test_the_losing_bidder_is_told_and_left_alone(world: World) -> None:
    """They see that they lost, nothing of the order, and can bid elsewhere at once."""
    buyer, winner, loser = world.member(), world.member(), world.member()
    task = buyer.publishes()
    best, other = winner.bids(task, "30"), loser.bids(task, "45")
    award = buyer.awards(best)
    (mine,) = loser.do("web3.market.listBids")["items"]
    assert mine == other | {"status": "bid_rejected"}
    with pytest.raises(Refused):
        loser.order(award)
    assert loser.do("web3.market.order.list", side="seller")["items"] == []

    assert loser.bids(buyer.publishes(), "45")["status"] == "bid_submitted"
    buyer.accepts(winner.submits(award))
    assert (winner.figures()[3], loser.figures()) == ("29700000", ALL)


def test_an_offer_is_ordered_paid_and_delivered(world: World) -> None:
    """From the seller's offer to the release, with the lock between."""
    buyer, seller = world.member(), world.member()
    order = buyer.orders(seller.offers("5"), quantity=3)
    buyer.locks(order)
    delivery = seller.begins(order)
    page = seller.stores(b"a page", "page.txt")
    done = {"deliveryId": delivery["deliveryId"], "artifacts": [page]}
    seller.do("web3.market.delivery.complete", **done)
    buyer.releases(order)

    assert buyer.figures() == ("985000000", "0", "0", "0")
    assert seller.figures() == ("1014850000", "0", "0", "14850000")
    said = proven(world, seller, order)
    assert (said["status"], said["checks"]["delivery"]) == ("receipt_settled", "passed")


def test_a_buyer_changes_their_mind_in_time(world: World) -> None:
    """A task without an award and an order without a payment cost nothing to give up."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes()
    worker.bids(task)
    buyer.cancels(task)
    order = buyer.orders(worker.offers())
    buyer.do("web3.market.order.cancel", orderId=order["orderId"])

    assert (buyer.figures(), worker.figures()) == (ALL, ALL)
    world.pass_time(seconds=100 * 86_400)
    assert world.sweep().due == 0
    Books(world.store).check_over()
