"""One purse, many hands: what is set aside never exceeds what is there, to the last unit."""

import pytest

from races.ring import Move, Ring
from world import FAUCET, Fields, Member

PUBLISH = "web3.market.publishTask"
LOCK = "web3.market.settlement.lock"
HANDS = 32


def unpaid(buyer: Member, seller: Member, price: str) -> Fields:
    """Order from an offer and leave the order unpaid."""
    draft = seller.do("web3.market.offer.create", title="One page", price=price)
    return buyer.orders(seller.do("web3.market.offer.publish", offerId=draft["offerId"]))


@pytest.mark.parametrize(
    ("price", "most"),
    [
        (FAUCET, 1),
        (FAUCET - 1, 1),
        (FAUCET // 2, 2),
        (FAUCET // 2 + 1, 1),
        (FAUCET // 7, 7),
        (FAUCET // 7 + 1, 6),
    ],
)
def test_sixty_four_reservations_on_one_purse(ring: Ring, price: int, most: int) -> None:
    """Half publish funded tasks, half pay orders, at once: as many are done as can be paid."""
    buyer, seller = ring.world.member(), ring.world.member()
    orders = [unpaid(buyer, seller, str(price)) for _ in range(HANDS)]
    locks = [
        Move(f"lock {number}", buyer, LOCK, {"orderId": order["orderId"]})
        for number, order in enumerate(orders)
    ]
    tasks: Fields = {"title": "A task", "budget": str(price)}
    publishes = [Move(f"publish {number}", buyer, PUBLISH, tasks) for number in range(HANDS)]
    done = ring.race([*locks, *publishes], seed=price, copies=1)
    assert sum(done.values()) == most
    assert buyer.figures()[:2] == (str(FAUCET - most * price), str(most * price))
    ring.check()
    assert buyer.figures()[:2] == (str(FAUCET), "0")


@pytest.mark.parametrize("bids", [2, 8])
def test_awards_without_a_fund_wait_for_the_purse(ring: Ring, bids: int) -> None:
    """Of tasks that were not funded as many are awarded as the purse can pay."""
    buyer = ring.world.member()
    terms: Fields = {"title": "Work", "budget": str(FAUCET // 2), "fund": False}
    moves = []
    for number in range(bids):
        task, worker = buyer.do(PUBLISH, **terms), ring.world.member()
        bid = worker.do("web3.market.placeBid", taskId=task["taskId"], price=terms["budget"])
        named = {"bidId": bid["bidId"]}
        moves.append(Move(f"award {number}", buyer, "web3.market.awardBid", named))
    assert sum(ring.race(moves, seed=bids).values()) == 2
    assert buyer.figures()[:2] == ("0", str(FAUCET))
    ring.check()


def test_a_price_is_one_that_was_asked(ring: Ring) -> None:
    """An offer that changes its price and closes while it is ordered: each order has one price."""
    buyer, seller = ring.world.member(), ring.world.member()
    offer = {"offerId": seller.offers("5")["offerId"]}
    done = ring.race(
        [
            Move("order", buyer, "web3.market.order.create", offer),
            Move("raise", seller, "web3.market.offer.update", {**offer, "price": "7000000"}),
            Move("close", seller, "web3.market.offer.close", offer),
        ],
        seed=1,
    )
    assert done["close"] == 1
    orders = buyer.do("web3.market.order.list", side="buyer")["items"]
    assert len(orders) == done["order"]
    assert {order["amount"] for order in orders} <= {"5000000", "7000000"}
    ring.check()
