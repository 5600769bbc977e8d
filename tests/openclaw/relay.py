"""The way between plugin and market, which a test can cut, stop up, or have lead elsewhere."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

_CHUNK = 2**16
# What the plugin sends by itself, whatever a test does.
_SOCKET = b"GET /ws"
_BACKGROUND = (_SOCKET, b"POST /rpc/web3.audit.append")


class Relay:
    """A port that leads to the market, unless a test says otherwise.

    `asked` counts the requests that somebody asked for: neither the guard's nor the audit's.
    `sockets` counts the guard's connections, `cuts` the requests that `cut_once` lost on the way.
    `sent` counts the bytes that went to the market.
    """

    def __init__(self, port: int) -> None:
        self._market = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._mode: str | bytes = "open"
        self._named = b""
        self._late_s = 0.0
        self._live: set[socket.socket] = set()
        self._lock = Lock()
        self.port: int = self._listening.getsockname()[1]
        self.asked = self.sockets = self.cuts = self.sent = 0
        Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the plugin finds the market."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Drop every connection before it is answered."""
        with self._in_mode("cut"):
            yield

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Listen no longer, as a market that has ended; afterwards it is there again."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._drop()
        try:
            yield
        finally:
            self._listening = socket.create_server(("127.0.0.1", self.port))
            Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def cut_once(self) -> Iterator[None]:
        """Lose the next request that is asked for, and its connection; then all is well."""
        with self._in_mode("cut once"):
            yield

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Take every connection and never answer."""
        with self._in_mode("silent"):
            yield

    @contextmanager
    def saying(self, body: bytes) -> Iterator[None]:
        """Answer every request with this body, as another program would."""
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        with self._in_mode(head.encode() + body):
            yield

    @contextmanager
    def silent_for(self, method: str) -> Iterator[None]:
        """Never answer this method; all others are answered by the market."""
        self._named = f"POST /rpc/{method} ".encode()
        with self._in_mode("open"):
            yield
        self._named = b""
        self._drop()

    @contextmanager
    def late(self, seconds: float) -> Iterator[None]:
        """Let every answer of the market come so much later."""
        self._late_s = seconds
        try:
            yield
        finally:
            self._late_s = 0.0
            self._drop()

    def close(self) -> None:
        """End it."""
        self._drop()
        self._listening.close()

    @contextmanager
    def _in_mode(self, mode: str | bytes) -> Iterator[None]:
        self._mode = mode
        self._drop()
        try:
            yield
        finally:
            self._mode = "open"
            self._drop()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                plugin, _ = self._listening.accept()
                Thread(target=self._serve, args=(plugin,), daemon=True).start()

    def _serve(self, plugin: socket.socket) -> None:
        self._keep(plugin)
        with suppress(OSError):
            begun = plugin.recv(64, socket.MSG_PEEK)
            mode = self._mode
            self.sockets += begun.startswith(_SOCKET)
            if mode in {"open", "cut once"}:
                self._lead(plugin)
            else:
                self.asked += _is_asked(begun)
            if mode == "silent":
                while plugin.recv(_CHUNK):
                    pass
            elif isinstance(mode, bytes):
                plugin.recv(_CHUNK)
                plugin.sendall(mode)
        self._end(plugin)

    def _lead(self, plugin: socket.socket) -> None:
        market = socket.create_connection(self._market, timeout=10)
        market.settimeout(None)
        self._keep(market)
        back = Thread(target=self._bring_answers, args=(market, plugin), daemon=True)
        back.start()
        self._bring_requests(plugin, market)
        back.join(timeout=5)

    def _bring_requests(self, plugin: socket.socket, market: socket.socket) -> None:
        with suppress(OSError):
            while data := plugin.recv(_CHUNK):
                self.asked += _is_asked(data)
                if self._mode == "cut once" and _is_asked(data):
                    self._mode = "open"
                    self.cuts += 1
                    break
                if self._named and data.startswith(self._named):
                    continue
                market.sendall(data)
                self.sent += len(data)
        self._end(plugin)
        self._end(market)

    def _bring_answers(self, market: socket.socket, plugin: socket.socket) -> None:
        with suppress(OSError):
            self._hand_on(market, plugin)
        self._end(market)
        self._end(plugin)

    def _hand_on(self, market: socket.socket, plugin: socket.socket) -> None:
        while data := market.recv(_CHUNK):
            if data.startswith(b"HTTP/"):
                time.sleep(self._late_s)
            plugin.sendall(data)

    def _keep(self, one: socket.socket) -> None:
        with self._lock:
            self._live.add(one)

    def _end(self, one: socket.socket) -> None:
        with self._lock:
            self._live.discard(one)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()

    def _drop(self) -> None:
        with self._lock:
            live = set(self._live)
        for one in live:
            self._end(one)


def _is_asked(begun: bytes) -> bool:
    return begun.startswith(b"POST ") and not begun.startswith(_BACKGROUND)
