"""Addresses that the market may ask: public http and https only, in one spelling.

An agent names a URL and the market fetches it, so a URL must never lead into the market's own
network (server-side request forgery). Everything that is not plainly public is refused: a host
has one spelling here, and what a resolver says of it is judged again.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.loopback import LOOPBACK

LONGEST = 2_048
_PORTS = {"http": 80, "https": 443}
_WELL_KNOWN_PORTS = 1_024
_LARGEST_PORT = 65_535

# No user name, no query (keys stand there), no fragment, no backslash, nothing but ASCII.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<path>/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*)?",
    re.ASCII,
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A last label that begins with a letter is no number in any notation of an IPv4 address.
_NAME = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?", re.ASCII)
_INNER_NAMES = frozenset(
    {
        *("alt", "arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan"),
        *("local", "localdomain", "localhost", "mail", "onion", "private", "test"),
    }
)

# What `is_global` lets through and still leads into somebody's own network.
_INNER_V4 = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments (RFC 6890); not all of it everywhere
    IPv4Network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
    IPv4Network("168.63.129.16/32"),  # a cloud's own host agent
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_INNER_V6 = (
    IPv6Network("2001::/23"),  # Teredo and other protocol assignments (RFC 6890)
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address is inside
    IPv6Network("3fff::/20"),  # documentation
)


class UrlForbiddenError(InvalidArgumentError):
    """The market asks public http and https addresses only, written plainly."""

    advice = "Name a public https URL: no user name, query or fragment, and no inner address."
    next_command = "clawmarket help agent endpoint"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: `host` without brackets, `path` beginning with a slash or empty."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL in its one spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def at(self, path: str) -> "Target":
        """Return another path of the same place."""
        return Target(self.scheme, self.host, self.port, path)


def target_of(url: str, *, loopback: bool) -> Target:
    """Take a URL apart that the market may ask, as far as its text tells.

    Args:
        url: What somebody wrote.
        loopback: Whether this machine itself may be asked.

    Raises:
        UrlForbiddenError: It is none of the kind that is allowed.
    """
    match = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if match is None:
        raise UrlForbiddenError("This is no plain http or https URL.")
    port = int(match["port"] or _PORTS[match["scheme"]])
    host = match["host"].strip("[]")
    _check_port(port)
    _check_host(host, is_v6=match["host"].startswith("["), loopback=loopback)
    return Target(match["scheme"], host, port, match["path"] or "")


def _check_port(port: int) -> None:
    allowed = port in _PORTS.values() or _WELL_KNOWN_PORTS <= port <= _LARGEST_PORT
    if not allowed:
        raise UrlForbiddenError("This port is not one of the web's: 80, 443, or 1024 and above.")


def _check_host(host: str, *, is_v6: bool, loopback: bool) -> None:
    address = _literal(host, is_v6=is_v6)
    if address is not None:
        check_address(address, loopback=loopback)
    elif not (loopback and host in LOOPBACK):
        _check_name(host)


def _literal(host: str, *, is_v6: bool) -> str | None:
    """Return an address written out; None for a name. Raises UrlForbiddenError."""
    try:
        address = ip_address(host)
    except ValueError:
        if is_v6:
            raise UrlForbiddenError("This is no IPv6 address.") from None
        return None
    # One spelling: what the address itself says.
    if str(address) != host or isinstance(address, IPv6Address) is not is_v6:
        raise UrlForbiddenError(f"Write this address as {address}.")
    return host


def _check_name(host: str) -> None:
    if not _NAME.fullmatch(host) or host.rpartition(".")[2] in _INNER_NAMES:
        raise UrlForbiddenError("This name is no public one.")


def check_address(text: str, *, loopback: bool) -> None:
    """Raise UrlForbiddenError unless an IP address is public, or loopback where that is allowed."""
    try:
        address = ip_address(text)
    except ValueError:
        raise UrlForbiddenError("This is no IP address.") from None
    if loopback and text in LOOPBACK:
        return
    is_public = _is_public_v4 if isinstance(address, IPv4Address) else _is_public_v6
    if not is_public(address):  # type: ignore[arg-type]  # chosen by the address's own class
        raise UrlForbiddenError("This leads to no public address.")


def _is_public_v4(address: IPv4Address) -> bool:
    inner = address.is_multicast or any(address in network for network in _INNER_V4)
    return address.is_global and not inner


def _is_public_v6(address: IPv6Address) -> bool:
    """Tell whether an address is global unicast that has no IPv4 address inside (RFC 4291)."""
    inner = address.scope_id is not None or any(address in network for network in _INNER_V6)
    return address.is_global and address in _PUBLIC_V6 and not inner
