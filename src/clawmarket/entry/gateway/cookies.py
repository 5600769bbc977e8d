"""Cookies as they come in: the market's own alone, in the plain form that it gives them.

Reading a quoted cookie takes CPython before 3.11.10 and 3.12.6 a time that grows with the square
of its length (CVE-2024-7592): one request of 60 KB would stop the market for half a minute. And
browsers keep cookies by host, not by port: whatever else runs on this machine sends its own along.
"""

import re
from collections.abc import Sequence

MAX_COOKIES = 32

RawHeaders = Sequence[tuple[bytes, bytes]]

_OURS = re.compile(rb"(?:__Host-)?clawmarket_[a-z0-9_]{1,40}=[A-Za-z0-9._-]{0,4096}")


def with_own_cookies(headers: RawHeaders) -> RawHeaders:
    """Return a request's headers with only those cookies that the market may have set."""
    sent = [value for name, value in headers if name == b"cookie"]
    if not sent:
        return headers
    pairs = (pair.strip(b" \t") for value in sent for pair in value.split(b";"))
    own = [pair for pair in pairs if _OURS.fullmatch(pair)][:MAX_COOKIES]
    rest = [header for header in headers if header[0] != b"cookie"]
    return [*rest, (b"cookie", b"; ".join(own))] if own else rest
