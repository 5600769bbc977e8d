"""API keys: shown once, kept as a hash, never worth more than who made them."""

import hashlib

import pytest

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.replay import KeptAnswer
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import (
    Credential,
    CredentialNotFoundError,
    CredentialRevokedError,
    KeyOnlyError,
    KeyRevokedError,
    KeysFullError,
    ScopeMissingError,
)
from world import START, Fields, Member, World

CREATE = "web3.keys.create"


def test_a_key_is_shown_once(world: World) -> None:
    """The first answer holds the key; a repeated request says that it was shown."""
    member = world.member()
    made = member.do(CREATE, "k", label="worker", scope="read")

    assert made["key"].startswith("cmk_")
    assert made == {
        "credentialId": made["credentialId"],
        "key": made["key"],
        "prefix": made["key"][:8],
        "scope": "read",
    }
    again = member.do(CREATE, "k", label="worker", scope="read")
    assert again == made | {"key": "already shown"}
    assert len(member.do("web3.keys.list")["items"]) == 1


def test_no_row_holds_the_key(world: World) -> None:
    """What is stored is its hash; neither record nor kept answer has the key itself."""
    made = world.member().do(CREATE, "k")
    stored = repr([world.all(kind) for kind in (Credential, KeptAnswer, Record)])

    assert made["key"] not in stored
    assert hashlib.sha256(made["key"].encode()).hexdigest() in stored


def test_a_key_speaks_for_its_account(world: World) -> None:
    """With the write scope it may do what the member may, unsigned."""
    member = world.member()
    key = world.with_key(member)
    assert key.id == member.id
    assert key.publishes()["buyer"] == member.id


def test_a_key_holds_at_most_its_makers_scope(world: World) -> None:
    """A member makes no admin key, and a read key makes no keys at all."""
    member = world.member()
    with pytest.raises(ScopeMissingError):
        member.do(CREATE, scope="admin")
    with pytest.raises(ScopeMissingError):
        world.with_key(member, "read").do(CREATE, scope="read")
    assert world.operator.do(CREATE, scope="admin")["scope"] == "admin"


def test_the_list_shows_live_keys_without_their_secret(world: World) -> None:
    """Label, prefix and scope are enough to know which to revoke."""
    member = world.member()
    kept, gone = member.do(CREATE, label="kept"), member.do(CREATE, label="gone")
    revoked = member.do("web3.keys.revoke", credentialId=gone["credentialId"])

    assert revoked == {"credentialId": gone["credentialId"], "revokedAt": iso(START)}
    assert member.do("web3.keys.list") == {
        "items": [
            {
                "credentialId": kept["credentialId"],
                "label": "kept",
                "prefix": kept["prefix"],
                "scope": "write",
                "createdAt": iso(START),
            }
        ],
        "nextCursor": None,
    }


def revoke(world: World, made: Fields) -> Fields:
    """Let somebody else revoke a key."""
    return world.member().do("web3.keys.revoke", credentialId=made["credentialId"])


def test_a_key_is_revoked_once_and_by_its_account(world: World) -> None:
    """Strangers find no such key; a second revocation says that it is done."""
    member = world.member()
    made = member.do(CREATE)
    with pytest.raises(CredentialNotFoundError):
        revoke(world, made)
    member.do("web3.keys.revoke", credentialId=made["credentialId"])
    with pytest.raises(CredentialRevokedError):
        member.do("web3.keys.revoke", credentialId=made["credentialId"])


def test_a_wallet_is_no_key_to_revoke(world: World) -> None:
    """Nobody locks themselves out by revoking the wallet as if it were a key."""
    member = world.member()
    wallet = next(c for c in world.all(Credential) if c.account_id == member.id)
    with pytest.raises(CredentialNotFoundError):
        member.do("web3.keys.revoke", credentialId=wallet.credential_id)


def test_fifty_keys_are_enough(world: World) -> None:
    """The next one is refused until one is revoked."""
    member = world.member()
    made = [member.do(CREATE) for _ in range(50)]
    with pytest.raises(KeysFullError):
        member.do(CREATE)
    member.do("web3.keys.revoke", credentialId=made[0]["credentialId"])
    assert member.do(CREATE)["scope"] == "write"


def test_a_key_replaces_itself(world: World) -> None:
    """The new key has label and scope of the old one, which ends in the same command."""
    member = world.member()
    old = member.do("web3.keys.create", label="worker", scope="write")["key"]
    by_key = Member(world, world.caller(old), None)
    made = by_key.do("web3.keys.rotate")
    with pytest.raises(KeyRevokedError):
        world.caller(old)
    listed = Member(world, world.caller(made["key"]), None).do("web3.keys.list")["items"]
    assert [(key["credentialId"], key["label"], key["scope"]) for key in listed] == [
        (made["credentialId"], "worker", "write")
    ]


def test_only_a_key_is_rotated(world: World) -> None:
    """A wallet's session makes keys, and revokes them; it is none."""
    with pytest.raises(KeyOnlyError):
        world.member().do("web3.keys.rotate")
