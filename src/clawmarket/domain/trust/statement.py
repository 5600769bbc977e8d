"""Statements: what a party says to a market, in the one form that its wallet signs.

A statement repeats the call in canonical JSON; the wallet signs its SHA-256 (EIP-191). It is
good for an hour, and kept answers outlive it by far, so that nobody can send it again later.
"""

import hashlib
from collections.abc import Mapping

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.errors import ExpiredError
from clawmarket.domain.kernel.moment import HOUR_MS, MINUTE_MS, from_iso

VERSION = 2
GOOD_FOR_MS = HOUR_MS
AHEAD_MS = 5 * MINUTE_MS
# What proves the statement is no part of it.
PROOF = frozenset({"signature", "signedAt"})

Said = dict[str, object]


class StatementStaleError(ExpiredError):
    """A signed statement is good for an hour from the moment that it names."""

    advice = "Set the clock right and sign a new statement with the present moment in `signedAt`."
    next_command = "clawmarket explain statement_stale"


def statement(
    *,
    market: str,
    method: str,
    actor: str,
    key: str,
    signed_at: str | None,
    params: Mapping[str, object],
) -> Said:
    """Return the statement of a call: who says what to which market, when, under which key.

    Args:
        market: The log's name (`origin`).
        method: The method's own name, no alias.
        actor: The account that acts.
        key: The idempotency key.
        signed_at: The moment of signing, ISO 8601 with a zone; None where nobody signs.
        params: The parameters; what proves the statement is left out.
    """
    return {
        "v": VERSION,
        "market": market,
        "method": method,
        "actor": actor,
        "key": key,
        "signedAt": signed_at,
        "params": unsigned(params),
    }


def unsigned(params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that a signature is over: all but the proof itself."""
    return {name: value for name, value in params.items() if name not in PROOF}


def statement_digest(said: Mapping[str, object]) -> bytes:
    """Return the 32 bytes that a wallet signs (EIP-191, version 0x45) for a statement."""
    return hashlib.sha256(canonical_bytes(dict(said))).digest()


def is_fresh(signed_at: str, now: int) -> bool:
    """Tell whether a statement of this moment is good now; a text that is no moment is not."""
    try:
        moment = from_iso(signed_at)
    except (ValueError, OverflowError):
        return False
    return now - GOOD_FOR_MS <= moment <= now + AHEAD_MS
