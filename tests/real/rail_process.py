"""A rail as a process: it keeps every move it did in a file, and dies when it is told to.

Arguments: the port (0 for a free one), the file, and how many moves to do before it dies right
after one, unanswered.
"""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from clawmarket.adapters.payments.memory import MemoryRail
from clawmarket.ports.payments import Declined, Move, Moved


class Handler(BaseHTTPRequestHandler):
    """Answers `/move` and `/look-up`."""

    rail: MemoryRail
    file: Path
    lives: int

    def do_POST(self) -> None:
        """Do what is asked, make it durable, then answer."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/move":
            self._take(body)
        answer = asyncio.run(self.rail.look_up(body["key"]))
        self._answer(said(answer))

    def _take(self, body: dict[str, Any]) -> None:
        asyncio.run(self.rail.move(Move(**body)))
        with self.file.open("a") as file:
            file.write(json.dumps(body) + "\n")
            file.flush()
            os.fsync(file.fileno())
        type(self).lives -= 1
        if self.lives == 0:
            os._exit(9)

    def _answer(self, fields: dict[str, Any]) -> None:
        data = json.dumps(fields).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called there
        """Say nothing."""


def said(answer: object) -> dict[str, Any]:
    """Return an answer in JSON."""
    match answer:
        case Moved(move=move, reference=reference):
            return {"is": "moved", "move": asdict(move), "reference": reference}
        case Declined(reason=reason):
            return {"is": "declined", "reason": reason}
        case _:
            return {"is": "unseen"}


def main() -> None:
    """Remember what was done before, and serve."""
    port, file, lives = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    Handler.rail, Handler.file, Handler.lives = MemoryRail(), file, lives
    for line in file.read_text().splitlines() if file.exists() else ():
        asyncio.run(Handler.rail.move(Move(**json.loads(line))))
    server = HTTPServer(("127.0.0.1", port), Handler)
    print(server.server_port, flush=True)  # noqa: T201 - read by whoever started it
    server.serve_forever()


if __name__ == "__main__":
    main()
