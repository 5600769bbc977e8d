"""The plugin as a package: what npm packs, what the host makes of it, and its words."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from clawmarket.domain.kernel.money import format_amount
from openclaw.gateway_client import Client
from openclaw.host import PLUGIN, Config, Host
from openclaw.node import run_module
from openclaw.programs import Programs

AMOUNTS = """
import { amount } from "./src/amounts.js";
console.log(JSON.stringify(given[0].map(amount)));
"""


def test_npm_packs_it(programs: Programs, tmp_path: Path) -> None:
    """`npm pack` takes the code and the three generated files, and nothing that has to be built."""
    done = programs.run_npm("pack", str(PLUGIN), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr

    (packed,) = json.loads(done.stdout)
    files = {entry["path"] for entry in packed["files"]}
    source = {path.relative_to(PLUGIN).as_posix() for path in (PLUGIN / "src").rglob("*.js")}
    generated = {"declared.json", "openclaw.plugin.json", "package.json"}
    assert files == source | generated | {"index.js"}


def test_the_host_has_no_complaint(inspected: Config, chat: Client) -> None:
    """The host loads the plugin with all it declares, and reports no diagnostic."""
    assert chat.methods
    assert inspected["diagnostics"] == []
    assert inspected["plugin"]["status"] == "loaded"


def test_a_host_starts_with_a_plugin_that_was_told_nothing(
    programs: Programs, tmp_path: Path
) -> None:
    """Without an address the host's configuration is still a valid one."""
    plugins = {"load": {"paths": [str(PLUGIN)]}, "entries": {"clawmarket": {"enabled": True}}}
    host = Host.prepare(programs, tmp_path / "openclaw", "http://127.0.0.1:9", plugins)

    done = host.command("config", "validate")
    assert done.returncode == 0, done.stdout + done.stderr


@settings(max_examples=1)
@given(numbers=st.lists(st.integers(-(10**20), 10**20), min_size=200, max_size=200))
def test_amounts_are_written_as_on_the_command_line(programs: Programs, numbers: list[int]) -> None:
    """Every amount looks in the chat as it does on the command line."""
    numbers += [0, 1, -1, 10**5, 10**6, 10**9, 999_999, 123_456_789]
    written = run_module(programs, AMOUNTS, [str(number) for number in numbers])

    assert written == [format_amount(number) for number in numbers]
