"""A market that passes on the sign-in of another site: the command line signs nothing for it."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.entry.cli.remote.signing import ChallengeForeignError, check_domain
from cli.terminal import Cli

WANTS = " wants you to sign in with your Ethereum account:\n0x00"


class Relaying(BaseHTTPRequestHandler):
    """Answers every call with the challenge that a bank gave out."""

    asked: list[str]

    def do_POST(self) -> None:
        """Note the call and answer it."""
        self.rfile.read(int(self.headers["content-length"]))
        self.asked.append(self.path)
        body = json.dumps({"ok": True, "origin": "bank", "message": f"bank.example{WANTS}"})
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - theirs
        """Say nothing."""


@pytest.fixture
def relaying() -> Iterator[tuple[str, list[str]]]:
    """The address of such a market, and which calls it got."""
    asked: list[str] = []
    handler = type("Handler", (Relaying,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_sign_in_for_another_site_is_not_signed(
    cli: Cli, relaying: tuple[str, list[str]]
) -> None:
    """The wallet's answer never leaves, so nobody signs in at the bank with it."""
    url, asked = relaying
    assert cli("wallet", "new").status == 0
    outcome = cli("wallet", "login", "--url", url, "--json")

    assert outcome.document["details"]["cause"] == "challenge_foreign"
    assert [path for path in asked if "verify" in path] == []


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("market.example", "https://market.example"),
        ("market.example:8443", "https://market.example:8443/"),
        ("localhost:8787", "http://127.0.0.1:8787"),
        ("[::1]:8787", "http://localhost:8787"),
    ],
)
def test_a_market_signs_people_in_under_its_own_name(domain: str, url: str) -> None:
    """Ports are its own affair, and this machine has three names for itself."""
    check_domain(f"{domain}{WANTS}", url)


@pytest.mark.parametrize(
    "message",
    [
        f"bank.example{WANTS}",
        f"bank.example/127.0.0.1{WANTS}",
        f"127.0.0.1.bank.example{WANTS}",
        f"127.0.0.1@bank.example{WANTS}",
        f"[bank.example{WANTS}",
        WANTS,
        "",
    ],
)
def test_another_name_is_another_site(message: str) -> None:
    """However it is spelled."""
    with pytest.raises(ChallengeForeignError):
        check_domain(message, "http://127.0.0.1:8787")


def test_a_wallet_in_a_file_is_bound_by_no_relayed_text(
    cli: Cli, relaying: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for binding another wallet."""
    url, asked = relaying
    monkeypatch.setenv("CLAWMARKET_API_KEY", "cmk_" + SystemEntropy().draw(24).hex())
    Wallet.create(SystemEntropy()).save(tmp_path / "wallet.json")
    outcome = cli("wallet", "bind", str(tmp_path / "wallet.json"), "--url", url, "--json")

    assert outcome.document["details"]["cause"] == "challenge_foreign"
    assert [path for path in asked if path.endswith("bind")] == []
