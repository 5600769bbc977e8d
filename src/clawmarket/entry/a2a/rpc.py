"""JSON-RPC: the methods of 1.0 and of 0.3 at one address (specification 9)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from a2a.compat.v0_3 import types as old
from a2a.types import a2a_pb2 as new
from a2a.utils.errors import (
    InvalidRequestError,
    JSONParseError,
    MethodNotFoundError,
    PushNotificationNotSupportedError,
)
from starlette.requests import Request
from starlette.responses import Response

from clawmarket.entry.a2a.card import new_card, old_card
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.streams import Streams
from clawmarket.entry.a2a.wire.events import event_stream
from clawmarket.entry.a2a.wire.faults import UNAUTHORISED, Fault, fault_of, invalid
from clawmarket.entry.a2a.wire.form import old_event, old_reply, old_task
from clawmarket.entry.a2a.wire.messages import read_list, read_new, read_old, sent_new, sent_old
from clawmarket.entry.a2a.wire.versions import Version, version_of
from clawmarket.entry.gateway.wire import body_of

Fields = dict[str, Any]
Id = str | int | float | None
Once = Callable[[Streams, Client, Fields], Awaitable[Fields]]
Watched = Callable[[Streams, Client, Fields], Awaitable[AsyncIterator[Fields | None]]]

_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_MAX_NAME = 80


def _id_new(params: Fields, kind: Any) -> str:  # noqa: ANN401 - generated classes
    """Return the task id of a 1.0 operation. Raises InvalidParamsError."""
    task_id: str = read_new(params, kind).id
    return _named(task_id)


def _id_old(params: Fields) -> str:
    """Return the task id of a 0.3 operation. Raises InvalidParamsError."""
    return _named(read_old(params, old.TaskIdParams).id)


def _named(task_id: str) -> str:
    if not task_id:
        raise invalid("id", "The id of a task is missing.")
    return task_id


async def _send(streams: Streams, client: Client, params: Fields) -> Fields:
    return await streams.agent.send(client, sent_new(params))


async def _get(streams: Streams, client: Client, params: Fields) -> Fields:
    asked = read_new(params, new.GetTaskRequest)
    length = asked.history_length if asked.HasField("history_length") else None
    return await streams.agent.get(client, _named(asked.id), length)


async def _list(streams: Streams, client: Client, params: Fields) -> Fields:
    return await streams.agent.list(client, read_list(params))


async def _cancel(streams: Streams, client: Client, params: Fields) -> Fields:
    return await streams.agent.cancel(client, _id_new(params, new.CancelTaskRequest))


async def _old_send(streams: Streams, client: Client, params: Fields) -> Fields:
    return old_reply(await streams.agent.send(client, sent_old(params)))


async def _old_get(streams: Streams, client: Client, params: Fields) -> Fields:
    asked = read_old(params, old.TaskQueryParams)
    return old_task(await streams.agent.get(client, _named(asked.id), asked.history_length))


async def _old_cancel(streams: Streams, client: Client, params: Fields) -> Fields:
    return old_task(await streams.agent.cancel(client, _id_old(params)))


async def _push(_streams: Streams, _client: Client, _params: Fields) -> Fields:
    raise PushNotificationNotSupportedError("Nothing is pushed; subscribe to the task instead.")


async def _card(streams: Streams, client: Client, _params: Fields) -> Fields:
    return streams.agent.card(client, new_card(streams.agent.terms))


async def _old_card(streams: Streams, client: Client, _params: Fields) -> Fields:
    return streams.agent.card(client, old_card(streams.agent.terms))


async def _watch_send(
    streams: Streams, client: Client, params: Fields
) -> AsyncIterator[Fields | None]:
    return await streams.send(client, sent_new(params))


async def _watch(streams: Streams, client: Client, params: Fields) -> AsyncIterator[Fields | None]:
    return await streams.subscribe(client, _id_new(params, new.SubscribeToTaskRequest))


async def _old_watch_send(
    streams: Streams, client: Client, params: Fields
) -> AsyncIterator[Fields | None]:
    return await streams.send(client, sent_old(params))


async def _old_watch(
    streams: Streams, client: Client, params: Fields
) -> AsyncIterator[Fields | None]:
    return await streams.subscribe(client, _id_old(params))


ONCE: dict[Version, dict[str, Once]] = {
    Version.NEW: {
        "SendMessage": _send,
        "GetTask": _get,
        "ListTasks": _list,
        "CancelTask": _cancel,
        "CreateTaskPushNotificationConfig": _push,
        "GetTaskPushNotificationConfig": _push,
        "ListTaskPushNotificationConfigs": _push,
        "DeleteTaskPushNotificationConfig": _push,
        "GetExtendedAgentCard": _card,
    },
    Version.OLD: {
        "message/send": _old_send,
        "tasks/get": _old_get,
        "tasks/cancel": _old_cancel,
        "tasks/pushNotificationConfig/set": _push,
        "tasks/pushNotificationConfig/get": _push,
        "tasks/pushNotificationConfig/list": _push,
        "tasks/pushNotificationConfig/delete": _push,
        "agent/getAuthenticatedExtendedCard": _old_card,
    },
}
WATCHED: dict[Version, dict[str, Watched]] = {
    Version.NEW: {"SendStreamingMessage": _watch_send, "SubscribeToTask": _watch},
    Version.OLD: {"message/stream": _old_watch_send, "tasks/resubscribe": _old_watch},
}


@dataclass(frozen=True, slots=True)
class Rpc:
    """One JSON-RPC request that is well formed."""

    id: Id
    method: str
    params: Fields
    version: Version


async def serve_rpc(
    request: Request, streams: Streams, client_of: Callable[[Request], Client]
) -> Response:
    """Answer one request; whatever goes wrong within it is an error object."""
    rpc_id: Id = None
    request_id: str = request.state.request_id
    try:
        body = _object(await body_of(request))
        rpc_id = _id(body)
        rpc = _read(body, rpc_id, version_of(request))
        client = client_of(request)
        watched = WATCHED[rpc.version].get(rpc.method)
        if watched is not None:
            events = await watched(streams, client, rpc.params)
            return _stream(rpc, events, request_id)
        result = await ONCE[rpc.version][rpc.method](streams, client, rpc.params)
    except Exception as error:  # noqa: BLE001 - a defect is an answer that shows its id only
        return _failed(rpc_id, fault_of(error, request_id))
    return _json({"jsonrpc": "2.0", "id": rpc_id, "result": result})


def _object(data: bytes) -> Fields:
    """Read a body. Raises JSONParseError, InvalidRequestError."""
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise JSONParseError("The body is not JSON.") from None
    if isinstance(body, list):
        raise InvalidRequestError("Send one request at a time; batches are not taken.")
    if not isinstance(body, dict):
        raise InvalidRequestError("The body is not an object.")
    return body


def _id(body: Fields) -> Id:
    """Return the id that the answer repeats. Raises InvalidRequestError."""
    rpc_id = body.get("id")
    if isinstance(rpc_id, bool) or not isinstance(rpc_id, str | int | float | None):
        raise InvalidRequestError("The id is a string, a number or null.")
    return rpc_id


def _read(body: Fields, rpc_id: Id, named: Version | None) -> Rpc:
    """Read method and parameters. Raises InvalidRequestError, MethodNotFoundError and for params.

    Without a header 0.3 is meant (specification 3.6.2); but whoever calls a method that only 1.0
    has can mean nothing else, and is not turned away for a header.
    """
    method = body.get("method")
    if body.get("jsonrpc") != "2.0" or not isinstance(method, str):
        raise InvalidRequestError("A request has jsonrpc 2.0 and the name of a method.")
    versions = (named,) if named else (Version.OLD, Version.NEW)
    for version in versions:
        if method in ONCE[version] or method in WATCHED[version]:
            params = body.get("params", {})
            if not isinstance(params, dict):
                raise invalid("params", "The parameters are an object.")
            return Rpc(rpc_id, method, params, version)
    raise MethodNotFoundError(f"There is no method {method[:_MAX_NAME]!r} in this version.")


def _stream(rpc: Rpc, events: AsyncIterator[Fields | None], request_id: str) -> Response:
    form = old_event if rpc.version is Version.OLD else _same
    head = {"jsonrpc": "2.0", "id": rpc.id}
    return event_stream(
        events,
        lambda event: head | {"result": form(event)},
        lambda fault: head | {"error": fault.rpc},
        request_id,
    )


def _same(event: Fields) -> Fields:
    return event


def _failed(rpc_id: Id, fault: Fault) -> Response:
    """Return an error; only a missing or unknown key changes the HTTP status (7.4)."""
    told = {"jsonrpc": "2.0", "id": rpc_id, "error": fault.rpc}
    if fault.http == UNAUTHORISED:
        return _json(told, UNAUTHORISED, _CHALLENGE)
    return _json(told)


def _json(told: Fields, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(told), status, headers=headers, media_type="application/json")
