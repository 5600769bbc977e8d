"""Sessions: times in which a token speaks for an account, opened by its wallet or by its key.

Only the SHA-256 of a token is kept. A session has the rights of what opened it, never more, ends
after twelve hours at the latest, and ends with what opened it.
"""

import hashlib
from base64 import urlsafe_b64encode
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import HOUR_MS, iso
from clawmarket.domain.trust.session import (
    Credential,
    CredentialKind,
    KeyItselfError,
    Session,
    SessionEnded,
    SessionNotFoundError,
    SessionOpened,
)
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    SESSION_PATTERN,
    AccountId,
    Answer,
    Label,
    Moment,
    Request,
    Token,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Need, Scope, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.work import Work

SESSION_MS = 12 * HOUR_MS
MAX_OF_KEY = 50
MAX_LISTED = 200
BITE = 1_000

SessionName = Annotated[
    str,
    Field(
        strict=True,
        pattern=SESSION_PATTERN,
        description="A session: the SHA-256 of its token, which nothing can be done with.",
        examples=["0" * 64],
    ),
    Verbatim,
]


def token_hash(token: str) -> str:
    """Return what is kept of a token or key: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(call: Call) -> str:
    """Return a fresh token of a session."""
    return "cms_" + urlsafe_b64encode(call.entropy.draw(32)).decode().rstrip("=")


def add_session(work: Work, token: str, credential: Credential, kind: CredentialKind) -> Session:
    """Open a session with the rights of a credential; `kind` is what its calls count as."""
    session = Session(
        token_hash(token),
        credential.account_id,
        credential.credential_id,
        kind,
        credential.scope,
        work.now,
        work.now + SESSION_MS,
    )
    work.add(session)
    work.emit(SessionOpened(credential.account_id, credential.credential_id, session.expires_at))
    return session


def end_sessions(work: Work, credential: Credential) -> int:
    """End all sessions that a credential opened; return how many."""
    of_it = {"account_id": credential.account_id, "credential_id": credential.credential_id}
    live = Query(Session, equal=of_it, limit=BITE)
    ended = 0
    while found := work.find(live):
        for session in found:
            work.remove(Session, session.token_hash)
        ended += len(found)
    return ended


class OpenSession(Request):
    """Nothing to choose: it speaks for the key that the call comes with."""


class OpenedSession(Answer):
    """A session; its token is shown this once."""

    token: Token
    session_id: SessionName
    account_id: AccountId
    scope: Word
    expires_at: Moment


@write(
    "web3.sessions.open",
    scope=Scope.READ,
    errors=(KeyItselfError,),
)
def open_session(call: Call, work: Work, request: OpenSession) -> OpenedSession:  # noqa: ARG001 - it is empty
    """Open a session that speaks for the key you call with, for twelve hours at the most.

    A program that must not keep the key, such as a browser, keeps the session's token. It may do
    what the key may, except to replace it, and ends when the key is revoked or replaced. Of more
    than 50 sessions of one key the oldest end.
    """
    key = work.get(Credential, call.caller.credential_id)
    if call.caller.session or key is None or key.revoked_at is not None:
        raise KeyItselfError("This call comes with no key that is still good.")
    _make_room(work, key)
    token = new_token(call)
    session = add_session(work, token, key, key.kind)
    return OpenedSession(
        token=token,
        session_id=session.token_hash,
        account_id=session.account_id,
        scope=session.scope,
        expires_at=iso(session.expires_at),
    )


def _make_room(work: Work, key: Credential) -> None:
    of_it = {"account_id": key.account_id, "credential_id": key.credential_id}
    live = work.find(Query(Session, equal=of_it, order_by="expires_at", limit=BITE))
    for session in live[: max(0, len(live) - MAX_OF_KEY + 1)]:
        work.remove(Session, session.token_hash)


class ListSessions(Request):
    """Nothing to choose."""


class SessionView(Answer):
    """A session without its token; `by` is what opened it."""

    session_id: SessionName
    by: Word
    label: Label
    prefix: Word
    scope: Word
    created_at: Moment
    expires_at: Moment
    is_this: Annotated[bool, Field(description="Whether this call came with it.")]


class SessionPage(Answer):
    """The latest live sessions of the account, at most 200."""

    items: list[SessionView]
    next_cursor: None = None


@read("web3.sessions.list", verb=Verb("sessions list"))
def list_sessions(call: Call, rows: Snapshot, _request: ListSessions) -> SessionPage:
    """List your live sessions, the latest first; their tokens are not kept anywhere."""
    of_mine = {"account_id": call.actor}
    found = rows.find(
        Query(Session, equal=of_mine, order_by="expires_at", newest_first=True, limit=MAX_LISTED)
    )
    views = [_view(call, rows, each) for each in found if each.expires_at > call.now]
    return SessionPage(items=[view for view in views if view is not None])


def _view(call: Call, rows: Snapshot, session: Session) -> SessionView | None:
    credential = rows.get(Credential, session.credential_id)
    if credential is None:
        return None
    return SessionView(
        session_id=session.token_hash,
        by=credential.kind,
        label=credential.label,
        prefix=credential.prefix,
        scope=session.scope,
        created_at=iso(session.created_at),
        expires_at=iso(session.expires_at),
        is_this=session.token_hash == call.caller.session,
    )


class EndSession(Request):
    """The session to end."""

    session_id: SessionName


class EndedSession(Answer):
    """The session is of no more use."""

    session_id: SessionName


@write(
    "web3.sessions.end",
    errors=(SessionNotFoundError,),
    needs=(Need("sessionId", "web3.sessions.open", "sessionId"),),
    verb=Verb("sessions end", ("sessionId",)),
)
def end_session(call: Call, work: Work, request: EndSession) -> EndedSession:
    """End a session of your account; its token is refused from now on."""
    session = work.get(Session, request.session_id)
    mine = session is not None and session.account_id == call.actor
    if session is None or not mine or session.expires_at <= call.now:
        raise SessionNotFoundError("You have no such session.")
    work.remove(Session, session.token_hash)
    work.emit(SessionEnded(call.actor, 1))
    return EndedSession(session_id=session.token_hash)
