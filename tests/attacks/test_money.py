"""Money under attack: everything at once, at the edge of a deadline, at the end of the range."""

import asyncio
from collections import Counter

import pytest

from books import Books
from clawmarket.domain.kernel.errors import ConflictError, Refused
from clawmarket.domain.market.order import DeliveryLateError, LockLateError, ReviewLateError
from clawmarket.domain.market.task import TaskExpiredError
from clawmarket.services.market.orders import OrderTooLargeError
from world import Fields, Member, World

PARALLEL = 64
Asked = tuple[Member, str, Fields]


def at_once(world: World, asked: list[Asked]) -> Counter[str]:
    """Send everything at the same moment, each with its own key; count answers and causes."""

    async def send() -> list[object]:
        calls = []
        for member, method, params in asked:
            key = world.new_key()
            signed = member.signed(method, key, params)
            calls.append(world.pipeline.submit(member.caller, method, signed, key=key))
        answers: list[object] = await asyncio.gather(*calls, return_exceptions=True)
        return answers

    answers = world.run(send())
    return Counter(a.cause if isinstance(a, Refused) else type(a).__name__ for a in answers)


def a_paid_order(buyer: Member, seller: Member) -> Fields:
    """Order from an offer and lock the money."""
    order = an_order(buyer, seller)
    buyer.do("web3.market.settlement.lock", orderId=order["orderId"])
    return order


def an_order(buyer: Member, seller: Member) -> Fields:
    """Order from an offer."""
    offer = seller.do("web3.market.offer.create", title="One page", price="5000001")
    seller.do("web3.market.offer.publish", offerId=offer["offerId"])
    return buyer.do("web3.market.order.create", offerId=offer["offerId"])


def test_one_bid_is_awarded_once(stored_world: World) -> None:
    """Of 64 awards of two bids at once one is done, and one price is locked."""
    world = stored_world
    buyer, one, two = world.member(), world.member(), world.member()
    task = buyer.publishes()
    bids = [one.bids(task), two.bids(task)]
    asked: list[Asked] = [
        (buyer, "web3.market.awardBid", {"bidId": bids[i % 2]["bidId"]}) for i in range(PARALLEL)
    ]
    assert at_once(world, asked)["dict"] == 1
    assert buyer.figures() == ("960000000", "40000000", "0", "0")
    Books(world.store).check()


def test_one_order_is_locked_once(stored_world: World) -> None:
    """64 locks of one order at once set its price aside once."""
    world = stored_world
    buyer, seller = world.member(), world.member()
    order = {"orderId": an_order(buyer, seller)["orderId"]}
    done = at_once(world, [(buyer, "web3.market.settlement.lock", order)] * PARALLEL)
    assert done == {"dict": 1, "transition_refused": PARALLEL - 1}
    assert buyer.figures() == ("994999999", "5000001", "0", "0")


def test_money_goes_back_or_on_but_not_both(stored_world: World) -> None:
    """Refunds by both sides and the seller's start at once end in one story."""
    world = stored_world
    buyer, seller = world.member(), world.member()
    order = {"orderId": a_paid_order(buyer, seller)["orderId"]}
    asked: list[Asked] = [
        (buyer, "web3.market.settlement.refund", order),
        (seller, "web3.market.settlement.refund", order),
        (seller, "web3.market.delivery.issue", order),
    ] * 20
    at_once(world, asked)
    assert buyer.figures() == ("1000000000", "0", "0", "0")
    assert seller.figures() == ("1000000000", "0", "0", "0")
    Books(world.store).check()


def test_a_result_is_paid_once(stored_world: World) -> None:
    """64 acceptances and releases at once pay the seller once."""
    world = stored_world
    buyer, seller = world.member(), world.member()
    award = buyer.awards(seller.bids(buyer.publishes()))
    result = seller.submits(award)
    accept = {"resultId": result["resultId"], "decision": "accept"}
    release = {"orderId": award["orderId"]}
    asked: list[Asked] = [
        (buyer, "web3.market.reviewResult", accept),
        (buyer, "web3.market.settlement.release", release),
    ] * (PARALLEL // 2)
    assert at_once(world, asked) == {"dict": 1, "transition_refused": PARALLEL - 1}
    assert seller.figures() == ("1039600000", "0", "0", "39600000")
    Books(world.store).check()


def test_the_fee_is_rounded_against_the_market(world: World) -> None:
    """Of 99 minor units nothing goes to the market, and nothing is lost."""
    buyer, seller = world.member(), world.member()
    task = buyer.do("web3.market.publishTask", title="Small", budget="99")
    bid = seller.do("web3.market.placeBid", taskId=task["taskId"], price="99")
    buyer.accepts(seller.submits(buyer.awards(bid)))
    assert seller.figures()[3] == "99"
    Books(world.store).check()


def test_no_product_leaves_the_range(world: World) -> None:
    """The largest price a million times is refused before anything is made."""
    buyer, seller = world.member(), world.member()
    offer = seller.do("web3.market.offer.create", title="Dear", price="9" * 16)
    seller.do("web3.market.offer.publish", offerId=offer["offerId"])
    with pytest.raises(OrderTooLargeError):
        buyer.do("web3.market.order.create", offerId=offer["offerId"], quantity=1_000_000)


def test_the_last_moment_is_over_for_the_late_side(world: World) -> None:
    """At the deadline itself neither lock, delivery nor review is taken; the sweep decides."""
    buyer, seller = world.member(), world.member()
    unpaid = an_order(buyer, seller)
    working = buyer.awards(seller.bids(buyer.publishes(timeoutSec=900)))
    delivered = buyer.awards(seller.bids(buyer.publishes(disputeWindowSec=900)))
    result = seller.submits(delivered)
    world.pass_time(seconds=900)
    with pytest.raises(LockLateError):
        buyer.do("web3.market.settlement.lock", orderId=unpaid["orderId"])
    with pytest.raises(DeliveryLateError):
        seller.submits(working)
    with pytest.raises(ReviewLateError):
        buyer.rejects(result)
    with pytest.raises(ConflictError):
        buyer.do("web3.market.settlement.refund", orderId=working["orderId"])
    ended = world.sweep()
    assert (ended.orders_expired, ended.refunded, ended.released) == (1, 1, 1)
    assert (buyer.figures()[0], seller.figures()[3]) == ("960000000", "39600000")


def test_an_expired_task_is_neither_awarded_nor_cancelled(world: World) -> None:
    """Its money comes back once, by the sweep."""
    buyer, seller = world.member(), world.member()
    task = buyer.publishes(expirySec=60)
    bid = seller.bids(task)
    world.pass_time(seconds=60)
    with pytest.raises(TaskExpiredError):
        buyer.awards(bid)
    with pytest.raises(TaskExpiredError):
        buyer.do("web3.market.cancelTask", taskId=task["taskId"])
    assert [world.sweep().tasks_expired, world.sweep().tasks_expired] == [1, 0]
    assert buyer.figures() == ("1000000000", "0", "0", "0")
