"""Sessions of pages: a browser never keeps a key, and what ends on a page ends on the server."""

import re

import pytest

from web.market import Market, Member


@pytest.fixture
def member(market: Market) -> Member:
    """Somebody with sessions of their own."""
    return market.member()


def me(member: Member) -> int:
    """Return the status of the account's page for a browser with this member's session."""
    return member.market.http("GET", "/me", headers={"Cookie": member.cookie()})[0]


def test_a_key_in_the_cookie_is_no_session(market: Market, member: Member) -> None:
    """A browser of before is signed out and forgets the key; no page and no stream takes it."""
    headers = {"Cookie": f"clawmarket_{market.port}_session={member.key}"}
    status, answered, _ = market.http("GET", "/me", headers=headers)

    assert status == 401
    assert f"clawmarket_{market.port}_session=" in answered["set-cookie"]
    assert "Max-Age=0" in answered["set-cookie"]
    assert market.http("GET", "/events?mine=1", headers=headers)[0] == 401


def test_signing_out_ends_the_session_on_the_server(member: Member) -> None:
    """Whoever copied the cookie is out too; the key stays good."""
    assert me(member) == 200
    status, headers, _ = member.form("/me", "/sign-out")
    assert (status, headers["location"]) == (303, "/")
    assert me(member) == 401
    assert member.do("web3.wallet.show")["accountId"] == member.account_id


@pytest.mark.parametrize("how", ["web3.keys.revoke", "web3.keys.rotate"])
def test_the_session_ends_with_its_key(member: Member, how: str) -> None:
    """Revoked or replaced: the page asks to sign in."""
    assert me(member) == 200
    if how == "web3.keys.revoke":
        member.do(how, credentialId=member.do("web3.keys.list")["items"][0]["credentialId"])
    else:
        member.do(how, keyHash="3b" * 32)
    assert me(member) == 401


def test_a_page_lists_sessions_and_ends_one(member: Member) -> None:
    """All of the account, the browser's own marked; another one's is ended with a button."""
    other = member.market.call("web3.sessions.open", member.key)
    _, _, body = member.market.http("GET", "/me", headers={"Cookie": member.cookie()})
    shown = re.findall(r'name="session" value="([0-9a-f]{64})"', body.decode())
    assert other["sessionId"] in shown
    assert len(shown) == 2  # the wallet's and the other one of the key
    assert body.decode().count("this one") == 1

    sent = member.form("/me", "/act/end_session", session=other["sessionId"])
    assert (sent[0], sent[1]["location"]) == (303, "/me")
    listed = member.do("web3.sessions.list")["items"]
    assert other["sessionId"] not in {each["sessionId"] for each in listed}
    assert me(member) == 200


def test_all_sessions_end_at_once(member: Member) -> None:
    """Wallet's and keys' sessions, this one too; the key opens new ones."""
    member.form("/me", "/sign-out", all="1")
    assert me(member) == 401
    assert member.do("web3.sessions.list")["items"] == []
    assert member.market.call("web3.sessions.open", member.key)["token"].startswith("cms_")
