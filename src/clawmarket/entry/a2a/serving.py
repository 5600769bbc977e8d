"""A2A as it is served once the SDK is there."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from clawmarket.entry.a2a.market.agent import Agent
from clawmarket.entry.a2a.market.bell import Bell
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.streams import Streams
from clawmarket.entry.a2a.rest import serve_rest
from clawmarket.entry.a2a.rpc import serve_rpc
from clawmarket.entry.gateway.tools import Inside
from clawmarket.entry.live.hub import Hub
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.identity import identify


@dataclass(frozen=True)
class Serving:
    """Both bindings over one agent."""

    pipeline: Pipeline
    streams: Streams

    @classmethod
    def of(
        cls, pipeline: Pipeline, hub: Hub | None = None, *, rehearsed: bool = False
    ) -> "Serving":
        """Return the agent of a market; a rehearsed one also knows the conformance kit's lines."""
        if not rehearsed:
            return cls(pipeline, Streams(Agent(pipeline.terms), bell=Bell(hub)))
        from clawmarket.entry.a2a.rehearsal.agent import (  # noqa: PLC0415 - off in the product
            Rehearsal,
            RehearsedStreams,
        )

        agent = Rehearsal(pipeline.terms, clock=pipeline.ports.clock)
        return cls(pipeline, RehearsedStreams(agent, bell=Bell(hub)))

    async def rpc(self, request: Request) -> Response:
        """Answer a JSON-RPC request."""
        return await serve_rpc(request, self.streams, self.client)

    async def rest(self, request: Request) -> Response:
        """Answer a request of HTTP+JSON."""
        return await serve_rest(request, self.streams, self.client)

    def client(self, request: Request) -> Client:
        """Return who asks. Raises what refuses the key."""
        market, ports = Inside.of(request, self.pipeline), self.pipeline.ports
        caller = identify(ports.store, ports.clock, market.token, market.peer)
        return Client(market, caller.account_id)
