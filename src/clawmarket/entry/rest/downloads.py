"""Downloads: a submission's file as a stream, with its hash, under a name that does no harm."""

import re
from base64 import b64encode
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from clawmarket.entry.gateway.files import streamed
from clawmarket.entry.gateway.lasting import knows
from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.services.trust.files import right_to_read

_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]")
_BINARY = "application/octet-stream"


async def download(desk: Desk, request: Request, file: Fields) -> Response:
    """Return a file to whoever has the right to read it; its bytes are hashed on the way.

    Raises BlobMissingError for who has none, BlobDamagedError before the first byte.
    """
    right = right_to_read(desk.pipeline, desk.caller, file["digest"])
    headers = headers_of(file["name"], file["digest"].removeprefix("sha256:"), right.size)
    if request.method == "HEAD" or knows(request, headers["ETag"]):
        return Response(headers=headers, media_type=_BINARY)
    return await streamed(desk.pipeline, right, headers)


def headers_of(name: str, digest: str, size: int) -> dict[str, str]:
    """Return what goes before a file: RFC 6266 and 8187 for its name, RFC 9530 for its hash."""
    told = b64encode(bytes.fromhex(digest)).decode()
    plain = _UNSAFE.sub("_", name)
    return {
        "Content-Disposition": f'attachment; filename="{plain}"; {_exactly(name)}',
        "Content-Length": str(size),
        "ETag": f'"{digest}"',
        "Digest": f"sha-256={told}",
        "Repr-Digest": f"sha-256=:{told}:",
    }


def _exactly(name: str) -> str:
    return f"filename*=UTF-8''{quote(name, safe='')}"
