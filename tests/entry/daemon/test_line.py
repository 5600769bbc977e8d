"""What a daemon makes of the refusals of a market: what may be tried again, and what not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from clawmarket.entry.cli.remote.client import FileTooLongError, Market, RemoteRefusal
from clawmarket.entry.daemon.line import AwayError, Line

DIGEST = f"sha256:{'0' * 64}"


@contextmanager
def _refusing(status: int, error: str) -> Iterator[Line]:
    body = json.dumps({"ok": False, "error": error, "requestId": "req_1"}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    market = Market(f"http://127.0.0.1:{server.server_address[1]}", None)
    try:
        yield Line(market)
    finally:
        market.close()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        (429, "E_RATE_LIMITED: Too many calls.", AwayError),
        (503, "E_UNAVAILABLE: Ask again.", AwayError),
        (404, "E_NOT_FOUND: There is no such file.", RemoteRefusal),
    ],
)
def test_a_file_is_asked_for_again_unless_it_is_refused(
    tmp_path: Path, status: int, error: str, raised: type[Exception]
) -> None:
    """A market that is busy is one that is away; nothing of the file is left behind."""
    with _refusing(status, error) as line, pytest.raises(raised, match=error):
        line.fetch(DIGEST, tmp_path / "result.md", 100)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_goes_on_behind_its_end_is_let_go(tmp_path: Path) -> None:
    """Not a byte more is written than the file was said to have."""
    with _refusing(200, "x" * 200_000) as line, pytest.raises(FileTooLongError):
        line.fetch(DIGEST, tmp_path / "result.md", 100)

    assert list(tmp_path.iterdir()) == []
