"""`openclaw install|uninstall` and what doctor finds, with a host's command of a few lines.

With the real host the same is done in `tests/openclaw`; there each command takes seconds.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawmarket import __version__
from clawmarket.entry.openclaw.manifest import declarations
from cli.terminal import Cli, LocalMarket

Fields = dict[str, Any]

# What the real one does with `config get|patch`, `plugins inspect` and `gateway call`.
HOST = """
import json, pathlib, sys
file, words = pathlib.Path(__file__).with_name("openclaw.json"), sys.argv[1:]
config = json.loads(file.read_text())

def merged(old, new):
    old = dict(old) if isinstance(old, dict) else {}
    for name, value in new.items():
        if value is None: old.pop(name, None)
        else: old[name] = merged(old.get(name), value) if isinstance(value, dict) else value
    return old

if words[:2] == ["config", "patch"]:
    file.write_text(json.dumps(merged(config, json.load(sys.stdin))))
elif words[:2] == ["config", "get"] and words[2] not in config:
    sys.exit(print(json.dumps({"error": "Config path is valid but unset"})) or 1)
else:
    found = config if words[0] != "config" else {"said": config[words[2]]}
    answer = found.get("said") if words[0] == "config" else config["answers"][words[0]]
    print(json.dumps(answer))
    sys.exit(not answer)
"""
BEFORE = {"tools": {"profile": "coding"}, "plugins": {"allow": ["memory"]}}


class Host:
    """A host's command with its configuration beside it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.program = folder / "openclaw"
        self.program.write_text(f"#!{sys.executable}\n{HOST}")
        self.program.chmod(0o700)
        self.file = folder / "openclaw.json"
        loaded = {
            "plugin": {"status": "loaded"},
            "commands": [command["name"] for command in declarations()["commands"]],
            "tools": [{"names": [tool["name"] for tool in declarations()["tools"]]}],
            "typedHooks": [],
            "diagnostics": [],
        }
        self.config = BEFORE | {"answers": {"plugins": loaded, "gateway": {"ok": True}}}

    @property
    def config(self) -> Fields:
        """What is in its file."""
        config: Fields = json.loads(self.file.read_text())
        return config

    @config.setter
    def config(self, config: Fields) -> None:
        self.file.write_text(json.dumps(config))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host whose command is on the path."""
    host = Host(tmp_path / "host")
    monkeypatch.setenv("PATH", str(host.program.parent), prepend=":")
    return host


@pytest.fixture
def member(join: Callable[[str], Cli]) -> Cli:
    """Somebody who is signed in."""
    return join("member")


def found(cli: Cli, *words: str) -> dict[str, tuple[str, str]]:
    """Return severity and message of each check of the plugin."""
    document = cli("doctor", "--json", *words).document
    checks = [*document["findings"], *document["passed"]]
    return {
        check["checkId"].removeprefix("openclaw/"): (check["severity"], check["message"])
        for check in checks
        if check["checkId"].startswith("openclaw/")
    }


def test_a_sound_installation_is_found_to_be_one(member: Cli, host: Host) -> None:
    """Each check says what is well; without an installation there are none."""
    assert found(member) == {}
    assert member("openclaw", "install", "--yes").status == 0

    assert found(member, "--deep") == {
        "files": ("ok", "The plugin's files are there."),
        "key-file": ("ok", "Only you can read the plugin's key."),
        "versions": ("ok", f"Plugin and market are of version {__version__}."),
        "key": ("ok", "The market accepts the key; its scope is write."),
        "config": ("ok", "OpenClaw's configuration is what was installed."),
        "tools": ("ok", "The model may see the plugin's tools."),
        "runtime": (
            "ok",
            f"OpenClaw loaded it: {len(declarations()['commands'])} commands, 0 hooks.",
        ),
        "gateway": ("ok", "OpenClaw's gateway reaches the market."),
    }
    assert member("openclaw", "uninstall", "--yes").status == 0
    assert {name: host.config[name] for name in BEFORE} | {"plugins": BEFORE["plugins"]} == BEFORE


def test_what_is_asked_for_is_shown_and_explained(member: Cli, host: Host) -> None:
    """A dry run names the consent, the scope and the lists, and writes nothing."""
    shown = member("openclaw", "install", "--dry-run").out

    assert '"allowConversationAccess": true' in shown
    assert "lets the plugin see the conversations of your agents" in shown
    assert "A new API key of the scope write goes into" in shown
    assert '"alsoAllow": [\n      "clawmarket"' in shown
    assert host.config["plugins"] == BEFORE["plugins"]


def test_who_only_wants_to_look_gives_no_more(member: Cli, host: Host) -> None:
    """With --read-only there is no access to conversations, and a key that changes nothing."""
    document = member("openclaw", "install", "--read-only", "--yes", "--json").document
    scopes = [key["scope"] for key in member("keys", "list", "--json").document["items"]]

    assert "hooks" not in host.config["plugins"]["entries"]["clawmarket"]
    assert (document["keyScope"], scopes) == ("read", ["read"])


def test_a_policy_that_hides_the_tools_is_left_and_said(member: Cli, host: Host) -> None:
    """A list beside a profile cannot be widened; that is its owner's to change."""
    host.config |= {"tools": {"profile": "coding", "allow": ["read"]}}
    outcome = member("openclaw", "install", "--yes", "--json")

    assert outcome.document["toolsHidden"]
    assert "tools" not in outcome.document["change"]
    assert found(member)["tools"][0] == "info"


def test_what_others_changed_since_stays(member: Cli, host: Host) -> None:
    """Only ours is taken back, also where others have written beside it."""
    member("openclaw", "install", "--yes")
    config = host.config
    config["tools"]["alsoAllow"].append("exec")
    config["plugins"]["entries"]["clawmarket"]["config"]["serviceUrl"] = "http://127.0.0.1:1"
    host.config = config

    said = "OpenClaw's configuration is not what was installed: config."
    assert found(member)["config"] == ("warning", said)
    assert member("openclaw", "uninstall", "--yes").status == 0
    assert host.config["tools"] == {"profile": "coding", "alsoAllow": ["exec"]}
    assert host.config["plugins"]["entries"] == {}


def test_an_installation_of_another_version_is_named(
    member: Cli, host: Host, tmp_path: Path
) -> None:
    """Who installs over an older one learns what to run first; uninstalling takes it back."""
    member("openclaw", "install", "--yes")
    notes = tmp_path / "member" / "openclaw" / "installed.json"
    first = json.loads(notes.read_text())
    first = {name: first[name] for name in ("url", "credential_id", "before", "change")}
    notes.write_text(json.dumps(first | {"before": first["before"]["plugins"]}))
    again = member("openclaw", "install", "--yes", "--json")

    assert found(member)["files"][0] == "error"
    assert again.document["details"]["cause"] == "plugin_outdated"
    assert again.document["details"]["next"] == "clawmarket openclaw uninstall"
    assert member("openclaw", "uninstall", "--yes").status == 0
    assert host.config["tools"] == BEFORE["tools"]


def test_doctor_finds_what_is_wrong(
    member: Cli, host: Host, tmp_path: Path, market: LocalMarket
) -> None:
    """A file that others may read, a revoked key, missing files, refused hooks, a lost gateway."""
    done = member("openclaw", "install", "--copy", "--yes", "--json").document
    member("keys", "revoke", done["credentialId"])
    place = tmp_path / "member" / "openclaw"
    (place / "key").chmod(0o644)
    (place / "plugin" / "index.js").unlink()
    notes = json.loads((place / "installed.json").read_text())
    (place / "installed.json").write_text(json.dumps(notes | {"version": "0.0.1"}))
    blocked = {"message": "blocked: set hooks.allowConversationAccess=true"}
    host.config |= {"answers": {"plugins": {"diagnostics": [blocked]}, "gateway": {}}}

    wrong = found(member, "--deep")
    assert {name for name, (severity, _) in wrong.items() if severity == "error"} == {
        *("files", "key-file", "key", "runtime")
    }
    assert wrong["files"][1] == "The plugin lacks index.js."
    assert wrong["runtime"][1].startswith("OpenClaw refuses the plugin's hooks")
    assert wrong["gateway"][0] == "warning"
    assert wrong["key"] == ("error", "The key is refused: E_REVOKED: This key was revoked.")
    assert wrong["versions"] == (
        "warning",
        f"The plugin is of version {__version__} and was installed by an earlier one.",
    )
    assert market.url not in json.dumps(wrong)
    assert "openclaw/key" in member("doctor", "--fix", "--json").document["fixed"]


@pytest.mark.usefixtures("host")
def test_doctor_names_the_market_that_the_plugin_does_not_reach(
    member: Cli, tmp_path: Path
) -> None:
    """Where nothing answers at the plugin's address the key is not judged, and it is named."""
    member("openclaw", "install", "--yes")
    notes = tmp_path / "member" / "openclaw" / "installed.json"
    notes.write_text(json.dumps(json.loads(notes.read_text()) | {"url": "http://127.0.0.1:1"}))

    said = "The key was not tried: Nothing answers at http://127.0.0.1:1."
    assert found(member)["key"] == ("info", said)
