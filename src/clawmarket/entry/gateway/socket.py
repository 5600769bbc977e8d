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
# Beside one frame of any size: what calls that wait for their turn keep in the memory.
MAX_IN_FLIGHT_BYTES = 2 * MAX_BODY_BYTES
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


class _Room:
    """What one connection may have in flight: so many calls, and so many bytes of frames."""

    def __init__(self) -> None:
        self._calls = 0
        self._bytes = 0
        self._left = asyncio.Condition()

    async def enter(self, size: int) -> None:
        """Wait until there is room for one more; a frame alone always has some."""
        async with self._left:
            await self._left.wait_for(lambda: self._takes(size))
            self._calls += 1
            self._bytes += size

    async def leave(self, size: int) -> None:
        """Make room."""
        async with self._left:
            self._calls -= 1
            self._bytes -= size
            self._left.notify()

    def _takes(self, size: int) -> bool:
        within = self._calls < MAX_IN_FLIGHT and self._bytes + size <= MAX_IN_FLIGHT_BYTES
        return within or not self._calls


class _Connection:
    """One client: its token, its calls in flight, and one frame at a time on the way out."""

    def __init__(self, pipeline: Pipeline, websocket: WebSocket) -> None:
        self._pipeline = pipeline
        self._websocket = websocket
        self._token: str | None = None
        self._room = _Room()
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
        await self._room.enter(len(data))
        calls.create_task(self._run(call, self._token, len(data)))

    async def _sign_in(self, frame: AuthFrame) -> None:
        ports = self._pipeline.ports
        caller = identify(ports.store, ports.clock, frame.token)
        self._token = frame.token
        fields = {"accountId": caller.account_id, "scope": caller.scope}
        await self._accept(frame.id, success(fields, new_request_id(ports), test_money=False))

    async def _run(self, frame: CallFrame, token: str | None, size: int) -> None:
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
            await self._room.leave(size)

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
