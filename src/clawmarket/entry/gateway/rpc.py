"""Calls over HTTP: `POST /rpc/<method>` with the parameters as its JSON body."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clawmarket.entry.gateway.wire import (
    Reply,
    bearer_of,
    body_of,
    idempotency_key,
    json_response,
    object_of,
    once,
    peer_of,
    session_of,
    success,
)
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.identity import identify

SESSION_HEADER = "clawmarket-session"
# The one call that a replaced key may still send, to be told again what it was replaced by.
ROTATION = "web3.keys.rotate"


@dataclass(frozen=True, slots=True)
class Ask:
    """One call as it came in, over whichever wire, and from which address.

    `session` is the agent's session that the call belongs to, as its SHA-256; empty for none.
    """

    peer: str
    token: str | None
    method: str
    params: Mapping[str, object]
    key: str
    session: str = ""


async def answer(pipeline: Pipeline, ask: Ask, request_id: str) -> dict[str, Any]:
    """Identify the caller anew, run the call and return the envelope. Raises Refused."""
    ports = pipeline.ports
    replacing = ask.method == ROTATION
    caller = identify(ports.store, ports.clock, ask.token, ask.peer, replacing=replacing)
    if ask.session:
        caller = replace(caller, agent_session=session_of(ask.session))
    fields = await pipeline.submit(caller, ask.method, ask.params, key=ask.key)
    return success(fields, request_id, test_money=pipeline.terms.test_money)


def rpc_route(pipeline: Pipeline) -> Route:
    """Return the route of all calls; the content type is not looked at, the body is JSON."""

    async def call(request: Request) -> Response:
        ask = Ask(
            peer_of(request),
            bearer_of(request.headers),
            request.path_params["method"],
            object_of(await body_of(request)),
            idempotency_key(request.headers),
            once(request.headers, SESSION_HEADER) or "",
        )
        return json_response(Reply(200, await answer(pipeline, ask, request.state.request_id)))

    return Route("/rpc/{method:path}", call, methods=["POST"])
