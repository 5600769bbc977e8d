"""Rotation: the caller makes the key, so that a lost answer locks nobody out."""

import secrets

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.replay import KeptAnswer
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import (
    Credential,
    CredentialNotFoundError,
    KeyOnlyError,
    KeyReplacedError,
    KeyRevokedError,
    KeyTakenError,
    KeyUnchangedError,
    KeyWeakError,
    WalletSessionOnlyError,
)
from clawmarket.services.pipeline import FieldInvalidError
from clawmarket.services.trust.access.sessions import token_hash
from clawmarket.services.trust.identity import identify
from world import START, Fields, Member, World

ROTATE = "web3.keys.rotate"
REPEATED = "a-rotation-of-ours"


def made_by_caller() -> str:
    """Return a key as a client makes one."""
    return f"cmk_{secrets.token_hex(32)}"


def registered(world: World) -> tuple[str, str]:
    """Return an account without a wallet and its key."""
    made = world.nobody.do("web3.agents.register", name="Ada")
    return made["accountId"], made["key"]


def rotates(world: World, key: str, new: str | None, under: str = REPEATED) -> Fields:
    """Call with a key to have it replaced, as the gateway lets it through."""
    caller = identify(world.store, world.clock, key, replacing=True)
    asked = {} if new is None else {"keyHash": token_hash(new), "keyPrefix": new[:8]}
    return Member(world, caller, None).do(ROTATE, under, **asked)


def test_a_key_of_the_callers_own_takes_the_place_of_the_old_one(world: World) -> None:
    """The answer holds no key; the new one speaks for the account, the old one has ended."""
    account_id, old = registered(world)
    new = made_by_caller()
    world.pass_time(seconds=60)
    made = rotates(world, old, new)

    assert made == {
        "credentialId": made["credentialId"],
        "key": None,
        "prefix": new[:8],
        "scope": "write",
    }
    assert world.caller(new).account_id == account_id
    with pytest.raises(KeyReplacedError):
        world.caller(old)
    assert Member(world, world.caller(new), None).do("web3.keys.list")["items"] == [
        {
            "credentialId": made["credentialId"],
            "label": "agent",
            "prefix": new[:8],
            "scope": "write",
            "createdAt": iso(START + 60_000),
        }
    ]


def test_a_lost_answer_is_asked_for_again(world: World) -> None:
    """The old key gets the same answer under any idempotency key, however late, and no record."""
    _, old = registered(world)
    new = made_by_caller()
    made = rotates(world, old, new)
    records = len(world.all(Record))
    world.pass_time(seconds=30 * 86_400)

    assert rotates(world, old, new) == made
    assert rotates(world, old, new, "another") == made
    assert rotates(world, old, new, "") == made
    assert len(world.all(Record)) == records
    assert len(world.all(Credential)) == 3  # the operator's, the old one, the new one


def test_a_replaced_key_learns_nothing_and_changes_nothing(world: World) -> None:
    """Its thief, who does not know the new key, is told that it was replaced; so is any method."""
    _, old = registered(world)
    new = made_by_caller()
    rotates(world, old, new)
    for other in (made_by_caller(), None):
        with pytest.raises(KeyReplacedError):
            rotates(world, old, other, "another-idempotency-key")
    with pytest.raises(KeyReplacedError):
        world.caller(old)
    assert world.caller(new).scope == "write"


def test_a_rotation_is_not_repeated_once_its_key_has_ended(world: World) -> None:
    """What replaced the old key was replaced itself: a repeated call brings nothing back."""
    _, old = registered(world)
    new, newer = made_by_caller(), made_by_caller()
    rotates(world, old, new)
    rotates(world, new, newer)
    with pytest.raises(KeyReplacedError):
        rotates(world, old, new)
    assert world.caller(newer).scope == "write"


def test_a_revoked_key_is_not_let_through_to_rotate(world: World) -> None:
    """Only a key that was replaced may ask by what."""
    member = world.member()
    made = member.do("web3.keys.create")
    member.do("web3.keys.revoke", credentialId=made["credentialId"])
    with pytest.raises(KeyRevokedError):
        rotates(world, made["key"], made_by_caller())


@pytest.mark.parametrize(
    "said",
    ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, f"sha256:{'a' * 57}", "a" * 64 + "\n", 7],
)
def test_what_is_no_hash_is_refused(world: World, said: object) -> None:
    """Length, digits, case and type: the field is named, and the old key stays."""
    _, old = registered(world)
    with pytest.raises(FieldInvalidError) as refused:
        Member(world, world.caller(old), None).do(ROTATE, keyHash=said)
    assert refused.value.details["path"] == "$.keyHash"
    assert world.caller(old).scope == "write"


@pytest.mark.parametrize("hashed", ["", "\n", "cmk_", "null\n"])
def test_the_hash_of_what_anybody_can_guess_is_refused(world: World, hashed: str) -> None:
    """A script that lost its key on the way has hashed nothing, or a line's end."""
    _, old = registered(world)
    by_key = Member(world, world.caller(old), None)
    for weak in (token_hash(hashed), "0" * 64):
        with pytest.raises(KeyWeakError):
            by_key.do(ROTATE, keyHash=weak)
    assert world.caller(old).scope == "write"


def test_a_hash_that_is_known_here_is_refused(world: World) -> None:
    """One's own, another account's, and one of a key that has ended."""
    _, old = registered(world)
    _, other = registered(world)
    third = made_by_caller()
    with pytest.raises(KeyUnchangedError):
        rotates(world, old, old)
    with pytest.raises(KeyTakenError):
        rotates(world, old, other)
    rotates(world, other, third)
    with pytest.raises(KeyTakenError):
        rotates(world, old, other)
    assert world.caller(old).scope == "write"
    for refusal in (KeyWeakError, KeyUnchangedError, KeyTakenError, KeyReplacedError):
        assert issubclass(refusal, Refused)
        assert refusal.code.startswith("E_")
        assert refusal.advice
        assert refusal.next_command


def test_the_markets_key_is_shown_again_for_ten_minutes(world: World) -> None:
    """Under the same idempotency key only, and nothing that is stored holds it."""
    _, old = registered(world)
    made = rotates(world, old, None)
    world.pass_time(seconds=599)

    assert rotates(world, old, None) == made
    assert world.caller(made["key"]).scope == "write"
    stored = repr([world.all(kind) for kind in (Credential, KeptAnswer, Record)])
    assert made["key"] not in stored
    with pytest.raises(KeyReplacedError):
        rotates(world, old, None, "another-idempotency-key")
    world.pass_time(seconds=1)
    with pytest.raises(KeyReplacedError):
        rotates(world, old, None)


def test_a_short_idempotency_key_shows_no_key_again(world: World) -> None:
    """One that others may guess, or none, is no proof that it is the same caller."""
    for under in ("", "rotate-1"):
        _, old = registered(world)
        assert rotates(world, old, None, under)["key"].startswith("cmk_")
        with pytest.raises(KeyReplacedError):
            rotates(world, old, None, under)


def test_two_rotations_with_one_key_are_two_keys(world: World) -> None:
    """The market's keys differ by account and by idempotency key."""
    keys = {
        rotates(world, registered(world)[1], None, under)["key"]
        for under in (REPEATED, REPEATED, "another-idempotency-key")
    }
    assert len(keys) == 3


def test_a_session_of_a_key_does_not_replace_it(world: World) -> None:
    """A stolen session would be a key for ever; it stays one for hours."""
    _, old = registered(world)
    opened = Member(world, world.caller(old), None).do("web3.sessions.open")
    by_session = Member(world, world.caller(opened["token"]), None)
    with pytest.raises(KeyOnlyError):
        by_session.do(ROTATE, keyHash=token_hash(made_by_caller()))
    assert world.caller(old).scope == "write"


def test_a_wallet_ends_all_keys_at_once(world: World) -> None:
    """However often a thief rotates: keys and their sessions end; those of others stay."""
    member, other = world.member(), world.member()
    kept = other.do("web3.keys.create")["key"]
    member.do("web3.keys.create")
    stolen = member.do("web3.keys.create")["key"]
    thiefs = made_by_caller()
    rotates(world, stolen, thiefs)
    session = Member(world, world.caller(thiefs), None).do("web3.sessions.open")

    assert member.do("web3.keys.revokeAll") == {"revoked": 2}
    assert member.do("web3.keys.list")["items"] == []
    for ended in (thiefs, session["token"]):
        with pytest.raises(Refused):
            world.caller(ended)
    with pytest.raises(KeyRevokedError):
        world.caller(thiefs)
    assert world.caller(kept).account_id == other.id
    assert member.do("web3.keys.revokeAll") == {"revoked": 0}


def test_a_key_does_not_end_all_keys(world: World) -> None:
    """Neither itself nor a session of it: whoever stole one would lock the owner out."""
    member = world.member()
    by_key = world.with_key(member)
    opened = by_key.do("web3.sessions.open")
    for thief in (by_key, Member(world, world.caller(opened["token"]), None)):
        with pytest.raises(WalletSessionOnlyError):
            thief.do("web3.keys.revokeAll")
    assert len(member.do("web3.keys.list")["items"]) == 1


def test_others_keys_are_not_to_be_revoked(world: World) -> None:
    """A wallet ends the keys of its own account alone."""
    member = world.member()
    made = member.do("web3.keys.create")
    with pytest.raises(CredentialNotFoundError):
        world.member().do("web3.keys.revoke", credentialId=made["credentialId"])
