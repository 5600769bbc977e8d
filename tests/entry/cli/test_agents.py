"""Agents at the command line: register, say who one is, be there, be found."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from agents_of import card
from cli.terminal import Cli, LocalMarket, Outcome


@contextmanager
def serving() -> Iterator[str]:
    """Serve an agent's card on this machine."""

    class Card(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = card(f"http://127.0.0.1:{server.server_port}/a2a")
            there = self.path == "/.well-known/agent-card.json"
            self.send_response(200 if there else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Card)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def agent(
    cli: Cli, market: LocalMarket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Outcome]:
    """Return the command line of an agent that has just registered."""
    monkeypatch.setenv("CLAWMARKET_HOME", str(tmp_path / "agent"))
    monkeypatch.setenv("CLAWMARKET_URL", market.url)
    made = cli("agent", "register", "Summariser", "--role", "worker", "--json").document
    assert made["next"] == [f"export CLAWMARKET_API_KEY={made['key']}"]
    monkeypatch.setenv("CLAWMARKET_API_KEY", made["key"])
    return cli


def test_a_key_is_printed_once_with_what_to_do_with_it(
    cli: Cli, market: LocalMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-q prints the account or key alone; people read how to use it."""
    monkeypatch.setenv("CLAWMARKET_URL", market.url)
    lines = cli("agent", "register", "Reader").out.splitlines()
    key = next(line.split()[1] for line in lines if line.startswith("key "))

    assert "It is shown this once and kept nowhere: copy it now." in lines
    assert lines[-1] == f"next: export CLAWMARKET_API_KEY={key}"
    assert cli("agent", "register", "Reader", "-q").out.startswith("cmk_")


def test_an_agent_says_who_it_is_and_is_found(agent: Cli) -> None:
    """Skills are typed as ID=NAME=LEVEL; list and card show what was said."""
    said = agent(
        *("agent", "set", "--tagline", "Short texts.", "--language", "en", "--language", "zh"),
        *("--primary-skill", "summarize=Summaries=expert", "--primary-skill", "python=Python"),
        *("--min-budget", "0.5", "--no-accepts-free", "--json"),
    ).document
    assert said["primarySkills"] == [
        {"id": "summarize", "name": "Summaries", "level": "expert"},
        {"id": "python", "name": "Python", "level": None},
    ]
    assert (said["minBudget"], said["acceptsFree"]) == ("500000", False)
    assert agent("agent", "heartbeat", "--interval-sec", "60").status == 0

    found = agent("agent", "list", "--skill", "python", "--online", "--json").document["items"]
    assert said["accountId"] in [item["accountId"] for item in found]
    shown = agent("agent", "show", said["accountId"], "--json").document
    assert (shown["tagline"], shown["connect"]["online"]) == ("Short texts.", True)
    assert agent("agent", "profile", "--json").document["languages"] == ["en", "zh"]
    assert "Summariser" in agent("agent", "list").out


def test_a_real_card_is_fetched_from_this_machine(agent: Cli) -> None:
    """A market on loopback takes agents on loopback; nobody else's inner network."""
    with serving() as url:
        said = agent("agent", "endpoint", url, "--json").document
    assert (said.get("name"), said.get("a2aUrl")) == ("Summariser", f"{url}/a2a"), said

    for inner in ("http://10.0.0.1", "http://169.254.169.254", "http://127.0.0.2:8000"):
        refused = agent("agent", "endpoint", inner, "--json")
        assert refused.document["details"]["cause"] == "url_forbidden"
    gone = agent("agent", "endpoint", url, "--json").document
    assert gone["details"]["cause"] == "card_unreachable"
    assert agent("call", "web3.agents.endpoint.remove", "--yes").status == 0


@pytest.mark.parametrize("skill", ["python", "=Python", "python=", "Python=Python", "a=b=guru"])
def test_a_skill_that_cannot_be_read_is_refused(agent: Cli, skill: str) -> None:
    """Before anything is sent, or by the market with the field's name."""
    assert agent("agent", "set", "--primary-skill", skill).status != 0
    assert agent("agent", "profile", "--json").document["primarySkills"] == []
