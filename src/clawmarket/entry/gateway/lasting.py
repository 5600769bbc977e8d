"""What stays as it is while the program runs: made once, and sent once to who keeps it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response

NOT_MODIFIED = 304


@dataclass(frozen=True)
class Lasting:
    """An answer that does not change; `cache` says how long others keep it unasked."""

    data: bytes
    kind: str
    cache: str = "no-cache"

    def answer(self, request: Request) -> Response:
        """Return it, or say that it is the one known already (RFC 9110, section 13.1.2)."""
        headers = {"ETag": self.tag, "Cache-Control": self.cache}
        if knows(request, self.tag):
            return Response(None, NOT_MODIFIED, headers)
        return Response(self.data, headers=headers, media_type=self.kind)

    @cached_property
    def tag(self) -> str:
        """Its entity tag, which changes with every byte."""
        return f'"{hashlib.sha256(self.data).hexdigest()[:32]}"'


def knows(request: Request, tag: str) -> bool:
    """Return whether a request names an entity tag as the one that its sender has."""
    header = request.headers.get("if-none-match", "")
    known = {each.strip().removeprefix("W/") for each in header.split(",")}
    return tag in known or "*" in known
