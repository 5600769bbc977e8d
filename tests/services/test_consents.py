"""Consents: permitted by the buyer, before anything is begun; taken back at any time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clawmarket.adapters.clock.memory import SettableClock
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import DAY_MS, iso
from clawmarket.domain.market.consenting.consent import (
    Consent,
    ConsentNotAskedError,
    ConsentNotFoundError,
    ConsentOverError,
    ConsentScopeError,
    consent_digest,
    revoke_digest,
)
from clawmarket.domain.market.order import (
    ConsentNeededError,
    DeliveryLateError,
    OrderNotFoundError,
    OtherSideError,
)
from clawmarket.domain.trust.record import Record
from clawmarket.services.market.settlements import RefundNotYoursError
from clawmarket.services.pipeline import FieldInvalidError, Pipeline
from world import START, Fields, Member, World

GET = "web3.market.consent.get"
RESEARCH: Fields = {"purpose": "research"}


def test_an_offer_says_what_it_needs(world: World) -> None:
    """The offer's scope stands in the offer and in its orders, what is left open as null."""
    buyer, seller, order = world.ordered(usageScope=RESEARCH | {"region": "EU"})
    asked = {"purpose": "research", "region": "EU", "durationDays": None, "transferable": None}
    offer = seller.do("web3.market.offer.get", offerId=order["offerId"])
    assert (offer["usageScope"], buyer.order(order)["usageScope"]) == (asked, asked)


def test_a_draft_changes_its_scope(world: World) -> None:
    """Until it is published; an update that does not name it leaves it."""
    seller = world.member()
    draft = seller.do("web3.market.offer.create", title="T", price="1", usageScope=RESEARCH)
    about = {"offerId": draft["offerId"]}
    seller.do("web3.market.offer.update", **about, usageScope={"purpose": "training"})
    changed = seller.do("web3.market.offer.update", **about, price="2")
    assert changed["usageScope"]["purpose"] == "training"


def test_nothing_begins_without_a_consent(world: World) -> None:
    """The seller is told whom to wait for, and nothing is changed."""
    buyer, seller, order = world.permitted()
    before = seller.order(order)
    with pytest.raises(ConsentNeededError) as refused:
        seller.begins(order)
    assert refused.value.next_step == f"clawmarket order explain {order['orderId']}"
    assert seller.order(order) == before
    buyer.consents(order)
    assert seller.begins(order)["status"] == "delivery_ready"


def test_a_consent_says_what_was_permitted(world: World) -> None:
    """Both parties read the same: scope, hash, and when it ends by itself."""
    buyer, seller, order = world.permitted(days=7)
    world.pass_time(seconds=1)
    consent = buyer.consents(order, durationDays=3)
    scope = {"purpose": "research", "durationDays": 3}
    assert consent == {
        "consentId": consent["consentId"],
        "orderId": order["orderId"],
        "offerId": order["offerId"],
        "buyer": buyer.id,
        "consentScope": scope,
        "consentHash": consent_digest(order["orderId"], order["offerId"], buyer.id, scope),
        "status": "consent_granted",
        "good": True,
        "grantedAt": iso(START + 1_000),
        "expiresAt": iso(START + 1_000 + 3 * DAY_MS),
        "revokedAt": None,
        "reason": "",
        "revokeHash": None,
        "orderStatus": "consent_granted",
    }
    assert seller.do(GET, consentId=consent["consentId"]) == consent
    assert seller.order(order)["consentId"] == consent["consentId"]


def test_without_days_the_offers_days_hold(world: World) -> None:
    """A consent never lasts longer than was asked for."""
    buyer, _, order = world.permitted(days=7)
    consent = buyer.consents(order)
    assert consent["consentScope"] == {"purpose": "research", "durationDays": None}
    assert consent["expiresAt"] == iso(START + 7 * DAY_MS)


@pytest.mark.parametrize("scope", [{"purpose": "Research"}, {"durationDays": 8}])
def test_a_consent_to_something_else_is_refused(world: World, scope: Fields) -> None:
    """Another purpose and a longer time are; nothing is stored."""
    buyer, _, order = world.permitted(days=7)
    with pytest.raises(ConsentScopeError):
        buyer.consents(order, **scope)
    assert (world.all(Consent), buyer.order(order)["status"]) == ([], "payment_locked")


def test_only_the_buyer_consents(world: World) -> None:
    """The seller is told whose step it is; to strangers and operators there is no order."""
    _, seller, order = world.permitted()
    with pytest.raises(OtherSideError):
        seller.consents(order)
    for other in (world.member(), world.operator):
        with pytest.raises(OrderNotFoundError):
            other.consents(order)
    assert world.all(Consent) == []


def test_a_consent_is_given_once_and_in_its_place(world: World) -> None:
    """Not before the payment, not twice, not for an order that asks for none."""
    buyer, seller, order = world.ordered(usageScope=RESEARCH)
    with pytest.raises(TransitionRefusedError):
        buyer.consents(order)
    buyer.locks(order)
    buyer.consents(order)
    with pytest.raises(TransitionRefusedError):
        buyer.consents(order)
    plain = buyer.orders(seller.offers())
    buyer.locks(plain)
    award = buyer.awards(seller.bids(buyer.publishes()))
    for other in (plain, award):
        with pytest.raises(ConsentNotAskedError):
            buyer.consents(other)
    assert len(world.all(Consent)) == 1


def test_revoking_before_the_delivery_stops_it_and_pays_back(world: World) -> None:
    """The open delivery is revoked, the order says so, the money is back after one sweep."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    delivery = seller.begins(order)
    revoked = buyer.revokes(consent, "Not any more.")
    assert revoked == consent | {
        "status": "consent_revoked",
        "good": False,
        "revokedAt": iso(START),
        "reason": "Not any more.",
        "revokeHash": revoke_digest(consent["consentId"], START, RESEARCH, "Not any more."),
        "orderStatus": "consent_revoked",
    }
    shown = seller.do("web3.market.delivery.get", deliveryId=delivery["deliveryId"])
    assert shown["status"] == "delivery_revoked"
    for late in (seller.delivers, seller.takes_back):
        with pytest.raises(TransitionRefusedError):
            late(delivery)
    with pytest.raises(TransitionRefusedError):
        seller.begins(order)
    world.sweep()
    assert buyer.figures() == ("1000000000", "0", "0", "0")


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_after_a_revocation_either_side_pays_back_at_once(world: World, side: str) -> None:
    """Nobody has to wait for the sweep."""
    buyer, seller, order = world.permitted()
    buyer.revokes(buyer.consents(order))
    actor = buyer if side == "buyer" else seller
    assert actor.refunds(order)["status"] == "settlement_refunded"


def test_revoking_after_the_delivery_ends_further_use_only(world: World) -> None:
    """What was handed over is reviewed and paid as ever."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    seller.delivers(seller.begins(order))
    assert buyer.revokes(consent)["orderStatus"] == "delivery_completed"
    buyer.releases(order)
    assert seller.figures()[0] == "1009900000"


def test_revoking_after_the_end_is_recorded_for_both(world: World) -> None:
    """The order stays as it ended; its receipt, made of what was before, holds."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    seller.delivers(seller.begins(order))
    buyer.releases(order)
    done = buyer.order(order)
    buyer.revokes(consent)
    assert buyer.order(order) == done
    assert seller.do(GET, consentId=consent["consentId"])["good"] is False


def test_only_the_buyer_revokes(world: World) -> None:
    """Everybody else is refused as if there were nothing, and nothing is stored."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    before = len(world.all(Record))
    for other in (seller, world.operator):
        with pytest.raises(ConsentNotFoundError):
            other.revokes(consent)
    assert len(world.all(Record)) == before
    assert buyer.do(GET, consentId=consent["consentId"])["good"] is True


def test_what_is_over_is_not_revoked(world: World) -> None:
    """Neither twice nor after its own end; from that moment on it permits nothing."""
    buyer, seller, order = world.permitted(days=1)
    consent = buyer.consents(order)
    seller.delivers(seller.begins(order))
    world.reaches(consent["expiresAt"], -1)
    assert buyer.do(GET, consentId=consent["consentId"])["good"] is True
    world.reaches(consent["expiresAt"])
    assert buyer.do(GET, consentId=consent["consentId"])["good"] is False
    with pytest.raises(ConsentOverError):
        buyer.revokes(consent)
    again, _, other = world.permitted()
    second = again.consents(other)
    again.revokes(second)
    with pytest.raises(TransitionRefusedError):
        again.revokes(second)


def test_a_delivery_that_is_taken_back_needs_no_new_consent(world: World) -> None:
    """The order waits for the seller again, with its consent."""
    buyer, seller, order = world.permitted()
    buyer.consents(order)
    seller.takes_back(seller.begins(order))
    assert seller.order(order)["status"] == "consent_granted"
    assert seller.begins(order)["status"] == "delivery_ready"


GIVE_UP: dict[str, Callable[[World, Member, Member, Fields], object]] = {
    "the buyer": lambda _, buyer, __, order: buyer.refunds(order),
    "the seller": lambda _, __, seller, order: seller.refunds(order),
    "the market": lambda world, *_: (world.pass_time(seconds=86_400), world.sweep()),
}


@pytest.mark.parametrize("who", GIVE_UP)
def test_an_order_that_is_given_up_leaves_no_consent(world: World, who: str) -> None:
    """Whoever gave the money back: nothing is permitted for it any more."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    GIVE_UP[who](world, buyer, seller, order)
    assert buyer.order(order)["status"] == "settlement_cancelled"
    assert buyer.do(GET, consentId=consent["consentId"])["good"] is False


def test_a_seller_who_gives_up_stops_the_delivery(world: World) -> None:
    """The buyer cannot take the money alone once it was begun, but the seller gives it back."""
    buyer, seller, order = world.permitted()
    buyer.consents(order)
    delivery = seller.begins(order)
    with pytest.raises(RefundNotYoursError):
        buyer.refunds(order)
    seller.refunds(order)
    shown = buyer.do("web3.market.delivery.get", deliveryId=delivery["deliveryId"])
    assert shown["status"] == "delivery_revoked"


def test_a_ruling_for_the_buyer_ends_the_consent(world: World) -> None:
    """What was paid back is not used."""
    buyer, seller, order = world.permitted()
    consent, arbiter = buyer.consents(order), world.arbiter()
    seller.delivers(seller.begins(order))
    dispute = buyer.contests(order)
    buyer.shows(dispute)
    seller.shows(dispute)
    arbiter.rules(dispute, "refund")
    assert buyer.do(GET, consentId=consent["consentId"])["status"] == "consent_revoked"


def test_a_consent_of_a_disputed_order_is_revoked_and_freezes_nothing(world: World) -> None:
    """The dispute goes on as it stood."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    seller.delivers(seller.begins(order))
    buyer.contests(order)
    before = buyer.order(order)
    buyer.revokes(consent)
    after = buyer.order(order)
    assert after == before | {"records": after["records"]}


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"purpose": ""},
        {"purpose": 1},
        {"purpose": "x", "durationDays": 0},
        {"purpose": "x", "durationDays": "7"},
        {"purpose": "x", "durationDays": True},
        {"purpose": "x", "until": "ever"},
    ],
)
def test_a_scope_has_a_form(world: World, scope: Fields) -> None:
    """No purpose, wrong types and unknown names are refused before anything else."""
    seller = world.member()
    with pytest.raises(Refused) as refused:
        seller.offers(usageScope=scope)
    assert refused.value.code == "E_INVALID_ARGUMENT"


@pytest.mark.parametrize("days", ["duration_days", "DurationDays"])
def test_a_scope_has_one_spelling(world: World, days: str) -> None:
    """Another name is refused in offer and consent: no receipt could be made of that record."""
    scope = {"purpose": "research", days: 7}
    seller = world.member()
    buyer, _, order = world.permitted()
    with pytest.raises(FieldInvalidError):
        seller.do("web3.market.offer.create", title="T", price="1", usageScope=scope)
    with pytest.raises(FieldInvalidError):
        buyer.consents(order, **{days: 3})
    assert buyer.consents(order, durationDays=3)["consentScope"]["durationDays"] == 3


@pytest.mark.parametrize("step", ["issue", "complete"])
def test_no_clock_that_is_behind_dates_a_delivery_before_its_consent(
    world: World, step: str
) -> None:
    """Another process whose clock is 5 ms behind refuses; its receipt would not hold."""
    buyer, seller, order = world.permitted()
    buyer.consents(order)
    about = {"orderId": order["orderId"]}
    if step == "complete":
        about = {"deliveryId": seller.begins(order)["deliveryId"]}
    before = seller.order(order)
    behind = SettableClock(world.clock.now() - 5)
    other = Pipeline(replace(world.pipeline.ports, clock=behind), world.terms)
    method = f"web3.market.delivery.{step}"

    def asks(key: str) -> Fields:
        params = seller.signed(method, key, about)
        answer: Fields = world.run(other.submit(seller.caller, method, params, key=key))
        return answer

    with pytest.raises(ConsentNeededError, match="clock is behind"):
        asks("too-early")
    assert seller.order(order) == before
    behind.advance(5)
    assert asks("in-time")["orderId"] == order["orderId"]


def test_the_sellers_time_ends_with_the_consent(world: World) -> None:
    """Three days to deliver, but permitted for one: from its last moment on it is too late."""
    buyer, seller, order = world.permitted(timeoutSec=3 * 86_400)
    consent = buyer.consents(order, durationDays=1)
    assert seller.order(order)["dueAt"] == consent["expiresAt"]
    world.reaches(consent["expiresAt"])
    with pytest.raises(DeliveryLateError):
        seller.begins(order)
