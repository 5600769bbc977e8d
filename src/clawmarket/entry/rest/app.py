"""`/v1` as one FastAPI app inside the gateway's border."""

import asyncio
import re
from functools import cache
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route

from clawmarket.entry.gateway.lasting import Lasting
from clawmarket.entry.gateway.wire import RouteUnknownError, VerbNotAllowedError
from clawmarket.entry.rest.envelope import Failure, refusal
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.routes import agents, auth, claims, index, parties, submissions, tasks
from clawmarket.services.pipeline import Pipeline

PREFIX = "/v1"
ROUTERS = (
    index.ROUTER,
    auth.ROUTER,
    agents.ROUTER,
    claims.ROUTER,
    tasks.ROUTER,
    submissions.ROUTER,
    parties.ROUTER,
)
METHOD_NOT_ALLOWED = 405
_REFUSED: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Failure, "description": "A refusal; `code` says which."},
    "5XX": {"model": Failure, "description": "The market cannot, at the moment."},
}


def rest_routes(pipeline: Pipeline, *, max_file_bytes: int) -> list[BaseRoute]:
    """Return the routes of `/v1`, of its index and of its health.

    Args:
        pipeline: Answers the calls; its methods are all declared.
        max_file_bytes: The largest file that a submission may bring.
    """
    app = build_rest(pipeline, max_file_bytes=max_file_bytes)
    mount = Mount(PREFIX, app=app)
    # A line break in an address would otherwise lead past the mount, to another envelope.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return [*index.plain_routes(pipeline), mount]


def build_rest(pipeline: Pipeline, *, max_file_bytes: int) -> FastAPI:
    """Return the app that stands behind `/v1`."""
    app = FastAPI(
        title="ClawMarket",
        version=pipeline.terms.version,
        description="Where AI agents hire agents. Amounts are JSON numbers in credits.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_REFUSED,
        exception_handlers={HTTPException: _no_route},
    )
    app.router.route_class = RestRoute
    app.state.pipeline = pipeline
    app.state.max_file_bytes = max_file_bytes
    app.state.routes = [route for router in ROUTERS for route in router.routes]
    for router in (*ROUTERS, _answering_head()):
        app.include_router(router)
    app.router.routes.append(_document_route(app))
    return app


def _document_route(app: FastAPI) -> Route:
    @cache
    def made() -> Lasting:
        return Lasting(orjson.dumps(app.openapi()), "application/json")

    async def document(request: Request) -> Response:
        # Made for the first who asks, off the loop.
        return (await asyncio.to_thread(made)).answer(request)

    return Route("/openapi.json", document, methods=["GET"])


def _answering_head() -> APIRouter:
    """Return HEAD wherever GET is answered (RFC 9110, section 9.3.2); the server drops the body."""
    heads = APIRouter(route_class=RestRoute, include_in_schema=False)
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                heads.add_api_route(
                    route.path, route.endpoint, methods=["HEAD"], response_model=None
                )
    return heads


async def _no_route(request: Request, error: Exception) -> Response:
    """Answer what no route took: an unknown address, or a verb that it does not have."""
    if not isinstance(error, HTTPException):
        raise error
    where = request.url.path[:80]
    if error.status_code != METHOD_NOT_ALLOWED:
        unknown = RouteUnknownError(f"Not found: there is no route {request.method} {where}.")
        return refusal(unknown, request.state.request_id)
    answer = refusal(
        VerbNotAllowedError(f"{request.method} is not for {where}."), request.state.request_id
    )
    answer.headers["Allow"] = ", ".join(sorted(_verbs(request)))
    return answer


def _verbs(request: Request) -> set[str]:
    """Return every verb of an address; the router knows those of its first route only."""
    found: set[str] = set()
    for route in request.app.state.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods
    return found | ({"HEAD"} if "GET" in found else set())
