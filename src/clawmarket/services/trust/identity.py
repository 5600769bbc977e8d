"""Signing in: a wallet answers a challenge and gets a session; a token becomes a caller."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.trust.session import (
    KEYED_WALLET,
    OWN_WALLET,
    Account,
    AccountOpened,
    ChallengeUnknownError,
    Credential,
    CredentialKind,
    KeyReplacedError,
    KeyRevokedError,
    NonceReusedError,
    Role,
    ScopeMissingError,
    Session,
    SessionEnded,
    SessionExpiredError,
    SessionUnknownError,
    allows,
)
from clawmarket.ports.clock import Clock
from clawmarket.ports.store import Query, Snapshot, Store
from clawmarket.ports.wallets import SignIn, SignInRefusedError
from clawmarket.registry.fields import (
    AccountId,
    Address,
    Answer,
    Flag,
    Moment,
    Request,
    Text,
    Token,
)
from clawmarket.registry.methods import Need, Scope, Verb, ask, read, write
from clawmarket.services.call import NOBODY, Call, Caller
from clawmarket.services.limits import AccountsTooManyError
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.moves import grant
from clawmarket.services.trust.access.sessions import (
    SESSION_MS,
    add_session,
    new_token,
    token_hash,
)
from clawmarket.services.trust.challenges import CHALLENGE_MS, answered, sign_in_of, use_up
from clawmarket.services.work import Work

MAX_ENDED = 1_000
STATEMENT = "Sign in to ClawMarket. This moves no money."


class ChallengeRequest(Request):
    """The wallet that wants to sign in."""

    address: Address


class ChallengeAnswer(Answer):
    """The message to sign, word for word."""

    message: Text
    nonce: Text
    address: Address
    domain: Text
    uri: Text
    statement: Text
    issued_at: Moment
    expires_at: Moment


@read(
    "web3.siwe.challenge",
    scope=Scope.PUBLIC,
    example={"address": "0x" + "0" * 39 + "1"},
)
def challenge(call: Call, _rows: Snapshot, request: ChallengeRequest) -> ChallengeAnswer:
    """Give out a sign-in message (EIP-4361) for a wallet.

    Nothing is stored: the nonce carries a keyed hash over address and moment, so strangers
    cannot fill the market with sign-ins that nobody finishes.
    """
    issued_at = call.now - call.now % 1000
    sign_in = sign_in_of(
        call.terms, STATEMENT, request.address.lower(), issued_at, call.entropy.draw(8).hex()
    )
    return ChallengeAnswer(
        message=call.wallets.challenge(sign_in),
        nonce=sign_in.nonce,
        address=sign_in.address,
        domain=sign_in.domain,
        uri=sign_in.uri,
        statement=sign_in.statement,
        issued_at=iso(sign_in.issued_at),
        expires_at=iso(issued_at + CHALLENGE_MS),
    )


class VerifyRequest(Request):
    """The signed message."""

    message: Annotated[Text, Field(description="The challenge, word for word.")]
    signature: Annotated[Text, Field(description="The wallet's EIP-191 signature over `message`.")]


class VerifyAnswer(Answer):
    """A session; the token is shown this once."""

    token: Token
    account_id: AccountId
    address: Address
    chain_id: int
    expires_at: Moment
    opened: bool


@ask(
    "web3.siwe.verify",
    scope=Scope.PUBLIC,
    errors=(SignInRefusedError, ChallengeUnknownError, NonceReusedError, AccountsTooManyError),
    needs=(Need("message", "web3.siwe.challenge", "message"),),
)
async def verify(call: Call, pipeline: Pipeline, request: VerifyRequest) -> VerifyAnswer:
    """Open a session for the wallet that signed a challenge; the first one opens its account.

    The message has to be the challenge to the byte, with no line more, and each challenge opens
    one session (ERC-4361, section on replay).
    """
    said = answered(call, STATEMENT, request.message, request.signature)
    token = new_token(call)
    account_id, opened = await _open_session(call, pipeline, said, token)
    return VerifyAnswer(
        token=token,
        account_id=account_id,
        address=said.address,
        chain_id=said.chain_id,
        expires_at=iso(call.now + SESSION_MS),
        opened=opened,
    )


async def _open_session(
    call: Call, pipeline: Pipeline, said: SignIn, token: str
) -> tuple[str, bool]:
    def change(work: Work) -> tuple[str, bool]:
        use_up(work, said)
        found = work.find(Query(Credential, equal={"lookup": said.address}, limit=1))
        if not found:
            pipeline.limits.check_opening(call.caller.peer, call.now)
        credential = found[0] if found else open_wallet_account(work, said.address)
        kind = _standing(credential)
        _act_as(call, credential.account_id, kind)
        work.speak_as(credential.account_id)
        add_session(work, token, credential, kind)
        return credential.account_id, not found

    opened: tuple[str, bool] = await pipeline.write(call, change)
    return opened


def _standing(credential: Credential) -> CredentialKind:
    """Return what a wallet's session counts as: one that a key has bound is no more than a key."""
    return CredentialKind.KEY if credential.label == KEYED_WALLET else CredentialKind.WALLET


def _act_as(call: Call, account_id: str, kind: CredentialKind) -> None:
    call.caller = Caller(account_id, Role.MEMBER, kind, "", "write")


def open_wallet_account(work: Work, address: str) -> Credential:
    """Open an account that a wallet's address stands for, with the faucet's test credits."""
    account_id = work.call.new_id("account")
    credential = Credential(
        credential_id=work.call.new_id("credential"),
        account_id=account_id,
        kind=CredentialKind.WALLET,
        lookup=address,
        label=OWN_WALLET,
        prefix=address[:10],
        scope="write",
        created_at=work.now,
        revoked_at=None,
    )
    work.add(Account(account_id, Role.MEMBER, work.record_id, work.now))
    work.add(credential)
    work.emit(AccountOpened(account_id, Role.MEMBER.value, address))
    if work.call.terms.faucet_minor:
        grant(work, account_id, work.call.terms.faucet_minor, account_id)
    return credential


class SessionMissingError(ConflictError):
    """The call came with a key, and a key has no session to end."""

    advice = "Send `all` to end the account's sessions; a key is ended by revoking it."
    next_command = "clawmarket keys list"


class LogoutRequest(Request):
    """Which sessions."""

    all: Annotated[
        Flag, Field(description="End every session of your account, not this one alone.")
    ] = False


class LogoutAnswer(Answer):
    """How many sessions are of no more use."""

    ended: int
    more: Annotated[
        bool, Field(description="Whether there are others left, this one too; send it again.")
    ]


@write(
    "web3.siwe.logout",
    scope=Scope.READ,
    errors=(SessionMissingError, SessionUnknownError, ScopeMissingError),
    example={"all": True},
    verb=Verb("wallet logout"),
)
def logout(call: Call, work: Work, request: LogoutRequest) -> LogoutAnswer:
    """End your session; its token is refused from now on.

    With `all` every session of your account ends, wherever it was opened, at most 1,000 at once.
    API keys stay: `web3.keys.revoke` ends those.
    """
    own = call.caller.session
    if request.all and not allows(call.caller.scope, Scope.WRITE):
        raise ScopeMissingError("Ending other sessions needs the scope write.", scope="write")
    if not (own or request.all):
        raise SessionMissingError("This call came with a key, not with a session.")
    ended = _sessions(work, call.actor) if request.all else _session(work, own)
    more = len(ended) == MAX_ENDED
    if more:
        # Whoever has so many needs this one to go on.
        ended -= {own}
    for hashed in ended:
        work.remove(Session, hashed)
    work.emit(SessionEnded(call.actor, len(ended)))
    return LogoutAnswer(ended=len(ended), more=more)


def _session(work: Work, hashed: str) -> set[str]:
    if work.get(Session, hashed) is None:
        raise SessionUnknownError("This session has ended before.")
    return {hashed}


def _sessions(work: Work, account_id: str) -> set[str]:
    live = Query(Session, equal={"account_id": account_id}, limit=MAX_ENDED)
    return {session.token_hash for session in work.find(live)}


def identify(
    store: Store, clock: Clock, token: str | None, peer: str = "", *, replacing: bool = False
) -> Caller:
    """Return who a bearer token speaks for; nobody for None.

    Args:
        store: Where sessions and keys are.
        clock: What time it is.
        token: What the caller showed.
        peer: The address that the caller's connection comes from; no header says it.
        replacing: Whether the call replaces a key: it may then come from one that was replaced,
            to be told so again, and brings the key itself along.

    Raises:
        SessionUnknownError: The token is not known here.
        SessionExpiredError: The session's time has passed.
        KeyRevokedError: The key was revoked.
        KeyReplacedError: The key was replaced by a newer one.
    """
    if not token:
        return replace(NOBODY, peer=peer) if peer else NOBODY
    hashed = token_hash(token)
    caller = store.read(
        lambda rows: (
            _by_session(rows, hashed, clock.now())
            if token.startswith("cms_")
            else _by_key(rows, hashed, Secret(token) if replacing else None)
        )
    )
    return replace(caller, peer=peer) if peer else caller


def _by_session(rows: Snapshot, hashed: str, now: int) -> Caller:
    session = rows.get(Session, hashed)
    if session is None:
        raise SessionUnknownError("This session is not known here.")
    if now >= session.expires_at:
        raise SessionExpiredError("This session's time has passed.")
    role = _role(rows, session.account_id)
    return Caller(
        session.account_id, role, session.kind, session.credential_id, session.scope, hashed
    )


def _by_key(rows: Snapshot, hashed: str, key: Secret | None) -> Caller:
    found = rows.find(Query(Credential, equal={"lookup": hashed}, limit=1))
    if not found:
        raise SessionUnknownError("This key is not known here.")
    credential = found[0]
    if credential.revoked_at is not None and credential.successor is None:
        raise KeyRevokedError("This key was revoked.")
    if credential.revoked_at is not None and key is None:
        raise KeyReplacedError("This key was replaced by a newer one.")
    role = _role(rows, credential.account_id)
    return Caller(
        credential.account_id,
        role,
        credential.kind,
        credential.credential_id,
        credential.scope,
        key=key,
    )


def _role(rows: Snapshot, account_id: str) -> Role:
    account = rows.get(Account, account_id)
    return account.role if account else Role.MEMBER
