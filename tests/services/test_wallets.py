"""Binding wallets: with the wallet's own signature, for one account, never above one's scope."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from agents_of import registered
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.treasury.budget import BudgetSpentError
from clawmarket.domain.treasury.plan import PlanKeyError
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import (
    ChallengeUnknownError,
    CredentialKind,
    KeyMakerError,
    NonceReusedError,
    ScopeMissingError,
    SessionUnknownError,
)
from clawmarket.ports.wallets import SignInRefusedError
from clawmarket.services.signing import SignatureMissingError
from clawmarket.services.trust.wallets import (
    LastWalletError,
    WalletNotBoundError,
    WalletOfOwnerError,
    WalletsFullError,
    WalletTakenError,
)
from world import START, Fields, Member, World

CHALLENGE, BIND, UNBIND = "web3.wallet.challenge", "web3.wallet.bind", "web3.wallet.unbind"


def asked(member: Member, wallet: Wallet) -> str:
    """Return the message by which a wallet agrees to stand for a member."""
    return str(member.do(CHALLENGE, address=wallet.address)["message"])


def bound(member: Member, wallet: Wallet) -> Fields:
    """Bind a wallet to a member's account."""
    message = asked(member, wallet)
    return member.do(BIND, message=message, walletSignature=wallet.sign_message(message))


def addresses(member: Member) -> set[str]:
    """Return the wallets of a member."""
    return set(member.do("web3.wallet.show")["addresses"])


def test_a_challenge_names_the_account(world: World) -> None:
    """Whoever signs it reads for which account, and nothing is stored of it."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    before = len(world.all(Record))
    challenge = ann.do(CHALLENGE, address=wallet.address.upper().replace("0X", "0x"))

    assert challenge | {"message": ""} == {
        "message": "",
        "address": wallet.address,
        "accountId": ann.id,
        "expiresAt": iso(START + 300_000),
    }
    assert f"Bind this wallet to {ann.id} at ClawMarket." in challenge["message"]
    assert len(world.all(Record)) == before


def test_a_bound_wallet_signs_in_as_the_account(world: World) -> None:
    """It opens no account of its own, and its signature is one of the account's."""
    ann, wallet = world.member(), Wallet.create(world.entropy)

    assert bound(ann, wallet) == {
        "accountId": ann.id,
        "address": wallet.address,
        "scope": "write",
    }
    session = world.session(wallet)
    assert (session["accountId"], session["opened"]) == (ann.id, False)
    assert addresses(ann) == {ann.known_wallet.address, wallet.address}
    assert Member(world, world.caller(session["token"]), wallet).stores()["size"] == 10


def test_an_unbound_wallet_signs_in_as_somebody_new(world: World) -> None:
    """Its sessions end at once, in whatever case its address is written; then it is a stranger."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    bound(ann, wallet)
    token = world.session(wallet)["token"]
    spelled = "0x" + wallet.address[2:].upper()

    assert ann.do(UNBIND, address=spelled) == {
        "accountId": ann.id,
        "address": wallet.address,
        "ended": 1,
    }
    with pytest.raises(SessionUnknownError):
        world.caller(token)
    assert addresses(ann) == {ann.known_wallet.address}
    assert world.session(wallet)["accountId"] != ann.id


def test_a_challenge_binds_once(world: World) -> None:
    """The same answer does not bind a wallet again that was taken off."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    message = asked(ann, wallet)
    answer = {"message": message, "walletSignature": wallet.sign_message(message)}
    ann.do(BIND, **answer)
    ann.do(UNBIND, address=wallet.address)
    with pytest.raises(NonceReusedError):
        ann.do(BIND, **answer)


def test_a_challenge_is_for_one_account(world: World) -> None:
    """What a wallet signed for Ann does not bind it to Bob."""
    ann, bob, wallet = world.member(), world.member(), Wallet.create(world.entropy)
    message = asked(ann, wallet)
    with pytest.raises(ChallengeUnknownError):
        bob.do(BIND, message=message, walletSignature=wallet.sign_message(message))
    assert addresses(bob) == {bob.known_wallet.address}


def test_signing_in_binds_nothing_and_binding_opens_nothing(world: World) -> None:
    """A challenge for the one is none for the other, so nobody signs more than is read."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    sign_in = str(world.nobody.do("web3.siwe.challenge", address=wallet.address)["message"])
    with pytest.raises(ChallengeUnknownError):
        ann.do(BIND, message=sign_in, walletSignature=wallet.sign_message(sign_in))
    message = asked(ann, wallet)
    with pytest.raises(ChallengeUnknownError):
        world.nobody.do("web3.siwe.verify", message=message, signature=wallet.sign_message(message))


def test_another_market_challenge_is_none_of_ours(world: World) -> None:
    """Markets mark their challenges with a key of their own, whatever the account's name."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    other = World(seed=2)
    theirs = other.member()
    same = Member(other, replace(theirs.caller, account_id=ann.id), None)
    message = asked(same, wallet)
    assert ann.id in message
    with pytest.raises(ChallengeUnknownError):
        ann.do(BIND, message=message, walletSignature=wallet.sign_message(message))
    other.close()


@pytest.mark.parametrize(("ms", "in_time"), [(-1, True), (0, False)])
def test_a_challenge_is_good_for_five_minutes(
    world: World,
    ms: int,
    in_time: bool,  # noqa: FBT001 - a case
) -> None:
    """At its last moment it is too late."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    message = asked(ann, wallet)
    answer = {"message": message, "walletSignature": wallet.sign_message(message)}
    world.clock.advance(300_000 + ms)
    if in_time:
        assert ann.do(BIND, **answer)["address"] == wallet.address
    else:
        with pytest.raises(ChallengeUnknownError):
            ann.do(BIND, **answer)


def test_another_wallet_cannot_answer(world: World) -> None:
    """Nobody binds a wallet whose key he has not."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    message = asked(ann, wallet)
    with pytest.raises(SignInRefusedError):
        ann.do(BIND, message=message, walletSignature=ann.known_wallet.sign_message(message))


TAMPERED: dict[str, Callable[[str], str]] = {
    "account": lambda text: text.replace("to agent_", "to agent_0", 1),
    "statement": lambda text: text.replace("may act", "may not act"),
    "domain": lambda text: text.replace("127.0.0.1:8787 wants", "evil.example wants"),
    "expires": lambda text: text.replace(iso(START + 300_000), iso(START + 900_000)),
    "resources": lambda text: text + "\nResources:\n- https://evil.example/all",
    "longer": lambda text: text + " ",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_message_is_answered_word_for_word(world: World, what: str) -> None:
    """A message that says anything else binds nothing, though well signed."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    message = asked(ann, wallet)
    other = TAMPERED[what](message)
    assert other != message
    with pytest.raises(Refused) as refused:
        ann.do(BIND, message=other, walletSignature=wallet.sign_message(other))
    assert refused.value.code == "E_AUTH_REQUIRED"
    assert addresses(ann) == {ann.known_wallet.address}


def test_a_wallet_with_an_account_is_not_bound(world: World) -> None:
    """Neither another member's wallet nor one's own a second time; both agree to it in vain."""
    ann, bob = world.member(), world.member()
    for wallet in (bob.known_wallet, ann.known_wallet):
        with pytest.raises(WalletTakenError):
            bound(ann, wallet)
    assert addresses(bob) == {bob.known_wallet.address}


def test_a_wallet_is_no_more_than_who_bound_it(world: World) -> None:
    """A key that may only read binds none; one that may write binds one that may write."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    reader, writer = world.with_key(ann, "read"), world.with_key(ann, "write")
    message = asked(reader, wallet)
    answer = {"message": message, "walletSignature": wallet.sign_message(message)}
    with pytest.raises(ScopeMissingError):
        reader.do(BIND, **answer)
    assert writer.do(BIND, **answer)["scope"] == "write"
    assert world.sign_in(wallet).scope == "write"


def test_a_stolen_key_shuts_nobody_out(world: World) -> None:
    """With a key, or a wallet that a key has bound, the owner's wallet cannot be taken off."""
    ann, mine, thief = world.member(), Wallet.create(world.entropy), Wallet.create(world.entropy)
    bound(ann, mine)
    key = world.with_key(ann, "write")
    bound(key, thief)
    stranger = Member(world, world.sign_in(thief), thief)
    for member in (key, stranger):
        for wallet in (mine, ann.known_wallet):
            with pytest.raises(WalletOfOwnerError):
                member.do(UNBIND, address=wallet.address)
    bound(stranger, second := Wallet.create(world.entropy))

    assert key.do(UNBIND, address=thief.address)["address"] == thief.address
    assert ann.do(UNBIND, address=second.address)["address"] == second.address
    assert addresses(ann) == {ann.known_wallet.address, mine.address}


def test_a_wallet_that_a_key_bound_is_no_more_than_a_key(world: World) -> None:
    """Its session cannot widen what keys may spend, nor does it spend beside that."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    ann.do("web3.billing.plan.set", perAccount="1000000")
    bound(world.with_key(ann, "write"), wallet)
    thief = Member(world, world.sign_in(wallet), wallet)

    assert thief.caller.kind is CredentialKind.KEY
    with pytest.raises(PlanKeyError):
        thief.do("web3.billing.plan.set", perAccount="900000000")
    with pytest.raises(BudgetSpentError):
        thief.publishes("2")


def test_the_last_wallet_stays(world: World) -> None:
    """So does the last one that no key has bound, since it alone can undo what a key did."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    with pytest.raises(LastWalletError):
        ann.do(UNBIND, address=ann.known_wallet.address)
    bound(world.with_key(ann, "write"), wallet)
    with pytest.raises(LastWalletError):
        ann.do(UNBIND, address=ann.known_wallet.address)
    bound(ann, own := Wallet.create(world.entropy))
    ann.do(UNBIND, address=ann.known_wallet.address)
    assert addresses(Member(world, world.sign_in(own), own)) == {wallet.address, own.address}


def test_a_wallet_of_somebody_else_is_not_found(world: World) -> None:
    """Taking off another's wallet is answered like one that does not exist."""
    ann, bob = world.member(), world.member()
    for address in (bob.known_wallet.address, Wallet.create(world.entropy).address):
        with pytest.raises(WalletNotBoundError) as refused:
            ann.do(UNBIND, address=address)
        assert refused.value.what == f"{address} is no wallet of yours."


def test_an_account_has_up_to_twenty_wallets(world: World) -> None:
    """The twenty-first is refused."""
    ann = world.member()
    for _ in range(19):
        bound(ann, Wallet.create(world.entropy))
    with pytest.raises(WalletsFullError):
        bound(ann, Wallet.create(world.entropy))


def test_an_account_without_another_wallet_gets_a_key_by_the_one_that_its_key_bound(
    world: World,
) -> None:
    """Also once every key is revoked; by that wallet's signature, and not by its session alone."""
    agent, wallet = registered(world), Wallet.create(world.entropy)
    bound(agent, wallet)
    owner = Member(world, world.sign_in(wallet), wallet)
    assert owner.do("web3.keys.revokeAll") == {"revoked": 1}
    assert owner.do("web3.keys.list")["items"] == []
    with pytest.raises(SignatureMissingError):
        Member(world, owner.caller, None).do("web3.keys.create")

    key = owner.do("web3.keys.create", label="new", scope="write")["key"]
    assert world.caller(key).account_id == agent.id
    with pytest.raises(ScopeMissingError):
        owner.do("web3.keys.create", scope="admin")


def test_beside_the_owner_s_wallet_one_that_a_key_has_bound_makes_no_key(world: World) -> None:
    """A stolen key would live on in it; nor does the key itself make one, in either account."""
    ann, wallet = world.member(), Wallet.create(world.entropy)
    key = world.with_key(ann)
    bound(key, wallet)
    agent = registered(world)
    bound(agent, Wallet.create(world.entropy))
    for member in (Member(world, world.sign_in(wallet), wallet), key, agent):
        with pytest.raises(KeyMakerError):
            member.do("web3.keys.create", scope="read")
