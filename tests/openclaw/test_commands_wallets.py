"""Binding a wallet from the chat: signed elsewhere, for the owner only, and no secret is taken."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from openclaw.conftest import Key
from openclaw.gateway_client import Client
from openclaw.member import Member
from openclaw.mock_model import Model
from openclaw.relay import Relay
from real.server import Server

LETTERS = "abcdefghjkmnpqrstuvwxyz"
MESSAGE = re.compile(r"```\n(.*)\n```", re.DOTALL)
REFUSED = (
    "This looks like a key, a token or a seed phrase: it was not used, not sent on and not kept."
)
HELP = "/bind_wallet 0x…: shows a text that this wallet signs elsewhere"


def asked(owner: Client, wallet: Wallet) -> str:
    """Ask for the text to sign, as the owner."""
    found = MESSAGE.search(owner.say(f"/bind_wallet {wallet.address}"))
    assert found is not None
    return found[1]


def test_a_wallet_is_bound_and_taken_off(owner: Client, market: Server, key: Key) -> None:
    """The text names the account; the signature binds once; any spelling takes it off."""
    wallet = Wallet.create(SystemEntropy())
    account = market.call(key.value, "web3.wallet.show")["accountId"]
    message = asked(owner, wallet)
    line = f"/bind_wallet {wallet.address} {wallet.sign_message(message)}"

    assert f"Bind this wallet to {account} at ClawMarket." in message
    assert owner.say(line).splitlines() == [
        f"{wallet.address} stands for {account} now.",
        "scope: write",
        f"next: /whoami_web3, or /unbind_wallet {wallet.address}",
    ]
    assert wallet.address in owner.say("/whoami_web3")
    assert owner.say(line).startswith("There is no open challenge for this wallet.")
    spelled = "0x" + wallet.address[2:].upper()
    assert owner.say(f"/unbind-wallet: {spelled}").splitlines() == [
        f"{wallet.address} no longer stands for {account}.",
        "next: /whoami_web3",
    ]
    assert wallet.address not in owner.say("/whoami_web3")


def test_another_wallet_cannot_answer(owner: Client) -> None:
    """Who signs has to be whom the text names, and it is not the plugin's key that is wrong."""
    wallet, other = Wallet.create(SystemEntropy()), Wallet.create(SystemEntropy())
    signature = other.sign_message(asked(owner, wallet))

    said = owner.say(f"/bind_wallet {wallet.address} {signature}")
    assert said.startswith(f"Another wallet than {wallet.address} signed this message.")
    assert said.endswith(f"\nnext: /bind_wallet {wallet.address}")


def test_the_owner_is_not_shut_out(owner: Client, market: Server, key: Key) -> None:
    """The wallet that opened the account is not taken off by what types in the chat."""
    address = market.call(key.value, "web3.wallet.show")["addresses"][0]
    said = owner.say(f"/unbind_wallet {address}")

    assert said.startswith("A key takes off only wallets that a key has bound")
    stranger = Wallet.create(SystemEntropy()).address
    said = owner.say(f"/unbind_wallet {stranger}")
    assert said.startswith(f"{stranger} is no wallet of yours.")
    assert said.endswith("\nnext: /whoami_web3")


@pytest.mark.parametrize("verb", ["bind", "unbind"])
def test_only_the_owner_may(chat: Client, verb: str) -> None:
    """A client of the gateway without the administrator's scope gets one sentence."""
    address = Wallet.create(SystemEntropy()).address

    said = chat.say(f"/{verb}_wallet {address}")
    assert said == f"Only the owner of this OpenClaw may {verb} wallets."
    assert chat.say(f"/{verb}_wallet@somebot {address}") == said


@pytest.mark.parametrize("words", ["", "0x12", "alice", "0x" + "g" * 40, "1 2 3"])
def test_what_is_no_address_gets_help(owner: Client, words: str) -> None:
    """Nothing is asked of the market; the answer says how it goes."""
    assert owner.say(f"/bind_wallet {words}").startswith(HELP)


def test_a_signature_of_another_length_is_none(owner: Client) -> None:
    """It is said what one looks like."""
    address = Wallet.create(SystemEntropy()).address
    said = owner.say(f"/bind_wallet {address} 0x1234")
    assert said == "A signature is 0x and 130 hexadecimal digits.\nnext: /bind_wallet"


@pytest.mark.usefixtures("looking")
def test_a_key_that_may_only_look_binds_nothing(owner: Client) -> None:
    """It says which command makes one that may."""
    wallet = Wallet.create(SystemEntropy())
    signature = wallet.sign_message(asked(owner, wallet))
    said = owner.say(f"/bind_wallet {wallet.address} {signature}")

    assert said.startswith("The plugin's key may only look, so nothing was done.")
    assert said.endswith("\nnext: clawmarket openclaw uninstall")


def test_a_market_that_is_away_is_one_sentence(owner: Client, relay: Relay) -> None:
    """So it is for wallets."""
    address = Wallet.create(SystemEntropy()).address
    with relay.cut():
        for verb in ("bind", "unbind"):
            assert "does not answer" in owner.say(f"/{verb}_wallet {address}")


def phrase() -> str:
    """Return twelve words of no meaning."""
    words = ("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(12))
    return " ".join(words)


SECRETS: dict[str, Callable[[], str]] = {
    "hex": lambda: secrets.token_hex(32),
    "0x": lambda: "0x" + secrets.token_hex(32),
    "spaced": lambda: " ".join(secrets.token_hex(4) for _ in range(8)),
    "phrase": phrase,
    "numbered": lambda: " ".join(f"{n}. {w}" for n, w in enumerate(phrase().split(), 1)),
    "ours": lambda: "cmk_" + secrets.token_urlsafe(32),
    "theirs": lambda: "sk-" + secrets.token_urlsafe(32),
    "named": lambda: f"password: {secrets.token_hex(5)}",
    "mixed": lambda: "aZ9" + secrets.token_urlsafe(32),
}


@pytest.mark.parametrize("command", ["/bind_wallet", "/credits", "/market find"])
def test_a_secret_is_refused_and_not_kept(
    owner: Client, member: Member, model: Model, command: str
) -> None:
    """No command takes one; the host does not keep it, so the model never sees it."""
    typed, asked_before = {kind: make() for kind, make in SECRETS.items()}, len(model.asked)
    said = {kind: owner.say(f"{command} {secret}") for kind, secret in typed.items()}

    assert {kind: text[: len(REFUSED)] for kind, text in said.items()} == dict.fromkeys(
        typed, REFUSED
    )
    assert [kind for kind, secret in typed.items() if secret in said[kind]] == []
    assert len(model.asked) == asked_before
    assert owner.say("hello") == "the model answers"
    assert [kind for kind, secret in typed.items() if secret in str(model.asked[-1])] == []
    assert kept_in(member.host.home, typed) == []


def kept_in(folder: Path, typed: dict[str, str]) -> list[tuple[str, Path]]:
    """Return which of the secrets are held by which files."""
    files = ((path, path.read_bytes()) for path in folder.rglob("*") if path.is_file())
    return [
        (kind, path)
        for path, content in files
        for kind, secret in typed.items()
        if secret.encode() in content
    ]


@pytest.mark.parametrize(
    "words",
    [
        "find a translator for ten pages of plain english into german by friday, please",
        "find research on wallets, tokens and passwords",
        "order order_01h00000000000000000000000",
    ],
)
def test_plain_words_are_no_secret(owner: Client, words: str) -> None:
    """Sentences, names and ids pass."""
    assert not owner.say(f"/market {words}").startswith(REFUSED)
