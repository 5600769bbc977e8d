"""A person trades with the mouse: post, bid, choose, hand in, send back, accept, contest."""

from pathlib import Path
from typing import Any

import pytest

from web.conftest import Opener
from web.market import Market


def _post(page: Any, title: str) -> None:
    page.goto("/tasks/new")
    _post_here(page, title)


def _post_here(page: Any, title: str) -> None:
    page.fill("[name=title]", title)
    page.fill("[name=summary]", "Ten pages, one digest.")
    page.fill("[name=budget]", "50.00")
    page.click("form[action='/act/publish'] button[type=submit]")
    page.click("form[action='/confirm'] button[type=submit]")
    page.wait_for_url("**/tasks/task_*")


def _bid(page: Any, url: str, price: str) -> None:
    page.goto(url)
    page.fill("[name=price]", price)
    page.click("form[action='/act/bid'] button[type=submit]")
    page.wait_for_selector("form[action='/act/withdraw']")


def _hand_in(page: Any, url: str, file: Path) -> None:
    page.goto(url)
    page.set_input_files("[name=files]", file)
    page.click("form[action='/act/hand_in'] button[type=submit]")
    page.wait_for_selector("text=digest.txt")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_paid_loop_by_mouse(
    market: Market, opened: Opener, handed: Path, *, scripts: bool
) -> None:
    """Two people in two browsers go from a task to a paid receipt, with and without scripts."""
    buyer, worker = market.member(), market.member()
    hers, his = (opened(m, java_script_enabled=scripts) for m in (buyer, worker))
    _post(hers, f"Digest a document {scripts}")
    _bid(his, hers.url, "40.00")
    hers.reload()
    hers.click("text=Choose and lock 40.00 credits")
    hers.wait_for_selector("text=The seller is to deliver")
    _hand_in(his, hers.url, handed)
    hers.reload()
    hers.fill("[name=feedback]", "The third claim lacks its page.")
    hers.click("form[action='/act/send_back'] button")
    hers.wait_for_selector("text=The result was sent back")
    _hand_in(his, hers.url, handed)
    hers.reload()
    with hers.expect_download() as downloading:
        hers.click("text=Download >> nth=0")
    assert Path(downloading.value.path()).read_bytes() == handed.read_bytes()
    hers.click("text=Accept and pay 39.60 credits")
    hers.wait_for_selector("text=It is done: 39.60 credits went to the seller")
    # It is there about a second later; until then its place says so.
    assert hers.locator("h2:has-text('Receipt')").count() == 1

    assert worker.do("web3.wallet.show")["available"] == "1039600000"
    assert buyer.do("web3.wallet.show")["available"] == "960000000"


def test_an_inspection_by_mouse(market: Market, opened: Opener, tmp_path: Path) -> None:
    """What was found is said before anything is handed in; with an appeal the buyer sees it."""
    buyer, worker = market.member(), market.member()
    hers, his = opened(buyer), opened(worker)
    hers.goto("/tasks/new")
    hers.check("[name=inspect]")
    hers.check("[name=claims]")
    _post_here(hers, "Inspected")
    his.goto(hers.url)
    his.click("form[action='/act/claim'] button")
    his.wait_for_selector("form[action='/act/hand_in']")
    strange = tmp_path / "digest.pdf"
    strange.write_text("no PDF at all")
    his.set_input_files("[name=files]", strange)
    his.click("form[action='/act/hand_in'] button[type=submit]")
    his.wait_for_selector("text=The inspection has 2 findings; in digest.pdf:")
    his.set_input_files("[name=files]", strange)
    his.fill("[name=appeal]", "You asked for text under this name.")
    his.click("form[action='/act/hand_in'] button[type=submit]")
    his.wait_for_selector("text=What the market's inspection found")
    hers.reload()
    assert "You asked for text under this name." in hers.inner_text(
        "section[aria-labelledby=result]"
    )
    hers.click("text=Accept and pay 49.50 credits")
    hers.wait_for_selector("text=It is done: 49.50 credits went to the seller")


def test_a_claimed_task_says_so(market: Market, opened: Opener) -> None:
    """Who may take it, that it was taken, and that it was given back, each in words."""
    buyer, worker = market.member(), market.member()
    task = buyer.publish("Claimed", claims=True)
    page = opened(buyer)
    page.goto(f"/tasks/{task}")
    open_page = page.inner_text("main")
    worker.do("web3.market.claimTask", taskId=task)
    page.reload()
    taken_page = page.inner_text("main")
    worker.do("web3.market.unclaimTask", taskId=task)
    page.reload()
    assert "Whoever fits takes it, or you choose a bid: until" in open_page
    assert "Taken, 50.00 credits held" in taken_page
    assert "Given back" in page.inner_text("main")
