"""The desk: one request's caller, and the market's methods as they may call them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from clawmarket.entry.gateway.rpc import SESSION_HEADER
from clawmarket.entry.gateway.wire import bearer_of, idempotency_key, once, peer_of, session_of
from clawmarket.entry.rest.envelope import Done, Shape, Success, body_of
from clawmarket.entry.tools.using import given
from clawmarket.services.call import Caller
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.identity import identify

Fields = dict[str, Any]
CREATED = 201


@dataclass(frozen=True, slots=True)
class Desk:
    """Whoever asks, and the one way to the market.

    `key` is the request's Idempotency-Key; it goes with the one command of a route.
    """

    pipeline: Pipeline
    caller: Caller
    key: str

    @property
    def actor(self) -> str:
        """The account that asks; empty for nobody."""
        return self.caller.account_id

    @property
    def now(self) -> int:
        """The market's clock."""
        return self.pipeline.ports.clock.now()

    async def see(self, method: str, /, **params: object) -> Fields:
        """Ask for something that changes nothing; what is None is not sent."""
        return await self.pipeline.submit(self.caller, method, given(params))

    async def do(self, method: str, /, **params: object) -> Fields:
        """Give the route's command, under the request's idempotency key."""
        return await self.pipeline.submit(self.caller, method, given(params), key=self.key)

    async def do_exactly(self, method: str, params: Fields) -> Fields:
        """Give the route's command with all that is named, None too."""
        return await self.pipeline.submit(self.caller, method, params, key=self.key)

    def answer(
        self, data: Shape | Sequence[Shape], message: str | None = None, status: int = 200
    ) -> Response:
        """Return an answer in its envelope."""
        test_money = self.pipeline.terms.test_money
        envelope = Success[Any](data=data, message=message, test_money=test_money)
        return Response(body_of(envelope), status, media_type="application/json")

    def done(self, message: str) -> Response:
        """Return an answer that has words only."""
        test_money = self.pipeline.terms.test_money
        envelope = Done(message=message, test_money=test_money)
        return Response(body_of(envelope), media_type="application/json")


def desk_of(request: Request) -> Desk:
    """Return the desk of a request, whose caller is identified once."""
    known: Desk | None = getattr(request.state, "desk", None)
    if known is None:
        known = request.state.desk = identified(request)
    return known


def identified(request: Request) -> Desk:
    """Identify the caller anew. Raises what refuses a header, a key or a session."""
    return _desk(request, replacing=False)


def replacing_desk_of(request: Request) -> Desk:
    """Identify whoever replaces a key, also by one that was replaced already. Raises as above."""
    return _desk(request, replacing=True)


def _desk(request: Request, *, replacing: bool) -> Desk:
    pipeline: Pipeline = request.app.state.pipeline
    ports, headers = pipeline.ports, request.headers
    token, peer = bearer_of(headers), peer_of(request)
    caller = identify(ports.store, ports.clock, token, peer, replacing=replacing)
    session = once(headers, SESSION_HEADER)
    if session:
        caller = replace(caller, agent_session=session_of(session))
    request.state.caller = caller
    return Desk(pipeline, caller, idempotency_key(headers))


At = Annotated[Desk, Depends(desk_of)]
Replacing = Annotated[Desk, Depends(replacing_desk_of)]
