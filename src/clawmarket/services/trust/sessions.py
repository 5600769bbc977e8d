"""Sessions of an account: which are open, and ending one of them from another."""

import hashlib
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.session import Credential, Session
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Answer, Moment, Request, Verbatim, Word
from clawmarket.registry.methods import Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.trust.identity import SessionEnded
from clawmarket.services.work import Work

MAX_LISTED = 200

SessionId = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^[0-9a-f]{32}$",
        description="A session, as the list of sessions names it; nobody signs in by it.",
        examples=["0" * 32],
    ),
    Verbatim,
]


class OpenSessionUnknownError(NotFoundError):
    """The account has no open session of that name."""

    advice = "List the sessions again; each ends by itself after a while."
    next_command = "clawmarket wallet sessions"


class ListSessions(Request):
    """Nothing to choose."""


class SessionView(Answer):
    """A session without its token."""

    session_id: SessionId
    opened_by: Annotated[Word, Field(description="What opened it: a wallet, or an API key.")]
    prefix: Annotated[Word, Field(description="How that wallet or key begins.")]
    scope: Word
    opened_at: Moment
    expires_at: Moment
    is_this: Annotated[bool, Field(description="Whether this call came with it.")]


class SessionPage(Answer):
    """The open sessions of an account; of more than 200 these."""

    items: list[SessionView]
    next_cursor: None = None


@read("web3.sessions.list", verb=Verb("wallet sessions"))
def list_sessions(call: Call, rows: Snapshot, _request: ListSessions) -> SessionPage:
    """List your open sessions, the latest first; tokens themselves are not kept anywhere."""
    found = rows.find(Query(Session, equal={"account_id": call.actor}, limit=MAX_LISTED))
    live = sorted((s for s in found if call.now < s.expires_at), key=lambda s: -s.created_at)
    return SessionPage(items=[_view(call, rows, session) for session in live])


def _view(call: Call, rows: Snapshot, session: Session) -> SessionView:
    credential = rows.get(Credential, session.credential_id)
    return SessionView(
        session_id=session_id_of(session),
        opened_by=session.kind,
        prefix=credential.prefix if credential else "",
        scope=session.scope,
        opened_at=iso(session.created_at),
        expires_at=iso(session.expires_at),
        is_this=session.token_hash == call.caller.session,
    )


def session_id_of(session: Session) -> str:
    """Return what a session is called; its token's hash, by which it is found, is not told."""
    return hashlib.sha256(f"session|{session.token_hash}".encode()).hexdigest()[:32]


class EndSession(Request):
    """One open session of yours."""

    session_id: SessionId


class EndedSession(Answer):
    """The session is of no more use."""

    session_id: SessionId


@write(
    "web3.sessions.end",
    errors=(OpenSessionUnknownError,),
    example={"sessionId": "0" * 32},
    verb=Verb("wallet end-session", ("sessionId",)),
)
def end_session(call: Call, work: Work, request: EndSession) -> EndedSession:
    """End one of your sessions, this one or another; its token is refused from now on."""
    live = work.find(Query(Session, equal={"account_id": call.actor}, limit=MAX_LISTED))
    found = next((s for s in live if session_id_of(s) == request.session_id), None)
    if found is None:
        raise OpenSessionUnknownError("You have no such session.")
    work.remove(Session, found.token_hash)
    work.emit(SessionEnded(call.actor, 1))
    return EndedSession(session_id=request.session_id)
