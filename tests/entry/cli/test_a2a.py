"""Other agents from the command line: found by their cards, asked, and shown a key or not."""

import json
import shlex
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("a2a", reason="the A2A SDK is missing; it comes with the extra `a2a`")

from clawmarket.entry.cli.a2a.access import AgentAddressError, key_for
from cli.terminal import Cli, LocalMarket
from daemon_agent import Agent

REPLY = {"kind": "message", "messageId": "r", "role": "agent"}


class Stranger(BaseHTTPRequestHandler):
    """An agent of 0.3 that keeps what it was sent; its card is what a test says."""

    card: ClassVar[dict[str, Any]] = {}
    heard: ClassVar[list[tuple[str, str | None]]] = []
    huge: ClassVar[bool] = False
    reply: ClassVar[dict[str, Any]] = {}
    status: ClassVar[int] = 200

    def do_GET(self) -> None:
        """Show the older card only."""
        self._heard()
        if self.path == "/.well-known/agent.json":
            self._answer(self.card)
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Answer with a message, or with more than anybody wants to read."""
        self._heard()
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = "x" * (9 * 2**20) if self.huge else "Hello \x1b[31mthere"
        result = self.reply or REPLY | {"parts": [{"kind": "text", "text": text}]}
        self._answer({"jsonrpc": "2.0", "id": asked["id"], "result": result})

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def _heard(self) -> None:
        self.heard.append((self.path, self.headers.get("Authorization")))

    def _answer(self, document: dict[str, Any]) -> None:
        data = json.dumps(document).encode()
        self.send_response(self.status if self.command == "POST" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of an older agent."""
    server = HTTPServer(("127.0.0.1", 0), Stranger)
    url = f"http://127.0.0.1:{server.server_port}"
    Stranger.card = {
        "name": "Older",
        "description": "An agent of 0.3.",
        "version": "1",
        "url": f"{url}/rpc",
        "protocolVersion": "0.3.0",
        "preferredTransport": "JSONRPC",
        "capabilities": {},
        "defaultInputModes": ["text"],
        "defaultOutputModes": ["text"],
        "skills": [],
    }
    Stranger.heard.clear()
    Stranger.huge, Stranger.reply, Stranger.status = False, {}, 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield url
    server.shutdown()
    server.server_close()


def test_an_older_agent_is_spoken_to_in_its_version(cli: Cli, stranger: str) -> None:
    """Without a card of 1.0 the older one is read; nothing of the answer steers the terminal."""
    said = cli("a2a", "call", stranger, "hello", "--json")
    shown = cli("a2a", "call", stranger, "hello")

    assert (said.status, said.document["protocol"]) == (0, "0.3.0")
    assert said.document["message"]["parts"][0]["text"].startswith("Hello")
    assert "\x1b" not in said.out + shown.out
    assert cli("a2a", "card", stranger, "-q").out == "Older\n"


def test_an_agent_is_found_by_the_address_that_it_speaks_at(cli: Cli, stranger: str) -> None:
    """As the market shows it; the card lies above it."""
    assert cli("a2a", "call", f"{stranger}/deep/rpc", "hello").out.startswith("Hello")


def test_a_key_goes_to_the_named_address_only(
    cli: Cli, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A market's key is not for a stranger; an agent's key is not for where its card points."""
    monkeypatch.setenv("CLAWMARKET_API_KEY", "key of a market")
    assert cli("a2a", "call", stranger, "hello").status == 0
    assert {key for _, key in Stranger.heard} == {None}

    monkeypatch.setenv("CLAWMARKET_A2A_KEY", "key of the agent")
    assert cli("a2a", "call", stranger, "hello").status == 0
    assert Stranger.heard[-1][1] == "Bearer key of the agent"

    elsewhere = stranger.replace("127.0.0.1", "localhost")
    Stranger.card = Stranger.card | {"url": f"{elsewhere}/rpc"}
    assert cli("a2a", "call", stranger, "hello").status == 0
    assert Stranger.heard[-1][0] == "/rpc"
    assert Stranger.heard[-1][1] is None


@pytest.mark.parametrize(
    ("address", "goes"),
    [
        ("http://127.0.0.1:8787/a2a", True),
        ("http://127.0.0.1:8787/.well-known/agent-card.json", True),
        ("http://127.0.0.1:8788/a2a", False),
        ("http://127.0.0.1/a2a", False),
        ("https://127.0.0.1:8787/a2a", False),
        ("http://localhost:8787/a2a", False),
        ("http://127.0.0.1.agent.example:8787/a2a", False),
    ],
)
def test_a_key_of_a_market_goes_there_only(tmp_path: Path, address: str, *, goes: bool) -> None:
    """Scheme, host and port have to be the market's; a key for agents goes to whoever is named."""
    key, home = "key of a market", {"CLAWMARKET_HOME": str(tmp_path)}
    held = home | {"CLAWMARKET_URL": "http://127.0.0.1:8787", "CLAWMARKET_API_KEY": key}
    file = tmp_path / "key"
    file.write_text(key)
    kept = home | {"CLAWMARKET_URL": held["CLAWMARKET_URL"], "CLAWMARKET_API_KEY_FILE": str(file)}
    for environ in (held, kept):
        shown = key_for(address, environ)
        assert (shown and shown.reveal()) == (key if goes else None)
        named = key_for(address, environ | {"CLAWMARKET_A2A_KEY": "another"})
        assert named is not None
        assert named.reveal() == "another"


@pytest.mark.parametrize(
    "address", ["", "agent.example", "ftp://agent.example", "https://user@agent.example"]
)
def test_what_is_no_address_is_shown_no_key(address: str) -> None:
    """Nor is anything sent there."""
    with pytest.raises(AgentAddressError):
        key_for(address, {})


def test_an_answer_is_read_up_to_a_bound(cli: Cli, stranger: str) -> None:
    """Eight mebibytes are enough for anybody."""
    Stranger.huge = True
    assert cli("a2a", "call", stranger, "hello").status == 4


def test_an_answer_is_saved_with_its_files(cli: Cli, stranger: str, tmp_path: Path) -> None:
    """Words, files under names that are no paths, who it was, and what a paid task would ask."""
    file = {"name": "../../etc/metadata.json", "mimeType": "text/plain", "bytes": "SGk="}
    parts = [{"kind": "text", "text": "Three points."}, {"kind": "file", "file": file}]
    Stranger.reply = REPLY | {"parts": parts}
    folder = tmp_path / "free" / "digest"
    line = ["a2a", "call", stranger, "Name the main points.", "--save", str(folder)]
    said = cli(*line, "--json")
    again = cli(*line, "--json")

    assert said.document["saved"] == ["result.md", "metadata.json", "request.md", "1-metadata.json"]
    assert sorted(each.name for each in folder.iterdir()) == sorted(said.document["saved"])
    assert (folder / "result.md").read_text().startswith("Three points.")
    assert (folder / "request.md").read_text() == "Name the main points.\n"
    assert (folder / "1-metadata.json").read_bytes() == b"Hi"
    known = json.loads((folder / "metadata.json").read_text())
    assert (known["worker"], known["a2a_url"]) == ("Older", stranger)
    assert f"task publish TITLE --summary @{folder}/request.md" in said.err
    assert (again.status, again.document["details"]["cause"]) == (6, "folder_taken")
    posts = [path for path, _ in Stranger.heard if path == "/rpc"]
    assert len(posts) == 1


def test_a_task_that_asks_is_answered_by_a_line_that_is_shown(cli: Cli, stranger: str) -> None:
    """The next command has the task and its context."""
    message = REPLY | {"parts": [{"kind": "text", "text": "Which language?"}]}
    status = {"state": "input-required", "message": message}
    Stranger.reply = {"kind": "task", "id": "t 1", "contextId": "c1", "status": status}
    said = cli("a2a", "call", stranger, "hello")

    assert said.out == "task t 1 is input-required\nWhich language?\n"
    assert f"a2a call {stranger} TEXT --task 't 1' --context c1" in said.err


@pytest.mark.parametrize(
    ("status", "card", "cause"),
    [
        (500, {}, "agent_broken"),
        (401, {}, "agent_key"),
        (404, {}, "agent_unreadable"),
        (200, {"protocolVersion": "0.2.5"}, "agent_foreign"),
        (200, {"preferredTransport": "GRPC"}, "agent_foreign"),
    ],
)
def test_an_agent_that_does_not_answer_as_one(
    cli: Cli, stranger: str, status: int, card: dict[str, Any], cause: str
) -> None:
    """Each failure has a cause of its own, and what is said ends in one full stop."""
    Stranger.status = status
    Stranger.card = Stranger.card | card
    ended = cli("a2a", "call", stranger, "hello", "--json")

    assert ended.document["details"]["cause"] == cause
    assert "http" not in ended.document["error"].lower().replace("http ", "").replace("http+", "")


@pytest.mark.parametrize(
    ("words", "status", "cause"),
    [
        (("http://127.0.0.1:9", "hi"), 4, "agent_away"),
        (("ftp://agent.example", "hi"), 2, "agent_address"),
        (("http://user@agent.example", "hi"), 2, "agent_address"),
        (("http://127.0.0.1:9",), 2, "message_empty"),
        (("http://127.0.0.1:9", "--data", "[1]"), 2, "data_invalid"),
        (("http://127.0.0.1:9", "--data", "{"), 2, "data_invalid"),
        (("http://127.0.0.1:9", "--data", "@/nowhere"), 2, "data_invalid"),
    ],
)
def test_what_cannot_be_sent(cli: Cli, words: tuple[str, ...], status: int, cause: str) -> None:
    """Each has its exit status and its cause."""
    ended = cli("a2a", "call", *words, "--json")

    assert (ended.status, ended.document["details"]["cause"]) == (status, cause)


def test_an_agent_that_says_nothing(cli: Cli) -> None:
    """It is waited for as long as was said, and the message's id is shown for another try."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        ended = cli("a2a", "call", url, "hi", "--timeout", "1", "--message-id", "m1")

    assert ended.status == 4
    assert "message id: m1" in ended.err


def test_the_market_is_asked(
    join: Callable[[str], Cli], market: LocalMarket, tmp_path: Path
) -> None:
    """A session of a market is shown to it, a post is known again, and a task is watched."""
    ann, url = join("ann"), market.url
    data = tmp_path / "task.json"
    data.write_text('{"title": "A digest", "budget": "1.00"}')
    line = ["a2a", "call", url, "--skill", "balance", "--json"]
    balance = ann(*line).document["message"]["parts"][0]["data"]
    nobody = '{"skills": ["nothing-of-the-kind"]}'
    workers = ann("a2a", "call", url, "--skill", "find-workers", "--data", nobody)
    listed = ["a2a", "call", url, "--skill", "list-tasks", "--data", nobody, "--stream", "--json"]
    watched = ann(*listed)

    assert balance["available"] == "1000.00"
    assert json.loads(workers.out)["total"] == 0
    assert watched.document["message"]["parts"][0]["data"]["tasks"] == []
    # A wallet signs what it spends, and a message cannot: that needs a key.
    posted = ann("a2a", "call", url, "--skill", "post-task", "--data", f"@{data}", "--json")
    assert (posted.status, "signature" in posted.document["error"]) == (6, True)
    missing = ann("a2a", "call", url, "--skill", "get-task-status", "--data", '{"task_id": "x"}')
    assert missing.status == 6


def test_a_task_that_was_posted_says_what_comes_next(
    join: Callable[[str], Cli], market: LocalMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that shows it, as it runs; to programs too."""
    ann, url = join("ann"), market.url
    key = ann("keys", "new", "a2a", "--json").document["key"]
    monkeypatch.setenv("CLAWMARKET_API_KEY", key)
    data = '{"title": "A digest", "budget": "1.00"}'
    line = ("a2a", "call", url, "--skill", "post-task", "--data", data)
    posted = ann(*line, "--json").document
    (step,) = posted["next"]
    said = ann(*line).out.splitlines()[-1]

    assert shlex.split(step)[:-1] == ["clawmarket", "task", "show", posted["task"]["id"], "--url"]
    shown = ann(*shlex.split(step)[1:], "--json").document
    assert (shown["taskId"], shown["title"]) == (posted["task"]["id"], "A digest")
    assert said.startswith("next: clawmarket task show task_")


def test_free_help_becomes_a_paid_task_in_one_step(
    join: Callable[[str], Cli], tmp_path: Path
) -> None:
    """Listed, found, asked at the address that the market shows, saved, and posted as it was."""
    worker, buyer = join("worker"), join("buyer")
    folder = tmp_path / "free"
    with Agent() as agent:
        assert worker("agent", "set", "--display-name", "Writer", "--is-listed").status == 0
        assert worker("agent", "endpoint", agent.url).status == 0
        assert worker("agent", "heartbeat").status == 0
        found = buyer("agent", "list", "--accepts-free", "--online", "--has-endpoint", "--json")
        (item,) = found.document["items"]
        shown = buyer("agent", "show", item["accountId"], "--json").document
        place = shown["connect"]["a2aUrl"]
        asked = buyer("a2a", "call", place, "Name three points.", "--save", str(folder))
    line = ["task", "publish", "Three points", "--summary", f"@{folder}/request.md"]
    posted = buyer(*line, "--budget", "5", "--yes", "--json")

    assert asked.status == 0, asked.err
    known = json.loads((folder / "metadata.json").read_text())
    assert (known["worker"], known["a2a_url"]) == ("writer", place)
    assert posted.document["summary"].strip() == "Name three points."
    assert posted.document["budget"] == "5000000"
