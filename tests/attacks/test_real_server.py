"""A real server: endless heads over its socket, and its process killed at any moment."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from statements import signed

FLOOD = 8_000_000


@dataclass
class Server:
    """One process that serves the market in a folder."""

    home: Path

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the process and wait for its card."""
        settings = {"CLAWMARKET_HOME": str(self.home), "CLAWMARKET_PORT": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clawmarket", "serve", "--faucet"],
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = 0
        for line in self.process.stdout:
            found = re.search(r"market +http://127\.0\.0\.1:(\d+)", line)
            self.port = int(found[1]) if found else self.port
            if line.strip().startswith("stop"):
                break
        assert self.port

    def end(self, how: signal.Signals) -> None:
        """End the process."""
        self.process.send_signal(how)
        self.process.communicate()

    def ask(self, path: str, body: bytes, token: str = "", key: str = "") -> dict[str, Any]:
        """Post a body and return the envelope."""
        connection = HTTPConnection("127.0.0.1", self.port)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        connection.request("POST", path, body, headers)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def call(self, method: str, params: dict[str, Any], token: str = "") -> dict[str, Any]:
        """Call a method."""
        return self.ask(f"/rpc/{method}", json.dumps(params).encode(), token)

    def sign_in(self) -> str:
        """Open an account and return a key of it."""
        wallet = Wallet.create(SeededEntropy(7))
        message = self.call("web3.siwe.challenge", {"address": wallet.address})["message"]
        answer = {"message": message, "signature": wallet.sign_message(message)}
        session = self.call("web3.siwe.verify", answer)
        origin = self.call("web3.status.summary", {})["origin"]
        method, key = "web3.keys.create", "first key"
        asked = signed(wallet, origin, method, session["accountId"], key, scope="write")
        body = json.dumps(asked).encode()
        return str(self.ask(f"/rpc/{method}", body, session["token"], key)["key"])

    def pour(self, start: bytes, more: bytes) -> int:
        """Send a request that never gets to its body; return how much of it was taken."""
        sent = 0
        with socket.create_connection(("127.0.0.1", self.port)) as attacker:
            attacker.settimeout(30)
            try:
                attacker.sendall(start)
                while sent < FLOOD:
                    sent += attacker.send(more)
                attacker.recv(1)
            except OSError:
                pass
        return sent


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A market of its own, ended with the test."""
    yield from _served(tmp_path / "home")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A market that has to outlast one attack after the other."""
    yield from _served(tmp_path_factory.mktemp("attacked") / "home")


def _served(home: Path) -> Iterator[Server]:
    started = Server(home)
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGTERM)


LINE = b"POST /rpc/web3.status.ping HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (LINE, b"X-Filler: " + b"a" * 10_000 + b"\r\n"),
        (LINE + b"X-Filler: ", b"a" * 10_000),
        (b"GET /", b"a" * 10_000),
        (LINE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-T: " + b"a" * 10_000 + b"\r\n"),
    ],
    ids=["many headers", "one header", "address", "trailers"],
)
def test_an_endless_head_is_cut_off(attacked: Server, start: bytes, more: bytes) -> None:
    """The server hangs up instead of collecting it, and answers others."""
    assert attacked.pour(start, more) < FLOOD
    assert attacked.call("web3.status.ping", {})["ok"] is True


def test_a_large_body_is_not_taken_for_a_head(attacked: Server) -> None:
    """A file far larger than any head comes through, also behind one that was refused."""
    key = attacked.sign_in()
    stored = attacked.ask("/files?name=big.bin", b"\0" * 3_000_000, key)
    assert stored["file"]["size"] == 3_000_000


def test_what_was_answered_survives_a_kill(server: Server) -> None:
    """After kill -9 the task, its held budget and the key are there; half a file is not."""
    key = server.sign_in()
    task = server.call("web3.market.publishTask", {"title": "Kept", "budget": "7"}, key)
    half = socket.create_connection(("127.0.0.1", server.port))
    head = f"POST /files?name=half HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
    half.sendall(head.encode() + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1_500_000)
    server.call("web3.status.ping", {})
    server.end(signal.SIGKILL)
    half.close()
    server.start()
    shown = server.call("web3.market.getTask", {"taskId": task["taskId"]})
    purse = server.call("web3.wallet.show", {}, key)
    assert (shown["status"], purse["held"], purse["available"]) == ("task_open", "7", "999999993")
    assert list((server.home / "files" / "incoming").iterdir()) == []


def test_a_file_without_its_right_belongs_to_nobody(server: Server) -> None:
    """Killed between a file's name and its row: nobody reads it; sent again it is there."""
    key = server.sign_in()
    content = b"named, but without a row"
    stored = server.ask("/files?name=a", content, key)["file"]
    server.end(signal.SIGKILL)
    other = Server(server.home.with_name("other"))
    try:
        folder, name = stored["digest"][7:9], stored["digest"][9:]
        target = other.home / "files" / "sha256" / folder
        target.mkdir(parents=True, exist_ok=True)
        source = server.home / "files" / "sha256" / folder / name
        (target / name).write_bytes(source.read_bytes())
        key = other.sign_in()
        connection = HTTPConnection("127.0.0.1", other.port)
        path = f"/files/{stored['digest']}"
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        assert connection.getresponse().status == 404
        connection.close()
        assert other.ask("/files?name=a", content, key)["file"] == stored
    finally:
        other.end(signal.SIGTERM)
