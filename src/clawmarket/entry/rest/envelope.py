"""The envelope of `/v1`: `success` and `data`, or `success: false` with words, status and code."""

import re
from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from clawmarket.entry.gateway.wire import failure

T = TypeVar("T")

UNPROCESSABLE = 422
_BAD_REQUEST = 400
# What cannot be read at all is 400; what was read and does not fit is 422.
_UNREADABLE = frozenset(
    {"json_invalid", "header_invalid", "session_invalid", "form_invalid", "query_unknown"}
)
# A field of the market's own wire in a sentence; here it is spelled another way.
_NAMED = re.compile(r"`([a-z]+(?:[A-Z][a-z]+)+)`")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Shape(BaseModel):
    """An object of the wire: its fields are spelled as they are named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Success(Shape, Generic[T]):
    """An answer."""

    success: Literal[True] = True
    data: T
    message: str | None = None
    test_money: bool = Field(False, description="Whether the credits here are worth nothing.")


class Done(Shape):
    """An answer whose words say all there is."""

    success: Literal[True] = True
    message: str
    test_money: bool = False


class Failure(Shape):
    """A refusal."""

    success: Literal[False] = False
    error: str = Field(description="What was wrong, and what to do about it.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="One of the E_ codes of the reference.")
    details: dict[str, Any] = Field(description="Facts for programs; `cause` is always there.")
    next: str = Field(description="The command to run next, where there is one.")
    request_id: str


def body_of(answer: BaseModel) -> bytes:
    """Return an envelope as JSON; a message that was not given is left out."""
    fields = answer.model_dump()
    if fields.get("message") is None:
        fields.pop("message", None)
    return orjson.dumps(fields)


def refusal(error: Exception, request_id: str) -> Response:
    """Return a refusal as `/v1` says it; anything else is a defect and shows its id only."""
    reply = failure(error, request_id)
    details = {_snake(name): value for name, value in reply.envelope["details"].items()}
    code, _, words = reply.envelope["error"].partition(": ")
    status = reply.status
    if status == _BAD_REQUEST and details["cause"] not in _UNREADABLE:
        status = UNPROCESSABLE
    shown = Failure(
        error=_NAMED.sub(lambda name: f"`{_snake(name[1])}`", words),
        status=status,
        code=code,
        next=details.pop("next"),
        details=details,
        request_id=request_id,
    )
    return Response(
        orjson.dumps(shown.model_dump(), option=orjson.OPT_NON_STR_KEYS),
        status,
        headers=_headers(status, details),
        media_type="application/json",
    )


def _headers(status: int, details: Mapping[str, Any]) -> dict[str, str]:
    headers = {}
    if status == 401:  # noqa: PLR2004 - RFC 9110, section 15.5.2
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_sec" in details:
        headers["Retry-After"] = str(details["retry_after_sec"])
    return headers


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).lower()
