"""What a wallet signs here: sign-ins of the market that was asked, and statements for receipts."""

from urllib.parse import urlsplit

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.canonical import CanonicalError
from clawmarket.domain.kernel.errors import (
    AuthRequiredError,
    ForbiddenError,
    InvalidArgumentError,
)
from clawmarket.domain.kernel.loopback import LOOPBACK
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


class ChallengeForeignError(ForbiddenError):
    """The text that came is the sign-in of another site, which the answer would open."""

    advice = "Ask the market under the address that it calls its own."
    next_command = "clawmarket explain challenge_foreign"


def sign_challenge(wallet: Wallet, message: str, url: str) -> str:
    """Return a wallet's signature over a challenge that the market at `url` sent.

    The wallet must not sign what another site asks (EIP-4361, "Verifying domain binding").
    Raises ChallengeForeignError.
    """
    check_domain(message, url)
    return wallet.sign_message(message)


def check_domain(message: str, url: str) -> None:
    """Raise ChallengeForeignError if a challenge is not for the host of `url`."""
    named, host = _hostname(f"//{message.partition(' ')[0]}"), _hostname(url)
    if named != host and not {named, host} <= LOOPBACK:
        raise ChallengeForeignError(f"{host} sent a sign-in for another site; nothing was signed.")


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


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
