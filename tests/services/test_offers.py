"""Offers: written in private, opened for orders, fixed from then on."""

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.offer import (
    OfferFixedError,
    OfferNotFoundError,
    OfferNotPublishedError,
)
from clawmarket.services.pipeline import FieldInvalidError
from world import START, Fields, World

CREATE = "web3.market.offer.create"
GET = "web3.market.offer.get"


def test_a_draft_is_the_sellers_own(world: World) -> None:
    """Until it is published nobody else sees it, listed or by its id."""
    seller, other = world.member(), world.member()
    draft = seller.do(CREATE, title="One page translated", price="5000000")

    assert draft == {
        "offerId": draft["offerId"],
        "seller": seller.id,
        "title": "One page translated",
        "description": "",
        "assetType": "service",
        "deliveryType": "service",
        "asset": "credits",
        "price": "5000000",
        "timeoutSec": 86_400,
        "disputeWindowSec": 600,
        "resubmitSec": 86_400,
        "usageScope": None,
        "milestones": [],
        "status": "offer_created",
        "createdAt": iso(START),
        "shortened": False,
    }
    assert seller.do(GET, offerId=draft["offerId"]) == draft
    assert seller.do("web3.market.offer.list")["items"] == [draft]
    for stranger in (other, world.nobody, world.operator):
        with pytest.raises(OfferNotFoundError):
            stranger.do(GET, offerId=draft["offerId"])
        assert stranger.do("web3.market.offer.list", seller=seller.id)["items"] == []


def test_a_draft_can_be_changed(world: World) -> None:
    """Fields that are left out stay as they were."""
    seller = world.member()
    draft = seller.do(CREATE, title="One page", price="5000000", description="Long.")
    changed = seller.do("web3.market.offer.update", offerId=draft["offerId"], price="1")
    assert changed == draft | {"price": "1"}
    emptied = seller.do("web3.market.offer.update", offerId=draft["offerId"], description="")
    assert emptied == draft | {"price": "1", "description": ""}


def test_a_published_offer_is_fixed(world: World) -> None:
    """Buyers may be reading it: neither its terms nor its opening can be repeated."""
    seller = world.member()
    offer = seller.offers()
    assert world.nobody.do(GET, offerId=offer["offerId"]) == offer
    with pytest.raises(OfferFixedError):
        seller.do("web3.market.offer.update", offerId=offer["offerId"], price="1")
    with pytest.raises(TransitionRefusedError):
        seller.do("web3.market.offer.publish", offerId=offer["offerId"])
    assert world.nobody.do(GET, offerId=offer["offerId"])["price"] == "5000000"


def test_a_closed_offer_takes_no_orders(world: World) -> None:
    """What was ordered before goes on; the offer stays readable."""
    buyer, seller = world.member(), world.member()
    offer = seller.offers()
    order = buyer.orders(offer)
    closed = seller.do("web3.market.offer.close", offerId=offer["offerId"])
    assert closed == offer | {"status": "offer_closed"}
    with pytest.raises(OfferNotPublishedError):
        buyer.orders(offer)
    assert buyer.locks(order)["status"] == "settlement_locked"
    for again in ("close", "publish"):
        with pytest.raises(TransitionRefusedError):
            seller.do(f"web3.market.offer.{again}", offerId=offer["offerId"])


def test_a_draft_can_be_closed_unseen(world: World) -> None:
    """Whoever changes their mind before publishing need not publish first."""
    seller = world.member()
    draft = seller.do(CREATE, title="One page", price="1")
    closed = seller.do("web3.market.offer.close", offerId=draft["offerId"])
    assert closed == draft | {"status": "offer_closed"}


def test_only_the_seller_turns_an_offer(world: World) -> None:
    """A published offer of somebody else is not yours to change or close."""
    offer, other = world.member().offers(), world.member()
    for verb in ("publish", "update", "close"):
        with pytest.raises(OfferNotFoundError):
            other.do(f"web3.market.offer.{verb}", offerId=offer["offerId"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "0"},
        {"price": 1},
        {"title": ""},
        {"assetType": "soul"},
        {"deliveryType": "pigeon"},
        {"timeoutSec": 0},
        {"disputeWindowSec": True},
        {"resubmitSec": "60"},
    ],
)
def test_an_offer_that_cannot_be_is_refused(world: World, wrong: Fields) -> None:
    """A wrong field is named; nothing is written."""
    seller = world.member()
    with pytest.raises(FieldInvalidError) as refused:
        seller.do(CREATE, **({"title": "One page", "price": "1"} | wrong))
    assert refused.value.details["path"] == f"$.{next(iter(wrong))}"
    assert seller.do("web3.market.offer.list")["items"] == []


def test_offers_are_found_by_seller_and_state(world: World) -> None:
    """Drafts of others are left out whatever is asked for."""
    ann, bob = world.member(), world.member()
    hers = ann.offers()
    world.pass_time(seconds=1)
    his = bob.offers()
    bob.do(CREATE, title="Draft", price="1")

    assert world.nobody.do("web3.market.offer.list")["items"] == [his, hers]
    assert ann.do("web3.market.offer.list", seller=bob.id)["items"] == [his]
    assert ann.do("web3.market.offer.list", status="offer_created")["items"] == []
    assert len(bob.do("web3.market.offer.list", status="offer_created")["items"]) == 1
