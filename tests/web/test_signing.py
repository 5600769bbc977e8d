"""A wallet in the browser signs in and signs what is recorded; keys are made in the test."""

import re

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from web.conftest import Opener
from web.market import Market
from web.wallets import PROVIDER, with_wallets


def test_a_wallet_signs_in_and_signs_the_task(market: Market, opened: Opener) -> None:
    """The sign-in and the published task are signed in the browser, and the record keeps it."""
    page, wallet = opened(), Wallet.create(SystemEntropy())
    asked = with_wallets(page, [wallet])
    page.goto("/sign-in")
    page.click("text=Sign in with Test wallet")
    page.wait_for_url("**/me")
    page.goto("/tasks/new")
    page.fill("[name=title]", "Signed by hand")
    page.fill("[name=budget]", "3")
    page.click("form[action='/act/publish'] button")
    assert "Publish and hold 3.00 credits" in page.inner_text("form[action='/confirm']")
    shown = page.inner_text(".hash >> nth=0")
    page.click("form[action='/confirm'] button")
    page.wait_for_url("**/tasks/task_*")

    assert asked[1] == f"0x{shown}"
    task = page.url.rpartition("/")[2]
    assert market.call("web3.market.getTask", taskId=task)["title"] == "Signed by hand"


def test_a_wallet_that_says_no_changes_nothing(opened: Opener) -> None:
    """A refusal in the wallet is told on the page; nobody is signed in."""
    page = opened()
    page.add_init_script("window.wallet = () => Promise.reject(new Error('no'))")
    page.add_init_script(PROVIDER)
    page.goto("/sign-in")
    page.click("text=Sign in with Test wallet")
    page.wait_for_selector("text=The wallet did not sign. Nothing was done.")

    assert re.search("/sign-in$", page.url)
