"""Your wallet and your session: make the one, open the other."""

import os

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.secret import Secret
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import finish, tell
from clawmarket.entry.cli.remote.client import Market
from clawmarket.entry.cli.remote.session import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    WALLET_FILE,
    Session,
    home_folder,
    market_url,
    save_session,
)
from clawmarket.entry.cli.remote.signing import sign_challenge
from clawmarket.entry.cli.tables import pairs

_KEEP = "Copy this file to a safe place of yours: nobody else has its key, nobody can restore it."


def new_wallet(invocation: Invocation) -> None:
    """Make a wallet file. Raises WalletExistsError, WalletUnsavedError."""
    wallet = Wallet.create(SystemEntropy())
    path = (home_folder() / WALLET_FILE).absolute()
    wallet.save(path)
    next_step = "clawmarket wallet login"
    document = {"ok": True, "address": wallet.address, "file": str(path), "next": [next_step]}
    rows = [("address", wallet.address), ("file", str(path))]
    lines = [*pairs(rows), _KEEP, f"next: {next_step}"]
    finish(invocation, document, lines, [wallet.address])


def login(invocation: Invocation) -> None:
    """Answer the market's challenge with the wallet's signature and keep the session.

    Raises WalletMissingError, WalletUnreadableError, ChallengeForeignError and what the market
    refuses.
    """
    home = home_folder()
    wallet = Wallet.open(home / WALLET_FILE)
    url = market_url(invocation.url)
    market = Market(url, None)
    try:
        origin = market.call("web3.status.summary")["origin"]
        challenge = market.call("web3.siwe.challenge", {"address": wallet.address})
        message = challenge["message"]
        signature = sign_challenge(wallet, message, url)
        answer = market.call("web3.siwe.verify", {"message": message, "signature": signature})
    finally:
        market.close()
    session = Session(
        url=url,
        origin=origin,
        account_id=answer["accountId"],
        address=wallet.address,
        token=Secret(answer["token"]),
        expires_at=answer["expiresAt"],
    )
    save_session(home, session)
    _show(invocation, session, opened=bool(answer["opened"]))


def _show(invocation: Invocation, session: Session, *, opened: bool) -> None:
    next_step = "clawmarket wallet show"
    held = KEY_VARIABLE if os.environ.get(KEY_VARIABLE, "").strip() else KEY_FILE_VARIABLE
    if os.environ.get(held, "").strip():
        tell(f"{held} is set: commands go on using that key instead of this session.")
        next_step = f"unset {held}"
    document = {
        "ok": True,
        "accountId": session.account_id,
        "address": session.address,
        "market": session.origin,
        "expiresAt": session.expires_at,
        "opened": opened,
        "next": [next_step],
    }
    rows = [
        ("account", session.account_id + (" (opened now)" if opened else "")),
        ("address", session.address),
        ("market", session.origin),
        ("until", session.expires_at),
    ]
    finish(invocation, document, [*pairs(rows), f"next: {next_step}"], [session.account_id])
