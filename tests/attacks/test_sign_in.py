"""Signing in with what was not asked for, twice, or as somebody else."""

import asyncio
from collections.abc import Callable

import pytest

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.errors import AuthRequiredError
from clawmarket.domain.trust.session import (
    Account,
    ChallengeUnknownError,
    NonceReusedError,
    Session,
)
from clawmarket.services.call import NOBODY
from world import Fields, World

LATER = "2100-01-01T00:00:00.000Z"


def challenge(world: World, wallet: Wallet) -> str:
    """Ask for the message that a wallet is to sign."""
    asked = world.submit(NOBODY, "web3.siwe.challenge", {"address": wallet.address})
    return str(asked["message"])


def verify(world: World, message: str, signature: str) -> Fields:
    """Hand a signed message in."""
    answer = {"message": message, "signature": signature}
    return world.submit(NOBODY, "web3.siwe.verify", answer)


ADDED: dict[str, Callable[[str], str]] = {
    "resources": lambda said: f"{said}\nResources:\n- https://evil.example/terms",
    "request id": lambda said: f"{said}\nRequest ID: 7",
    "not before": lambda said: f"{said}\nNot Before: 2020-01-01T00:00:00.000Z",
    "scheme": lambda said: f"https://{said}",
    "other domain": lambda said: said.replace("127.0.0.1:8787 wants", "evil.example wants"),
    "other uri": lambda said: said.replace("http://127.0.0.1:8787", "http://evil.example"),
    "other statement": lambda said: said.replace("moves no money", "moves all money"),
    "other chain": lambda said: said.replace("Chain ID: 8453", "Chain ID: 1"),
    "longer": lambda said: said.rpartition(": ")[0] + f": {LATER}",
    "no end": lambda said: said.rpartition("\n")[0],
    "invisible": lambda said: said.replace("no money", "no\N{ZERO WIDTH SPACE} money"),
    "nonsense date": lambda said: said.replace("Issued At: 20", "Issued At: --"),
}


@pytest.mark.parametrize("how", ADDED)
def test_only_the_very_challenge_signs_in(world: World, how: str) -> None:
    """A message with other words, or a line more, opens nothing although its wallet signed it."""
    wallet = Wallet.create(world.entropy)
    message = ADDED[how](challenge(world, wallet))
    with pytest.raises(ChallengeUnknownError):
        verify(world, message, wallet.sign_message(message))
    assert world.all(Session) == []


def test_a_challenge_for_one_wallet_is_none_for_another(world: World) -> None:
    """The nonce is bound to the address, so a thief cannot put his own into the message."""
    victim, thief = Wallet.create(world.entropy), Wallet.create(world.entropy)
    theirs, own = challenge(world, victim), challenge(world, thief)
    message = theirs.replace(theirs.splitlines()[1], own.splitlines()[1])
    with pytest.raises(ChallengeUnknownError):
        verify(world, message, thief.sign_message(message))


def test_another_wallet_cannot_answer(world: World) -> None:
    """The signature has to be by the wallet that the challenge names."""
    victim, thief = Wallet.create(world.entropy), Wallet.create(world.entropy)
    message = challenge(world, victim)
    with pytest.raises(AuthRequiredError):
        verify(world, message, thief.sign_message(message))


def test_another_market_s_challenge_signs_nobody_in(world: World) -> None:
    """Two markets with one address differ in the key that marks their nonces."""
    other = World(seed=2)
    wallet = Wallet.create(world.entropy)
    message = challenge(other, wallet)
    other.close()
    with pytest.raises(ChallengeUnknownError):
        verify(world, message, wallet.sign_message(message))


def test_a_challenge_ends_after_five_minutes(world: World) -> None:
    """The last moment is not in it."""
    wallet = Wallet.create(world.entropy)
    message = challenge(world, wallet)
    world.pass_time(seconds=300)
    with pytest.raises(ChallengeUnknownError):
        verify(world, message, wallet.sign_message(message))


def test_one_challenge_answered_at_once_opens_one_session(stored_world: World) -> None:
    """Of twenty answers at the same moment one is taken, and one account is opened."""
    world = stored_world
    wallet = Wallet.create(world.entropy)
    message = challenge(world, wallet)
    answer = {"message": message, "signature": wallet.sign_message(message)}

    async def all_at_once() -> list[object]:
        pipeline = world.pipeline
        calls = (pipeline.submit(NOBODY, "web3.siwe.verify", answer) for _ in range(20))
        answers: list[object] = await asyncio.gather(*calls, return_exceptions=True)
        return answers

    before = len(world.all(Account))
    answers = world.run(all_at_once())
    assert [type(a) for a in answers if not isinstance(a, dict)] == [NonceReusedError] * 19
    assert (len(world.all(Session)), len(world.all(Account)) - before) == (1, 1)
