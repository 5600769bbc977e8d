"""What a thief makes of a session's token, of a key, and of both."""

import pytest

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.ports.wallets import SignatureInvalidError
from clawmarket.services.signing import SignatureMissingError
from clawmarket.services.trust.wallets import LastWalletError
from world import Fields, Member, World

BIND, UNBIND = "web3.wallet.bind", "web3.wallet.unbind"


def bound(member: Member, wallet: Wallet) -> None:
    """Bind a wallet to a member's account."""
    message = member.do("web3.wallet.challenge", address=wallet.address)["message"]
    member.do(BIND, message=message, walletSignature=wallet.sign_message(message))


def test_a_stolen_session_binds_no_wallet(world: World) -> None:
    """A thief's wallet would sign in as the owner, and sign plans and payments, for good."""
    owner, wallet = world.member(), Wallet.create(world.entropy)
    thief = Member(world, owner.caller, None)
    with pytest.raises(SignatureMissingError):
        bound(thief, wallet)
    assert owner.do("web3.wallet.show")["addresses"] == [owner.known_wallet.address]


def test_a_stolen_session_takes_no_wallet_off(world: World) -> None:
    """Whoever has the token alone shuts nobody out."""
    owner, second = world.member(), Wallet.create(world.entropy)
    bound(owner, second)
    thief = Member(world, owner.caller, None)
    with pytest.raises(SignatureMissingError):
        thief.do(UNBIND, address=owner.known_wallet.address)
    assert len(owner.do("web3.wallet.show")["addresses"]) == 2


@pytest.mark.parametrize("method", ["web3.billing.plan.set", "web3.keys.create", BIND])
def test_a_stolen_key_signs_for_no_stolen_session(world: World, method: str) -> None:
    """A wallet that a stolen key has bound signs nothing that the owner has to sign."""
    owner, wallet, more = world.member(), Wallet.create(world.entropy), Wallet.create(world.entropy)
    bound(world.with_key(owner), wallet)
    thief = Member(world, owner.caller, wallet)
    message = thief.do("web3.wallet.challenge", address=more.address)["message"]
    asked: dict[str, Fields] = {
        "web3.billing.plan.set": {"perDay": None},
        "web3.keys.create": {"label": "mine", "scope": "write"},
        BIND: {"message": message, "walletSignature": more.sign_message(message)},
    }
    with pytest.raises(SignatureInvalidError):
        thief.do(method, **asked[method])


def test_after_a_rotation_the_thief_of_a_key_can_be_shut_out(world: World) -> None:
    """The wallet that he bound meanwhile goes, though the account has no other one."""
    made = world.nobody.do("web3.agents.register", name="Summariser")
    stolen = Member(world, world.caller(made["key"]), None)
    wallet, more = Wallet.create(world.entropy), Wallet.create(world.entropy)
    bound(stolen, wallet)
    thief = Member(world, world.sign_in(wallet), wallet)
    fresh = stolen.do("web3.keys.rotate")["key"]
    owner = Member(world, world.caller(fresh), None)

    with pytest.raises(LastWalletError):
        thief.do(UNBIND, address=wallet.address)
    assert owner.do(UNBIND, address=wallet.address)["ended"] == 1
    bound(owner, more)
    assert owner.do("web3.wallet.show")["addresses"] == [more.address]
    assert world.sign_in(more).account_id == owner.id != world.sign_in(wallet).account_id
