"""HTTP as uvicorn reads it, with a bound on what comes before a body and on everybody's slowness.

The parser below waits for ever and collects without any limit; a few hundred connections that
say nothing, or a byte now and then, would keep everybody else out.
"""

import asyncio
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.domain.kernel.errors import DeadlineError, Refused, UnavailableError
from clawmarket.domain.kernel.ids import make_id
from clawmarket.entry.gateway.wire import failure, json_response
from clawmarket.runtime.serving.holding import BodiesFullError, is_full
from clawmarket.runtime.serving.patience import Patience
from clawmarket.runtime.serving.sockets import bounded_socket

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 200
# Above what the gateway itself takes, so that a frame too large gets an answer that says so.
MAX_FRAME_BYTES = 2 << 20
RETRY_S = 1
# Bodies that may take longer while they get on.
STREAMED_PATHS = (
    "/files",
    "/v1/submissions",
    *(f"/act/{deed}" for deed in ("publish", "hand_in", "hand_over", "evidence")),
)


class RequestLateError(DeadlineError):
    """A request did not come whole in time; nothing was done."""

    advice = "Send it again in one go; large files go to `POST /files`."
    next_command = "clawmarket explain request_late"


class ConnectionsFullError(UnavailableError):
    """As many connections are open as the market keeps."""

    advice = "Close the connections that are not used, or try again in a moment."


class _HeadTooLargeError(Exception):
    """A head is larger than any that is read; the parser answers 400."""


class BoundedHttp(HttpToolsProtocol):
    """Hangs up on whoever sends endless heads, or takes longer than `patience` allows.

    A refused head has more than `MAX_HEAD_BYTES` of address, headers or trailers, or more than
    `MAX_HEADERS` of them. A timer runs only while a request has begun and is not whole, so most
    requests never start one.
    """

    patience: ClassVar[Patience] = Patience()

    held = 0
    _unread = 0
    _in_head = False
    _head_bytes = 0
    _in_body = False
    _body_bytes = 0
    _body_since = 0.0
    _late: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Take a connection, unless too many are open."""
        super().connection_made(transport)
        self.timeout_keep_alive = self.patience.idle_s
        if len(self.connections) > self.patience.connections:
            full = ConnectionsFullError("Too many connections are open.", retryAfterSec=RETRY_S)
            self._hang_up(full)
            return
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._rest()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request."""
        if self.transport.is_closing():
            return
        self._unread += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unread > MAX_HEAD_BYTES:
            self.send_400_response("The request's headers are too large.")
        elif self._late is None:
            self._wait()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on; frames have their own rules."""
        self._rest()
        self._unread, self._in_head, self._in_body = 0, False, False
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._take_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is counted and left out, since it is none."""
        self._take_head(len(name) + len(value))
        if self._in_body:
            return
        if len(self.headers) >= MAX_HEADERS:
            raise _HeadTooLargeError
        super().on_header(name, value)

    def _take_head(self, size: int) -> None:
        """Count what a head has, also where it came all at once; the parser hangs up."""
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise _HeadTooLargeError

    def on_headers_complete(self) -> None:
        """Begin the request's answer."""
        self._rest()
        self._unread, self._in_head, self._in_body, self._body_bytes = 0, False, True, 0
        self._body_since = self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; its size is the gateway's to limit."""
        self._unread = 0
        self._body_bytes += len(body)
        if not (self._is_streamed() or self.cycle.response_complete):
            self.held += len(body)
            if is_full(self.held, self.connections, self.patience.held_bytes):
                self._refuse_body()
        super().on_body(body)

    def _refuse_body(self) -> None:
        """Hang up before the rest of it comes, and let nobody take what there is for the whole."""
        self.cycle.disconnected = True
        if not self.transport.is_closing():
            self._hang_up(BodiesFullError("Too many large calls come in.", retryAfterSec=RETRY_S))

    def on_response_complete(self) -> None:
        """Let go of a call that was answered."""
        self.held = 0
        super().on_response_complete()

    def on_message_complete(self) -> None:
        """End the request."""
        self._rest()
        self._unread, self._in_body = 0, False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait for a client that does not read its answer, but not for ever."""
        super().pause_writing()
        self._stuck = self.loop.call_later(self.patience.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection between two requests, also one that left its last answer unread."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def _wait(self) -> None:
        """Start the timer of what is not whole yet: a body, or a head (blank lines count)."""
        if self._in_body:
            streamed = self._is_streamed()
            wait_s = self.patience.stall_s if streamed else self.patience.body_s
        elif self._in_head or self._unread:
            wait_s = self.patience.head_s
        else:
            return
        self._late = self.loop.call_later(wait_s, self._expire)

    def _rest(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _expire(self) -> None:
        """Hang up, unless it is us who made the client wait, or a stream got on well enough."""
        self._late = None
        busy = self.cycle is not None and not self.cycle.response_complete
        ours = self.flow.read_paused or (busy and not self._in_body)
        moved = busy and self._is_streamed() and self._body_bytes >= self.patience.stall_bytes
        self._body_bytes = 0
        if ours or (moved and self.loop.time() - self._body_since < self.patience.stream_s):
            self._wait()
            return
        answered = self._in_body and self.cycle.response_started
        self._hang_up(None if answered else RequestLateError("The request took too long to come."))

    def _is_streamed(self) -> bool:
        return self._in_body and self.scope["path"] in STREAMED_PATHS

    def _hang_up(self, refusal: Refused | None) -> None:
        """Say why, if no other answer is on its way, and close the connection."""
        if refusal is not None:
            self.transport.write(_as_bytes(refusal))
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self.transport.abort()


def _as_bytes(refusal: Refused) -> bytes:
    request_id = make_id("request", SystemClock().now(), SystemEntropy().draw(10))
    answer = json_response(failure(refusal, request_id), {"Connection": "close"})
    status = HTTPStatus(answer.status_code)
    lines = [f"HTTP/1.1 {status} {status.phrase}".encode()]
    lines += [name + b": " + value for name, value in answer.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(answer.body)])


class EndingServer(uvicorn.Server):
    """Tells those whose answers never end by themselves that it stops, before it waits for them."""

    on_stop: Callable[[], None] | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        if self.on_stop is not None:
            self.on_stop()
        await super().shutdown(sockets)


def build_server(app: ASGIApp, http: type[BoundedHttp] = BoundedHttp) -> EndingServer:
    """Return the server of an app, not yet started.

    It takes the peer's address from the socket: `proxy_headers` would believe whoever calls
    from this machine that he calls from elsewhere.
    """
    return EndingServer(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            http=http,
            ws=bounded_socket(http.patience),
            ws_max_size=MAX_FRAME_BYTES,
            # Packing and unpacking short frames takes longer than all else there is to do.
            ws_per_message_deflate=False,
        )
    )
