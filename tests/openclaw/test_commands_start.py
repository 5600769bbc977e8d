"""`/web3-market start`: exact lines for what the host's configuration lacks; nothing is written."""

import json
import subprocess
from typing import Any

import pytest

from openclaw.gateway_client import Client
from openclaw.host import PLUGIN
from openclaw.member import Member
from openclaw.programs import Programs

START = """
import { startPage } from "./src/chat/pages/starting.js";
console.log(JSON.stringify(startPage(JSON.parse(process.argv[1]))));
"""
ENTRY = "plugins.entries.clawmarket"
FIRST = "openclaw config set commands.config true"
ALLOW = f"/config set {ENTRY}.hooks.allowConversationAccess=true"
Config = dict[str, Any]


def page(programs: Programs, config: Config) -> list[str]:
    """Return the page for a configuration of the host."""
    line = [str(programs.node), "--input-type=module", "--eval", START, json.dumps(config)]
    done = subprocess.run(line, cwd=PLUGIN, capture_output=True, text=True, timeout=60, check=True)
    lines: list[str] = json.loads(done.stdout)
    return lines


def complete(**more: Any) -> Config:
    """Return a configuration in which nothing is missing, but for what a test changes."""
    config = {"serviceUrl": "http://127.0.0.1:1", "keyFile": "key"}
    entry = {"config": config, "hooks": {"allowConversationAccess": True}} | more.pop("entry", {})
    return {"plugins": {"entries": {"clawmarket": entry}}, "commands": {"config": True}} | more


def test_nothing_is_missing(programs: Programs) -> None:
    """Then it says so."""
    done = ["Nothing is missing: the market is on.", "next: /web3-market status"]
    assert page(programs, complete()) == done


def test_the_switch_for_config_comes_first(programs: Programs) -> None:
    """It cannot be set from the chat, so a terminal's line leads; no value of others is shown."""
    found = page(programs, complete(entry={"hooks": {}}, commands={}, secret="hidden"))
    assert found.index(FIRST) < found.index(ALLOW)
    assert "hidden" not in str(found)
    assert FIRST not in page(programs, complete(entry={"hooks": {}}))


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"entry": {"hooks": {}}}, ALLOW),
        ({"entry": {"enabled": False}}, f"/config set {ENTRY}.enabled=true"),
        ({"entry": {"config": {}}}, "clawmarket openclaw install"),
        ({"tools": {"deny": ["exec", "web3_market_status"]}}, '/config set tools.deny=["exec"]'),
    ],
)
def test_each_thing_has_its_line(programs: Programs, config: Config, line: str) -> None:
    """Lines keep what is there already."""
    assert line in page(programs, complete(**config))


@pytest.mark.parametrize(
    ("tools", "path"),
    [
        ({"profile": "coding", "alsoAllow": ["x"]}, 'tools.alsoAllow=["x",'),
        ({"profile": "minimal"}, "tools.alsoAllow=["),
        ({"allow": ["read"]}, 'tools.allow=["read",'),
    ],
)
def test_hidden_tools_are_named(programs: Programs, tools: Config, path: str) -> None:
    """A list that leaves the agent's tools out gets them in addition."""
    text = "\n".join(page(programs, complete(tools=tools)))
    assert f"/config set {path}" in text
    assert '"clawmarket"]' in text


@pytest.mark.parametrize(
    "tools",
    [{}, {"profile": "full"}, {"allow": ["*"]}, {"profile": "coding", "alsoAllow": ["clawmarket"]}],
)
def test_tools_that_are_seen_need_no_line(programs: Programs, tools: Config) -> None:
    """No line is made up."""
    assert page(programs, complete(tools=tools))[0].startswith("Nothing is missing")


@pytest.mark.parametrize("verb", ["start", "ENABLE", "on"])
def test_it_writes_nothing(chat: Client, member: Member, verb: str) -> None:
    """In the real host the same lines come back twice, and its configuration stays as it is."""
    before = member.host.config_path.read_bytes()
    said = chat.say(f"/web3-market {verb}")

    assert said == chat.say("/web3-market start")
    assert said.startswith(("This writes nothing. What is missing:", "Nothing is missing"))
    assert member.host.config_path.read_bytes() == before
