"""Signing in: a challenge, answered once, in time, word for word, by the wallet it names."""

from collections.abc import Callable

import pytest

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import HOUR_MS, iso
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import (
    Account,
    ActorMismatchError,
    ChallengeUnknownError,
    KeyRevokedError,
    NonceReusedError,
    SessionExpiredError,
    SessionUnknownError,
    TooManyCallsError,
)
from clawmarket.ports.wallets import SignInRefusedError
from clawmarket.services.call import NOBODY
from clawmarket.services.operate.tidying import Tidier
from world import FAUCET, START, Fields, World

CHALLENGE = "web3.siwe.challenge"
VERIFY = "web3.siwe.verify"


def asked(world: World, wallet: Wallet) -> str:
    """Return a challenge for a wallet."""
    return str(world.nobody.do(CHALLENGE, address=wallet.address)["message"])


def answered(world: World, wallet: Wallet, message: str) -> Fields:
    """Send a message, signed by a wallet."""
    signature = wallet.sign_message(message)
    return world.nobody.do(VERIFY, message=message, signature=signature)


def test_a_challenge_says_what_is_signed(world: World) -> None:
    """The fields are those of the message, which names this market and moves no money."""
    wallet = Wallet.create(world.entropy)
    challenge = world.nobody.do(CHALLENGE, address=wallet.address)

    assert challenge | {"message": "", "nonce": ""} == {
        "message": "",
        "nonce": "",
        "address": wallet.address,
        "domain": "127.0.0.1:8787",
        "uri": "http://127.0.0.1:8787",
        "statement": "Sign in to ClawMarket. This moves no money.",
        "issuedAt": iso(START),
        "expiresAt": iso(START + 300_000),
    }
    assert challenge["message"].startswith("127.0.0.1:8787 wants you to sign in with your ")
    assert f"\nNonce: {challenge['nonce']}\n" in challenge["message"]


def test_a_challenge_leaves_nothing_behind(world: World) -> None:
    """Strangers who ask and never answer fill no table."""
    wallet = Wallet.create(world.entropy)
    before = len(world.all(Record))
    assert asked(world, wallet) != asked(world, wallet)
    assert (len(world.all(Record)), len(world.all(Account))) == (before, 2)


def test_the_first_sign_in_opens_the_account(world: World) -> None:
    """A new wallet gets an account with the faucet's credits; later ones find it again."""
    wallet = Wallet.create(world.entropy)
    first, second = world.session(wallet), world.session(wallet)

    assert first == {
        "token": first["token"],
        "accountId": first["accountId"],
        "address": wallet.address,
        "chainId": 8453,
        "expiresAt": iso(START + 12 * HOUR_MS),
        "opened": True,
    }
    assert second == first | {"token": second["token"], "opened": False}
    assert first["token"] != second["token"]
    shown = world.submit(world.caller(second["token"]), "web3.wallet.show", {})
    assert shown["available"] == str(FAUCET)


def test_a_challenge_opens_one_session(world: World) -> None:
    """The same answer sent again is refused, also after used nonces were tidied away."""
    wallet = Wallet.create(world.entropy)
    message = asked(world, wallet)
    answered(world, wallet, message)
    with pytest.raises(NonceReusedError):
        answered(world, wallet, message)
    world.pass_time(seconds=300)
    world.run(Tidier(world.store).bite(world.clock.now()))
    with pytest.raises(ChallengeUnknownError):
        answered(world, wallet, message)


@pytest.mark.parametrize(("ms", "in_time"), [(-1, True), (0, False), (1, False)])
def test_a_challenge_is_good_for_five_minutes(
    world: World,
    ms: int,
    in_time: bool,  # noqa: FBT001 - a case
) -> None:
    """At its last moment it is too late."""
    wallet = Wallet.create(world.entropy)
    message = asked(world, wallet)
    world.clock.advance(300_000 + ms)
    if in_time:
        assert answered(world, wallet, message)["opened"]
    else:
        with pytest.raises(ChallengeUnknownError):
            answered(world, wallet, message)


def test_another_wallet_cannot_answer(world: World) -> None:
    """Who signs has to be whom the message names."""
    mine, yours = Wallet.create(world.entropy), Wallet.create(world.entropy)
    with pytest.raises(SignInRefusedError):
        answered(world, yours, asked(world, mine))


TAMPERED: dict[str, Callable[[str], str]] = {
    "domain": lambda text: text.replace("127.0.0.1:8787 wants", "evil.example wants"),
    "uri": lambda text: text.replace("URI: http://127.0.0.1:8787", "URI: http://evil.example"),
    "statement": lambda text: text.replace("moves no money", "moves all money"),
    "chain": lambda text: text.replace("Chain ID: 8453", "Chain ID: 1"),
    "nonce": lambda text: text.replace("Nonce: ", "Nonce: 0", 1),
    "issued": lambda text: text.replace(iso(START), iso(START + 1000)),
    "expires": lambda text: text.replace(iso(START + 300_000), iso(START + 900_000)),
    "resources": lambda text: text + "\nResources:\n- https://evil.example/all",
    "request": lambda text: text + "\nRequest ID: 1",
    "longer": lambda text: text + " ",
    "empty": lambda _: "x",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_message_is_answered_word_for_word(world: World, what: str) -> None:
    """A message that says anything else than the challenge opens nothing, though well signed."""
    wallet = Wallet.create(world.entropy)
    message = asked(world, wallet)
    other = TAMPERED[what](message)
    assert other != message
    with pytest.raises((ChallengeUnknownError, SignInRefusedError)) as refused:
        answered(world, wallet, other)
    assert refused.value.code == "E_AUTH_REQUIRED"
    assert len(world.all(Account)) == 2


def test_a_challenge_of_another_market_is_none_of_ours(world: World) -> None:
    """Markets mark their challenges with a key of their own."""
    other = World(seed=2)
    wallet = Wallet.create(world.entropy)
    with pytest.raises(ChallengeUnknownError):
        answered(world, wallet, asked(other, wallet))
    other.close()


@pytest.mark.parametrize("signature", ["0x", "0x" + "00" * 65, "0x" + "ff" * 65, "nonsense"])
def test_a_signature_that_is_none_is_refused(world: World, signature: str) -> None:
    """Broken signatures are refused like wrong ones."""
    message = asked(world, Wallet.create(world.entropy))
    with pytest.raises(SignInRefusedError):
        world.nobody.do(VERIFY, message=message, signature=signature)


def test_a_session_lasts_twelve_hours(world: World) -> None:
    """One millisecond before its end it speaks for the account, from then on it does not."""
    session = world.session(Wallet.create(world.entropy))
    world.clock.advance(12 * HOUR_MS - 1)
    assert world.caller(session["token"]).account_id == session["accountId"]
    world.clock.advance(1)
    with pytest.raises(SessionExpiredError):
        world.caller(session["token"])


@pytest.mark.parametrize("token", ["cms_unknown", "cmk_unknown", "cmo_unknown", "x", "cms_"])
def test_an_unknown_token_speaks_for_nobody(world: World, token: str) -> None:
    """It is refused rather than taken for a caller without a credential."""
    with pytest.raises(SessionUnknownError):
        world.caller(token)
    assert world.caller("") == NOBODY


def test_a_revoked_key_is_refused_as_revoked(world: World) -> None:
    """From the revocation on, nothing can be done with it."""
    member = world.member()
    made = member.do("web3.keys.create")
    member.do("web3.keys.revoke", credentialId=made["credentialId"])
    with pytest.raises(KeyRevokedError):
        world.caller(made["key"])


def test_the_actor_is_who_signed_in(world: World) -> None:
    """`actorId` may repeat the account; naming another one is refused."""
    ann, bob = world.member(), world.member()
    assert ann.do("web3.wallet.show", actorId=ann.id)["accountId"] == ann.id
    for other in (bob.id, "", "agent_x", 1):
        with pytest.raises(ActorMismatchError):
            ann.do("web3.wallet.show", actorId=other)


def test_strangers_are_slowed_down(world: World) -> None:
    """Sixty sign-ins at once, then thirty a second; members are not held up."""
    wallet, member = Wallet.create(world.entropy), world.member()
    outcomes = []
    for _ in range(70):
        with pytest.raises(Refused) as refused:
            world.nobody.do(VERIFY, message="x", signature="x")
        outcomes.append(type(refused.value))
    assert outcomes[-1] is TooManyCallsError
    assert outcomes.count(TooManyCallsError) == 11
    assert member.stores()["size"] == 10
    world.pass_time(seconds=1)
    assert world.session(wallet)["opened"]
