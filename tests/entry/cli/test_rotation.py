"""Rotating a key at the command line: it is on the disk before the market is asked."""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cli.terminal import Cli, LocalMarket

Joined = Callable[[], tuple[Cli, str]]


@pytest.fixture
def registered(cli: Cli, market: LocalMarket, monkeypatch: pytest.MonkeyPatch) -> str:
    """Register an agent without a wallet and act by its key."""
    monkeypatch.setenv("CLAWMARKET_URL", market.url)
    key = cli("agent", "register", "Ada", "-q").out.strip()
    monkeypatch.setenv("CLAWMARKET_API_KEY", key)
    return key


def held(file: Path) -> str:
    """Return the key in a file that only its owner reads."""
    assert file.stat().st_mode & 0o777 == 0o600
    return file.read_text(encoding="ascii").strip()


def test_the_new_key_is_in_the_home(
    cli: Cli, home: Path, registered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It works from its file, the old one has ended, and nothing is left beside it."""
    made = cli("keys", "rotate", "--json")
    file, key = home / "api.key", held(home / "api.key")

    assert made.status == 0
    assert made.document == {
        "ok": True,
        "credentialId": made.document["credentialId"],
        "prefix": key[:8],
        "file": str(file),
        "next": [f"unset CLAWMARKET_API_KEY; export CLAWMARKET_API_KEY_FILE={file}"],
    }
    assert key not in made.out + made.err
    assert [each.name for each in home.iterdir()] == ["api.key"]
    assert registered not in file.read_text(encoding="ascii")
    assert "key_replaced" in cli("keys", "list", "--json").out
    monkeypatch.delenv("CLAWMARKET_API_KEY")
    monkeypatch.setenv("CLAWMARKET_API_KEY_FILE", str(file))
    [listed] = cli("keys", "list", "--json").document["items"]
    assert listed["credentialId"] == made.document["credentialId"]


def test_the_file_in_use_is_replaced(
    cli: Cli, home: Path, registered: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever acts by a file goes on with the same command line, again and again."""
    file = tmp_path / "agent.key"
    file.write_text(registered + "\n", encoding="ascii")
    monkeypatch.delenv("CLAWMARKET_API_KEY")
    monkeypatch.setenv("CLAWMARKET_API_KEY_FILE", str(file))
    keys = {registered}
    for _ in range(2):
        assert cli("keys", "rotate", "-q").out == f"{file}\n"
        keys.add(held(file))
        assert cli("wallet", "show").status == 0
    assert len(keys) == 3
    assert not home.exists()


def test_a_lost_answer_is_harmless(cli: Cli, home: Path, registered: str) -> None:
    """The market had rotated already when the line broke: the command finishes what it began."""
    key = f"cmk_{secrets.token_hex(32)}"
    hashed = hashlib.sha256(key.encode()).hexdigest()
    asked = cli("call", "web3.keys.rotate", f"keyHash={hashed}", "--json").document
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "api.key.next").write_text(key + "\n", encoding="ascii")
    (home / "api.key.next").chmod(0o600)
    (home / "api.key").write_text(registered + "\n", encoding="ascii")

    made = cli("keys", "rotate", "--json").document
    assert made["credentialId"] == asked["credentialId"]
    assert held(home / "api.key") == key
    assert not (home / "api.key.next").exists()


def test_a_rotation_that_was_finished_elsewhere_is_finished_here(
    cli: Cli, home: Path, registered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took the new key out of the waiting file already rotates nothing anew."""
    assert registered
    assert cli("keys", "rotate").status == 0
    key = held(home / "api.key")
    (home / "api.key").rename(home / "api.key.next")
    monkeypatch.setenv("CLAWMARKET_API_KEY", key)
    assert cli("keys", "rotate", "-q").out == f"{home / 'api.key'}\n"
    assert held(home / "api.key") == key
    assert cli("wallet", "show").status == 0


@pytest.fixture
def silent() -> Iterator[str]:
    """Something that takes a call, keeps what came, and breaks off without an answer."""

    class Breaking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.close_connection = True

        def log_message(self, *_said: object) -> None:
            """Keep the terminal clean."""

    server = HTTPServer(("127.0.0.1", 0), Breaking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_key_stays_on_the_disk_when_no_answer_comes(
    cli: Cli, home: Path, registered: str, silent: str
) -> None:
    """It waits beside its place, and the next run sends the same one."""
    assert registered
    assert cli("keys", "rotate", "--url", silent).status != 0
    key = held(home / "api.key.next")
    assert not (home / "api.key").exists()
    assert cli("keys", "rotate").status == 0
    assert held(home / "api.key") == key


def test_nothing_is_asked_where_the_key_cannot_be_kept(
    cli: Cli, home: Path, registered: str, tmp_path: Path
) -> None:
    """A file with something else in it is not overwritten; a folder that is none is no place."""
    other = tmp_path / "other.key"
    other.write_text("somebody's only copy\n", encoding="ascii")
    taken = cli("keys", "rotate", "--file", str(other), "--json").document
    assert taken["details"]["cause"] == "key_file_taken"
    assert other.read_text(encoding="ascii") == "somebody's only copy\n"
    nowhere = cli("keys", "rotate", "--file", str(other / "api.key"), "--json").document
    assert nowhere["details"]["cause"] == "key_file_unwritable"
    assert not home.exists()
    assert registered
    assert cli("wallet", "show").status == 0


def test_a_refused_rotation_leaves_nothing(
    cli: Cli, home: Path, registered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is none here: the file that was made for the new one goes again."""
    monkeypatch.setenv("CLAWMARKET_API_KEY", registered[:-1])
    refused = cli("keys", "rotate", "--json").document
    assert refused["details"]["cause"] == "session_unknown"
    assert [*home.iterdir()] == []


def test_a_session_is_no_key(join: Callable[[str], Cli]) -> None:
    """Whoever signed in by wallet is told what is missing; so is whoever names an empty file."""
    refused = join("ann")("keys", "rotate", "--json").document
    assert refused["details"]["cause"] == "key_needed"


def test_a_key_file_that_cannot_be_read_is_told(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent without the key that was meant."""
    for file in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").touch()
        monkeypatch.setenv("CLAWMARKET_API_KEY_FILE", str(file))
        refused = cli("wallet", "show", "--json").document
        assert refused["details"]["cause"] == "key_file_unreadable"
        assert refused["error"].startswith("E_AUTH_REQUIRED")
