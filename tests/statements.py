"""Statements that a test signs by itself, as any client would."""

from typing import Any

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.services.signing import statement_digest


def signed(
    wallet: Wallet, origin: str, method: str, actor: str, key: str, **params: Any
) -> dict[str, Any]:
    """Return the parameters with the signature over their statement."""
    said = {
        "v": 1,
        "market": origin,
        "method": method,
        "actor": actor,
        "key": key,
        "params": params,
    }
    return params | {"signature": wallet.sign_digest(statement_digest(said))}
