"""`GET /events`: the stream of live events as a route of the gateway."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.trust.session import AuthNeededError, ScopeMissingError, allows
from clawmarket.entry.gateway.wire import bearer_of, once, peer_of
from clawmarket.entry.live.frames import Hearer
from clawmarket.entry.live.hub import Hub, Listener
from clawmarket.entry.live.stream import HEARTBEAT_S, Stream
from clawmarket.registry.methods import Scope as Rights
from clawmarket.services.call import Caller
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.identity import identify

MAX_SKILLS = 12

TokenOf = Callable[[Request], str | None]

_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
_RECORD_ID = re.compile(id_pattern("record"))
_SKILL = re.compile(r"[a-z0-9][a-z0-9.+#-]{0,39}")


class EventIdInvalidError(InvalidArgumentError):
    """The last event's id is none that a stream gave."""

    advice = "Send the id of the last event as it came, or leave `Last-Event-ID` out."
    next_command = "clawmarket explain event_id_invalid"


class EventFilterInvalidError(InvalidArgumentError):
    """What a stream is to tell of cannot be read."""

    advice = "Send `skills` as skills with commas in between, `mine` as 1."
    next_command = "clawmarket explain event_filter_invalid"


@dataclass(frozen=True, slots=True)
class Events:
    """The endpoint; the caller is looked up again before anything private is told."""

    pipeline: Pipeline
    hub: Hub
    token_of: TokenOf
    heartbeat_s: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one listener (ASGI). Raises what refuses the key, the filter or one more."""
        request = Request(scope, receive)
        token, peer = self.token_of(request), peer_of(request)
        caller = self._caller(token, peer)
        # It begins by reading what was missed.
        now = self.pipeline.ports.clock.now()
        self.pipeline.limits.check_caller(caller.account_id, peer, now)
        hearer = hearer_of(caller, request.query_params)
        after = _last_id(request.headers)
        if request.method == "HEAD":
            await Response(headers=_HEADERS)(scope, receive, send)
            return
        listener = self.hub.join(hearer, peer, after)
        store = self.pipeline.ports.store
        stream = Stream(
            self.hub, store, listener, lambda: self._caller(token, peer), self.heartbeat_s
        )
        leaving = asyncio.create_task(_await_end(receive, listener))
        try:
            await _send_all(stream, send)
        finally:
            leaving.cancel()
            self.hub.leave(listener)

    def _caller(self, token: str | None, peer: str) -> Caller:
        """Return who listens. Raises AuthRequiredError, ScopeMissingError."""
        ports = self.pipeline.ports
        caller = identify(ports.store, ports.clock, token, peer)
        if caller.account_id and not allows(caller.scope, Rights.READ):
            raise ScopeMissingError("Listening needs the scope read.", scope=str(Rights.READ))
        return caller


def hearer_of(caller: Caller, query: QueryParams) -> Hearer:
    """Return what a listener asks to hear. Raises EventFilterInvalidError, AuthNeededError."""
    skills = frozenset(filter(None, query.get("skills", "").split(",")))
    if len(skills) > MAX_SKILLS or not all(_SKILL.fullmatch(skill) for skill in skills):
        raise EventFilterInvalidError("`skills` is no list of skills.")
    mine = query.get("mine", "0")
    if mine not in {"0", "1"}:
        raise EventFilterInvalidError("`mine` is neither 0 nor 1.")
    if mine == "1" and not caller.account_id:
        raise AuthNeededError("One's own tasks need a signed-in account.")
    return Hearer(caller.account_id, skills, mine == "1")


def _last_id(headers: Headers) -> str:
    said = once(headers, "last-event-id") or ""
    if said and not _RECORD_ID.fullmatch(said):
        raise EventIdInvalidError("`Last-Event-ID` is no id of a record.")
    return said


async def _send_all(stream: Stream, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async for part in stream.parts():
        if part:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _await_end(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end("the listener has gone")


def bearer(request: Request) -> str | None:
    """Return the token of the Authorization header. Raises what `bearer_of` raises."""
    return bearer_of(request.headers)


def events_route(
    pipeline: Pipeline, hub: Hub, *, token_of: TokenOf = bearer, heartbeat_s: float = HEARTBEAT_S
) -> Route:
    """Return the route of live events.

    Args:
        pipeline: Whose store is listened to.
        hub: Which tells all listeners of this process; whoever stops the server closes it.
        token_of: What a request shows as its key or session.
        heartbeat_s: How long a stream is silent at the most.
    """
    return Route("/events", Events(pipeline, hub, token_of, heartbeat_s), methods=["GET"])
