"""A wallet in the browser signs in and signs what is recorded; keys are made in the test."""

import re
from typing import Any

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.eip191 import sign
from clawmarket.adapters.wallets.keyfile import Wallet
from web.conftest import Opener
from web.market import Market

# A wallet as an extension brings it: announced by EIP-6963, asked by EIP-1193.
PROVIDER = """
const provider = { request: ({ method, params }) => window.wallet(method, params ?? []) };
const detail = Object.freeze({
  info: { uuid: "6f0f2c1e-0000-4000-8000-000000000001", name: "Test wallet", icon: "data:,",
    rdns: "test.wallet" },
  provider,
});
const announce = () =>
  window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
window.addEventListener("eip6963:requestProvider", announce);
announce();
"""


def _with_wallet(page: Any, wallet: Wallet) -> list[str]:
    """Put a wallet into a page; what it was asked to sign is listed."""
    asked: list[str] = []

    def answer(method: str, params: list[str]) -> Any:
        if method == "eth_requestAccounts":
            return [wallet.address]
        assert (method, params[1]) == ("personal_sign", wallet.address)
        data = bytes.fromhex(params[0].removeprefix("0x"))
        asked.append(params[0])
        return sign(data, bytes.fromhex(wallet.key.reveal().removeprefix("0x")))

    page.expose_function("wallet", answer)
    page.add_init_script(PROVIDER)
    return asked


def test_a_wallet_signs_in_and_signs_the_task(market: Market, opened: Opener) -> None:
    """The sign-in and the published task are signed in the browser, and the record keeps it."""
    page, wallet = opened(), Wallet.create(SystemEntropy())
    asked = _with_wallet(page, wallet)
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
