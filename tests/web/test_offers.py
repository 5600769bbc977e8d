"""A person sells and buys at a fixed price with the mouse: write, publish, order, lock, deliver."""

from pathlib import Path
from typing import Any

import pytest

from web.conftest import Opener
from web.market import Market, Member


def _write(page: Any, title: str, **fields: str) -> str:
    """Write an offer, publish it, and return its address."""
    page.goto("/offers/new")
    page.fill("[name=title]", title)
    page.fill("#new_offer-description", "One page, translated by hand.")
    page.fill("[name=price]", "5.00")
    if fields:
        page.click("summary:has-text('Parts, and consent')")
    for name, text in fields.items():
        page.fill(f"[name={name}]", text)
    page.click("form[action='/act/new_offer'] button")
    page.wait_for_url("**/offers/offer_*")
    page.click("form[action='/act/publish_offer'] button")
    assert "4.95" in page.inner_text("form[action='/confirm']")
    page.click("form[action='/confirm'] button")
    page.wait_for_selector("text=For sale")
    return str(page.url)


def _order(page: Any, url: str, pieces: str = "1") -> None:
    page.goto(url)
    page.fill("[name=quantity]", pieces)
    page.click("form[action='/act/buy'] button")
    page.wait_for_url("**/orders/order_*")


def _press(page: Any, deed: str, **fields: str) -> None:
    for name, text in fields.items():
        page.fill(f"form[action='/act/{deed}'] [name={name}]", text)
    page.click(f"form[action='/act/{deed}'] button[type=submit]")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_offer_is_sold_by_mouse(
    market: Market, opened: Opener, handed: Path, *, scripts: bool
) -> None:
    """From the empty form to the paid receipt, each with the sums before the click."""
    seller, buyer = market.member(), market.member()
    his, hers = (opened(m, java_script_enabled=scripts) for m in (seller, buyer))
    url = _write(his, f"One page translated {scripts}")
    hers.goto(url)
    told = hers.inner_text("section[aria-labelledby=buy]")
    assert "You lock 5.00 credits for each piece" in told
    assert "4.95 credits for each piece go to the seller" in told
    _order(hers, url, "2")
    hers.wait_for_selector("text=Nothing is paid yet; the price is 10.00 credits.")
    hers.click("text=Lock 10.00 credits")
    hers.wait_for_selector("text=The seller is to deliver; 10.00 credits are held.")
    his.goto(hers.url)
    _press(his, "begin")
    his.wait_for_selector("form[action='/act/hand_over']")
    his.set_input_files("[name=files]", handed)
    _press(his, "hand_over", note="Both pages.")
    his.wait_for_selector("text=digest.txt")
    hers.reload()
    with hers.expect_download() as downloading:
        hers.click("text=Download >> nth=0")
    assert Path(downloading.value.path()).read_bytes() == handed.read_bytes()
    hers.click("text=Accept and pay 9.90 credits")
    hers.wait_for_selector("text=It is done: 9.90 credits went to the seller")

    assert seller.do("web3.wallet.show")["available"] == "1009900000"
    assert buyer.do("web3.wallet.show")["available"] == "990000000"


def test_a_buyer_steps_back_until_the_seller_begins(market: Market, opened: Opener) -> None:
    """An order is cancelled unpaid; a locked one is taken back; afterwards neither is offered."""
    seller, buyer = market.member(), market.member()
    his, hers = opened(seller), opened(buyer)
    url = _write(his, "Stepped back from")
    _order(hers, url)
    _press(hers, "cancel_order")
    hers.click("form[action='/confirm'] button")
    hers.wait_for_selector("text=You cancelled it before anything was paid.")
    _order(hers, url)
    _press(hers, "lock")
    _press(hers, "refund")
    assert "5.00" in hers.inner_text("form[action='/confirm']")
    hers.click("text=Give back 5.00 credits")
    hers.wait_for_selector("text=Nothing was delivered: 5.00 credits went back to you.")
    _order(hers, url)
    _press(hers, "lock")
    his.goto(hers.url)
    _press(his, "begin")
    hers.reload()

    assert hers.locator("form[action='/act/refund']").count() == 0
    _press(his, "step_back")
    his.click("form[action='/confirm'] button")
    hers.reload()
    assert hers.locator("form[action='/act/refund']").count() == 1


def test_a_use_needs_the_buyers_consent(market: Market, opened: Opener) -> None:
    """The page asks for it, the seller waits for it, and the buyer may take it back."""
    seller, buyer = market.member(), market.member()
    his, hers = opened(seller), opened(buyer)
    url = _write(his, "A data set", purpose="research", days="30")
    _order(hers, url)
    _press(hers, "lock")
    his.goto(hers.url)
    assert his.locator("form[action='/act/begin']").count() == 0
    _press(hers, "consent", days="40")
    hers.wait_for_selector("form[action='/act/consent'] .mistakes, .mistakes")
    assert hers.input_value("form[action='/act/consent'] [name=days]") == "40"
    _press(hers, "consent", days="7")
    hers.wait_for_selector("text=Permission given")
    his.reload()
    _press(his, "begin")
    hers.reload()
    hers.click("summary:has-text('Withdraw your consent')")
    _press(hers, "take_consent", reason="Not needed any more.")
    hers.click("form[action='/confirm'] button")
    hers.wait_for_selector("text=Permission withdrawn")


def test_a_delivery_is_contested_by_mouse(market: Market, opened: Opener) -> None:
    """An order from an offer is disputed and takes evidence on its own page."""
    seller, buyer = market.member(), market.member()
    order = _delivered(seller, buyer)
    page = opened(buyer)
    page.goto(f"/orders/{order}")
    page.click("summary:has-text('Or open a dispute')")
    _press(page, "dispute", reason="It is another page.")
    page.click("form[action='/confirm'] button")
    page.wait_for_selector("text=You contest it; 5.00 credits are frozen.")
    _press(page, "evidence", summary="See the title.")
    page.wait_for_selector("text=See the title.")

    assert buyer.do("web3.market.order.get", orderId=order)["status"] == "order_disputed"


def _delivered(seller: Member, buyer: Member) -> str:
    made = seller.do("web3.market.offer.create", title="Contested", price="5000000")
    seller.do("web3.market.offer.publish", offerId=made["offerId"])
    order = str(buyer.do("web3.market.order.create", offerId=made["offerId"])["orderId"])
    buyer.do("web3.market.settlement.lock", orderId=order)
    delivery = seller.do("web3.market.delivery.issue", orderId=order)["deliveryId"]
    seller.do("web3.market.delivery.complete", deliveryId=delivery, note="Done.")
    return order


def test_a_stranger_learns_of_no_order_and_of_no_draft(market: Market) -> None:
    """Both answer like what never was; a task's order leads to its task."""
    seller, buyer, stranger = (market.member() for _ in range(3))
    order = _delivered(seller, buyer)
    draft = seller.do("web3.market.offer.create", title="Draft", price="5000000")["offerId"]
    asked = [f"/orders/{order}", f"/offers/{draft}", f"/orders/order_{'0' * 26}", "/orders/x"]
    headers = {"Cookie": stranger.cookie()}

    assert [market.http("GET", path, headers=headers)[0] for path in asked] == [404] * 4
    assert market.http("GET", f"/orders/{order}", headers={"Cookie": buyer.cookie()})[0] == 200


def test_every_order_is_found_from_the_account(market: Market, opened: Opener) -> None:
    """The list of a side names each order, and leads to its page."""
    seller, buyer = market.member(), market.member()
    _delivered(seller, buyer)
    for member, side in ((buyer, "Bought"), (seller, "Sold")):
        page = opened(member)
        page.click("text=All orders")
        page.click(f"nav >> text={side}")
        page.click(".job >> text=Contested")
        page.wait_for_url("**/orders/order_*")


def test_an_offer_that_is_wrong_keeps_what_was_typed(market: Market) -> None:
    """Parts that do not sum up, a price of nothing: the page says so beside what was written."""
    seller = market.member()
    typed = {"title": "Kept <title>", "price": "5", "deliver_in": "24", "review_in": "10"}
    kinds = {"assetType": "data", "deliveryType": "download"}
    for wrong in ({"price": "0"}, {"milestones": "Half"}, {"milestones": "Half = 40"}):
        status, _, body = seller.form("/offers/new", "/act/new_offer", **typed | kinds | wrong)

        assert status == 400
        assert b"Kept &lt;title&gt;" in body
        assert b'<option value="data" selected>' in body
        assert b"Nothing was done." in body
