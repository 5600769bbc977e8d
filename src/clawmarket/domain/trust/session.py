"""Accounts, their credentials and sessions: who may speak as whom, and with which scope."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import (
    AuthRequiredError,
    ConflictError,
    ForbiddenError,
    InvalidArgumentError,
    NotFoundError,
    QuotaExceededError,
    RateLimitedError,
    RevokedError,
)
from clawmarket.domain.kernel.events import Event, event


class Role(StrEnum):
    """What an account is in this market."""

    MEMBER = "member"
    ARBITER = "arbiter"
    OPERATOR = "operator"
    MARKET = "market"


class CredentialKind(StrEnum):
    """How an account proves that it is itself."""

    WALLET = "wallet"
    KEY = "key"
    OPERATOR = "operator"


SCOPES = ("public", "read", "write", "admin")

# What a wallet is called that opened its account, or that such a wallet has bound; and one that
# came in through anything less.
OWN_WALLET, KEYED_WALLET = "wallet", "wallet bound by a key"


class SessionUnknownError(AuthRequiredError):
    """The token or key is not known here, or it has ended."""

    next_command = "clawmarket wallet login"


class ScopeMissingError(ForbiddenError):
    """The credential does not hold the scope that the method needs."""

    advice = "Use a credential with the scope that the message names."
    next_command = "clawmarket keys new --scope {scope}"


class RoleMissingError(ForbiddenError):
    """The account is not what it has to be for this method."""

    advice = "Ask the operator to name you."
    next_command = "clawmarket wallet show"


class ActorMismatchError(ForbiddenError):
    """`actorId` names another account than the one that is signed in."""

    advice = "Leave `actorId` out, or sign in as that account."
    next_command = "clawmarket wallet show"


class KeyRevokedError(RevokedError):
    """The key was revoked."""

    advice = "Create a new key, or sign in with a wallet."
    next_command = "clawmarket wallet login"


class KeyReplacedError(KeyRevokedError):
    """The key was replaced by a newer one and has ended."""

    advice = "Call with the key that replaced it; a rotation may be sent again as it was."
    next_command = "clawmarket keys rotate"


class CredentialNotFoundError(NotFoundError):
    """There is no such credential on this account."""

    next_command = "clawmarket keys list"


class AuthNeededError(AuthRequiredError):
    """The method needs a signed-in account."""


class SessionExpiredError(AuthRequiredError):
    """The session's time has passed."""


class ChallengeUnknownError(AuthRequiredError):
    """The challenge is not one of ours, or its time has passed."""

    advice = "Ask for a new challenge; each one opens one session within five minutes."
    next_command = "clawmarket wallet login"


class NonceReusedError(ConflictError):
    """The challenge has opened a session already."""

    advice = "Ask for a new challenge; each one opens one session."
    next_command = "clawmarket wallet login"


class TooManyCallsError(RateLimitedError):
    """Callers without an account asked for too much in a short time."""

    advice = "Wait a second and send it again."
    next_command = "clawmarket wallet login"


class KeysFullError(QuotaExceededError):
    """The account has as many keys as an account may have."""

    advice = "Revoke a key that is no longer used."
    next_command = "clawmarket keys list"


class KeyMakerError(ForbiddenError):
    """A key makes no other keys: whoever stole one would keep what it was revoked for."""

    advice = "Sign in with the account's wallet and make the key there."
    next_command = "clawmarket wallet login"


class KeyOnlyError(ConflictError):
    """Only an API key can be rotated, by itself; no session of it can."""

    advice = "Call with the key that is to be replaced; make one with web3.keys.create."
    next_command = "clawmarket keys list"


class KeyWeakError(InvalidArgumentError):
    """The hash is that of something that anybody can guess, such as nothing or a line's end."""

    advice = "Make a key of 32 random bytes, hash all of it, and no line's end behind it."
    next_command = "clawmarket keys rotate"


class KeyUnchangedError(ConflictError):
    """The hash is that of the key that the call comes with."""

    advice = "Nothing is left to do if this repeats a rotation; otherwise make another key."
    next_command = "clawmarket keys list"


class KeyTakenError(ConflictError):
    """The hash belongs to a key that is known here already."""

    advice = "Make another key of 32 random bytes and send its hash."
    next_command = "clawmarket keys rotate"


class KeyItselfError(ConflictError):
    """Only an API key itself opens a session; a session opens no other."""

    advice = "Call with the key, or let the wallet answer a challenge (web3.siwe.challenge)."
    next_command = "clawmarket sessions list"


class WalletSessionOnlyError(ForbiddenError):
    """A key does not end all keys of an account: it would shut the owner out."""

    advice = "Sign in with a wallet of the account and send it again."
    next_command = "clawmarket wallet login"


class SessionNotFoundError(NotFoundError):
    """The account has no such session, or it has ended."""

    next_command = "clawmarket sessions list"


class CredentialRevokedError(ConflictError):
    """The credential is revoked already."""

    next_command = "clawmarket keys list"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can own money and be a party."""

    account_id: str
    role: Role
    record_id: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to sign in as an account.

    `lookup` is a wallet's lower-case address, or the SHA-256 of a key; a key itself is never
    kept. `successor` is the credential that replaced this one, if one did.
    """

    credential_id: str
    account_id: str
    kind: CredentialKind
    lookup: str
    label: str
    prefix: str
    scope: str
    created_at: int
    revoked_at: int | None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A time in which a token speaks for an account; keyed by the token's SHA-256."""

    token_hash: str
    account_id: str
    credential_id: str
    kind: CredentialKind
    scope: str
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class UsedNonce:
    """A challenge that has opened its session; kept until it could not be answered anyway."""

    nonce: str
    expires_at: int


@event
@dataclass(frozen=True, slots=True)
class AccountOpened(Event):
    """An account came into being; a wallet's address is bound to it."""

    account_id: str
    role: str
    address: str | None


@event
@dataclass(frozen=True, slots=True)
class SessionOpened(Event):
    """A wallet signed in, or a key opened a session of its own."""

    account_id: str
    credential_id: str
    expires_at: int


@event
@dataclass(frozen=True, slots=True)
class SessionEnded(Event):
    """An account ended a session, or `count` of them, before its time."""

    account_id: str
    count: int


@event
@dataclass(frozen=True, slots=True)
class ApiKeyCreated(Event):
    """An account got an API key; only its hash is kept."""

    credential_id: str
    account_id: str
    scope: str


@event
@dataclass(frozen=True, slots=True)
class ApiKeyRevoked(Event):
    """An API key was revoked; its sessions ended with it."""

    credential_id: str
    account_id: str


def allows(scope: str, needed: str) -> bool:
    """Return whether a credential's scope covers the one that a method needs."""
    return SCOPES.index(scope) >= SCOPES.index(needed)
