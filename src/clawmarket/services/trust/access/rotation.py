"""Rotation: a key is replaced by another one, and a lost answer locks nobody out.

The caller makes the new key, keeps it, and sends only its SHA-256: then nothing in the answer can
be lost. Where the market makes the key, as it did first, the same call sent again within ten
minutes gets the same key: it is made anew of the old key, which only the caller has.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import MINUTE_MS
from clawmarket.domain.trust.session import (
    ApiKeyCreated,
    ApiKeyRevoked,
    Credential,
    CredentialKind,
    KeyOnlyError,
    KeyReplacedError,
    KeyTakenError,
    KeyUnchangedError,
    KeyWeakError,
)
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    Answer,
    CredentialId,
    ShownOnce,
    SignedRequest,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Verb, ask
from clawmarket.services.call import Call
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.access.sessions import end_sessions, token_hash
from clawmarket.services.trust.keys import key_of
from clawmarket.services.work import Work

REPEAT_MS = 10 * MINUTE_MS
# Whoever guesses the idempotency key of a rotation and has the old key gets the new one.
SHORTEST_KEY = 16
PREFIX_CHARS = 8

# What a script hashes that lost its key on the way, with and without a line's end.
_GUESSED = ("", "cmk_", "null", "None", "undefined", "0", "password", "key")
WEAK = frozenset(token_hash(text + end) for text in _GUESSED for end in ("", "\n", "\r\n"))

KeyHash = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^[0-9a-f]{64}$",
        description="The lower-case hexadecimal SHA-256 of a key that you made and keep: cmk_ and "
        "32 random bytes in hexadecimal or base64url, without a line's end.",
        examples=["6b3a55e0261b0304143f805a24924d0c1c44524821305f31d9277843b8a10f4e"],
    ),
    Verbatim,
]
KeyPrefix = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^cmk_[A-Za-z0-9_-]{4}$",
        description="The key's first eight characters, to tell it from others in your list.",
    ),
    Verbatim,
]


class RotateKey(SignedRequest):
    """The hash of the new key; without it the market makes one."""

    key_hash: KeyHash | None = None
    key_prefix: KeyPrefix | None = None


class RotatedKey(Answer):
    """The new key's name; the key itself only where the market made it, and then this once."""

    credential_id: CredentialId
    key: Annotated[str | None, Field(description="A secret; shown this once."), ShownOnce]
    prefix: Word
    scope: Word


@dataclass(frozen=True, slots=True)
class Fresh:
    """The key that is to be: its hash, its first characters, and itself if the market made it."""

    lookup: str
    prefix: str
    key: str | None


@ask(
    "web3.keys.rotate",
    errors=(KeyOnlyError, KeyReplacedError, KeyWeakError, KeyUnchangedError, KeyTakenError),
    verb=Verb("keys rotate"),
)
async def rotate_key(call: Call, pipeline: Pipeline, request: RotateKey) -> RotatedKey:
    """Replace the key that you call with by one that you made, or by a new one.

    The old one ends at the same moment, and its sessions with it. Label and scope stay; a key makes
    no keys beside itself. Make the key, keep it, and send its SHA-256: the call may then be sent
    again with the old key for as long as the new one lives, and answers the same. Without a hash
    the market makes the key and shows it; sent again under the same Idempotency-Key of at least 16
    characters within ten minutes it answers the same.
    """
    store, fresh = pipeline.ports.store, _fresh(call, request)
    done = store.read(lambda rows: _done(call, rows, fresh))
    if done is None:
        done = await pipeline.write(call, lambda work: _replace(work, fresh))
    return RotatedKey(
        credential_id=done.credential_id, key=fresh.key, prefix=done.prefix, scope=done.scope
    )


def _fresh(call: Call, request: RotateKey) -> Fresh:
    if request.key_hash is not None:
        return Fresh(request.key_hash, request.key_prefix or "cmk_", None)
    key = _repeatable(call) or key_of(call.entropy.draw(32))
    return Fresh(token_hash(key), key[:PREFIX_CHARS], key)


def _repeatable(call: Call) -> str | None:
    """Return the key that follows from the old one, the idempotency key and the market's secret."""
    if call.caller.key is None or len(call.key) < SHORTEST_KEY:
        return None
    said = f"rotate|{call.caller.key.reveal()}|{call.key}"
    secret = call.terms.challenge_key.reveal().encode()
    return key_of(hmac.new(secret, said.encode(), hashlib.sha256).digest())


def _done(call: Call, rows: Snapshot, fresh: Fresh) -> Credential | None:
    """Return the key that this call has put in the place of the old one before, or None.

    Raises KeyReplacedError where another one stands there, or one that may not be shown any more.
    """
    old = rows.get(Credential, call.caller.credential_id)
    if old is None or old.revoked_at is None or old.successor is None:
        return None
    after = rows.get(Credential, old.successor)
    is_late = fresh.key is not None and call.now >= old.revoked_at + REPEAT_MS
    if after is None or is_late or not hmac.compare_digest(after.lookup, fresh.lookup):
        raise KeyReplacedError("This key was replaced by a newer one.")
    if after.revoked_at is not None:
        raise KeyReplacedError("This key was replaced, and what replaced it has ended too.")
    return after


def _replace(work: Work, fresh: Fresh) -> Credential:
    done = _done(work.call, work, fresh)
    if done is not None:  # a copy of this call had its turn first
        return done
    old = _own_key(work)
    if fresh.lookup in WEAK or len(set(fresh.lookup)) == 1:
        raise KeyWeakError("This hash is that of something that anybody can guess.")
    if fresh.lookup == old.lookup:
        raise KeyUnchangedError("This hash is that of the key that you call with.")
    if work.find(Query(Credential, equal={"lookup": fresh.lookup}, limit=1)):
        raise KeyTakenError("This hash belongs to a key that is known here already.")
    after = replace(
        old,
        credential_id=work.call.new_id("credential"),
        lookup=fresh.lookup,
        prefix=fresh.prefix,
        created_at=work.now,
    )
    end_sessions(work, old)
    work.save(replace(old, revoked_at=work.now, successor=after.credential_id))
    work.add(after)
    work.emit(
        ApiKeyRevoked(old.credential_id, old.account_id),
        ApiKeyCreated(after.credential_id, after.account_id, after.scope),
    )
    return after


def _own_key(work: Work) -> Credential:
    """Return the key that the call comes with. Raises KeyOnlyError."""
    caller = work.call.caller
    old = work.get(Credential, caller.credential_id)
    is_key = old is not None and old.kind is CredentialKind.KEY and not caller.session
    if old is None or not is_key or old.revoked_at is not None:
        raise KeyOnlyError("This call comes with no key that is still good.")
    return old
