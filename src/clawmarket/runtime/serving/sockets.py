"""WebSockets as uvicorn reads them, with a bound on the slowness of whoever is at the other end.

The protocol below waits for ever for a handshake that does not end, and for a client to read what
was sent before it lets go of a connection that it has given up.
"""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from clawmarket.runtime.serving.patience import Patience


class BoundedSocket(WebSocketsSansIOProtocol):
    """Hangs up on whoever does not finish the handshake, or does not read its answers."""

    patience = Patience()

    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection; its handshake has to come in time."""
        super().connection_made(transport)
        self.loop.call_later(self.patience.head_s, self._expect_handshake)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._rest()
        super().connection_lost(exc)

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
