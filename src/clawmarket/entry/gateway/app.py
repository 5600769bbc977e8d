"""The gateway as one Starlette app: all routes and the border around them."""

import asyncio
from collections.abc import Callable, Sequence
from functools import cache

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clawmarket.domain.kernel.errors import Refused, UnavailableError
from clawmarket.entry.gateway.border import Border
from clawmarket.entry.gateway.docs import docs_routes, front_route
from clawmarket.entry.gateway.files import files_routes
from clawmarket.entry.gateway.lasting import Lasting
from clawmarket.entry.gateway.log import log_routes
from clawmarket.entry.gateway.openapi import document
from clawmarket.entry.gateway.rpc import rpc_route
from clawmarket.entry.gateway.socket import socket_route
from clawmarket.entry.gateway.tools import tools_routes
from clawmarket.entry.gateway.wire import (
    Reply,
    RouteUnknownError,
    VerbNotAllowedError,
    failure,
    json_response,
)
from clawmarket.registry.methods import METHODS
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.log import log_head

METHOD_NOT_ALLOWED = 405

Lost = Callable[[Request, Refused], Response]


class NotReadyError(UnavailableError):
    """The store does not answer, so no call could be answered either."""

    next_command = "clawmarket doctor"


def build_gateway(
    pipeline: Pipeline,
    *,
    max_file_bytes: int,
    more: Sequence[BaseRoute] = (),
    lost: Lost | None = None,
) -> Starlette:
    """Return the app over a pipeline whose methods are all declared.

    Args:
        pipeline: Answers the calls; starting and stopping what stands behind it is the caller's.
        max_file_bytes: The largest file that an upload may bring.
        more: Routes of other surfaces within the same border.
        lost: Answers a person who asked for an address where nothing is; programs get an envelope.
    """
    app = Starlette(
        routes=[*_routes(pipeline, max_file_bytes), *more, front_route()],
        middleware=[Middleware(Border, ports=pipeline.ports, terms=pipeline.terms)],
        exception_handlers={HTTPException: _no_route},
    )
    app.state.lost = lost
    # An address with a slash too many is unknown; a redirect would lose the body.
    app.router.redirect_slashes = False
    return app


def _routes(pipeline: Pipeline, max_file_bytes: int) -> list[BaseRoute]:
    return [
        rpc_route(pipeline),
        socket_route(pipeline),
        *files_routes(pipeline, max_file_bytes),
        *tools_routes(pipeline),
        *log_routes(pipeline),
        _openapi_route(pipeline),
        *docs_routes(METHODS, pipeline.terms),
        *_health_routes(pipeline),
    ]


def _openapi_route(pipeline: Pipeline) -> Route:
    @cache
    def made() -> Lasting:
        return Lasting(orjson.dumps(document(METHODS, pipeline.terms)), "application/json")

    async def openapi(request: Request) -> Response:
        # Made for the first who asks, off the loop: it takes as long as a tenth of a start.
        return (await asyncio.to_thread(made)).answer(request)

    return Route("/openapi.json", openapi, methods=["GET"])


def _health_routes(pipeline: Pipeline) -> list[Route]:
    async def healthz(request: Request) -> Response:
        return json_response(Reply(200, {"ok": True, "requestId": request.state.request_id}))

    async def readyz(request: Request) -> Response:
        try:
            pipeline.ports.store.read(log_head)
        except Exception as error:
            raise NotReadyError("The store does not answer.") from error
        return json_response(Reply(200, {"ok": True, "requestId": request.state.request_id}))

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
    ]


async def _no_route(request: Request, error: Exception) -> Response:
    """Answer what no route took: an unknown address, or a verb that it does not have."""
    if not isinstance(error, HTTPException):
        raise error
    where = request.url.path[:80]
    refusal: RouteUnknownError | VerbNotAllowedError
    if error.status_code == METHOD_NOT_ALLOWED:
        refusal = VerbNotAllowedError(f"{request.method} is not for {where}.")
    else:
        refusal = RouteUnknownError(f"Nothing is served at {where}.")
        lost: Lost | None = request.app.state.lost
        if lost is not None and "text/html" in request.headers.get("accept", ""):
            return lost(request, refusal)
    return json_response(failure(refusal, request.state.request_id), error.headers)
