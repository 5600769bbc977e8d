"""Your wallet and your session: make the one, open the other."""

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.secret import Secret
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import finish
from clawmarket.entry.cli.remote.client import Market
from clawmarket.entry.cli.remote.session import (
    WALLET_FILE,
    Session,
    home_folder,
    market_url,
    save_session,
)
from clawmarket.entry.cli.tables import pairs

_KEEP = "Keep a copy of wallet.json in your home folder of ClawMarket; nobody else has its key."


def new_wallet(invocation: Invocation) -> None:
    """Make a wallet file. Raises WalletExistsError, WalletUnsavedError."""
    wallet = Wallet.create(SystemEntropy())
    wallet.save(home_folder() / WALLET_FILE)
    next_step = "clawmarket wallet login"
    document = {"ok": True, "address": wallet.address, "file": WALLET_FILE, "next": [next_step]}
    rows = [("address", wallet.address), ("file", WALLET_FILE)]
    finish(invocation, document, [*pairs(rows), _KEEP, f"next: {next_step}"])


def login(invocation: Invocation) -> None:
    """Answer the market's challenge with the wallet's signature and keep the session.

    Raises WalletMissingError, WalletUnreadableError and what the market refuses.
    """
    home = home_folder()
    wallet = Wallet.open(home / WALLET_FILE)
    url = market_url(invocation.url)
    market = Market(url, None)
    try:
        origin = market.call("web3.status.summary")["origin"]
        challenge = market.call("web3.siwe.challenge", {"address": wallet.address})
        message = challenge["message"]
        answer = market.call(
            "web3.siwe.verify", {"message": message, "signature": wallet.sign_message(message)}
        )
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
    finish(invocation, document, [*pairs(rows), f"next: {next_step}"])
