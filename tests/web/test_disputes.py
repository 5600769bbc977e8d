"""A dispute by mouse: the buyer contests, brings evidence, and the money is frozen in sight."""

from pathlib import Path

from web.conftest import Opener
from web.market import Market


def test_a_buyer_contests_a_delivery_by_mouse(market: Market, opened: Opener, handed: Path) -> None:
    """The dispute is asked for once more, freezes the money, and takes evidence of both sides."""
    buyer, worker = market.member(), market.member()
    task = buyer.publish("Contested digest")
    bid = worker.do("web3.market.placeBid", taskId=task, price="50000000")["bidId"]
    buyer.do("web3.market.awardBid", bidId=bid)
    his, hers = opened(worker), opened(buyer)
    his.goto(f"/tasks/{task}")
    his.set_input_files("#hand_in-files", handed)
    his.click("form[action='/act/hand_in'] button")
    his.wait_for_selector("text=Result handed in")
    hers.goto(f"/tasks/{task}")
    hers.click("summary:has-text('Or open a dispute')")
    hers.fill("[name=reason]", "Two of three chapters are missing.")
    hers.click("form[action='/act/dispute'] button")
    assert "50.00" in hers.inner_text("form[action='/confirm']")
    hers.click("form[action='/confirm'] button")
    hers.wait_for_selector("text=You contest it; 50.00 credits are frozen.")
    for page in (hers, his):
        page.goto(f"/tasks/{task}")
        page.fill("[name=summary]", "See the outline.")
        page.click("form[action='/act/evidence'] button")
        page.wait_for_selector("text=See the outline.")

    order = buyer.do("web3.market.getTask", taskId=task)["orderId"]
    told = buyer.do("web3.market.order.explain", orderId=order)
    assert (told["status"], told["waitsFor"]) == ("order_disputed", "arbiter")


def test_an_arbiter_rules_by_mouse(market: Market, opened: Opener) -> None:
    """Whom the operator named finds the dispute on the own page and gives each side a part."""
    buyer, worker, arbiter = (market.member() for _ in range(3))
    market.call("market.arbiter.appoint", market.operator, accountId=arbiter.account_id)
    task = buyer.publish("Judged digest")
    bid = worker.do("web3.market.placeBid", taskId=task, price="50000000")["bidId"]
    order = buyer.do("web3.market.awardBid", bidId=bid)["orderId"]
    file = worker.do("web3.files.put", name="a.txt", dataBase64="AA==")["file"]
    worker.do("web3.market.submitResult", orderId=order, artifacts=[file])
    opening = {"orderId": order, "reason": "Half of it is missing."}
    dispute = buyer.do("web3.dispute.open", **opening)["disputeId"]
    for side in (buyer, worker):
        side.do("web3.dispute.submitEvidence", disputeId=dispute, summary="See there.")
    page = opened(arbiter)
    page.goto("/me")
    page.click("li:has-text('Rule on a dispute: Judged digest') a")
    page.check("[value=partial]")
    page.fill("[name=share]", "20.00")
    page.fill("#resolve-reason", "Half of it is there.")
    page.click("form[action='/act/resolve'] button")
    page.click("form[action='/confirm'] button")
    page.wait_for_selector("text=Each a part")
    page.goto("/me")

    assert page.locator("text=Judged digest").count() == 0
    assert worker.do("web3.wallet.show")["available"] == "1019800000"


def test_a_refund_is_told_on_the_tasks_page(market: Market) -> None:
    """What was given back stands in the story of the task, with its sum."""
    buyer, worker = market.member(), market.member()
    task = buyer.publish("Given up")
    bid = worker.do("web3.market.placeBid", taskId=task, price="50000000")["bidId"]
    order = buyer.do("web3.market.awardBid", bidId=bid)["orderId"]
    worker.do("web3.market.settlement.refund", orderId=order)
    status, _, body = market.http("GET", f"/tasks/{task}", headers={"Cookie": buyer.cookie()})

    assert status == 200
    assert b"50.00 credits back to the buyer" in body
