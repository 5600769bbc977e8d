"""Agent tools over HTTP: `POST /tools/<name>` uses one, `POST /tools/<name>/quote` prices it.

OpenClaw's plugin comes this way, so that what a tool does is written once.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clawmarket.domain.kernel.errors import (
    AuthRequiredError,
    ForbiddenError,
    NotFoundError,
    Refused,
)
from clawmarket.entry.gateway.rpc import Ask, answer
from clawmarket.entry.gateway.wire import (
    Reply,
    bearer_of,
    body_of,
    idempotency_key,
    json_response,
    object_of,
    once,
    peer_of,
    success,
)
from clawmarket.entry.tools.use import quote, tool_named, use
from clawmarket.entry.tools.using import Fields, ToolUse
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.registry.methods import Scope
from clawmarket.services.call import Caller
from clawmarket.services.pipeline import Pipeline, check_scope
from clawmarket.services.trust.files import right_to_read
from clawmarket.services.trust.identity import identify


@dataclass(frozen=True, slots=True)
class Inside:
    """The market as a caller of this process reaches it: every call passes the whole pipeline.

    `session` is the agent's, whose budget a trade counts against; empty for none.
    """

    pipeline: Pipeline
    peer: str
    token: str | None
    request_id: str
    session: str = ""

    @classmethod
    def of(cls, request: Request, pipeline: Pipeline) -> "Inside":
        """Return the market as whoever sent a request reaches it. Raises HeaderInvalidError."""
        session = once(request.headers, "clawmarket-session") or ""
        token, request_id = bearer_of(request.headers), request.state.request_id
        return cls(pipeline, peer_of(request), token, request_id, session)

    @property
    def caller(self) -> Caller:
        """Who asks. Raises what refuses a credential."""
        ports = self.pipeline.ports
        return identify(ports.store, ports.clock, self.token, self.peer)

    @property
    def refusals(self) -> tuple[type[Exception], ...]:
        """What it raises when it refuses."""
        return (Refused,)

    async def ask(self, method: str, params: Fields, key: str = "") -> Fields:
        """Return the answer of a call. Raises Refused."""
        ask = Ask(self.peer, self.token, method, params, key, self.session)
        return await answer(self.pipeline, ask, self.request_id)

    async def look(self, method: str, params: Fields) -> Fields | None:
        """Return the answer of a call, or None where this caller may not see it."""
        try:
            return await self.ask(method, params)
        except (NotFoundError, AuthRequiredError, ForbiddenError):
            return None

    async def text_of(self, digest: str, most: int) -> str | None:
        """Return a stored file's text, if this caller may read it."""
        caller = self.caller
        try:
            right = right_to_read(self.pipeline, caller, digest)
            if right.size > most:
                return None
            data = b"".join([chunk async for chunk in self.pipeline.ports.blobs.read(digest)])
            return data.decode("utf-8")
        except (BlobMissingError, AuthRequiredError, ForbiddenError, UnicodeDecodeError):
            return None


def tools_routes(pipeline: Pipeline) -> list[Route]:
    """Return the routes of all tools."""

    async def run(request: Request) -> Response:
        return await _answered(request, pipeline, priced=False)

    async def price(request: Request) -> Response:
        return await _answered(request, pipeline, priced=True)

    return [
        Route("/tools/{name}", run, methods=["POST"]),
        Route("/tools/{name}/quote", price, methods=["POST"]),
    ]


async def _answered(request: Request, pipeline: Pipeline, *, priced: bool) -> Response:
    tool = tool_named(request.path_params["name"])
    inside = Inside.of(request, pipeline)
    using = ToolUse(inside, idempotency_key(request.headers))
    arguments = object_of(await body_of(request))
    fields = await (quote if priced else use)(using, tool, arguments)
    if priced and fields["spends"]:
        # Nobody is to be asked to agree to what this credential could not do.
        check_scope(inside.caller, tool.name, Scope.WRITE)
    test_money = pipeline.terms.test_money
    envelope = success({"result": fields}, request.state.request_id, test_money=test_money)
    return json_response(Reply(200, envelope))
