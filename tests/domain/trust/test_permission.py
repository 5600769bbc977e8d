"""Consents in receipts: what was handed over was permitted by the buyer, before, and still then."""

from itertools import pairwise

import pytest

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.moment import DAY_MS, iso
from clawmarket.domain.trust.facts import read_facts
from clawmarket.domain.trust.story import read_story
from lies import StoryLie, all_of, event, record, said_and_signed, without
from page_verdict import each_verifier
from receipts import Deal, Json, Verifier, deal, with_event

GRANTED, REVOKED, ISSUED = "consent_granted", "consent_revoked", "delivery_issued"
LOCKED, CHANGED = "payment_locked", "offer_updated"


@each_verifier
@pytest.mark.parametrize("voice", ["signed", "attested"])
@pytest.mark.parametrize(
    ("ending", "refund"), [("permitted", "0"), ("redrafted", "0"), ("revoked", "5000000")]
)
def test_an_honest_receipt_with_a_consent_holds(
    verifier: Verifier, voice: str, ending: str, refund: str
) -> None:
    """Granted and used, or revoked before the delivery: every check holds."""
    made = deal("offer", ending, voice)
    assert verifier(made.text, made.key)["failed"] == []
    assert made.document()["receipt"]["refund"] == refund
    kinds = [told["kind"] for one in made.records() for told in one["events"]]
    assert (GRANTED in kinds, REVOKED in kinds) == (True, True)


def rehashed(records: list[Json], _: Deal) -> None:
    """Name the consent by the hash of what it now says."""
    told, order = (with_event(records, kind)[1] for kind in (GRANTED, "order_created"))
    offer = with_event(records, "offer_created")[1]["offerId"]
    about = {"orderId": order["orderId"], "offerId": offer, "buyerId": order["buyer"]}
    told["consentHash"] = content_digest(about | {"scope": told["scope"]})


def to(scope: Json) -> StoryLie:
    """Let the buyer have consented to something else, with signature and hash to match."""
    _, order = with_event(deal("offer", "permitted", "signed").records(), "order_created")
    params = {"orderId": order["orderId"], "consentScope": scope}
    return all_of(event(GRANTED, scope=scope), said_and_signed(GRANTED, params=params), rehashed)


def by_the_seller(records: list[Json], made: Deal) -> None:
    """Let the seller consent, and sign that."""
    lied, _ = with_event(records, GRANTED)
    lied["actor"] = lied["statement"]["said"]["actor"] = with_event(records, ISSUED)[0]["actor"]
    lied["statement"]["address"] = made.wallets[lied["actor"]].address
    made.sign(lied)


def revoked_by_the_seller(records: list[Json], _: Deal) -> None:
    """Let the seller, attested by the market, take the buyer's consent back after the delivery."""
    lied, told = with_event(records, REVOKED)
    consent = with_event(records, GRANTED)[1]
    lied["actor"] = with_event(records, ISSUED)[0]["actor"]
    lied["method"] = "web3.market.settlement.refund"
    del lied["statement"]
    facts = {"consentId": consent["consentId"], "revokedAt": iso(lied["at"])}
    told["revokeHash"] = content_digest(facts | {"scope": consent["scope"]})


def change_places(one: str, other: str) -> StoryLie:
    """Let two records change places."""

    def change(records: list[Json], _: Deal) -> None:
        first, second = (records.index(with_event(records, kind)[0]) for kind in (one, other))
        records[first], records[second] = records[second], records[first]

    return change


def twice(records: list[Json], _: Deal) -> None:
    """Tell the consent again, under another id."""
    granted, _told = with_event(records, GRANTED)
    again = granted | {"id": "rec_" + "7" * 26, "states": []}
    records.insert(records.index(granted) + 1, again)


def ask_for_more(records: list[Json], _: Deal) -> None:
    """Let the order ask for another purpose than the offer."""
    with_event(records, "order_created")[1]["usageScope"]["purpose"] = "training"


def later(days: int) -> StoryLie:
    """Let the delivery come days later, attested by the market alone."""

    def change(records: list[Json], _: Deal) -> None:
        delivered, _told = with_event(records, "delivery_completed")
        delivered["at"] += days * DAY_MS
        delivered["statement"].update(signature=None, address=None)

    return change


def consent_unpaid(records: list[Json], made: Deal) -> None:
    """Let the buyer consent before the payment, while the order moves as it should."""
    change_places(GRANTED, LOCKED)(records, made)
    one, other = (with_event(records, kind)[0] for kind in (GRANTED, LOCKED))
    one["states"], other["states"] = other["states"], one["states"]


def a_moment_before(kind: str) -> StoryLie:
    """Date what was handed over just before the consent to it."""

    def change(records: list[Json], _: Deal) -> None:
        with_event(records, kind)[0]["at"] = with_event(records, GRANTED)[0]["at"] - 1

    return change


def moves(record: Json, order_id: str, *states: str) -> None:
    """Let a record move the order from state to state."""
    others = [step for step in record["states"] if step[0] != order_id]
    record["states"] = others + [[order_id, *pair] for pair in pairwise(states)]


LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "another purpose": (to({"purpose": "training"}), ["records"]),
    "more days than the offer's": (to({"purpose": "research", "durationDays": 8}), ["records"]),
    "no day": (to({"purpose": "research", "durationDays": 0}), ["records"]),
    "one word more": (to({"purpose": "research", "region": "EU"}), ["records"]),
    "other days than said": (
        all_of(event(GRANTED, scope={"purpose": "research", "durationDays": 7}), rehashed),
        ["records"],
    ),
    "a scope that is a word": (event(GRANTED, scope="research"), ["records"]),
    "another hash": (event(GRANTED, consentHash="sha256:" + "0" * 64), ["records"]),
    "a consent by the seller": (by_the_seller, ["records"]),
    "a delivery before the consent": (change_places(GRANTED, ISSUED), ["records"]),
    "a delivery without a consent": (without(GRANTED), ["records"]),
    "a delivery after the end": (later(3), ["records"]),
    "a delivery after the revocation": (change_places(REVOKED, "delivery_completed"), ["records"]),
    "a consent before the payment": (change_places(GRANTED, LOCKED), ["records"]),
    "a consent to what was not paid": (consent_unpaid, ["records"]),
    "a delivery a moment too early": (a_moment_before("delivery_completed"), ["records"]),
    "a beginning a moment too early": (a_moment_before(ISSUED), ["records"]),
    "an offer that asks for less than its seller said": (
        event("offer_created", usageScope=None),
        ["records"],
    ),
    "two consents": (twice, ["records"]),
    "an order that asks for more": (ask_for_more, ["records"]),
    "an order that asks for nothing": (event("order_created", usageScope=None), ["records"]),
    "a usage scope that is a word": (event("order_created", usageScope="research"), ["records"]),
    "another consent revoked": (event(REVOKED, consentId="consent_"), ["records"]),
    "another revocation": (event(REVOKED, revokeHash="sha256:" + "0" * 64), ["records"]),
    "a revocation by the seller": (revoked_by_the_seller, ["records"]),
    "a revocation by a stranger": (record(REVOKED, actor="agent_" + "1" * 26), ["records"]),
}


@each_verifier
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_a_consent_fails_its_check(verifier: Verifier, lie: str) -> None:
    """What the offer asked, what the buyer permitted and when it was used have to agree."""
    change, failed = LIES[lie]
    made = deal("offer", "permitted", "signed")
    records = made.records()
    change(records, made)
    found = verifier(made.told(records), made.key)["failed"]
    assert [name for name in found if name != "summary"] == failed


@each_verifier
def test_a_delivery_within_the_consent_holds(verifier: Verifier) -> None:
    """Two days later the consent of three days is still good."""
    made = deal("offer", "permitted", "signed")
    records = made.records()
    later(2)(records, made)
    assert verifier(made.told(records), made.key)["failed"] == []


@each_verifier
def test_an_order_that_asks_for_no_consent_knows_none(verifier: Verifier) -> None:
    """A consent among the records of an order from a plain offer is a lie."""
    made = deal("offer", "settled", "signed")
    records = made.records()
    _, order = with_event(records, "order_created")
    about = {"orderId": order["orderId"], "consentId": "consent_", "scope": {"purpose": "x"}}
    locked, _ = with_event(records, "payment_locked")
    locked["events"].append({"kind": GRANTED, "consentHash": "", **about})
    assert "records" in verifier(made.told(records), made.key)["failed"]


def revoked_silently(records: list[Json], _: Deal) -> None:
    """Stop the order as revoked, in the seller's record, and leave the revocation out."""
    revoked, told = with_event(records, REVOKED)
    records.remove(revoked)
    moves(with_event(records, ISSUED)[0], told["orderId"], GRANTED, "delivery_ready", REVOKED)


def granted_silently(records: list[Json], made: Deal) -> None:
    """Let the order stand as permitted, and leave out whatever was said about that."""
    order_id = with_event(records, GRANTED)[1]["orderId"]
    for kind in (GRANTED, ISSUED, REVOKED):
        without(kind)(records, made)
    moves(with_event(records, LOCKED)[0], order_id, "order_created", LOCKED, GRANTED)
    ended = with_event(records, "settlement_refunded")[0]
    moves(ended, order_id, GRANTED, "settlement_cancelled")


@each_verifier
@pytest.mark.parametrize("lie", [revoked_silently, granted_silently])
def test_the_order_stands_by_no_consent_that_nobody_told(verifier: Verifier, lie: StoryLie) -> None:
    """Each move of the order into consent or revocation has its event."""
    made = deal("offer", "revoked", "signed")
    records = made.records()
    lie(records, made)
    assert "records" in verifier(made.told(records), made.key)["failed"]


def drop_the_scope(records: list[Json], made: Deal) -> None:
    """Tell the story as if no consent had ever been asked for, order and hash to match."""
    texts = [item["record"] for item in made.document()["records"]]
    agreement = read_story([read_facts(text, "") for text in texts]).agreement
    agreed = {name: value for name, value in agreement.items() if name != "usageScope"}
    with_event(records, "order_created")[1].update(usageScope=None, terms=content_digest(agreed))
    for kind in (GRANTED, REVOKED):
        without(kind)(records, made)
    moves(with_event(records, ISSUED)[0], agreed["orderId"], LOCKED, "delivery_ready")


def tell_no_scope(records: list[Json], _: Deal) -> None:
    """Let the offer's last record say nothing about what is to be consented to."""
    with_event(records, CHANGED)[1].pop("usageScope")


@each_verifier
@pytest.mark.parametrize("voice", ["signed", "attested"])
@pytest.mark.parametrize("lie", [drop_the_scope, all_of(tell_no_scope, drop_the_scope)])
def test_a_changed_offer_keeps_its_scope(verifier: Verifier, voice: str, lie: StoryLie) -> None:
    """The last change of a draft tells its scope, also where its seller did not say it again."""
    made = deal("offer", "redrafted", voice)
    records = made.records()
    lie(records, made)
    assert "records" in verifier(made.told(records), made.key)["failed"]


@each_verifier
def test_a_new_offer_says_its_scope_itself(verifier: Verifier) -> None:
    """Records from before have no scope in the event; its seller's own words are enough there."""
    made = deal("offer", "permitted", "signed")
    records = made.records()
    with_event(records, "offer_created")[1].pop("usageScope")
    assert verifier(made.told(records), made.key)["failed"] == []
