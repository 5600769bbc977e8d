"""Which version of A2A a request speaks (specification 3.6)."""

import re
from enum import StrEnum

from a2a.utils.errors import VersionNotSupportedError
from starlette.requests import Request

from clawmarket.entry.gateway.wire import once

HEADER = "A2A-Version"
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?:\.[0-9]{1,9})?")


class Version(StrEnum):
    """What is spoken here."""

    NEW = "1.0"
    OLD = "0.3"


def version_of(request: Request) -> Version | None:
    """Return the version that a request names, or None if it names none.

    Raises VersionNotSupportedError for any other.
    """
    named = once(request.headers, HEADER) or request.query_params.get(HEADER) or ""
    if not named.strip():
        return None
    found = _VERSION.fullmatch(named.strip())
    # A patch number says nothing about the protocol (specification 3.6).
    plain = f"{int(found[1])}.{int(found[2])}" if found else ""
    if plain not in tuple(Version):
        raise VersionNotSupportedError(f"This agent speaks A2A {' and '.join(Version)}.")
    return Version(plain)
