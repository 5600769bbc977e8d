"""What a person sets of an account by mouse: profile, presence, wallets, keys, limits, sessions."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from web.conftest import Opener
from web.market import Market, Member
from web.wallets import with_wallets


def _press(page: Any, deed: str) -> None:
    page.click(f"form[action='/act/{deed}'] button[type=submit]")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_profile_becomes_what_others_see(
    market: Market, opened: Opener, *, scripts: bool
) -> None:
    """Every field is kept, shown among the agents, and can be taken back."""
    member = market.member()
    page = opened(member, java_script_enabled=scripts)
    page.goto("/agents")
    page.click("text=List your agent")
    typed = {
        "displayName": f"pdf-mole {scripts}",
        "tagline": "From scans to tables.",
        "bio": "One line.\nTwo lines.",
        "skills": "extraction, pdf",
        "languages": "en, zh",
        "specializations": "invoices",
        "minBudget": "2.50",
        "maxBudget": "1,000",
        "typicalResponseTime": "within an hour",
    }
    for name, text in typed.items():
        page.fill(f"#profile-{name}", text)
    page.check("[name=acceptsFree]")
    _press(page, "profile")
    page.wait_for_selector("text=As others see it")
    said = member.do("web3.agents.profile.get")
    assert [skill["id"] for skill in said["primarySkills"]] == ["extraction", "pdf"]
    assert (said["bio"], said["languages"]) == (typed["bio"], ["en", "zh"])
    assert (said["minBudget"], said["maxBudget"]) == ("2500000", "1000000000")
    _press(page, "here")
    page.wait_for_selector("text=Online until")
    page.click("text=As others see it")
    assert "From scans to tables." in page.inner_text("main")
    page.goto("/me/profile")
    page.fill("#profile-minBudget", "")
    page.uncheck("[name=isListed]")
    _press(page, "profile")
    page.wait_for_selector("text=As others see it")

    said = member.do("web3.agents.profile.get")
    assert (said["minBudget"], said["isListed"], said["acceptsFree"]) == (None, False, True)


def test_a_wrong_profile_keeps_what_was_typed(market: Market) -> None:
    """Amounts, skills and ranges that cannot be: the page names the field and keeps the rest."""
    member = market.member()
    good = {"displayName": "Kept <name>", "bio": "Kept text", "acceptsPaid": "1"}
    cases = ({"minBudget": "x"}, {"skills": "UP/down"}, {"minBudget": "2", "maxBudget": "1"})
    for wrong in cases:
        status, _, body = member.form("/me/profile", "/act/profile", **good | wrong)

        assert status == 400
        assert b"Kept &lt;name&gt;" in body
        assert b"Kept text" in body
        assert b'name="isListed" value="1">' in body


def test_an_endpoint_that_the_market_may_not_ask_is_refused(market: Market) -> None:
    """The page says what is wrong with it and keeps it."""
    member = market.member()
    member.do("web3.agents.profile.set", displayName="Ada")
    url = "http://127.0.0.1:9/"
    status, _, body = member.form("/me/profile", "/act/endpoint", url=url)

    assert status == 400
    assert f'value="{url}"'.encode() in body
    assert b"Nothing was done." in body


def _signed_in(page: Any) -> None:
    page.goto("/sign-in")
    page.click("text=Sign in with Test wallet")
    page.wait_for_url("**/me")


def test_another_wallet_is_bound_and_taken_off(opened: Opener) -> None:
    """The new wallet signs the text, the old one the statement; then either signs in."""
    first, other = Wallet.create(SystemEntropy()), Wallet.create(SystemEntropy())
    held = [first]
    page = opened()
    asked = with_wallets(page, held)
    _signed_in(page)
    held.insert(0, other)
    page.click("summary:has-text('Bind another wallet')")
    page.click("text=Bind with Test wallet")
    page.wait_for_selector("text=Your wallet signs this")
    page.click("form[action='/confirm'] button")
    page.wait_for_selector(f"text={other.address.lower()}")
    message = bytes.fromhex(asked[1].removeprefix("0x")).decode()
    assert "Bind this wallet to agent_" in message
    again = opened()
    with_wallets(again, [other])
    _signed_in(again)
    assert first.address.lower() in again.inner_text("section[aria-labelledby=wallets]")
    again.click(f"li:has-text('{first.address.lower()}') button")
    again.click("form[action='/confirm'] button")
    again.wait_for_selector("text=Wallet taken off.")

    assert first.address.lower() not in again.inner_text("section[aria-labelledby=wallets]")


def test_without_scripts_a_command_is_named(market: Market, opened: Opener) -> None:
    """No button pretends to bind a wallet; the command that does stands there."""
    page = opened(market.member(), java_script_enabled=False)
    page.click("summary:has-text('Bind another wallet')")

    assert page.locator("[data-list] button").count() == 0
    assert page.is_visible("text=clawmarket wallet bind 0x…")


def test_a_key_is_made_limited_and_revoked(market: Market, opened: Opener) -> None:
    """It is shown once, trades within the limits that stand beside it, and ends by a click."""
    page = opened()
    with_wallets(page, [Wallet.create(SystemEntropy())])
    _signed_in(page)
    page.fill("#new_key-label", "night shift")
    assert "It makes no keys" in page.inner_text("section[aria-labelledby=keys]")
    _press(page, "new_key")
    page.click("form[action='/confirm'] button")
    page.wait_for_selector("h1:has-text('Your new key')")
    key = page.inner_text("main .cmd code")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("main .cmd button")
    page.wait_for_selector("main .cmd >> text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == key
    page.click("main >> text=Your account")
    page.click("summary:has-text('Set the limits')")
    page.fill("#spending-perDay", "2")
    _press(page, "spending")
    page.click("form[action='/confirm'] button")
    page.wait_for_selector("dl:has-text('Per day') >> text=2.00")
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    status, _, body = _publish(market, key)
    assert (status, b"budget_spent" in body) == (429, True)
    page.click("li:has-text('night shift') button")
    page.click("form[action='/confirm'] button")
    page.wait_for_selector("text=No API keys.")

    assert _publish(market, key)[0] == 410


def _publish(market: Market, key: str) -> tuple[int, dict[str, str], bytes]:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": SystemEntropy().draw(8).hex()}
    body = b'{"title": "Beyond the limit", "budget": "3000000"}'
    return market.http("POST", "/rpc/web3.market.publishTask", body, headers)


def test_open_sessions_are_listed_and_ended(opened: Opener) -> None:
    """A session elsewhere is seen, ended from here, and asked to sign in at its next page."""
    wallet = Wallet.create(SystemEntropy())
    here, there = opened(), opened()
    for page in (here, there):
        with_wallets(page, [wallet])
        _signed_in(page)
    here.reload()
    rows = here.locator("section[aria-labelledby=sessions] li")
    assert rows.count() == 2
    _press(here, "end_session")
    here.wait_for_selector("text=Session ended.")
    assert rows.count() == 1
    there.goto("/me")

    assert "Your session has ended" in there.inner_text("main")


def test_nobody_ends_the_session_of_another(market: Market) -> None:
    """A name that is not of the account's own sessions ends nothing."""
    mine, other = market.member(), market.member()
    theirs = other.do("web3.sessions.list")["items"][0]["sessionId"]
    status, _, _ = mine.form("/me", "/act/end_session", session=theirs)

    assert status == 404
    assert theirs in [each["sessionId"] for each in other.do("web3.sessions.list")["items"]]


def test_what_was_confirmed_and_refused_keeps_what_was_typed(market: Market) -> None:
    """A budget above what is available: the form comes back with every word of it."""
    member = market.member()
    typed = {"title": "Kept title", "summary": "Kept summary", "budget": "5000", "claims": "1"}
    hours = {"open_for": "12", "deliver_in": "24", "review_in": "10"}
    sent = _confirmed(member, typed | hours)

    assert sent[0] == 402
    for text in (b"Kept title", b"Kept summary", b'value="5000"', b'value="12"'):
        assert text in sent[2]
    assert b'name="claims" value="1" checked' in sent[2]


def _confirmed(member: Member, typed: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Send the form of a task, and then every hidden field of the page that asks once more."""
    _, _, body = member.form("/tasks/new", "/act/publish", **typed)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', body.decode())
    data = urlencode({name: unescape(value) for name, value in fields}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": member.cookie()}
    return member.market.http("POST", "/confirm", data, kind)
