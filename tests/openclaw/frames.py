"""A way to the market that a test can spoil after a WebSocket was signed in."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from openclaw.relay import Relay

_CHUNK = 2**16
# The handshake and the answer to the sign-in: what comes then are answers to calls.
_GREETING = 2
_TEXT_FRAME = b"\x81\x05hello"


class Frames(Relay):
    """A relay that also delays, loses or replaces what the market answers on a connection."""

    _trouble = ""
    _delay_s = 0.0

    def leads_to(self, port: int) -> None:
        """Lead to a market that was started again, elsewhere."""
        self._market = ("127.0.0.1", port)

    @contextmanager
    def slow(self, delay_ms: int) -> Iterator[None]:
        """Hand on every answer, but late."""
        with self._having("slow"):
            self._delay_s = delay_ms / 1000
            yield

    @contextmanager
    def cut_in_flight(self) -> Iterator[None]:
        """Drop the connection instead of handing on the next answer, once."""
        with self._having("cut"):
            yield

    @contextmanager
    def stuck(self) -> Iterator[None]:
        """Swallow the next answer and all that follow on that connection; others are well."""
        with self._having("stuck"):
            yield

    @contextmanager
    def garbling(self) -> Iterator[None]:
        """Hand on a frame of another program instead of each answer."""
        with self._having("garble"):
            yield

    @contextmanager
    def _having(self, trouble: str) -> Iterator[None]:
        self._trouble = trouble
        try:
            yield
        finally:
            self._trouble = ""

    def _hand_on(self, market: socket.socket, plugin: socket.socket) -> None:
        chunks, stuck = 0, False
        while data := market.recv(_CHUNK):
            chunks += 1
            trouble = self._trouble if chunks > _GREETING else ""
            if trouble == "slow":
                time.sleep(self._delay_s)
            if trouble in ("cut", "stuck"):
                self._trouble = ""
                stuck = True
            if trouble == "cut":
                return
            if not stuck:
                plugin.sendall(_TEXT_FRAME if trouble == "garble" else data)
