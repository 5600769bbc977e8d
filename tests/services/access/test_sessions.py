"""Sessions of keys: never more than the key, never longer, listed and ended one by one."""

import pytest

from clawmarket.domain.kernel.moment import HOUR_MS, iso
from clawmarket.domain.trust.session import (
    CredentialKind,
    KeyItselfError,
    ScopeMissingError,
    Session,
    SessionExpiredError,
    SessionNotFoundError,
    SessionUnknownError,
)
from clawmarket.services.trust.access.sessions import token_hash
from world import START, Member, World

HALF_A_DAY = START + 12 * HOUR_MS


def opened(world: World, scope: str = "write") -> tuple[Member, Member, str]:
    """Return somebody by key, the same by a session of that key, and the session's token."""
    by_key = world.with_key(world.member(), scope)
    token = by_key.do("web3.sessions.open")["token"]
    return by_key, Member(world, world.caller(token), None), token


def test_a_key_opens_a_session(world: World) -> None:
    """The token is shown once and kept as its hash; it speaks for the same account."""
    by_key = world.with_key(world.member())
    made = by_key.do("web3.sessions.open", "once")

    assert made == {
        "token": made["token"],
        "sessionId": token_hash(made["token"]),
        "accountId": by_key.id,
        "scope": "write",
        "expiresAt": iso(HALF_A_DAY),
    }
    assert made["token"].startswith("cms_")
    assert made["token"] not in repr(world.all(Session))
    assert by_key.do("web3.sessions.open", "once") == made | {"token": "already shown"}
    caller = world.caller(made["token"])
    assert (caller.account_id, caller.kind, caller.scope) == (
        by_key.id,
        CredentialKind.KEY,
        "write",
    )


def test_a_session_has_no_more_rights_than_its_key(world: World) -> None:
    """One of a key that reads only reads; the operator's is the operator's."""
    _, reader, _ = opened(world, "read")
    with pytest.raises(ScopeMissingError):
        reader.publishes()
    assert reader.do("web3.keys.list")["items"]
    token = world.operator.do("web3.sessions.open")["token"]
    caller = world.caller(token)
    assert (caller.scope, caller.role) == ("admin", world.operator.caller.role)


def test_a_session_opens_no_other(world: World) -> None:
    """Neither a key's nor a wallet's: it would go on for ever."""
    _, by_session, _ = opened(world)
    for caller in (by_session, world.member()):
        with pytest.raises(KeyItselfError):
            caller.do("web3.sessions.open")


def test_a_session_ends_after_twelve_hours(world: World) -> None:
    """At that moment, and it is in no list any more."""
    by_key, _, token = opened(world)
    world.clock.advance(12 * HOUR_MS - 1)
    assert world.caller(token).account_id == by_key.id
    world.clock.advance(1)
    with pytest.raises(SessionExpiredError):
        world.caller(token)
    assert by_key.do("web3.sessions.list")["items"] == []
    with pytest.raises(SessionNotFoundError):
        by_key.do("web3.sessions.end", sessionId=token_hash(token))


@pytest.mark.parametrize("how", ["revoke", "rotate"])
def test_a_session_ends_with_its_key(world: World, how: str) -> None:
    """Revoked or replaced: every session of that key is refused, another key's goes on."""
    member = world.member()
    keys = [member.do("web3.keys.create") for _ in range(2)]
    by_key = [Member(world, world.caller(made["key"]), None) for made in keys]
    tokens = [each.do("web3.sessions.open")["token"] for each in by_key]
    if how == "revoke":
        member.do("web3.keys.revoke", credentialId=keys[0]["credentialId"])
    else:
        by_key[0].do("web3.keys.rotate", keyHash=token_hash("cmk_" + "7a" * 32))
    with pytest.raises(SessionUnknownError):
        world.caller(tokens[0])
    assert world.caller(tokens[1]).account_id == member.id


def test_a_key_that_has_ended_meanwhile_opens_no_session(world: World) -> None:
    """A call that waited for its turn is judged at its turn."""
    member = world.member()
    made = member.do("web3.keys.create")
    late = Member(world, world.caller(made["key"]), None)
    member.do("web3.keys.revoke", credentialId=made["credentialId"])
    with pytest.raises(KeyItselfError):
        late.do("web3.sessions.open")


def test_sessions_are_listed(world: World) -> None:
    """The wallet's and the key's, the latest first; others' accounts see none of them."""
    member = world.member()
    world.pass_time(seconds=60)
    key = member.do("web3.keys.create", label="laptop", scope="read")
    by_key = Member(world, world.caller(key["key"]), None)
    made = by_key.do("web3.sessions.open")
    assert member.do("web3.sessions.list") == {
        "items": [
            {
                "sessionId": made["sessionId"],
                "by": "key",
                "label": "laptop",
                "prefix": key["prefix"],
                "scope": "read",
                "createdAt": iso(START + 60_000),
                "expiresAt": iso(HALF_A_DAY + 60_000),
                "isThis": False,
            },
            {
                "sessionId": member.caller.session,
                "by": "wallet",
                "label": "wallet",
                "prefix": member.known_wallet.address.lower()[:10],
                "scope": "write",
                "createdAt": iso(START),
                "expiresAt": iso(HALF_A_DAY),
                "isThis": True,
            },
        ],
        "nextCursor": None,
    }
    assert len(world.member().do("web3.sessions.list")["items"]) == 1


def test_a_session_is_ended_by_its_account(world: World) -> None:
    """Once; to others it is not there, and ending it says nothing about the key."""
    by_key, _, token = opened(world)
    with pytest.raises(SessionNotFoundError):
        world.member().do("web3.sessions.end", sessionId=token_hash(token))
    ended = by_key.do("web3.sessions.end", sessionId=token_hash(token))
    assert ended == {"sessionId": token_hash(token)}
    with pytest.raises(SessionUnknownError):
        world.caller(token)
    with pytest.raises(SessionNotFoundError):
        by_key.do("web3.sessions.end", sessionId=token_hash(token))
    assert by_key.do("web3.wallet.show")["accountId"] == by_key.id


def test_signing_out_ends_the_session_of_a_key_that_only_reads(world: World) -> None:
    """Its own, and not those of others: that needs the scope write."""
    by_key, reader, token = opened(world, "read")
    with pytest.raises(ScopeMissingError):
        reader.do("web3.siwe.logout", all=True)
    with pytest.raises(ScopeMissingError):
        by_key.do("web3.siwe.logout", all=True)
    assert reader.do("web3.siwe.logout") == {"ended": 1, "more": False}
    with pytest.raises(SessionUnknownError):
        world.caller(token)


def test_a_key_has_fifty_sessions_at_the_most(world: World) -> None:
    """The oldest goes for the next one; the wallet's own stays."""
    member = world.member()
    by_key = world.with_key(member)
    tokens = []
    for _ in range(51):
        world.pass_time(seconds=1)
        tokens.append(by_key.do("web3.sessions.open")["token"])
    with pytest.raises(SessionUnknownError):
        world.caller(tokens[0])
    assert {world.caller(token).account_id for token in tokens[1:]} == {member.id}
    assert len(world.all(Session)) == 51
