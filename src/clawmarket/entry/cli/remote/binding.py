"""Another wallet for your account: one in a file signs here, any other one elsewhere."""

import re
from pathlib import Path

from clawmarket.adapters.durable import write_private
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.errors import InvalidArgumentError, NotFoundError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import finish
from clawmarket.entry.cli.remote.client import Market, reach
from clawmarket.entry.cli.remote.session import home_folder
from clawmarket.entry.cli.remote.signing import check_domain, sign_challenge
from clawmarket.entry.cli.tables import pairs

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_NEXT = "clawmarket wallet show"


class BindingUnknownError(NotFoundError):
    """No text was asked for that this signature could be about."""

    advice = "Ask for the text first, and sign it as it is."
    next_command = "clawmarket wallet bind {address}"


class SignatureUnneededError(InvalidArgumentError):
    """A wallet in a file signs by itself."""

    advice = "Leave --signature out, or name the wallet's address instead of a file."
    next_command = "clawmarket help wallet bind"


def bind(invocation: Invocation) -> None:
    """Bind a wallet: sign with its file, or show the text, or send the signature.

    Raises WalletMissingError, WalletUnreadableError, BindingUnknownError,
    SignatureUnneededError, ChallengeForeignError and what the market refuses.
    """
    named, signature = invocation.values["wallet"], invocation.values.get("signature")
    with reach(invocation) as market:
        if not _ADDRESS.fullmatch(named):
            _bind_file(invocation, market, Path(named), signature)
        elif signature is None:
            _ask(invocation, market, named.lower())
        else:
            _answer(invocation, market, named.lower(), signature)


def _bind_file(invocation: Invocation, market: Market, path: Path, signature: str | None) -> None:
    if signature is not None:
        raise SignatureUnneededError("A wallet in a file signs by itself.")
    wallet = Wallet.open(path)
    message = market.call("web3.wallet.challenge", {"address": wallet.address})["message"]
    _send(invocation, market, message, sign_challenge(wallet, message, market.url))


def _ask(invocation: Invocation, market: Market, address: str) -> None:
    """Show the text to sign, and keep it for the signature."""
    asked = market.call("web3.wallet.challenge", {"address": address})
    check_domain(asked["message"], market.url)
    place = _place(address)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(place, asked["message"])
    next_step = f"clawmarket wallet bind {address} --signature 0x…"
    document = {**asked, "next": [next_step]}
    lines = [
        "Sign this text with the wallet (personal_sign):",
        "",
        *asked["message"].split("\n"),
        "",
        *pairs([("until", asked["expiresAt"])]),
        f"next: {next_step}",
    ]
    finish(invocation, document, lines, [asked["message"]])


def _answer(invocation: Invocation, market: Market, address: str, signature: str) -> None:
    place = _place(address)
    try:
        message = place.read_bytes().decode().removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        raise BindingUnknownError("No text was asked for this wallet.", address=address) from None
    _send(invocation, market, message, signature)
    place.unlink(missing_ok=True)


def _send(invocation: Invocation, market: Market, message: str, signature: str) -> None:
    said = {"message": message, "walletSignature": signature}
    bound = market.call("web3.wallet.bind", said, SystemEntropy().draw(16).hex())
    document: Entry = {**bound, "next": [_NEXT]}
    rows = [("bound", bound["address"]), ("account", bound["accountId"]), ("scope", bound["scope"])]
    undo = f"undo: clawmarket wallet unbind {bound['address']}"
    finish(invocation, document, [*pairs(rows), undo, f"next: {_NEXT}"], [bound["address"]])


def _place(address: str) -> Path:
    return home_folder() / f"bind-{address}.txt"
