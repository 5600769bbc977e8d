"""Words: every command has help, and a slip of the finger finds the way back."""

import string
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.entry.cli.suggestions import nearest_command
from clawmarket.entry.cli.tree import _paths, leaves
from clawmarket.registry.suggestions import distance, nearest
from cli.terminal import Cli

HEAVY = {"pydantic", "httpx", "rich", "sqlalchemy", "starlette"}
TASK = "task_01h00000000000000000000000"
ORDER = "order_01h00000000000000000000000"
PATHS = sorted(leaf.words for leaf in leaves())


@pytest.mark.parametrize("path", PATHS)
def test_every_command_has_help(cli: Cli, path: str) -> None:
    """--help works for each command, names it and exits 0."""
    outcome = cli(*path.split(), "--help")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: clawmarket {path} [OPTIONS]")
    assert "--json" in outcome.out


@pytest.mark.parametrize(
    "argv", [["--help"], ["task", "publish", "--help"], ["--version"], ["task"]]
)
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    """Help starts without the web, store and drawing libraries."""
    script = f"import sys; from clawmarket.entry.cli.main import run; run({argv!r})"
    script += f"; sys.exit(' '.join({HEAVY!r} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.stderr == b""


def slips(path: str) -> Iterator[str]:
    """Yield typos of a path: a letter left out, doubled, replaced, or swapped with the next."""
    for i, letter in enumerate(path):
        if letter == " ":
            continue
        yield path[:i] + path[i + 1 :]
        yield path[:i] + letter + path[i:]
        yield path[:i] + ("x" if letter != "x" else "y") + path[i + 1 :]
        if path[i + 1 : i + 2] not in ("", " "):
            yield path[:i] + path[i + 1] + letter + path[i + 2 :]


@pytest.mark.parametrize("path", PATHS)
def test_a_single_slip_finds_the_right_command(path: str) -> None:
    """The right path is among at most three, and no write comes first for a mistyped read."""
    paths = _paths()
    for typed in slips(path):
        if typed in paths:
            continue  # another command, not a typo of this one
        found = nearest_command(typed.split(), paths)
        assert path in found, typed
        assert len(found) <= 3
        assert paths[path] or not paths[found[0]], typed


def test_a_mistyped_command_exits_2_with_a_command_that_runs(cli: Cli) -> None:
    """The words say what was meant, and the next command is the help on it."""
    outcome = cli("task", "publsh", "A title", "--budget", "5")
    assert outcome.status == 2
    assert outcome.err == (
        "error[E_INVALID_ARGUMENT]: There is no command `task publsh`."
        " Did you mean `clawmarket task publish`?\nnext: clawmarket help task publish\n"
    )
    assert cli("help", "task", "publish").status == 0


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (["task", "publish", "x", "--budgt", "5"], "--budget"),
        (["task", "list", "--status", "task_opn"], "task_open"),
        (["call", "market.listTask"], "market.listTasks"),
        (["call", "market.listTasks", "lmit:=1"], "limit"),
        (["order", "watch", ORDER, "--until", "setled"], "settled"),
        (["explain", "E_CONFLCT"], "E_CONFLICT"),
        (["explain", "task_not_opn"], "task_not_open"),
        (["task", "show", TASK, "--fields", "budgt"], "budget"),
        (["help", "enviroment"], "environment"),
        (["market.listTasks"], "clawmarket call market.listTasks"),
    ],
)
def test_options_values_fields_and_methods_are_suggested_too(
    cli: Cli, argv: list[str], meant: str
) -> None:
    """Whatever was mistyped, the right word is named, offline, with exit status 2."""
    outcome = cli(*argv)
    assert outcome.status == 2
    assert f"Did you mean `{meant}`" in outcome.err


@given(st.text(string.ascii_lowercase, max_size=8), st.text(string.ascii_lowercase, max_size=8))
def test_distance_is_symmetric_and_zero_only_for_equals(a: str, b: str) -> None:
    """The distance is a distance, at least as far as people can tell."""
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= distance(a, b) <= max(len(a), len(b))


def test_short_words_are_not_guessed_from_two_edits() -> None:
    """Three letters and two edits are any word at all; nothing is offered then."""
    assert nearest("put", ["get"]) == []
    assert nearest("gt", ["get"]) == ["get"]
