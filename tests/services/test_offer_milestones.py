"""Milestones of offers: an order is delivered, accepted and paid part after part of one lock."""

from typing import Any

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.offer import OfferIndivisibleError
from clawmarket.domain.market.order import ConsentNeededError, DeliveryLateError
from clawmarket.services.market.settlements import RefundNotYoursError
from clawmarket.services.market.tasks import MilestonesInvalidError
from world import Fields, Member, World

CREATE, UPDATE = "web3.market.offer.create", "web3.market.offer.update"
HALVES = [{"title": "First", "percent": 50}, {"title": "Second", "percent": 50}]


def ordered(world: World, *percents: int, **terms: Any) -> tuple[Member, Member, Fields]:
    """Return a buyer, a seller and an unpaid order of two pieces at 5.00 in parts."""
    buyer, seller = world.member(), world.member()
    return buyer, seller, buyer.orders(seller.offers_parts(*percents, **terms), quantity=2)


def paid(world: World, *percents: int, **terms: Any) -> tuple[Member, Member, Fields]:
    """Return the same with the payment locked."""
    buyer, seller, order = ordered(world, *percents, **terms)
    buyer.locks(order)
    return buyer, seller, order


def hands_over(seller: Member, order: Fields) -> None:
    """Begin and finish the delivery of what is next."""
    seller.delivers(seller.begins(order))


def explained(member: Member, order: Fields) -> tuple[str, str]:
    """Return what an order is in words and what comes next."""
    words = member.do("web3.market.order.explain", orderId=order["orderId"])
    return words["now"], words["then"]


def test_an_offer_shows_its_milestones_and_an_order_their_amounts(world: World) -> None:
    """Hundredths of price times quantity, what rounding leaves in the later ones."""
    buyer, seller = world.member(), world.member()
    offer = seller.offers_parts(33, 33, 34, price="0.000033")
    assert offer["milestones"] == [
        {"title": "Part 0", "percent": 33},
        {"title": "Part 1", "percent": 33},
        {"title": "Part 2", "percent": 34},
    ]
    order = buyer.orders(offer, quantity=3)
    assert order["milestones"] == [
        {"title": "Part 0", "amount": "32"},
        {"title": "Part 1", "amount": "33"},
        {"title": "Part 2", "amount": "34"},
    ]


def test_a_draft_changes_its_milestones(world: World) -> None:
    """All of them anew, or none; an update that does not name them leaves them."""
    seller = world.member()
    about = {"offerId": seller.do(CREATE, title="T", price="10", milestones=HALVES)["offerId"]}
    whole = [{"title": "All", "percent": 100}]
    assert seller.do(UPDATE, **about, price="11")["milestones"] == HALVES
    assert seller.do(UPDATE, **about, milestones=whole)["milestones"] == whole
    assert seller.do(UPDATE, **about, milestones=[])["milestones"] == []


@pytest.mark.parametrize("percents", [(99,), (50, 51), (1,)])
def test_the_percents_have_to_be_all_of_it(world: World, percents: tuple[int, ...]) -> None:
    """A hundred, or nothing is written or changed."""
    seller = world.member()
    draft = seller.do(CREATE, title="T", price="100", milestones=HALVES)
    parts = [{"title": "Part", "percent": percent} for percent in percents]
    with pytest.raises(MilestonesInvalidError):
        seller.do(CREATE, title="T", price="100", milestones=parts)
    with pytest.raises(MilestonesInvalidError):
        seller.do(UPDATE, offerId=draft["offerId"], milestones=parts)
    assert seller.do("web3.market.offer.get", offerId=draft["offerId"]) == draft


def test_a_price_gives_each_part_something(world: World) -> None:
    """A price of one unit cannot be divided, neither at first nor by a change."""
    seller = world.member()
    with pytest.raises(OfferIndivisibleError):
        seller.do(CREATE, title="T", price="1", milestones=HALVES)
    draft = seller.do(CREATE, title="T", price="2", milestones=HALVES)
    with pytest.raises(OfferIndivisibleError):
        seller.do(UPDATE, offerId=draft["offerId"], price="1")
    assert seller.do("web3.market.offer.get", offerId=draft["offerId"]) == draft


def test_each_part_is_paid_when_it_is_accepted(world: World) -> None:
    """The rest stays locked, each part has a delivery of its own, the last one ends the order."""
    buyer, seller, order = paid(world, 30, 30, 40)
    deliveries = []
    for number in range(3):
        stands = buyer.order(order)
        state = "delivery_ready" if number else "payment_locked"
        assert (stands["status"], stands["milestone"]) == (state, number)
        assert (stands["deliveryId"], stands["rejections"]) == (None, 0)
        deliveries.append(seller.begins(order)["deliveryId"])
        seller.do("web3.market.delivery.complete", deliveryId=deliveries[-1])
        released = buyer.releases(order)
        done = number == 2
        assert released["status"] == ("settlement_released" if done else "settlement_locked")
        assert buyer.figures()[1] == ("7000000", "4000000", "0")[number]
        assert seller.figures()[3] == ("2970000", "5940000", "9900000")[number]
    assert buyer.order(order)["status"] == "settlement_completed"
    assert len(set(deliveries)) == 3


def test_many_parts_cost_one_fee(world: World) -> None:
    """The fee is that of all that was released so far, rounded down."""
    buyer, seller, order = paid(world, 33, 33, 34, price="0.000199")
    for fee in ("1", "2", "3"):
        hands_over(seller, order)
        assert buyer.releases(order)["fee"] == fee


def test_a_buyer_who_is_silent_pays_the_part(world: World) -> None:
    """And the seller works on."""
    buyer, seller, order = paid(world, 50, 50)
    hands_over(seller, order)
    world.pass_time(seconds=600)
    assert world.sweep().released == 1
    assert buyer.order(order)["status"] == "delivery_ready"
    hands_over(seller, order)
    world.pass_time(seconds=600)
    assert world.sweep().released == 1
    assert buyer.order(order)["status"] == "settlement_completed"


def test_a_seller_who_stops_keeps_what_was_accepted(world: World) -> None:
    """The remainder goes back to the buyer when the time is over, begun or not."""
    buyer, seller, order = paid(world, 25, 75)
    hands_over(seller, order)
    buyer.releases(order)
    begun = seller.begins(order)
    world.pass_time(seconds=86_400)
    with pytest.raises(DeliveryLateError):
        seller.delivers(begun)
    assert world.sweep().refunded == 1
    assert buyer.order(order)["status"] == "order_refunded"
    assert buyer.figures()[:2] == ("997500000", "0")
    assert seller.figures() == ("1002475000", "0", "0", "2475000")
    assert explained(buyer, order)[0] == (
        "It ended with a refund: 7.50 credits went back to you. Before that 2.475 credits "
        "had gone to the seller and 0.025 credits to the market."
    )


def test_nobody_begins_a_part_twice_or_out_of_turn(world: World) -> None:
    """Not while one is under way or under review, and not once all are done."""
    buyer, seller, order = paid(world, 50, 50)
    for _ in range(2):
        delivery = seller.begins(order)
        with pytest.raises(TransitionRefusedError):
            seller.begins(order)
        seller.delivers(delivery)
        with pytest.raises(TransitionRefusedError):
            seller.begins(order)
        with pytest.raises(TransitionRefusedError):
            seller.delivers(delivery)
        buyer.releases(order)
        with pytest.raises(Refused):
            buyer.releases(order)
    with pytest.raises(TransitionRefusedError):
        seller.begins(order)


def test_a_part_can_be_taken_back_and_begun_again(world: World) -> None:
    """The buyer cannot step back any more once a part was accepted; the seller can."""
    buyer, seller, order = paid(world, 50, 50)
    hands_over(seller, order)
    buyer.releases(order)
    seller.takes_back(seller.begins(order))
    stands = buyer.order(order)
    assert (stands["status"], stands["deliveryId"]) == ("delivery_ready", None)
    with pytest.raises(RefundNotYoursError):
        buyer.refunds(order)
    hands_over(seller, order)
    buyer.releases(order)
    assert seller.figures()[3] == "9900000"


def test_a_seller_may_give_the_rest_up(world: World) -> None:
    """What was accepted stays the seller's."""
    buyer, seller, order = paid(world, 50, 50)
    hands_over(seller, order)
    buyer.releases(order)
    assert seller.refunds(order)["refundAmount"] == "5000000"
    assert buyer.order(order)["status"] == "order_refunded"


@pytest.mark.parametrize(
    ("ruling", "earned", "back"),
    [("release", "7425000", "2500000"), ("refund", "4950000", "5000000")],
)
def test_a_dispute_is_about_the_part_at_hand(
    world: World, ruling: str, earned: str, back: str
) -> None:
    """Its ruling ends the order; what was accepted stays, what was to come goes back."""
    buyer, seller, order = paid(world, 50, 25, 25)
    hands_over(seller, order)
    buyer.releases(order)
    hands_over(seller, order)
    dispute = buyer.contests(order)
    buyer.shows(dispute)
    seller.shows(dispute)
    world.arbiter().rules(dispute, ruling)
    status = buyer.do("web3.market.settlement.status", orderId=order["orderId"])
    assert (status["sellerAmount"], status["refundAmount"]) == (earned, back)


def test_the_explanation_names_the_part(world: World) -> None:
    """Which one, what is locked for it and the rest, and what silence does."""
    buyer, seller, order = paid(world, 30, 70)
    hands_over(seller, order)
    buyer.releases(order)
    now, then = explained(buyer, order)
    assert now == "Milestone 2 of 2, 'Part 1'. The seller is to deliver; 7.00 credits are held."
    moment = "2026-09-22T14:13:20.000Z (in 1 d)"
    assert then == f"If nothing is handed in, 7.00 credits go back to you at {moment}."


# --- With a consent ------------------------------------------------------------------------------

USAGE: Fields = {"purpose": "research"}


def permitted(
    world: World, days: int | None = None, **terms: Any
) -> tuple[Member, Member, Fields, Fields]:
    """Return buyer, seller, order and consent of a paid order in two halves."""
    usage = USAGE | ({"durationDays": days} if days else {})
    buyer, seller, order = paid(world, 50, 50, usageScope=usage, **terms)
    with pytest.raises(ConsentNeededError):
        seller.begins(order)
    return buyer, seller, order, buyer.consents(order)


def test_one_consent_covers_all_parts(world: World) -> None:
    """It is asked for once, before the first one."""
    buyer, seller, order, _ = permitted(world)
    for _ in range(2):
        hands_over(seller, order)
        buyer.releases(order)
    assert buyer.order(order)["status"] == "settlement_completed"


def test_its_revocation_stops_what_is_to_come(world: World) -> None:
    """At work on the second part: the first one stays paid, the rest goes back."""
    buyer, seller, order, consent = permitted(world)
    hands_over(seller, order)
    buyer.releases(order)
    seller.begins(order)
    buyer.revokes(consent)
    assert buyer.order(order)["status"] == "consent_revoked"
    assert world.sweep().refunded == 1
    assert buyer.order(order)["status"] == "order_refunded"
    assert (buyer.figures()[:2], seller.figures()[2:]) == (("995000000", "0"), ("0", "4950000"))


@pytest.mark.parametrize("silent", [False, True])
def test_a_revocation_during_the_review_stops_the_next_part(
    world: World,
    silent: bool,  # noqa: FBT001 - a case
) -> None:
    """What was handed over is paid; nothing more is begun, and the rest goes back."""
    buyer, seller, order, consent = permitted(world)
    hands_over(seller, order)
    buyer.revokes(consent)
    assert buyer.order(order)["status"] == "delivery_completed"
    if silent:
        world.pass_time(seconds=600)
        assert world.sweep().released == 1
    else:
        buyer.releases(order)
    assert buyer.order(order)["status"] == "consent_revoked"
    with pytest.raises(Refused):
        seller.begins(order)
    assert world.sweep().refunded == 1
    assert (buyer.figures()[:2], seller.figures()[2:]) == (("995000000", "0"), ("0", "4950000"))


def test_the_next_part_ends_with_the_consent(world: World) -> None:
    """A part has its own time, but none beyond what the buyer permitted."""
    buyer, seller, order, consent = permitted(world, days=1, disputeWindowSec=3_600)
    world.pass_time(seconds=3_600)
    hands_over(seller, order)
    buyer.releases(order)
    assert buyer.order(order)["dueAt"] == consent["expiresAt"]
    delivery = seller.begins(order)
    world.reaches(consent["expiresAt"])
    with pytest.raises(DeliveryLateError):
        seller.delivers(delivery)
    assert world.sweep().refunded == 1
    assert buyer.order(order)["status"] == "order_refunded"


def test_a_consent_that_ended_during_the_review_permits_no_next_part(world: World) -> None:
    """The acceptance pays, and the rest goes back at once."""
    buyer, seller, order, consent = permitted(world, days=1, disputeWindowSec=2 * 86_400)
    hands_over(seller, order)
    world.reaches(consent["expiresAt"], 1_000)
    buyer.releases(order)
    with pytest.raises(DeliveryLateError):
        seller.begins(order)
    assert world.sweep().refunded == 1
    assert (buyer.figures()[:2], seller.figures()[2:]) == (("995000000", "0"), ("0", "4950000"))
