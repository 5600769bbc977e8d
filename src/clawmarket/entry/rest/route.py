"""What every route of `/v1` shares: strict JSON in, refusals and entity tags out."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from clawmarket.domain.kernel.canonical import FractionText, StrictJsonError, parse_strict
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.trust.session import AuthNeededError
from clawmarket.entry.gateway.lasting import NOT_MODIFIED, knows
from clawmarket.entry.gateway.wire import BodyInvalidError, body_of, check_values
from clawmarket.entry.rest.desk import Desk, desk_of, replacing_desk_of
from clawmarket.entry.rest.envelope import refusal
from clawmarket.entry.rest.pace import pace_headers
from clawmarket.entry.rest.reading.queries import check_query, names_of_query
from clawmarket.services.pipeline import FieldInvalidError

OK = 200
# What changes something and asks for no key.
OPEN_TO_ALL = frozenset({"/auth/register"})
# A key that was replaced may still say how, when the answer was lost.
OPEN_TO_REPLACED = frozenset({"/auth/keys/rotate"})
MAX_SHOWN_NAME = 64
_OURS = {
    "missing": "is missing",
    "extra_forbidden": "is no field of this request",
    "model_attributes_type": "is not a JSON object",
}
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonInvalidError(InvalidArgumentError):
    """A body is not one strict JSON object."""

    advice = "Send one JSON object in UTF-8, each name once."
    next_command = "clawmarket explain json_invalid"


class RestRoute(APIRoute):
    """A route whose body is strict JSON, whatever its content type says."""

    def __init__(self, *args: Any, **how: Any) -> None:  # noqa: ANN401 - as FastAPI's
        """Make a route, and say in the document whether its body may be left out."""
        super().__init__(*args, **how)
        body = self.body_field and self.body_field.field_info.annotation
        if isinstance(body, type) and issubclass(body, BaseModel) and not _needed(body):
            self.openapi_extra = {**(self.openapi_extra or {}), "requestBody": {"required": False}}

    def get_route_handler(self) -> Handler:
        """Return FastAPI's own handler between our reading and our answering."""
        inner = super().get_route_handler()
        reads_json = self.body_field is not None
        known = names_of_query(self.dependant)
        replaces = self.path in OPEN_TO_REPLACED
        needs_member = self.path not in OPEN_TO_ALL and not {"GET", "HEAD"} & (
            self.methods or set()
        )

        async def handle(request: Request) -> Response:
            try:
                if needs_member:
                    _judge(replacing_desk_of(request) if replaces else desk_of(request))
                check_query(request, known)
                response = await inner(await _read(request) if reads_json else request)
            except (HTTPException, ClientDisconnect):
                raise
            except RequestValidationError as error:
                response = refusal(misfit(error), request.state.request_id)
            except Exception as error:  # noqa: BLE001 - a defect is an answer that shows its id only
                response = refusal(error, request.state.request_id)
            response.headers.update(pace_headers(request))
            return tagged(request, response)

        return handle


def _needed(body: type[BaseModel]) -> list[str]:
    return [name for name, field in body.model_fields.items() if field.is_required()]


def _judge(desk: Desk) -> None:
    """Look at the credential before a body is read. Raises AuthNeededError, and what refuses one.

    Who may ask is judged before what is asked (RFC 9110, section 15.5.2).
    """
    if not desk.actor:
        raise AuthNeededError("This needs a key.")


class _Read(Request):
    """A request whose body was read and is JSON."""

    def __init__(self, request: Request, data: bytes, value: object) -> None:
        kept = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
        said = [*kept, (b"content-type", b"application/json")]
        super().__init__({**request.scope, "headers": said}, request.receive)
        self._data = data
        self._value = value

    async def body(self) -> bytes:
        return self._data

    async def json(self) -> Any:  # noqa: ANN401 - as Starlette's
        return self._value


async def _read(request: Request) -> Request:
    """Read a body; nothing at all is the empty object. JsonInvalidError, BodyTooLargeError."""
    data = (await body_of(request) or b"{}").strip(b" \t\r\n")
    try:
        check_values(data)
        value = parse_strict(data, fractions=True)
    except BodyInvalidError as error:
        raise JsonInvalidError(error.what, **error.details) from None
    except StrictJsonError as error:
        raise JsonInvalidError(f"{error.path}: {error.reason}.", path=error.path) from None
    # A model would take such a number for an object that has none of its fields.
    return _Read(request, data, value.text if isinstance(value, FractionText) else value)


def misfit(error: RequestValidationError) -> FieldInvalidError:
    """Return the refusal of an input that does not fit; it names each field."""
    faults = [{"field": _place(each["loc"]), "what": _said(each)} for each in error.errors()]
    first = faults[0]
    more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
    what = f"{first['field']}: {first['what']}{more}."
    return FieldInvalidError(what, path=first["field"], errors=faults[:20])


def _place(loc: tuple[int | str, ...]) -> str:
    """Name a field without the part of the request that it came in."""
    return ".".join(str(step)[:MAX_SHOWN_NAME] for step in loc[1:] or loc)


def _said(fault: dict[str, Any]) -> str:
    message: str = _OURS.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def tagged(request: Request, response: Response) -> Response:
    """Give an answer that was read its entity tag, or say that it is the one known already.

    RFC 9110, sections 8.8.3 and 13.1.2.
    """
    if request.method not in ("GET", "HEAD") or response.status_code != OK:
        return response
    if "etag" not in response.headers:
        response.headers["ETag"] = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers.setdefault("Vary", "Authorization")
    if not knows(request, response.headers["ETag"]):
        return response
    told = ("etag", "cache-control", "vary")
    return Response(None, NOT_MODIFIED, {name: response.headers[name] for name in told})
