"""Statements: what the wallet of a session signs so that receipts can show who said what."""

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.canonical import CanonicalError
from clawmarket.domain.kernel.errors import AuthRequiredError, InvalidArgumentError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.statement import statement, statement_digest
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
    signed_at = iso(SystemClock().now())
    said = statement(
        market=session.origin,
        method=method,
        actor=session.account_id,
        key=key,
        signed_at=signed_at,
        params={name: value for name, value in params.items() if name != "actorId"},
    )
    try:
        digest = statement_digest(said)
    except CanonicalError as error:
        raise ValueUnsignableError(f"{error}.") from None
    return params | {"signature": wallet.sign_digest(digest), "signedAt": signed_at}
