"""Settlements: locked by the buyer, released or given back once, divided to the unit."""

import pytest

from books import Books
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.order import OrderNotFoundError, OtherSideError
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.services.market.settlements import (
    LockAmountError,
    RefundNotYoursError,
    SettlementNotFoundError,
)
from world import START, Fields, World

STATUS = "web3.market.settlement.status"
ALL_BACK = ("1000000000", "0", "0", "0")


def test_locking_sets_the_price_aside(world: World) -> None:
    """The buyer's money is held; the seller sees it on its way after the fee."""
    buyer, seller, order = world.ordered()
    money = buyer.locks(order)

    assert money == {
        "settlementId": money["settlementId"],
        "orderId": order["orderId"],
        "payer": buyer.id,
        "payee": seller.id,
        "rail": "credits",
        "asset": "credits",
        "amount": "10000000",
        "sellerAmount": "0",
        "fee": "0",
        "refundAmount": "0",
        "status": "settlement_locked",
        "lockedAt": iso(START),
        "releasedAt": None,
        "refundedAt": None,
    }
    assert buyer.figures() == ("990000000", "10000000", "0", "0")
    assert seller.figures() == ("1000000000", "0", "9900000", "0")
    by_order = seller.do(STATUS, orderId=order["orderId"])
    assert by_order == buyer.do(STATUS, settlementId=money["settlementId"]) == money


@pytest.mark.parametrize(
    ("amount", "right"), [("10000000", True), ("9999999", False), ("0", False)]
)
def test_the_amount_is_price_times_quantity(world: World, amount: str, right: bool) -> None:  # noqa: FBT001 - a case
    """An amount that is named has to be the order's, to the unit."""
    buyer, _, order = world.ordered()
    lock = {"orderId": order["orderId"], "amount": amount}
    if right:
        assert buyer.do("web3.market.settlement.lock", **lock)["amount"] == amount
    else:
        with pytest.raises(LockAmountError):
            buyer.do("web3.market.settlement.lock", **lock)
        assert buyer.figures() == ALL_BACK


def test_locking_twice_takes_nothing_twice(world: World) -> None:
    """A second lock under another key is refused."""
    buyer, _, order = world.ordered()
    buyer.locks(order)
    with pytest.raises(TransitionRefusedError):
        buyer.locks(order)
    assert (buyer.figures()[1], len(world.all(Settlement))) == ("10000000", 1)


def test_a_lock_needs_the_money(world: World) -> None:
    """Without it the order stays unpaid, and can be paid once the money is there."""
    buyer, seller = world.member(), world.member()
    order = buyer.orders(seller.offers("1000.000001"))
    with pytest.raises(FundsMissingError):
        buyer.locks(order)
    assert buyer.order(order) == order
    world.operator.do("market.credits.grant", accountId=buyer.id, amount="1")
    assert buyer.locks(order)["status"] == "settlement_locked"
    assert buyer.figures() == ("0", "1000000001", "0", "0")


def test_only_the_buyer_locks_and_releases(world: World) -> None:
    """The seller cannot take the money alone, nor can anybody else."""
    buyer, seller, order = world.ordered()
    for other in (seller, world.member(), world.operator):
        with pytest.raises(_refusal(other, seller)):
            other.locks(order)
    buyer.locks(order)
    seller.delivers(seller.begins(order))
    for other in (seller, world.member(), world.operator):
        with pytest.raises(_refusal(other, seller)):
            other.releases(order)


def _refusal(other: object, seller: object) -> type[Refused]:
    """Return how somebody is refused: a party is told whose step it is, a stranger nothing."""
    return OtherSideError if other is seller else OrderNotFoundError


def released(world: World, price: str) -> Fields:
    """Return the settlement of an order that was delivered and released."""
    buyer, seller = world.member(), world.member()
    order = buyer.orders(seller.offers(price))
    buyer.locks(order)
    seller.delivers(seller.begins(order))
    return buyer.releases(order)


@pytest.mark.parametrize(
    ("price", "seller_amount", "fee"),
    [
        ("0.000001", "1", "0"),
        ("0.000099", "99", "0"),
        ("0.0001", "99", "1"),
        ("0.000199", "198", "1"),
        ("0.0002", "198", "2"),
        ("10", "9900000", "100000"),
        ("999.999999", "990000000", "9999999"),
    ],
)
def test_a_release_divides_the_lock_to_the_unit(
    world: World, price: str, seller_amount: str, fee: str
) -> None:
    """The fee is one percent rounded down; seller and fee together are the lock."""
    money = released(world, price)

    assert (money["sellerAmount"], money["fee"], money["refundAmount"]) == (
        seller_amount,
        fee,
        "0",
    )
    assert int(seller_amount) + int(fee) == int(money["amount"])
    assert (money["status"], money["releasedAt"]) == ("settlement_released", iso(START))
    Books(world.store).check()


def test_nothing_is_released_before_it_is_delivered(world: World) -> None:
    """Neither unpaid nor unbegun nor unfinished."""
    buyer, seller, order = world.ordered()
    for step in (lambda: None, lambda: buyer.locks(order), lambda: seller.begins(order)):
        step()
        with pytest.raises(TransitionRefusedError):
            buyer.releases(order)
    assert seller.figures()[3] == "0"


def test_what_is_released_is_over(world: World) -> None:
    """It is neither released again nor given back."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    seller.delivers(seller.begins(order))
    buyer.releases(order)
    for late in (buyer.releases, buyer.refunds, seller.refunds):
        with pytest.raises(TransitionRefusedError):
            late(order)
    assert seller.figures() == ("1009900000", "0", "0", "9900000")


@pytest.mark.parametrize("who", ["buyer", "seller"])
def test_before_it_is_begun_either_side_gives_it_back(world: World, who: str) -> None:
    """The whole lock comes back and no fee is taken."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    money = (buyer if who == "buyer" else seller).refunds(order)

    assert (money["status"], money["refundAmount"], money["fee"], money["refundedAt"]) == (
        "settlement_refunded",
        "10000000",
        "0",
        iso(START),
    )
    assert (buyer.figures(), seller.figures()) == (ALL_BACK, ALL_BACK)
    assert buyer.order(order)["status"] == "settlement_cancelled"


def test_once_it_is_begun_only_the_seller_gives_it_back(world: World) -> None:
    """The buyer cannot walk away from work that goes on; the seller can give it up."""
    buyer, worker, award = world.hired()
    with pytest.raises(RefundNotYoursError):
        buyer.refunds(award)
    assert worker.refunds(award)["status"] == "settlement_refunded"
    assert (buyer.figures(), worker.figures()) == (ALL_BACK, ALL_BACK)
    task = world.nobody.do("web3.market.getTask", taskId=award["taskId"])
    assert task["status"] == "task_closed"


def test_after_a_rejection_a_refund_is_named_so(world: World) -> None:
    """An order that was delivered once ends as refunded, not as never delivered."""
    buyer, worker, award = world.hired()
    buyer.rejects(worker.submits(award))
    worker.refunds(award)
    assert buyer.order(award)["status"] == "order_refunded"


def test_what_was_handed_in_is_not_given_back_alone(world: World) -> None:
    """While the buyer reviews, neither side can take the money."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    for party in (buyer, worker):
        with pytest.raises(TransitionRefusedError):
            party.refunds(award)
    assert buyer.figures()[1] == "40000000"


def test_a_release_accepts_the_result_of_a_task(world: World) -> None:
    """Releasing a task's order is accepting its result."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    buyer.releases(award)
    seen = worker.do("web3.market.getResult", resultId=result["resultId"])
    assert seen["status"] == "result_accepted"
    assert worker.figures()[3] == "39600000"


def test_a_settlement_is_its_parties_business(world: World) -> None:
    """Strangers and unknown ids get the same answer, as does an order that has none yet."""
    buyer, _, order = world.ordered()
    with pytest.raises(SettlementNotFoundError) as none_yet:
        buyer.do(STATUS, orderId=order["orderId"])
    money = buyer.locks(order)
    for stranger in (world.member(), world.operator):
        with pytest.raises(SettlementNotFoundError) as foreign:
            stranger.do(STATUS, settlementId=money["settlementId"])
        assert foreign.value.what == none_yet.value.what
    with pytest.raises(SettlementNotFoundError):
        buyer.do(STATUS)
