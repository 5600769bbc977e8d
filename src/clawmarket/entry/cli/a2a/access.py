"""Which credential an agent is shown, and to which address alone it goes."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.secret import Secret
from clawmarket.entry.cli.remote.session import (
    home_folder,
    key_held,
    market_url,
    stored_session,
)

AGENT_KEY = "CLAWMARKET_A2A_KEY"
_PORTS = {"http": 80, "https": 443}


class AgentAddressError(InvalidArgumentError):
    """The address of an agent is no http or https URL."""

    advice = "Write it like https://agent.example, or name its card."
    next_command = "clawmarket help a2a call"


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address. Raises AgentAddressError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in _PORTS or parts.username or parts.fragment:
        raise AgentAddressError("The agent's address cannot be used.")
    return parts.scheme, host, port or _PORTS[parts.scheme]


def key_for(url: str, environ: Mapping[str, str] = os.environ) -> Secret | None:
    """Return what to show to an agent, or None.

    `CLAWMARKET_A2A_KEY` is for whichever agent is named. The key and the session of a market go to
    that market and to nobody else.
    """
    if key := environ.get(AGENT_KEY, "").strip():
        return Secret(key)
    origin = origin_of(url)
    held = key_held(environ)
    if held and origin == origin_of(market_url(environ.get("CLAWMARKET_URL"), environ)):
        return held.token
    session = stored_session(home_folder(environ))
    if session is not None and origin == origin_of(session.url):
        return session.token
    return None


class OnlyThere(httpx.Auth):
    """Shows a key to one origin: a card may name any address, and that one gets nothing."""

    def __init__(self, url: str, key: Secret | None) -> None:
        self._origin = origin_of(url)
        self._key = key

    def auth_flow(self, request: httpx.Request):  # type: ignore[no-untyped-def]  # noqa: ANN201, D102 - httpx's own
        if self._key is not None and origin_of(str(request.url)) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        yield request
