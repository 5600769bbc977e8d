"""Statements that a test signs by itself, as any client would."""

from typing import Any

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.statement import Said, statement, statement_digest


def signed(
    wallet: Wallet, origin: str, method: str, actor: str, key: str, **params: Any
) -> dict[str, Any]:
    """Return the parameters with the signature over their statement, made now."""
    said = statement(
        market=origin,
        method=method,
        actor=actor,
        key=key,
        signed_at=iso(SystemClock().now()),
        params=params,
    )
    return params | proof(wallet, said)


def proof(wallet: Wallet, said: Said) -> dict[str, Any]:
    """Return what proves a statement: its moment and the wallet's signature."""
    signature = wallet.sign_digest(statement_digest(said))
    return {"signature": signature, "signedAt": said["signedAt"]}
