"""Tools behind the host's tool search, which is on unless somebody turned it off."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from openclaw.conftest import OTHERS, READ
from openclaw.gateway_client import Client
from openclaw.host import PLUGIN, Host
from openclaw.mock_model import Model
from openclaw.programs import Programs
from real.server import Server

SCOPES = (*READ, "operator.approvals", "operator.admin")


@pytest.fixture(scope="module")
def key(market: Server) -> str:
    """The key of the plugin in these tests; it may write."""
    return market.newcomer()


@pytest.fixture(scope="module")
def host(
    programs: Programs,
    model: Model,
    market: Server,
    key: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Host]:
    """A host as it is out of the box: the model sees no tool of ours, and has to search."""
    folder = tmp_path_factory.mktemp("searching")
    (folder / "key").write_text(key)
    config = {"serviceUrl": market.url.rstrip("/"), "keyFile": str(folder / "key")}
    plugins = {
        "allow": [*OTHERS["allow"], "clawmarket"],
        "load": {"paths": [str(PLUGIN)]},
        "entries": {"clawmarket": {"enabled": True, "config": config}},
    }
    host = Host.prepare(programs, folder / "openclaw", model.url, plugins)
    leave_tools_alone(host.config_path)
    try:
        host.start()
        yield host
    finally:
        host.stop()


def leave_tools_alone(path: Path) -> None:
    """Take back what these tests' hosts say of tools."""
    config = json.loads(path.read_text())
    del config["tools"]
    path.write_text(json.dumps(config))


def test_a_tool_that_was_searched_for_asks_once(host: Host, market: Server, key: str) -> None:
    """Only the call within the call is asked about, and it runs when the user agrees."""
    task = {"title": "Searched", "budget": "5.00"}
    call = json.dumps({"id": "web3_market_publish_task", "args": task})
    with Client(host.url, host.token, SCOPES, ["plugin-approvals"]) as chat:
        refused = chat.say(f"use tool_call {call}", decision="deny")
        said = chat.say(f"use tool_call {call}", decision="allow-once")

    assert [r["title"] for r in chat.requests] == ["Publish a task: 5.00 credits"] * 2
    assert "Denied by user" in refused
    assert "task_open" in said
    titles = [t["title"] for t in market.call(key, "web3.market.listTasks")["items"]]
    assert titles.count("Searched") == 1
