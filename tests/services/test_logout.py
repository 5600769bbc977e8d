"""Signing out: a session ends when its owner says so, and so can all of them."""

import json

import pytest

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import (
    AuthNeededError,
    ScopeMissingError,
    Session,
    SessionUnknownError,
)
from clawmarket.services.trust import identity
from clawmarket.services.trust.access.sessions import token_hash
from clawmarket.services.trust.identity import SessionMissingError
from world import Fields, Member, World

LOGOUT = "web3.siwe.logout"


def signed_in(world: World, wallet: Wallet) -> tuple[str, Member]:
    """Open a session; return its token and who acts through it."""
    token = world.session(wallet)["token"]
    return token, Member(world, world.caller(token), wallet)


def test_a_session_ends_when_its_owner_says_so(world: World) -> None:
    """Its token is refused from then on; the account's other session goes on."""
    wallet = Wallet.create(world.entropy)
    (first, member), (second, _) = signed_in(world, wallet), signed_in(world, wallet)

    assert member.do(LOGOUT) == {"ended": 1, "more": False}
    with pytest.raises(SessionUnknownError):
        world.caller(first)
    assert world.caller(second).account_id == member.id


def test_all_sessions_of_an_account_end_at_once(world: World) -> None:
    """None of its tokens is good for anything; those of others are, and so are its keys."""
    wallet = Wallet.create(world.entropy)
    (first, member), (second, _) = signed_in(world, wallet), signed_in(world, wallet)
    other, _ = signed_in(world, Wallet.create(world.entropy))
    key = world.with_key(member)

    assert member.do(LOGOUT, all=True) == {"ended": 2, "more": False}
    for token in (first, second):
        with pytest.raises(SessionUnknownError):
            world.caller(token)
    assert world.caller(other).account_id != member.id
    assert key.publishes()["status"] == "task_open"
    assert world.session(wallet)["opened"] is False


def test_a_logout_is_recorded_without_the_token(world: World) -> None:
    """The record says whose sessions ended and how many; nothing of the token is in it."""
    token, member = signed_in(world, Wallet.create(world.entropy))
    member.do(LOGOUT)
    newest = max(world.all(Record), key=lambda record: record.record_id)
    said: Fields = json.loads(newest.body)

    assert (said["method"], said["actor"]) == (LOGOUT, member.id)
    assert said["events"] == [{"kind": "session_ended", "accountId": member.id, "count": 1}]
    assert token not in newest.body.decode()
    assert token_hash(token) not in newest.body.decode()


def test_a_session_ends_once(world: World) -> None:
    """A call that was on its way while the session ended is refused and leaves no record."""
    _, member = signed_in(world, Wallet.create(world.entropy))
    member.do(LOGOUT)
    before = len(world.all(Record))
    with pytest.raises(SessionUnknownError):
        member.do(LOGOUT)
    assert len(world.all(Record)) == before


def test_a_key_has_no_session_to_end(world: World) -> None:
    """It is told so; with `all` it ends the sessions of its account, and goes on itself."""
    token, member = signed_in(world, Wallet.create(world.entropy))
    key = world.with_key(member)
    with pytest.raises(SessionMissingError):
        key.do(LOGOUT)
    assert world.caller(token).account_id == member.id
    assert key.do(LOGOUT, all=True) == {"ended": 1, "more": False}
    with pytest.raises(SessionUnknownError):
        world.caller(token)


def test_who_is_not_signed_in_ends_nothing(world: World) -> None:
    """Nobody, and a key that may only read, are refused."""
    token, member = signed_in(world, Wallet.create(world.entropy))
    with pytest.raises(AuthNeededError):
        world.nobody.do(LOGOUT, all=True)
    with pytest.raises(ScopeMissingError):
        world.with_key(member, "read").do(LOGOUT, all=True)
    assert world.caller(token).account_id == member.id


def test_more_sessions_than_one_command_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's own one stays until the others are gone, so that it can be sent again."""
    monkeypatch.setattr(identity, "MAX_ENDED", 3)
    wallet = Wallet.create(world.entropy)
    _, member = signed_in(world, wallet)
    for _ in range(4):
        world.session(wallet)
    answers = []
    while world.all(Session):
        answers.append(member.do(LOGOUT, all=True))
    assert sum(answer["ended"] for answer in answers) == 5
    assert [answer["more"] for answer in answers] == [True] * (len(answers) - 1) + [False]
