"""What crosses the border: bodies and headers in, envelopes out, and the id that finds the log.

Limits that are decided here: a call's body (and a WebSocket frame) has at most `MAX_BODY_BYTES`
and holds at most `MAX_VALUES` values, since a million of them would keep everybody waiting.
A status comes from `registry.codes`, except for the causes in `_STATUS`, for which HTTP has a
more exact word than the code's own.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import PurePath
from traceback import TracebackException
from typing import Any

import orjson
import structlog
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from clawmarket.domain.kernel.canonical import StrictJsonError, holds_more, parse_strict
from clawmarket.domain.kernel.errors import (
    AuthRequiredError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    Refused,
)
from clawmarket.domain.kernel.ids import make_id
from clawmarket.domain.trust.redaction import redact, redact_text
from clawmarket.registry.codes import CODES
from clawmarket.registry.fields import SESSION_PATTERN
from clawmarket.services.limits import Limits
from clawmarket.services.pipeline import Ports

Room = AbstractContextManager[None]

MAX_BODY_BYTES = 2**20
MAX_VALUES = 10_000

_STATUS = {
    "body_too_large": 413,
    "blob_too_large": 413,
    "request_late": 408,
    "verb_not_allowed": 405,
}
_SESSION = re.compile(SESSION_PATTERN)
_JSON_SPACE = b" \t\r\n"
_log = structlog.get_logger("clawmarket.gateway")


class BodyInvalidError(InvalidArgumentError):
    """A body or a frame is not one strict JSON object."""

    advice = "Send one JSON object in UTF-8: whole numbers only, each name once."
    next_command = "clawmarket explain body_invalid"


class BodyTooLargeError(InvalidArgumentError):
    """A body or a frame is larger than a call may be."""

    advice = "Send less at once; large files go to `POST /files`."
    next_command = "clawmarket explain body_too_large"


class HeaderInvalidError(InvalidArgumentError):
    """A header that may come once came several times, or without a value."""

    advice = "Send the header once and with a value, or not at all."
    next_command = "clawmarket explain header_invalid"


class SessionInvalidError(InvalidArgumentError):
    """The agent's session that a call names is no SHA-256."""

    advice = "Send the lower-case hexadecimal SHA-256 of the session's key, or leave it out."
    next_command = "clawmarket explain session_invalid"


class BearerInvalidError(AuthRequiredError):
    """The Authorization header has no token of the kind Bearer."""


class RouteUnknownError(NotFoundError):
    """Nothing is served at this address."""

    advice = "GET /docs lists the methods, GET /v1/openapi.json the routes of /v1."
    next_command = "clawmarket call web3.capabilities.list"


class VerbNotAllowedError(InvalidArgumentError):
    """The address exists, but not with this HTTP verb."""

    advice = "Use a verb that the Allow header names; calls are always POST."
    next_command = "clawmarket explain verb_not_allowed"


def session_of(said: str) -> str:
    """Return the agent's session that a call names. Raises SessionInvalidError."""
    if not _SESSION.fullmatch(said):
        raise SessionInvalidError("The session is not 64 lower-case hexadecimal digits.")
    return said


@dataclass(frozen=True, slots=True)
class Reply:
    """An envelope and the HTTP status it goes out with."""

    status: int
    envelope: dict[str, Any]


def new_request_id(ports: Ports) -> str:
    """Return a fresh `req_…` id; it stands in the answer, in its header and in the log."""
    return make_id("request", ports.clock.now(), ports.entropy.draw(10))


def success(fields: Mapping[str, Any], request_id: str, *, test_money: bool) -> dict[str, Any]:
    """Return the envelope of an answer; its fields were redacted by the pipeline."""
    envelope = {"ok": True, **fields, "requestId": request_id}
    if test_money:
        envelope["testMoney"] = True
    return envelope


def failure(error: Exception, request_id: str) -> Reply:
    """Return the envelope of a refusal; anything else is a defect and shows its id only."""
    if not isinstance(error, Refused):
        _log.error("defect", request_id=request_id, traceback=_trace(error))
        error = InternalError(f"The market failed at this request, {request_id}.")
    details = {
        **_redacted(error.details),
        "cause": error.cause,
        "next": redact_text(error.next_step),
        "retryable": error.retryable,
    }
    envelope = {
        "ok": False,
        # The advice is our own text and may show what a header looks like; the rest may not.
        "error": f"{error.code}: {redact_text(error.what)} {error.advice}",
        "details": details,
        "requestId": request_id,
    }
    return Reply(_STATUS.get(error.cause, CODES[error.code].http), envelope)


def json_response(reply: Reply, headers: Mapping[str, str] | None = None) -> Response:
    """Return an envelope as an HTTP response."""
    more = {"WWW-Authenticate": "Bearer"} if reply.status == CODES["E_AUTH_REQUIRED"].http else {}
    wait_s = reply.envelope.get("details", {}).get("retryAfterSec")
    if wait_s is not None:
        more["Retry-After"] = str(wait_s)
    return Response(
        encode(reply.envelope),
        reply.status,
        headers={**more, **(headers or {})},
        media_type="application/json",
    )


def encode(envelope: Mapping[str, Any]) -> bytes:
    """Write an envelope as JSON."""
    return orjson.dumps(envelope, option=orjson.OPT_NON_STR_KEYS)


async def body_of(request: Request) -> bytes:
    """Return a call's whole body. Raises BodyTooLargeError."""
    return b"".join(
        [chunk async for chunk in stream_of(request, MAX_BODY_BYTES, BodyTooLargeError)]
    )


async def stream_of(
    request: Request, limit: int, too_large: type[Refused]
) -> AsyncGenerator[bytes, None]:
    """Yield a body chunk by chunk, and raise `too_large` once it has more than `limit` bytes.

    A body that announces too much is refused before a byte of it is read.
    """
    size = 0
    if (announced_bytes(request) or 0) > limit:
        raise too_large(f"The body has more than {limit} bytes.", limit=limit)
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large(f"The body has more than {limit} bytes.", limit=limit)
        if chunk:
            yield chunk


def announced_bytes(request: Request) -> int | None:
    """Return how many bytes a body says that it has, or None where it does not say."""
    said = request.headers.get("content-length", "")
    return int(said[:19]) if said.isdecimal() else None


def room_for(request: Request, limits: Limits, account_id: str, limit: int) -> Room:
    """Return what counts an upload of at most `limit` bytes while it is open.

    Entering it raises UploadsTooManyError, UploadsFullError; strangers' bodies are not read.
    """
    announced = announced_bytes(request)
    size = limit if announced is None else min(announced, limit)
    return limits.uploads.admitted(account_id, size) if account_id else nullcontext()


def check_values(data: bytes) -> None:
    """Raise BodyInvalidError for JSON that holds more values than any call has a use for."""
    if holds_more(data, MAX_VALUES):
        raise BodyInvalidError(f"$: the body holds more than {MAX_VALUES} values.", path="$")


def object_of(data: bytes) -> dict[str, Any]:
    """Read one strict JSON object; nothing at all is the empty one. Raises BodyInvalidError."""
    if not data.strip(_JSON_SPACE):
        return {}
    check_values(data)
    try:
        value = parse_strict(data)
    except StrictJsonError as error:
        raise BodyInvalidError(f"{error.path}: {error.reason}.", path=error.path) from None
    if not isinstance(value, dict):
        raise BodyInvalidError("$: the body is not a JSON object.", path="$")
    return value


def bearer_of(headers: Headers) -> str | None:
    """Return the token of `Authorization: Bearer …`, or None without that header.

    Raises HeaderInvalidError, BearerInvalidError.
    """
    header = once(headers, "authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BearerInvalidError("The Authorization header has no token of the kind Bearer.")
    return token.strip()


def peer_of(connection: HTTPConnection) -> str:
    """Return the address at the other end of the socket; no header is believed."""
    return connection.client.host if connection.client else ""


def once(headers: Headers, name: str) -> str | None:
    """Return a header's value, or None. Raises HeaderInvalidError when it came twice."""
    values = headers.getlist(name)
    if len(values) > 1:
        raise HeaderInvalidError(f"The header {name} came {len(values)} times.", header=name)
    return values[0] if values else None


def idempotency_key(headers: Headers) -> str:
    """Return the request's idempotency key, or an empty text without one.

    An empty header is a mistake of the client's: taken for none, a repetition would act again.
    Raises HeaderInvalidError.
    """
    key = once(headers, "idempotency-key")
    if key == "":
        raise HeaderInvalidError("The header Idempotency-Key is empty.", header="idempotency-key")
    return key or ""


def _redacted(details: Mapping[str, object]) -> dict[str, Any]:
    shown = redact(dict(details))
    return shown if isinstance(shown, dict) else {}


def _trace(error: Exception) -> str:
    """Return a traceback fit for the log: redacted, with files named but not their folders."""
    told = TracebackException.from_exception(error)
    part: TracebackException | None = told
    while part is not None:
        for frame in part.stack:
            frame.filename = "/".join(PurePath(frame.filename).parts[-2:])
        part = part.__cause__ or part.__context__
    return redact_text("".join(told.format()))
