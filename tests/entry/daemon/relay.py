"""A market by another address, which refuses one path from some moment on."""

import json
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self

_PASSED_ON = ("content-type", "authorization", "idempotency-key")


class Relay:
    """See above; `refused` is the path, empty for none."""

    def __init__(self, market: str) -> None:
        self.refused = ""
        outer, place = self, market.partition("//")[2].rstrip("/")

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                """Pass a request on."""
                self._pass_on()

            def do_POST(self) -> None:
                """Pass a request on."""
                self._pass_on()

            def do_PUT(self) -> None:
                """Pass a request on."""
                self._pass_on()

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.path == outer.refused:
                    error = "E_INVALID_ARGUMENT: This is not asked for here."
                    self._answer(422, json.dumps({"ok": False, "error": error}).encode())
                    return
                headers = {k: v for k, v in self.headers.items() if k.lower() in _PASSED_ON}
                line = HTTPConnection(place, timeout=30)
                line.request(self.command, self.path, body, headers)
                answer = line.getresponse()
                self._answer(answer.status, answer.read())
                line.close()

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
