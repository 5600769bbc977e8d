"""WebSockets as uvicorn reads them, with a bound on the slowness of whoever is at the other end.

The protocol below waits for ever for a handshake that does not end, and for a client to read what
was sent before it lets go of a connection that it has given up. It keeps every fragment of a
message as an object of its own, however small.
"""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from clawmarket.runtime.serving.holding import is_full
from clawmarket.runtime.serving.patience import Patience

# Clients cut a large message into pieces of some 64 KiB, if at all.
MAX_FRAGMENTS = 256


class BoundedSocket(WebSocketsSansIOProtocol):
    """Hangs up on whoever does not finish the handshake, does not read, or brings too much."""

    patience = Patience()

    held = 0
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection; its handshake has to come in time."""
        super().connection_made(transport)
        self.loop.call_later(self.patience.head_s, self._expect_handshake)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes of frames, while there is room for a message that is not whole."""
        super().data_received(data)
        self.held = len(self.conn.reader.buffer) + sum(map(len, self.frames))
        if len(self.frames) > MAX_FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "A message has too many fragments.")
        elif is_full(self.held, self.connections, self.patience.held_bytes):
            self._fail(CloseCode.TRY_AGAIN_LATER, "Too many large messages come in.")

    def pause_writing(self) -> None:
        """Wait for a client that does not read, but not for ever."""
        super().pause_writing()
        self._stuck = self.loop.call_later(self.patience.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        self._rest()
        super().resume_writing()

    def keepalive_timeout(self) -> None:
        """Let go of a client that gives no sign of life, whatever it has not read."""
        super().keepalive_timeout()
        self.transport.abort()

    def _fail(self, code: int, why: str) -> None:
        """Say why and let go of the connection, without waiting for its answer."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(code, why)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()

    def _expect_handshake(self) -> None:
        if not self.handshake_complete:
            self.transport.abort()

    def _rest(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None


def bounded_socket(patience: Patience) -> type[BoundedSocket]:
    """Return the protocol with the patience that HTTP has."""
    return type("PatientSocket", (BoundedSocket,), {"patience": patience})
