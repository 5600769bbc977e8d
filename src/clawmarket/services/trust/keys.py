"""API keys: shown once, kept as a hash, scoped, revocable."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.session import (
    OWN_WALLET,
    ApiKeyCreated,
    ApiKeyRevoked,
    Credential,
    CredentialKind,
    CredentialNotFoundError,
    CredentialRevokedError,
    KeyMakerError,
    KeysFullError,
    ScopeMissingError,
    WalletSessionOnlyError,
    allows,
)
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    Answer,
    CredentialId,
    Label,
    Moment,
    Request,
    SignedRequest,
    Token,
    Word,
)
from clawmarket.registry.methods import Need, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.signing import check_signed
from clawmarket.services.trust.access.sessions import end_sessions, token_hash
from clawmarket.services.work import Work

MAX_KEYS = 50


class CreateKey(SignedRequest):
    """What the key is for and what it may do; a stolen session alone makes no keys."""

    label: Label = "key"
    scope: Annotated[
        Literal["read", "write", "admin"], Field(description="At most your own scope.")
    ] = "write"


class NewKey(Answer):
    """A key; it is shown this once."""

    credential_id: CredentialId
    key: Token
    prefix: Word
    scope: Word


@write(
    "web3.keys.create",
    errors=(KeyMakerError, KeysFullError, ScopeMissingError),
    example={"label": "worker", "scope": "write"},
    verb=Verb("keys new", ("label",)),
)
def create_key(call: Call, work: Work, request: CreateKey) -> NewKey:
    """Create an API key of your account; it is shown this once.

    A key makes none, nor does a wallet that a key has bound beside the wallet of the owner.
    """
    _check_maker(call, work)
    if not allows(call.caller.scope, request.scope):
        raise ScopeMissingError(
            f"A key cannot hold more than you do ({call.caller.scope}).", scope=call.caller.scope
        )
    if len(work.find(_keys(call.actor, MAX_KEYS))) >= MAX_KEYS:
        raise KeysFullError(f"You have {MAX_KEYS} keys.")
    key, credential = make_key(call, call.actor, request.label, request.scope)
    work.add(credential)
    work.emit(ApiKeyCreated(credential.credential_id, call.actor, credential.scope))
    return NewKey(
        credential_id=credential.credential_id,
        key=key,
        prefix=credential.prefix,
        scope=credential.scope,
    )


def _check_maker(call: Call, work: Work) -> None:
    """Raise unless the caller may make keys. Raises KeyMakerError, SignatureMissingError.

    Above a wallet that a key has bound stands the wallet that its owner came with. An account
    that was opened by a key has none, and would have no key again once all of them are revoked.
    """
    if call.caller.kind is not CredentialKind.KEY:
        return
    wallets = {"account_id": call.actor, "kind": CredentialKind.WALLET, "revoked_at": None}
    found = work.find(Query(Credential, equal=wallets))
    labels = {each.credential_id: each.label for each in found}
    if call.caller.credential_id not in labels or OWN_WALLET in labels.values():
        raise KeyMakerError("A key makes no other keys.")
    check_signed(call)


def key_of(drawn: bytes) -> str:
    """Write random bytes as a key."""
    return "cmk_" + urlsafe_b64encode(drawn).decode().rstrip("=")


def make_key(call: Call, account_id: str, label: str, scope: str) -> tuple[str, Credential]:
    """Return a new key of an account and what is kept of it."""
    key = key_of(call.entropy.draw(32))
    credential = Credential(
        credential_id=call.new_id("credential"),
        account_id=account_id,
        kind=CredentialKind.KEY,
        lookup=token_hash(key),
        label=label,
        prefix=key[:8],
        scope=scope,
        created_at=call.now,
        revoked_at=None,
    )
    return key, credential


def _keys(account_id: str, limit: int) -> Query[Credential]:
    live = {"account_id": account_id, "kind": CredentialKind.KEY, "revoked_at": None}
    return Query(Credential, equal=live, limit=limit)


class ListKeys(Request):
    """Nothing to choose."""


class KeyView(Answer):
    """A key without its secret."""

    credential_id: CredentialId
    label: Label
    prefix: Word
    scope: Word
    created_at: Moment


class KeyPage(Answer):
    """All live keys of the account."""

    items: list[KeyView]
    next_cursor: None = None


@read("web3.keys.list", verb=Verb("keys list"))
def list_keys(call: Call, rows: Snapshot, _request: ListKeys) -> KeyPage:
    """List your live API keys; the keys themselves are not kept anywhere."""
    return KeyPage(
        items=[
            KeyView(
                credential_id=c.credential_id,
                label=c.label,
                prefix=c.prefix,
                scope=c.scope,
                created_at=iso(c.created_at),
            )
            for c in rows.find(_keys(call.actor, MAX_KEYS))
        ]
    )


class RevokeKey(Request):
    """The key to revoke."""

    credential_id: CredentialId


class RevokedKey(Answer):
    """The key is of no more use."""

    credential_id: CredentialId
    revoked_at: Moment


@write(
    "web3.keys.revoke",
    errors=(CredentialNotFoundError, CredentialRevokedError),
    needs=(Need("credentialId", "web3.keys.create", "credentialId"),),
    verb=Verb("keys revoke", ("credentialId",)),
)
def revoke_key(call: Call, work: Work, request: RevokeKey) -> RevokedKey:
    """Revoke an API key of your account; calls with it are refused, and its sessions end."""
    credential = work.get(Credential, request.credential_id)
    mine = credential is not None and credential.account_id == call.actor
    if credential is None or not mine or credential.kind is not CredentialKind.KEY:
        raise CredentialNotFoundError(f"You have no key {request.credential_id}.")
    if credential.revoked_at is not None:
        raise CredentialRevokedError("This key was revoked before.")
    _revoke(work, credential)
    return RevokedKey(credential_id=credential.credential_id, revoked_at=iso(call.now))


class RevokeAllKeys(SignedRequest):
    """Nothing to choose: it is every key of your account."""


class RevokedKeys(Answer):
    """How many keys are of no more use."""

    revoked: int


@write(
    "web3.keys.revokeAll",
    errors=(WalletSessionOnlyError,),
    verb=Verb("keys revoke-all"),
)
def revoke_all_keys(
    call: Call,
    work: Work,
    request: RevokeAllKeys,  # noqa: ARG001 - it is empty
) -> RevokedKeys:
    """Revoke every API key of your account at once; their sessions end too.

    For whoever signed in with a wallet: a thief who rotates a stolen key again and again is not
    faster than this.
    """
    own = work.get(Credential, call.caller.credential_id)
    if own is None or own.kind is CredentialKind.KEY:
        raise WalletSessionOnlyError("Only a wallet's session revokes all keys.")
    live = work.find(_keys(call.actor, MAX_KEYS))
    for credential in live:
        _revoke(work, credential)
    return RevokedKeys(revoked=len(live))


def _revoke(work: Work, credential: Credential) -> None:
    """End a key and every session that it opened."""
    work.get(Credential, credential.credential_id)
    end_sessions(work, credential)
    work.save(replace(credential, revoked_at=work.now))
    work.emit(ApiKeyRevoked(credential.credential_id, credential.account_id))
