"""The public address: where others reach a market that listens on this machine only."""

import re
from urllib.parse import urlsplit

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.loopback import LOOPBACK

_ADDRESS = re.compile(
    r"(https?)://(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::([0-9]{1,5}))?/?"
)
_MAX_PORT = 65535
_USUAL_PORT = {"http": 80, "https": 443}


class PublicUrlError(InvalidArgumentError):
    """A public address cannot be used."""

    advice = "Write it like https://market.example: https (http on loopback only), host, port."
    next_command = "clawmarket help serve"


def public_url(text: str) -> str | None:
    """Return an address as a browser writes its origin; None for none. Raises PublicUrlError."""
    if not text:
        return None
    found = _ADDRESS.fullmatch(text.lower())
    if found is None:
        raise PublicUrlError("The public address is more, or less, than scheme, host and port.")
    scheme, host, digits = found.groups()
    port = int(digits) if digits else _USUAL_PORT[scheme]
    url = f"{scheme}://{host}" + ("" if port == _USUAL_PORT[scheme] else f":{port}")
    if not 0 < port <= _MAX_PORT or not _is_host(url):
        raise PublicUrlError("The public address has a host or a port that cannot be.")
    if scheme == "http" and urlsplit(url).hostname not in LOOPBACK:
        raise PublicUrlError("The public address is https, unless it is on loopback.")
    return url


def _is_host(url: str) -> bool:
    try:
        return ".." not in (urlsplit(url).hostname or "..")
    except ValueError:
        return False
