"""The border around all routes: request ids, cookies, headers, host names, refusals, defects."""

from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clawmarket.domain.kernel.errors import ForbiddenError
from clawmarket.entry.gateway.cookies import with_own_cookies
from clawmarket.entry.gateway.origins import hostname, is_own_origin
from clawmarket.entry.gateway.wire import failure, json_response, new_request_id
from clawmarket.services.call import Terms
from clawmarket.services.pipeline import Ports
from clawmarket.services.reached import names_of

_log = structlog.get_logger("clawmarket.gateway")

# What proxies add; no browser and no command of ours sends any.
_FORWARDED = frozenset(
    {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"}
)

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class HostRefusedError(ForbiddenError):
    """A market on this machine was asked for by the name of another."""

    advice = (
        "Use the market's own address; on its machine also 127.0.0.1, localhost or [::1]. "
        "Its operator sets a public one with `clawmarket serve --public-url`."
    )
    next_command = "clawmarket explain host_refused"


class Border:
    """Lets requests in and answers out; whatever goes wrong inside becomes an envelope here.

    Args:
        app: What is inside.
        ports: Clock and entropy for request ids.
        terms: The market's address, whose name may be asked for. A page of a stranger whose name
            was rebound to this machine asks for the stranger's name.
    """

    def __init__(self, app: ASGIApp, ports: Ports, terms: Terms) -> None:
        self._app = app
        self._ports = ports
        self._terms = terms
        self._names = names_of(terms.base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection (ASGI)."""
        self._notice_proxy(scope)
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "websocket" and not self._may_connect(scope):
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = new_request_id(self._ports)
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        scope["headers"] = with_own_cookies(scope["headers"])
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, request_id)
            await send(message)

        try:
            if not self._is_asked_for(scope):
                raise HostRefusedError("This market is not served under that name.")  # noqa: TRY301 - one way out
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the border is where every defect ends
            reply = failure(error, request_id)
            if started:
                # Only a break of the connection can still say that the body is not whole.
                _log.warning(
                    "answer_cut_short", request_id=request_id, said=reply.envelope["error"]
                )
            else:
                await json_response(reply)(scope, receive, send_with_headers)

    def _notice_proxy(self, scope: Scope) -> None:
        """Let nobody name an endpoint on this machine once others reach the market too."""
        cards, sent = self._ports.cards, scope.get("headers", ())
        if _FORWARDED.isdisjoint(name.lower() for name, _ in sent):
            return
        self._terms.reached.by_proxy = True
        if cards is not None:
            cards.leave_this_machine()

    def _is_asked_for(self, scope: Scope) -> bool:
        hosts = [hostname(f"//{name}") for name in Headers(scope=scope).getlist("host")]
        foreign = [host for host in hosts if host not in self._names]
        if foreign:
            self._terms.reached.refuse(foreign[0] or "")
        return bool(hosts) and not foreign

    def _may_connect(self, scope: Scope) -> bool:
        # Browsers let any page open a WebSocket and read it; only its Origin says which page.
        origins = Headers(scope=scope).getlist("origin")
        own = all(is_own_origin(origin, self._terms.base_url) for origin in origins)
        return own and self._is_asked_for(scope)


def _add_headers(message: MutableMapping[str, Any], request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers["X-Request-Id"] = request_id
