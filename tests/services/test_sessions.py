"""Open sessions: they are told without their tokens, and one of them ends another."""

import pytest

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.trust.session import SessionUnknownError
from clawmarket.services.trust.identity import SESSION_MS, token_hash
from clawmarket.services.trust.sessions import OpenSessionUnknownError
from world import Member, World


def signed_in(world: World, wallet: Wallet) -> tuple[str, Member]:
    """Open a session; return its token and who acts through it."""
    token = world.session(wallet)["token"]
    return token, Member(world, world.caller(token), wallet)


def test_open_sessions_are_told_without_their_tokens(world: World) -> None:
    """Each says what opened it and until when; neither token nor hash of it is in the answer."""
    wallet = Wallet.create(world.entropy)
    (first, member), (second, _) = signed_in(world, wallet), signed_in(world, wallet)
    signed_in(world, Wallet.create(world.entropy))
    told = member.do("web3.sessions.list")["items"]

    assert [(each["openedBy"], each["prefix"], each["scope"]) for each in told] == [
        ("wallet", wallet.address.lower()[:10], "write")
    ] * 2
    assert sorted(each["isThis"] for each in told) == [False, True]
    for secret in (first, second, token_hash(first), token_hash(second)):
        assert secret not in str(told)


def test_a_session_ends_another_and_itself(world: World) -> None:
    """The named one is refused from then on, and cannot be ended a second time."""
    wallet = Wallet.create(world.entropy)
    (first, member), (second, _) = signed_in(world, wallet), signed_in(world, wallet)
    other = next(s for s in member.do("web3.sessions.list")["items"] if not s["isThis"])
    ended = member.do("web3.sessions.end", sessionId=other["sessionId"])

    assert ended == {"sessionId": other["sessionId"]}
    with pytest.raises(SessionUnknownError):
        world.caller(second)
    with pytest.raises(OpenSessionUnknownError):
        member.do("web3.sessions.end", sessionId=other["sessionId"])
    [own] = member.do("web3.sessions.list")["items"]
    member.do("web3.sessions.end", sessionId=own["sessionId"])
    with pytest.raises(SessionUnknownError):
        world.caller(first)


def test_nobody_ends_or_sees_the_session_of_another(world: World) -> None:
    """Its name is as unknown to others as one that never was."""
    _, mine = signed_in(world, Wallet.create(world.entropy))
    token, other = signed_in(world, Wallet.create(world.entropy))
    [theirs] = other.do("web3.sessions.list")["items"]

    assert theirs not in mine.do("web3.sessions.list")["items"]
    with pytest.raises(OpenSessionUnknownError):
        mine.do("web3.sessions.end", sessionId=theirs["sessionId"])
    assert world.caller(token).account_id == other.id


def test_a_session_whose_time_has_passed_is_not_told(world: World) -> None:
    """From its last moment on the list is without it."""
    wallet = Wallet.create(world.entropy)
    signed_in(world, wallet)
    world.pass_time(seconds=SESSION_MS // 1000)
    _, member = signed_in(world, wallet)

    assert [each["isThis"] for each in member.do("web3.sessions.list")["items"]] == [True]
