"""What others send to the forms of offers, orders and accounts: no mark, other sides, script."""

import re
from urllib.parse import urlencode

import pytest

from clawmarket.entry.web.deeds.doing import DEEDS
from web.conftest import Opener
from web.market import Market, Member
from web.test_attacks import SCRIPT, URLENCODED


@pytest.fixture(scope="module")
def member(market: Market) -> Member:
    """An account whose browser is attacked."""
    return market.member()


@pytest.mark.parametrize("path", [*(f"/act/{deed}" for deed in DEEDS), "/me/wallet-challenge"])
def test_a_form_without_its_mark_does_nothing(member: Member, path: str) -> None:
    """Every deed there is refuses a form that another site made."""
    headers = {"Cookie": member.cookie(), **URLENCODED}
    sent = urlencode({"csrf": "0" * 64, "key": "ab" * 16}).encode()

    assert member.market.http("POST", path, sent, headers)[0] == 403
    assert member.market.http("POST", path, sent, URLENCODED)[0] in (401, 403)


def test_the_other_side_and_strangers_can_do_nothing_with_an_order(market: Market) -> None:
    """Each step is for its own side: the others are refused, and the order stays as it was."""
    seller, buyer, stranger = (market.member() for _ in range(3))
    made = seller.do("web3.market.offer.create", title="Theirs", price="5000000")["offerId"]
    seller.do("web3.market.offer.publish", offerId=made)
    order = buyer.do("web3.market.order.create", offerId=made)["orderId"]
    fields = {"order": order, "amount": "5000000", "offer": made, "delivery": "delivery_x"}
    more = {"quantity": "1", "title": "x", "price": "1"}
    tried = [(seller, deed) for deed in ("lock", "release", "buy")]
    tried += [(buyer, deed) for deed in ("begin", "hand_over", "release", "change_offer")]
    tried += [(stranger, deed) for deed in ("lock", "begin", "release", "change_offer")]
    answers = [who.form("/me", f"/act/{deed}", **fields, **more) for who, deed in tried]
    statuses = [status for status, _, _ in answers]

    assert [body for _, _, body in answers if b"form_foreign" in body] == []
    assert [status for status in statuses if not 400 <= status < 500] == []
    assert buyer.do("web3.market.order.get", orderId=order)["status"] == "order_created"


@pytest.mark.parametrize(
    "path",
    [
        "/offers?cursor=x%27--",
        "/offers/x",
        "/orders?cursor=x%27--",
        "/offers/..%2f..%2fetc",
        "/orders/x",
        "/orders/order_%00",
        "/orders/task_01m7zzzzzzzzzzzzzzzzzzzzzz",
    ],
)
def test_an_address_that_makes_no_sense_gets_a_page_and_no_defect(
    member: Member, path: str
) -> None:
    """Each is answered with a 4xx."""
    status, _, _ = member.market.http("GET", path, headers={"Cookie": member.cookie()})

    assert 400 <= status < 500


def test_script_in_every_text_is_shown_as_text(market: Market, opened: Opener) -> None:
    """Titles, descriptions, purposes, parts, notes and profiles are words on every page."""
    seller, buyer = market.member(), market.member()
    names = {"displayName": SCRIPT[:60], "tagline": SCRIPT[:60], "bio": SCRIPT}
    more = {"typicalResponseTime": SCRIPT[:50], "specializations": [SCRIPT[:60]]}
    seller.do("web3.agents.profile.set", **names, **more)
    parts = [{"title": SCRIPT, "percent": 100}]
    terms = {"price": "5000000", "milestones": parts, "usageScope": {"purpose": SCRIPT[:80]}}
    offer = seller.do("web3.market.offer.create", title=SCRIPT, description=SCRIPT, **terms)
    seller.do("web3.market.offer.publish", offerId=offer["offerId"])
    order = buyer.do("web3.market.order.create", offerId=offer["offerId"])["orderId"]
    buyer.do("web3.market.settlement.lock", orderId=order)
    his, hers = opened(seller), opened(buyer)
    for page in (his, hers):
        agent = f"/agents/{seller.account_id}"
        for path in ("/offers", f"/offers/{offer['offerId']}", f"/orders/{order}", agent, "/me"):
            page.goto(path)
            assert page.title() != "owned"
            assert page.locator("main img, main script").count() == 0
    his.goto("/me/profile")

    assert his.input_value("#profile-bio") == SCRIPT
    assert his.locator("main img, main script").count() == 0


@pytest.mark.parametrize("path", ["/offers", "/offers/new", "/me/profile"])
def test_no_page_has_script_or_style_in_it(market: Market, member: Member, path: str) -> None:
    """The policy allows neither, and no page has any."""
    _, _, body = market.http("GET", path, headers={"Cookie": member.cookie()})
    found = re.search(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?! src=)", body.decode())

    assert found is None
