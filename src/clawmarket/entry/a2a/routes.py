"""Where A2A is served: cards, JSON-RPC at `/a2a` with and without a slash, HTTP+JSON below it."""

import asyncio
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clawmarket.domain.kernel.errors import UnavailableError
from clawmarket.entry.a2a.card import cards_routes
from clawmarket.entry.live.hub import Hub
from clawmarket.services.pipeline import Pipeline

REST_VERBS = ["GET", "POST", "PUT", "DELETE"]


class A2aMissingError(UnavailableError):
    """This installation has no A2A SDK."""

    advice = "Install the extra: pip install 'clawmarket[a2a]'."
    next_command = "clawmarket explain a2a_missing"
    retryable = False


def load_sdk() -> None:
    """Load what serves A2A and the SDK behind it, which takes a while. Raises A2aMissingError."""
    try:
        import_module("a2a.compat.v0_3.types")
    except ImportError:
        raise A2aMissingError("The A2A SDK is not installed.") from None
    import_module("clawmarket.entry.a2a.serving")


def a2a_routes(
    pipeline: Pipeline, hub: Hub | None = None, *, rehearsed: bool = False
) -> list[Route]:
    """Return the routes of A2A; the SDK is loaded for whoever asks first.

    Args:
        pipeline: Answers what is asked.
        hub: Tells streams what happens; without it they look now and then.
        rehearsed: Whether the public conformance kit is answered too; only for test money.
    """
    served: list[Any] = []

    async def server() -> Any:  # noqa: ANN401 - its module needs the SDK
        if not served:
            # Off the loop: nobody else must wait for the import.
            await asyncio.to_thread(load_sdk)
            from clawmarket.entry.a2a.serving import Serving  # noqa: PLC0415 - needs the SDK

            served.append(Serving.of(pipeline, hub, rehearsed=rehearsed))
        return served[0]

    async def rpc(request: Request) -> Response:
        answer: Response = await (await server()).rpc(request)
        return answer

    async def rest(request: Request) -> Response:
        answer: Response = await (await server()).rest(request)
        return answer

    return [
        *cards_routes(pipeline.terms),
        Route("/a2a", rpc, methods=["POST"]),
        Route("/a2a/", rpc, methods=["POST"]),
        Route("/a2a/v1/{path:path}", rest, methods=REST_VERBS),
    ]
