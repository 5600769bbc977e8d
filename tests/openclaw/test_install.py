"""`clawmarket openclaw install` and `uninstall` with the real host.

That an installed plugin works is what all other tests here show: their host got it in this way, or
was told the same.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from openclaw.conftest import TOOLS, Key
from openclaw.host import PLUGIN, Host
from openclaw.member import Member
from openclaw.mock_model import Model
from openclaw.plugins import OTHERS, with_ours
from openclaw.programs import Programs
from openclaw.relay import Relay
from real.server import Server

REFUSED = '{"gateway": {"mode": "local"}, "nonsense": 1}'


@pytest.fixture(scope="module")
def fresh(
    programs: Programs, model: Model, market: Server, tmp_path_factory: pytest.TempPathFactory
) -> Member:
    """A member whose host never heard of us; its gateway does not run."""
    folder = tmp_path_factory.mktemp("fresh")
    host = Host.prepare(programs, folder / "openclaw", model.url, OTHERS, TOOLS)
    return Member.join(folder / "home", host, market.url.rstrip("/"))


def plugins_of(host: Host) -> dict[str, Any]:
    """Return what a host's own file says about plugins, less what is empty."""
    plugins: dict[str, Any] = json.loads(host.config_path.read_text())["plugins"]
    return {name: value for name, value in plugins.items() if value != {}}


def tools_of(host: Host) -> dict[str, Any]:
    """Return what a host's own file says about tools."""
    tools: dict[str, Any] = json.loads(host.config_path.read_text())["tools"]
    return tools


def test_a_host_gets_the_least_there_is(host: Host, member: Member, relay: Relay, key: Key) -> None:
    """The host of these tests has address, folder and key file, and no key; others stay allowed."""
    config = {"serviceUrl": relay.url, "keyFile": str(key.file)}
    assert plugins_of(host) == {
        "allow": [*OTHERS["allow"], "clawmarket"],
        "load": {"paths": [str(PLUGIN)]},
        "entries": {
            "clawmarket": {
                "enabled": True,
                "config": config,
                "hooks": {"allowConversationAccess": True},
            }
        },
    }
    assert with_ours(config) == plugins_of(host), "the hosts of other tests are told something else"
    assert tools_of(host) == TOOLS | {"alsoAllow": ["clawmarket"]}
    assert key.value not in host.config_path.read_text()
    assert (key.file.parent, key.file.stat().st_mode & 0o777) == (member.place, 0o600)


def test_what_was_installed_is_taken_back(fresh: Member, market: Server) -> None:
    """A copy is the whole plugin; after uninstalling the host is as it was, the key no good."""
    installed = fresh.does("openclaw", "install", "--copy", "--yes")
    key, copy = Path(installed["keyFile"]).read_text().strip(), Path(installed["plugin"])
    assert key not in json.dumps(installed)
    assert plugins_of(fresh.host)["load"] == {"paths": [str(fresh.place / "plugin")]}
    assert tools_of(fresh.host) == TOOLS | {"alsoAllow": ["clawmarket"]}
    assert (installed["keyScope"], installed["toolsHidden"]) == ("write", False)
    assert files_in(copy) == files_in(PLUGIN)
    assert fresh.cause("openclaw", "install", "--yes") == "plugin_installed"

    assert fresh.does("openclaw", "uninstall", "--yes")["keyRevoked"]
    assert (plugins_of(fresh.host), tools_of(fresh.host)) == (OTHERS, TOOLS)
    assert market.call(key, "web3.wallet.show")["details"]["cause"] == "key_revoked"
    assert not fresh.place.exists()
    assert fresh.cause("openclaw", "uninstall", "--yes") == "plugin_not_installed"


def test_doctor_finds_a_running_host_sound(host: Host, member: Member) -> None:
    """Files, key, configuration, what was loaded and the gateway are all well."""
    assert host.process is not None
    document = member.does("doctor", "--deep")
    found = {check["checkId"]: check["severity"] for check in document["passed"]}

    names = ("files", "key-file", "key", "versions", "config", "tools", "runtime", "gateway")
    assert {name: found.get(f"openclaw/{name}") for name in names} == dict.fromkeys(names, "ok")


def files_in(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_nothing_is_written_before_it_was_agreed_to(fresh: Member) -> None:
    """A dry run shows the change; without somebody to ask it is refused; neither makes a key."""
    text = fresh.host.config_path.read_text()

    change = fresh.does("openclaw", "install", "--dry-run")["change"]
    assert change["plugins"]["allow"] == [*OTHERS["allow"], "clawmarket"]
    assert fresh.cause("openclaw", "install") == "openclaw_unagreed"
    assert (fresh.host.config_path.read_text(), fresh.keys()) == (text, [])


def test_a_host_that_refuses_leaves_nothing_of_ours(fresh: Member) -> None:
    """A configuration that the host cannot read is not touched, and no key is made for it."""
    text = fresh.host.config_path.read_text()
    fresh.host.config_path.write_text(REFUSED)
    try:
        assert fresh.cause("openclaw", "install", "--yes") == "openclaw_failed"
        assert fresh.host.config_path.read_text() == REFUSED
    finally:
        fresh.host.config_path.write_text(text)
    assert (fresh.keys(), fresh.place.exists()) == ([], False)


def test_a_host_that_was_cut_off_is_put_right_by_uninstalling(
    fresh: Member, tmp_path: Path
) -> None:
    """Its command wrote, and died before it said so: what was written is not forgotten."""
    deadly = tmp_path / "openclaw"
    deadly.write_text(f'#!/bin/sh\n"{fresh.program}" "$@"\n[ "$2" != patch ] || kill -9 $$\n')
    deadly.chmod(0o700)
    words = ("openclaw", "install", "--openclaw", str(deadly), "--yes")
    assert fresh.cause(*words) == "openclaw_cut_off"
    assert "clawmarket" in plugins_of(fresh.host)["entries"]

    assert fresh.does("openclaw", "uninstall", "--yes")["keyRevoked"]
    assert (plugins_of(fresh.host), fresh.keys(), fresh.place.exists()) == (OTHERS, [], False)


def test_the_operator_gets_no_plugin(fresh: Member, market_home: Path) -> None:
    """The operator's own credential is never what the plugin's key comes from."""
    token = (market_home / "operator.token").read_text().strip()
    cause = fresh.cause("openclaw", "install", "--yes", CLAWMARKET_API_KEY=token)

    assert cause == "operator_key_refused"


def test_a_machine_without_the_host_says_so(fresh: Member) -> None:
    """Where there is no such command the answer is what to do, not a traceback."""
    words = ("openclaw", "install", "--openclaw", "/nowhere/openclaw", "--yes")

    assert fresh.cause(*words) == "openclaw_missing"
