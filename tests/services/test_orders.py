"""Orders from offers: made, paid, explained, given up; only the two parties see them."""

from collections.abc import Callable

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.offer import OfferNotFoundError, OwnOfferError
from clawmarket.domain.market.order import Order, OtherSideError
from clawmarket.services.market.orders import OrderTooLargeError
from world import START, World


def test_an_order_has_the_offers_terms(world: World) -> None:
    """Price and windows are those of the offer; nothing is paid yet."""
    buyer, seller = world.member(), world.member()
    offer = seller.offers("2.5")
    order = buyer.orders(offer, quantity=4)

    assert order == {
        "orderId": order["orderId"],
        "taskId": None,
        "offerId": offer["offerId"],
        "bidId": None,
        "buyer": buyer.id,
        "seller": seller.id,
        "title": "One page translated",
        "asset": "credits",
        "quantity": 4,
        "price": "2500000",
        "amount": "10000000",
        "feeBps": 100,
        "settlementId": None,
        "deliveryId": None,
        "resultId": None,
        "disputeId": None,
        "usageScope": None,
        "consentId": None,
        "milestones": [],
        "milestone": 0,
        "rejections": 0,
        "status": "order_created",
        "asked": None,
        "createdAt": iso(START),
        "dueAt": iso(START + 900_000),
        "records": order["records"],
    }
    assert buyer.order(order) == seller.order(order) == order
    assert buyer.figures() == seller.figures() == ("1000000000", "0", "0", "0")


def test_a_seller_does_not_order_from_themselves(world: World) -> None:
    """Nobody can be both sides of a deal."""
    seller = world.member()
    with pytest.raises(OwnOfferError):
        seller.orders(seller.offers())


def test_a_draft_cannot_be_ordered(world: World) -> None:
    """To others it does not exist."""
    seller, buyer = world.member(), world.member()
    draft = seller.do("web3.market.offer.create", title="Draft", price="1")
    with pytest.raises(OfferNotFoundError):
        buyer.orders(draft)


@pytest.mark.parametrize(("quantity", "fits"), [(1_000_000, True), (1_000_001, False)])
def test_the_largest_order(world: World, quantity: int, fits: bool) -> None:  # noqa: FBT001 - a case
    """Price times quantity is at most what one amount may be; quantities have a limit too."""
    buyer, offer = world.member(), world.member().offers("1000")
    if fits:
        assert buyer.orders(offer, quantity)["amount"] == str(10**15)
    else:
        with pytest.raises(Refused) as refused:
            buyer.orders(offer, quantity)
        assert refused.value.details["path"] == "$.quantity"


def test_an_order_above_every_amount_is_refused(world: World) -> None:
    """One minor unit a piece more, and the product is too large."""
    buyer, offer = world.member(), world.member().offers("1000.000001")
    with pytest.raises(OrderTooLargeError):
        buyer.orders(offer, 1_000_000)
    assert world.all(Order) == []


def test_an_unpaid_order_can_be_given_up(world: World) -> None:
    """Only by the buyer, and once; then it cannot be paid any more."""
    buyer, seller, order = world.ordered()
    cancel = "web3.market.order.cancel"
    with pytest.raises(OtherSideError) as refused:
        seller.do(cancel, orderId=order["orderId"])
    said = "You are the seller of this order; only its buyer can do this."
    assert (refused.value.what, refused.value.next_step) == (
        said,
        f"clawmarket order explain {order['orderId']}",
    )
    assert buyer.do(cancel, orderId=order["orderId"]) == order | {"status": "order_cancelled"}
    steps: list[Callable[[], object]] = [
        lambda: buyer.do(cancel, orderId=order["orderId"]),
        lambda: buyer.locks(order),
    ]
    for late in steps:
        with pytest.raises(TransitionRefusedError) as late_refused:
            late()
        assert late_refused.value.what == "This order was cancelled; this is not possible now."
        assert late_refused.value.next_step == f"clawmarket order explain {order['orderId']}"


def test_a_paid_order_is_not_cancelled(world: World) -> None:
    """The money has to be given back instead."""
    buyer, _, order = world.ordered()
    buyer.locks(order)
    with pytest.raises(TransitionRefusedError):
        buyer.do("web3.market.order.cancel", orderId=order["orderId"])
    assert buyer.figures() == ("990000000", "10000000", "0", "0")


def test_lists_show_ones_own_side(world: World) -> None:
    """As buyer, as seller, by state and by task; orders of others never."""
    buyer, worker, award = world.hired()
    world.pass_time(seconds=1)
    order = buyer.orders(worker.offers())

    def listed(member: object, **filters: object) -> list[str]:
        page = member.do("web3.market.order.list", **filters)  # type: ignore[attr-defined]  # a Member
        return [item["orderId"] for item in page["items"]]

    both = [order["orderId"], award["orderId"]]
    assert listed(buyer) == listed(worker, side="seller") == both
    assert listed(buyer, side="seller") == listed(worker) == listed(world.member()) == []
    assert listed(buyer, status="order_created") == both[:1]
    assert listed(buyer, taskId=award["taskId"]) == both[1:]


def test_an_explanation_says_whose_turn_it_is(world: World) -> None:
    """What is, who has to act until when, and what happens otherwise."""
    buyer, _, order = world.ordered()
    world.pass_time(seconds=60)

    assert buyer.do("web3.market.order.explain", orderId=order["orderId"]) == {
        "orderId": order["orderId"],
        "status": "order_created",
        "now": "Nothing is paid yet; the price is 10.00 credits.",
        "waitsFor": "buyer",
        "then": (
            "If you do not lock the payment, the order expires "
            f"at {iso(START + 900_000)} (in 14 min)."
        ),
        "dueAt": iso(START + 900_000),
        "actsAt": iso(START + 900_000),
    }


def test_an_order_names_the_records_of_its_story(world: World) -> None:
    """Each party finds every record that the receipt will be made of in their audit."""
    buyer, worker, award = world.hired()
    buyer.accepts(worker.submits(award))
    records = buyer.order(award)["records"]
    seen = {item["recordId"] for item in worker.do("web3.audit.query", limit=200)["items"]}
    seen |= {item["recordId"] for item in buyer.do("web3.audit.query", limit=200)["items"]}

    assert records == sorted(records)
    assert set(records) <= seen
