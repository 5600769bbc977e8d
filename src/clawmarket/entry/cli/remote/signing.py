"""Statements: what the wallet of a session signs so that receipts can show who said what."""

import hashlib

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.canonical import CanonicalError, canonical_bytes
from clawmarket.domain.kernel.errors import AuthRequiredError, InvalidArgumentError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.session import WALLET_FILE, Session, home_folder


class WalletChangedError(AuthRequiredError):
    """The wallet in the home is not the one that opened the session."""

    advice = "Sign in again with the wallet that is there, or put the other one back."


class ValueUnsignableError(InvalidArgumentError):
    """A value has no canonical form, so no wallet can sign it."""

    advice = "Use whole numbers, text, lists and objects only."
    next_command = "clawmarket explain value_unsignable"


def signed(session: Session, method: str, params: Entry, key: str) -> Entry:
    """Return the parameters with the wallet's signature over their statement (EIP-191).

    Raises WalletChangedError, ValueUnsignableError and what `Wallet.open` raises.
    """
    wallet = Wallet.open(home_folder() / WALLET_FILE)
    if wallet.address != session.address.lower():
        raise WalletChangedError("The wallet in the home did not open this session.")
    statement = {
        "v": 1,
        "market": session.origin,
        "method": method,
        "actor": session.account_id,
        "key": key,
        "params": {n: v for n, v in params.items() if n not in ("signature", "actorId")},
    }
    try:
        digest = hashlib.sha256(canonical_bytes(statement)).digest()
    except CanonicalError as error:
        raise ValueUnsignableError(f"{error}.") from None
    return params | {"signature": wallet.sign_digest(digest)}
