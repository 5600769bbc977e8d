"""What `order.explain` says is said in Chinese too, with the same figures."""

import re

import pytest

from clawmarket.entry.web.telling.explaining import translated
from clawmarket.entry.web.words.catalog import Words, catalog
from clawmarket.entry.web.words.figures import amount, change, clock, span
from world import Fields, Member, World, credits_

FIGURES = {
    "when": "at 2026-11-21T14:32:10.000Z (in 7 min)",
    "count": "3",
    "parts": "4",
    "quoted": "'research'",
    "rest": "Nothing is paid yet; the price is 7.25 credits.",
}
SENTENCES = sorted(key for key in catalog("en") if key.startswith("explain."))
ZH = Words("zh")


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_is_found_with_all_its_figures(key: str) -> None:
    """Amounts, moments and counts of the English sentence stand in the Chinese one."""
    english = catalog("en")[key]
    names = re.findall(r"\{(\w+)\}", english)
    values = {n: FIGURES.get(n, f"1,2{i}4.50 credits") for i, n in enumerate(names)}
    said = translated(english.format(**values), ZH)

    assert said is not None
    figures = re.findall(r"\d(?:[\d,.:TZ-]*[\dZ])?", english.format(**values))
    assert sorted(re.findall(r"\d(?:[\d,.:TZ-]*[\dZ])?", said)) == sorted(figures)


def test_a_sentence_that_no_catalog_knows_stays_as_it_is() -> None:
    """It is left for the page to show in English, and to say that it is."""
    assert translated("The moon is full.", ZH) is None


def test_every_stage_of_a_trade_is_said_in_chinese() -> None:
    """From the award over a rejection and a dispute, nothing of an explanation stays English."""
    world = World()
    buyer, worker = world.member(), world.member()
    task = buyer.do("web3.market.publishTask", title="Digest", budget=credits_("50"))["taskId"]
    bid = worker.do("web3.market.placeBid", taskId=task, price=credits_("40"))["bidId"]
    order = buyer.do("web3.market.awardBid", bidId=bid)["orderId"]
    file = worker.do("web3.files.put", name="a.txt", dataBase64="AA==")["file"]
    told = [buyer.do("web3.market.order.explain", orderId=order)]
    for decision in ("reject", "accept"):
        result = worker.do("web3.market.submitResult", orderId=order, artifacts=[file])["resultId"]
        told.append(buyer.do("web3.market.order.explain", orderId=order))
        review = {"resultId": result, "decision": decision, "feedback": "All of it."}
        buyer.do("web3.market.reviewResult", **review)
        told.append(buyer.do("web3.market.order.explain", orderId=order))
    world.close()

    assert [translated(t[part], ZH) for t in told for part in ("now", "then")].count(None) == 0


def test_every_stage_of_an_offers_order_is_said_in_chinese() -> None:
    """Consent, parts and their titles too; what a party wrote stays as it wrote it."""
    world = World()
    buyer, seller = world.member(), world.member()
    halves = [{"title": "It's half", "percent": 50}, {"title": "Rest", "percent": 50}]
    usage = {"purpose": "research", "durationDays": 7}
    terms: Fields = {"price": credits_("5"), "milestones": halves, "usageScope": usage}
    offer = seller.do("web3.market.offer.create", title="Rows", **terms)["offerId"]
    seller.do("web3.market.offer.publish", offerId=offer)
    order = buyer.do("web3.market.order.create", offerId=offer)["orderId"]
    steps: tuple[tuple[Member, str, Fields], ...] = (
        (buyer, "web3.market.settlement.lock", {}),
        (buyer, "web3.market.consent.grant", {"consentScope": {"purpose": "research"}}),
        (seller, "web3.market.delivery.issue", {}),
    )
    told = [buyer.do("web3.market.order.explain", orderId=order)]
    for who, method, more in steps:
        who.do(method, orderId=order, **more)
        told.append(buyer.do("web3.market.order.explain", orderId=order))
    world.close()
    said = [translated(t[part], ZH) for t in told for part in ("now", "then")]

    assert said.count(None) == 0
    assert [text for text in said if "It's half" in str(text)] == said[2::2]


@pytest.mark.parametrize(
    ("minor", "text"),
    [(0, "0.00"), (1, "0.000001"), (49_500_000, "49.50"), (1_234_567_890_000, "1,234,567.89")],
)
def test_an_amount_is_never_rounded(minor: int, text: str) -> None:
    """Two decimals at least, six where the ledger has them."""
    assert amount(minor) == text


def test_a_change_has_a_sign_unless_it_is_nothing() -> None:
    """What came in and what went out are told apart by more than a colour."""
    assert [change(minor) for minor in (29_700_000, -35_000_000, 0)] == [
        "+29.70",
        "\N{MINUS SIGN}35.00",
        "0.00",
    ]


def test_a_moment_has_its_date_unless_it_is_today() -> None:
    """Today is a time; any other day has its date in words before it, another year's its year."""
    moment, now, day = "2026-01-31T12:00:05.000Z", 1_769_817_600_000, 86_400_000
    said = [[clock(moment, at, Words(lang)) for lang in ("en", "zh")] for at in (now, now + day)]

    assert said == [
        ["12:00:05 UTC", "12:00:05 UTC"],
        ["12:00 UTC on 31 Jan", "1 月 31 日 12:00 UTC"],
    ]
    assert clock(moment, now + 365 * day, Words("en")) == "12:00 UTC on 31 Jan 2026"
    assert clock(moment, now + 365 * day, Words("zh")) == "2026 年 1 月 31 日 12:00 UTC"


def test_a_span_has_its_two_largest_units() -> None:
    """Seconds stand beside minutes only, hours beside days."""
    assert [span(ms, Words("en")) for ms in (0, 61_000, 7_200_000, 90_000_000)] == [
        "0 s",
        "1 min 1 s",
        "2 h",
        "1 d 1 h",
    ]
