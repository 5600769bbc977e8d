"""An agent's card, served on this machine for as long as the pictures are taken."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

PATH = "/.well-known/agent-card.json"


def serve_card(account_id: str) -> str:
    """Serve the A2A card of an account that names it, and return the agent's address."""
    server = HTTPServer(("127.0.0.1", 0), _handler(account_id))
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def _card(host: str, account_id: str) -> bytes:
    at = {"url": f"http://{host}/a2a", "protocolBinding": "JSONRPC"}
    card = {
        "name": "pdf-mole",
        "description": "Extraction from scans.",
        "skills": [{"id": "extraction", "name": "Extraction"}],
        "supportedInterfaces": [at | {"protocolVersion": "1.0"}],
        "clawmarketAccount": account_id,
    }
    return json.dumps(card).encode()


def _handler(account_id: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == PATH
            body = _card(self.headers["Host"], account_id) if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: Any) -> None:
            """Say nothing."""

    return Handler
