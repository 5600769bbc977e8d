"""The HTTP+JSON binding of 1.0 (specification 11)."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from a2a.types import a2a_pb2 as new
from a2a.utils.errors import (
    InvalidRequestError,
    JSONParseError,
    MethodNotFoundError,
    PushNotificationNotSupportedError,
    VersionNotSupportedError,
)
from starlette.requests import Request
from starlette.responses import Response

from clawmarket.entry.a2a.card import new_card
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.streams import Streams
from clawmarket.entry.a2a.wire.events import event_stream
from clawmarket.entry.a2a.wire.faults import UNAUTHORISED, Fault, fault_of, invalid
from clawmarket.entry.a2a.wire.messages import read_list, read_new, sent_new
from clawmarket.entry.a2a.wire.versions import Version, version_of
from clawmarket.entry.gateway.wire import body_of

Fields = dict[str, Any]
Serve = Callable[[Request, Streams, Client], Awaitable[Response]]

_MEDIA = "application/a2a+json"
_WHOLE = ("pageSize", "historyLength")
_NOT_KEPT = {"Cache-Control": "no-store"}
_TRUTH = {"true": True, "false": False}


async def serve_rest(
    request: Request, streams: Streams, client_of: Callable[[Request], Client]
) -> Response:
    """Answer one request; whatever goes wrong within it is an error with its HTTP status."""
    try:
        if version_of(request) is not Version.NEW:
            what = "This binding is spoken in 1.0 only; send the header A2A-Version: 1.0."
            raise VersionNotSupportedError(what)  # noqa: TRY301 - one way out
        path, verb = request.path_params["path"], request.method
        return await _operation(verb, path)(request, streams, client_of(request))
    except Exception as error:  # noqa: BLE001 - a defect is an answer that shows its id only
        return _failed(fault_of(error, request.state.request_id))


def _operation(verb: str, path: str) -> Serve:
    """Return what an address means. Raises MethodNotFoundError."""
    if found := _FIXED.get((verb, path)):
        return found
    kind, _, rest = path.partition("/")
    if kind == "tasks" and "/pushNotificationConfigs" in rest:
        return _push
    task_id, _, action = rest.partition(":")
    found = _OF_TASK.get((verb, action))
    if kind == "tasks" and found and task_id and "/" not in rest:
        return found
    raise MethodNotFoundError("Nothing is done at this address with this verb.")


def _task_id(request: Request) -> str:
    task_id: str = request.path_params["path"].partition("/")[2].partition(":")[0]
    return task_id


async def _send(request: Request, streams: Streams, client: Client) -> Response:
    return _json(await streams.agent.send(client, sent_new(await _body(request))))


async def _stream(request: Request, streams: Streams, client: Client) -> Response:
    events = await streams.send(client, sent_new(await _body(request)))
    return event_stream(events, _same, _error, request.state.request_id)


async def _get(request: Request, streams: Streams, client: Client) -> Response:
    asked = read_new(_query(request), new.GetTaskRequest)
    length = asked.history_length if asked.HasField("history_length") else None
    return _json(await streams.agent.get(client, _task_id(request), length))


async def _list(request: Request, streams: Streams, client: Client) -> Response:
    asked = read_list(_query(request))
    return _json(await streams.agent.list(client, asked))


async def _cancel(request: Request, streams: Streams, client: Client) -> Response:
    return _json(await streams.agent.cancel(client, _task_id(request)))


async def _subscribe(request: Request, streams: Streams, client: Client) -> Response:
    events = await streams.subscribe(client, _task_id(request))
    return event_stream(events, _same, _error, request.state.request_id)


async def _push(_request: Request, _streams: Streams, _client: Client) -> Response:
    raise PushNotificationNotSupportedError("Nothing is pushed; subscribe to the task instead.")


async def _card(_request: Request, streams: Streams, client: Client) -> Response:
    return _json(streams.agent.card(client, new_card(streams.agent.terms)), headers=_NOT_KEPT)


_FIXED: dict[tuple[str, str], Serve] = {
    ("POST", "message:send"): _send,
    ("POST", "message:stream"): _stream,
    ("GET", "tasks"): _list,
    ("GET", "extendedAgentCard"): _card,
}
_OF_TASK: dict[tuple[str, str], Serve] = {
    ("GET", ""): _get,
    ("POST", "cancel"): _cancel,
    ("POST", "subscribe"): _subscribe,
    ("GET", "subscribe"): _subscribe,
}


async def _body(request: Request) -> Fields:
    """Return the parameters. Raises JSONParseError, InvalidRequestError."""
    try:
        body = orjson.loads(await body_of(request))
    except orjson.JSONDecodeError:
        raise JSONParseError("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise InvalidRequestError("The body is not an object.")
    return body


def _query(request: Request) -> Fields:
    """Return the query's parameters as JSON would have them (11.5). Raises InvalidParamsError."""
    given: Fields = dict(request.query_params)
    for name in _WHOLE:
        if name in given:
            if not given[name].isdecimal() or len(given[name]) > len(str(2**31)):
                raise invalid(name, "The parameter is a whole number.")
            given[name] = int(given[name])
    if "includeArtifacts" in given:
        given["includeArtifacts"] = _TRUTH.get(given["includeArtifacts"], "")
    return given


def _same(event: Fields) -> Fields:
    return event


def _error(fault: Fault) -> Fields:
    return fault.rest


def _failed(fault: Fault) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if fault.http == UNAUTHORISED else None
    return _json(fault.rest, fault.http, headers)


def _json(told: Fields, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(told), status, headers=headers, media_type=_MEDIA)
