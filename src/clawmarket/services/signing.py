"""Party signatures: what a wallet signs when it publishes, bids, awards, hands in or accepts.

The statement repeats the call in canonical JSON; the wallet signs its SHA-256 (EIP-191). The
record keeps statement, signature and address, so a receipt needs no other evidence.
"""

import hashlib
from collections.abc import Mapping

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.trust.session import Credential, CredentialKind
from clawmarket.ports.store import Query, Store
from clawmarket.ports.wallets import SignatureInvalidError, Wallets
from clawmarket.services.call import Call


class SignatureMissingError(InvalidArgumentError):
    """A session that a wallet opened has to sign this call's statement."""

    advice = "Sign the SHA-256 of the call's statement (EIP-191) and send it as `signature`."
    next_command = "clawmarket explain signature_missing"


class SignedWithoutKeyError(InvalidArgumentError):
    """A signature over a statement without an idempotency key could be used twice."""

    advice = "Send a fresh `Idempotency-Key`, and sign the statement that holds it."
    next_command = "clawmarket explain signed_without_key"


def statement_of(call: Call) -> dict[str, object]:
    """Return the statement of a call: who says what to which market, under which key."""
    return {
        "v": 1,
        "market": call.terms.origin,
        "method": call.method,
        "actor": call.actor,
        "key": call.key,
        "params": unsigned(call.params),
    }


def unsigned(params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that a signature is over: all but itself."""
    return {name: value for name, value in params.items() if name != "signature"}


def statement_digest(statement: dict[str, object]) -> bytes:
    """Return the 32 bytes that a wallet signs (EIP-191, version 0x45) for a statement."""
    return hashlib.sha256(canonical_bytes(statement)).digest()


def attest(call: Call, signature: str | None, wallets: Wallets, store: Store) -> None:
    """Put the statement into the call, signed by the party or attested by the market.

    Raises:
        SignatureMissingError: A wallet session came without a signature.
        SignedWithoutKeyError: The statement holds no idempotency key.
        SignatureInvalidError: The signature is not by a wallet of this account.
    """
    said = statement_of(call)
    if signature is None:
        if call.caller.kind is CredentialKind.WALLET:
            raise SignatureMissingError(
                f"{call.method} needs the wallet's signature.",
                statement=canonical_bytes(said).decode(),
            )
        call.statement = {"said": said, "signature": None, "address": None}
        return
    if not call.key:
        raise SignedWithoutKeyError("A signed call needs an idempotency key.")
    address = wallets.signer(statement_digest(said), signature)
    if not _is_bound(address, call.actor, store):
        raise SignatureInvalidError(
            "The signature is not by a wallet of this account over this statement.",
            statement=canonical_bytes(said).decode(),
        )
    call.statement = {"said": said, "signature": signature.lower(), "address": address}


def _is_bound(address: str, account_id: str, store: Store) -> bool:
    query = Query(Credential, equal={"lookup": address}, limit=1)
    found = store.read(lambda rows: rows.find(query))
    return any(c.account_id == account_id and c.revoked_at is None for c in found)
