"""An agent that speaks A2A 1.0 over JSON-RPC and answers every message with words and a file."""

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

Fields = dict[str, Any]


class Agent:
    """See above; `heard` are the messages that it got."""

    def __init__(self) -> None:
        self.heard: list[Fields] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                """Show the card."""
                self._answer(outer.card)

            def do_POST(self) -> None:
                """Answer a message."""
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.heard.append(asked["params"]["message"])
                reply = {"message": _reply()}
                self._answer({"jsonrpc": "2.0", "id": asked["id"], "result": reply})

            def _answer(self, document: Fields) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def card(self) -> Fields:
        """What it says of itself."""
        place = {"url": self.url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
        return {
            "name": "writer",
            "description": "Writes pages.",
            "version": "1.0.0",
            "supportedInterfaces": [place],
            "capabilities": {"streaming": False},
            "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [{"id": "write", "name": "write", "description": "Writes.", "tags": []}],
        }


def _reply() -> Fields:
    file = base64.b64encode(b"a page").decode()
    parts = [{"text": "Done as asked."}, {"raw": file, "filename": "page.txt"}]
    return {"messageId": "reply-1", "role": "ROLE_AGENT", "parts": parts}
