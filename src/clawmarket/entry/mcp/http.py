"""MCP over streamable HTTP at `/mcp`: stateless, a JSON answer a request, the caller's own key."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from clawmarket.entry.gateway.border import HostRefusedError
from clawmarket.entry.gateway.origins import is_own_origin
from clawmarket.entry.gateway.tools import Inside
from clawmarket.entry.gateway.wire import MAX_BODY_BYTES, body_of, check_values, failure, success
from clawmarket.entry.mcp.server import build_mcp, load_sdk
from clawmarket.entry.tools.use import tool_named, use
from clawmarket.entry.tools.using import Fields, ToolUse
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.identity import identify


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The endpoint; every request is identified anew, and every call within it too."""

    pipeline: Pipeline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI). Raises what refuses the key, the origin or the body."""
        request = Request(scope, receive)
        self._check_origin(request)
        market, ports = Inside.of(request, self.pipeline), self.pipeline.ports
        caller = identify(ports.store, ports.clock, market.token, market.peer)
        # Most of what is asked here, such as the list of tools, asks no method that would count.
        self.pipeline.limits.check_caller(caller.account_id, market.peer, ports.clock.now())

        async def answer(name: str, arguments: Fields, key: str) -> Fields:
            try:
                result = await use(ToolUse(market, key), tool_named(name), arguments)
            except Exception as error:  # noqa: BLE001 - a defect is an answer that shows its id only
                return failure(error, market.request_id).envelope
            test_money = self.pipeline.terms.test_money
            return success({"result": result}, market.request_id, test_money=test_money)

        data = await body_of(request)
        check_values(data)
        # Off the loop: whoever asks first must not make everybody else wait for the import.
        await asyncio.to_thread(load_sdk)
        server = build_mcp(answer)
        from mcp.server.streamable_http_manager import (  # noqa: PLC0415 - an extra
            StreamableHTTPSessionManager,
        )

        manager = StreamableHTTPSessionManager(
            server, stateless=True, json_response=True, max_request_body_size=MAX_BODY_BYTES
        )
        async with manager.run():
            await manager.handle_request(scope, _once(data, receive), send)

    def _check_origin(self, request: Request) -> None:
        """Refuse a page of a stranger: MCP's transport demands that its Origin is looked at."""
        for origin in request.headers.getlist("origin"):
            if not is_own_origin(origin, self.pipeline.terms.base_url):
                raise HostRefusedError("This market is not served to pages of others.")


def _once(data: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read already, then what follows it."""
    waiting: list[Message] = [{"type": "http.request", "body": data, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


def mcp_route(pipeline: Pipeline) -> Route:
    """Return the route of the MCP server; there is no stream to GET and no session to DELETE."""
    return Route("/mcp", Endpoint(pipeline), methods=["POST"])
