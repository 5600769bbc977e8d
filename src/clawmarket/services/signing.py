"""Party signatures: what a wallet signs when it publishes, bids, awards, hands in or accepts.

The record keeps statement, signature and address, so a receipt needs no other evidence.
"""

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.session import KEYED_WALLET, Credential, CredentialKind
from clawmarket.domain.trust.statement import (
    Said,
    StatementStaleError,
    is_fresh,
    statement,
    statement_digest,
)
from clawmarket.ports.store import Query, Store
from clawmarket.ports.wallets import SignatureInvalidError, Wallets
from clawmarket.registry.fields import SignedRequest
from clawmarket.services.call import Call


class SignatureMissingError(InvalidArgumentError):
    """A session that a wallet opened has to sign this call's statement."""

    advice = (
        "Sign the SHA-256 of the call's statement (EIP-191); send it as `signature`, and the "
        "statement's moment as `signedAt`."
    )
    next_command = "clawmarket explain signature_missing"


class SignedWithoutKeyError(InvalidArgumentError):
    """A signature over a statement without an idempotency key could be used twice."""

    advice = "Send a fresh `Idempotency-Key`, and sign the statement that holds it."
    next_command = "clawmarket explain signed_without_key"


def attest(call: Call, request: SignedRequest, wallets: Wallets, store: Store) -> None:
    """Put the statement into the call, signed by the party or attested by the market.

    Raises:
        SignatureMissingError: A wallet session came without a signature.
        SignedWithoutKeyError: The statement holds no idempotency key.
        StatementStaleError: The statement names no moment, or one that is not about now.
        SignatureInvalidError: The signature is not by a wallet of this account, or for a session
            of its owner by one that only a key has bound.
    """
    if request.signature is None:
        if call.caller.kind is CredentialKind.WALLET:
            raise _unsigned(call)
        call.statement = {
            "said": _statement_of(call, None),
            "signature": None,
            "address": None,
        }
        return
    if not call.key:
        raise SignedWithoutKeyError("A signed call needs an idempotency key.")
    said = _statement_of(call, request.signed_at)
    call.statement = {"said": said, "signature": request.signature.lower(), "address": None}
    check_fresh(call.statement, call.now)
    address = wallets.signer(statement_digest(said), request.signature)
    if not _may_sign(address, call, store):
        raise SignatureInvalidError(
            "The signature is not by a wallet of this account over this statement.",
            statement=_text(said),
        )
    call.statement["address"] = address


def check_signed(call: Call) -> None:
    """Raise SignatureMissingError unless a wallet of the account signed the call."""
    if call.statement is None or call.statement["signature"] is None:
        raise _unsigned(call)


def _unsigned(call: Call) -> SignatureMissingError:
    return SignatureMissingError(
        f"{call.method} needs the wallet's signature.",
        statement=_text(_statement_of(call, iso(call.now))),
    )


def check_fresh(statement: Said, now: int) -> None:
    """Raise StatementStaleError if a signed statement names no moment that is about now."""
    said = statement["said"]
    moment = said["signedAt"] if isinstance(said, dict) else None
    if statement["signature"] is not None and not is_fresh(moment or "", now):
        raise StatementStaleError("The signed statement is not from about now.", now=iso(now))


def _statement_of(call: Call, signed_at: str | None) -> Said:
    return statement(
        market=call.terms.origin,
        method=call.method,
        actor=call.actor,
        key=call.key,
        signed_at=signed_at,
        params=call.params,
    )


def _text(said: Said) -> str:
    return canonical_bytes(said).decode()


def _may_sign(address: str, call: Call, store: Store) -> bool:
    query = Query(Credential, equal={"lookup": address}, limit=1)
    found = store.read(lambda rows: rows.find(query))
    is_owner = call.caller.kind is CredentialKind.WALLET
    return any(
        each.account_id == call.actor
        and each.revoked_at is None
        and not (is_owner and each.label == KEYED_WALLET)
        for each in found
    )
