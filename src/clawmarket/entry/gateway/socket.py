"""Calls over a WebSocket: several in flight, each answered as soon as it is done.

A frame is `{"type":"req","id","method","params","idempotencyKey","session"}`, where `session` is
the agent's, whose budget a trade counts against; `{"type":"auth","token"}` signs the connection in,
as an Authorization header does. The token is looked up for every call, so a session that ended or
a key that was revoked stops at once.
"""

import asyncio
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from clawmarket.domain.kernel.errors import Refused
from clawmarket.entry.gateway.rpc import Ask, answer
from clawmarket.entry.gateway.wire import (
    MAX_BODY_BYTES,
    BodyInvalidError,
    BodyTooLargeError,
    bearer_of,
    encode,
    failure,
    new_request_id,
    object_of,
    peer_of,
    success,
)
from clawmarket.registry.faults import fault_of
from clawmarket.registry.fields import Wire
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.identity import identify

MAX_IN_FLIGHT = 64
POLICY_VIOLATION = 1008

_Text = Annotated[str, Field(strict=True)]
_FrameId = Annotated[str, Field(strict=True, max_length=200)] | Annotated[int, Field(strict=True)]
_BESIDE_PAYLOAD = ("ok", "requestId", "testMoney")


class CallFrame(Wire):
    """A call; `id` comes back with its answer."""

    type: Literal["req"]
    id: _FrameId
    method: _Text
    params: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: _Text = ""
    session: _Text = ""


class AuthFrame(Wire):
    """Whose calls the following ones are."""

    type: Literal["auth"]
    id: _FrameId | None = None
    token: _Text


class _Known(Wire, extra="ignore"):
    """What a faulty frame can still say: which one it is."""

    id: _FrameId


F = TypeVar("F", bound=Wire)


def socket_route(pipeline: Pipeline) -> WebSocketRoute:
    """Return the route of the WebSocket."""

    async def connect(websocket: WebSocket) -> None:
        await websocket.accept()
        await _Connection(pipeline, websocket).serve()

    return WebSocketRoute("/ws", connect)


class _Connection:
    """One client: its token, its calls in flight, and one frame at a time on the way out."""

    def __init__(self, pipeline: Pipeline, websocket: WebSocket) -> None:
        self._pipeline = pipeline
        self._websocket = websocket
        self._token: str | None = None
        self._room = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        """Answer frames until the client goes; calls that run then are finished, not undone."""
        try:
            self._token = bearer_of(self._websocket.headers)
        except Refused as error:
            await self._refuse(None, error)
            await self._websocket.close(POLICY_VIOLATION)
            return
        async with asyncio.TaskGroup() as calls:
            while (data := await self._receive()) is not None:
                await self._take(data, calls)

    async def _receive(self) -> bytes | None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        return (message.get("bytes") or b"") if text is None else text.encode()

    async def _take(self, data: bytes, calls: asyncio.TaskGroup) -> None:
        frame_id: str | int | None = None
        try:
            frame = _frame_of(data)
            frame_id = _known_id(frame)
            if frame.get("type") == "auth":
                await self._sign_in(_as(AuthFrame, frame))
                return
            call = _as(CallFrame, frame)
        except Refused as error:
            await self._refuse(frame_id, error)
            return
        # Who asks for more at once than that is not read until one call is done.
        await self._room.acquire()
        calls.create_task(self._run(call, self._token))

    async def _sign_in(self, frame: AuthFrame) -> None:
        ports = self._pipeline.ports
        caller = identify(ports.store, ports.clock, frame.token)
        self._token = frame.token
        fields = {"accountId": caller.account_id, "scope": caller.scope}
        await self._accept(frame.id, success(fields, new_request_id(ports), test_money=False))

    async def _run(self, frame: CallFrame, token: str | None) -> None:
        request_id = new_request_id(self._pipeline.ports)
        ask = Ask(
            peer_of(self._websocket),
            token,
            frame.method,
            frame.params,
            frame.idempotency_key,
            frame.session,
        )
        try:
            await self._accept(frame.id, await answer(self._pipeline, ask, request_id))
        except Exception as error:  # noqa: BLE001 - one call's defect must not end the others
            await self._refuse(frame.id, error, request_id)
        finally:
            self._room.release()

    async def _accept(self, frame_id: str | int | None, envelope: dict[str, Any]) -> None:
        beside = {name: envelope.pop(name) for name in _BESIDE_PAYLOAD if name in envelope}
        await self._send({"type": "res", "id": frame_id, **beside, "payload": envelope})

    async def _refuse(
        self, frame_id: str | int | None, error: Exception, request_id: str = ""
    ) -> None:
        reply = failure(error, request_id or new_request_id(self._pipeline.ports))
        await self._send({"type": "res", "id": frame_id, **reply.envelope})

    async def _send(self, frame: dict[str, Any]) -> None:
        # A client that has gone misses the answer; the idempotency key brings it back.
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            async with self._sending:
                await self._websocket.send_text(encode(frame).decode())


def _frame_of(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_BODY_BYTES:
        raise BodyTooLargeError(
            f"The frame has more than {MAX_BODY_BYTES} bytes.", limit=MAX_BODY_BYTES
        )
    return object_of(data)


def _known_id(frame: dict[str, Any]) -> str | int | None:
    try:
        return _Known.model_validate(frame).id
    except ValidationError:
        return None


def _as(kind: type[F], frame: dict[str, Any]) -> F:
    try:
        return kind.model_validate(frame)
    except ValidationError as error:
        fault = fault_of(kind, error)
        raise BodyInvalidError(fault.what, path=fault.path) from None
