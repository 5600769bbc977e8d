"""Offline help: every code and cause, every next command, exit codes and settings."""

import io
import re
import shlex

import click
import pytest

from clawmarket.entry.cli.catalog import exit_status, stored
from clawmarket.entry.cli.commands.explain import ENVIRONMENT
from clawmarket.entry.cli.commands.followups import _NEXT, _UNDO
from clawmarket.entry.cli.commands.spend import confirmed
from clawmarket.entry.cli.tree import command_tree, leaves
from clawmarket.registry.codes import CODES, EXITS
from cli.terminal import Cli

ERRORS = stored()["errors"]
# `{preview}` and `{again}` are the typed command itself; `{scope}` becomes one of three words;
# and FILE is any that exists.
FILLED = {
    "{preview}": "clawmarket status",
    "{again}": "clawmarket status",
    "{scope}": "write",
    "FILE": __file__,
}


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained_without_a_market(cli: Cli, code: str) -> None:
    """Meaning, remedy, exit status and causes of a code."""
    outcome = cli("explain", code, "--json")
    document = outcome.document
    assert (outcome.status, document["ok"], document["code"]) == (0, True, code)
    assert document["exit"] == CODES[code].exit == exit_status(code)
    assert document["meaning"]
    assert document["advice"]
    assert {cause["code"] for cause in document["causes"].values()} == {code}


@pytest.mark.parametrize("cause", ERRORS)
def test_every_cause_is_explained_without_a_market(cli: Cli, cause: str) -> None:
    """Each cause says what it means and ends in a next command."""
    outcome = cli("explain", cause)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{cause} ({ERRORS[cause]['code']}, exit status ")
    assert outcome.out.splitlines()[-1] == f"next: {ERRORS[cause]['next']}"


def reading(command: str) -> str:
    """Return why a printed command cannot be read, or an empty text."""
    for blank, word in FILLED.items():
        command = command.replace(blank, word)
    if re.fullmatch(r"(export [A-Z_]+=\S+|unset [A-Z_]+)", command):
        return ""
    words = shlex.split(re.sub(r"\{\w+\}", "x", command))
    while "=" in words[0]:
        words.pop(0)
    if words.pop(0) != "clawmarket":
        return "" if command.startswith("pip install ") else f"{command}: not ours"
    branch: click.Command = command_tree()
    context = click.Context(branch)
    try:
        while isinstance(branch, click.Group):
            name, found, words = branch.resolve_command(context, words)
            assert found is not None
            branch, context = found, click.Context(found, parent=context, info_name=name)
        branch.make_context(branch.name, list(words))
    except (click.MissingParameter, click.exceptions.Exit):  # it asks, or it shows its help
        return ""
    except click.UsageError as error:
        return f"{command}: {error.format_message()}"
    return ""


def test_every_next_command_can_be_run_as_printed() -> None:
    """No hint names a command or an option that does not exist."""
    commands = [error["next"] for error in ERRORS.values()]
    commands += [command for command, _ in _UNDO.values() if command] + list(_NEXT.values())
    assert [fault for fault in map(reading, sorted(set(commands))) if fault] == []


def test_a_wrong_hint_would_be_noticed() -> None:
    """The check above tells a wrong option and a wrong command from right ones."""
    assert reading("clawmarket task list --status task_open") == ""
    assert "No such option" in reading("clawmarket task list --colour red")
    assert "no command" in reading("clawmarket tsk list")


def test_exit_codes_are_listed_from_the_one_table(cli: Cli) -> None:
    """`help exit-codes` shows every status and every code."""
    document = cli("help", "exit-codes", "--json").document
    assert document["exits"] == {str(status): text for status, text in EXITS.items()}
    assert list(document["codes"]) == list(CODES)
    lines = cli("help", "exit-codes").out.splitlines()
    assert "130  interrupted" in lines
    assert "7  E_PAYMENT_REQUIRED: not enough money available" in lines


def test_settings_are_listed(cli: Cli) -> None:
    """`help environment` shows every variable with its meaning."""
    assert cli("help", "environment", "--json").document["environment"] == dict(ENVIRONMENT)


def test_methods_are_explained_by_name_and_alias(cli: Cli) -> None:
    """A method's page is the same under both of its names."""
    by_alias = cli("explain", "market.publishTask", "--json").document
    assert by_alias == cli("explain", "web3.market.publishTask", "--json").document
    assert by_alias["name"] == "web3.market.publishTask"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_scripts_call_the_command(cli: Cli, shell: str) -> None:
    """The script asks the command itself for the words."""
    outcome = cli("completion", shell)
    assert outcome.status == 0
    assert "_CLAWMARKET_COMPLETE" in outcome.out


@pytest.mark.parametrize("words", [["task", "publish"], ["task"], ["verify"], []])
def test_help_on_a_command_is_its_help(cli: Cli, words: list[str]) -> None:
    """`help task publish` and `task publish --help` are one text."""
    assert cli("help", *words).out == cli(*words, "--help").out


def test_no_command_is_torn_in_two(cli: Cli) -> None:
    """The commands that the first help names stand whole on their lines."""
    lines = cli("--help").out.splitlines()
    assert any(line.endswith("clawmarket help exit-codes") for line in lines)


def test_help_speaks_the_language_of_the_command_line(cli: Cli) -> None:
    """Credits instead of minor units, flags instead of wire names, commands instead of methods."""
    publish = " ".join(cli("task", "publish", "--help").out.split())
    assert "minor units" not in publish
    assert "With --fund, which is the default, the budget moves" in publish
    assert "`clawmarket task show` shows all of it" in " ".join(
        cli("task", "list", "--help").out.split()
    )
    for leaf in leaves():
        assert "minor units" not in (leaf.help or ""), leaf.words


def test_the_prompt_asks_again_in_our_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is neither yes nor no is asked again; nothing typed is no."""
    for typed, agreed in (("maybe\ny\n", True), ("maybe\nno\n", False), ("\n", False)):
        errors = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        monkeypatch.setattr("sys.stderr", errors)
        assert confirmed() is agreed
        assert ("'maybe' is neither yes nor no; type y or n." in errors.getvalue()) == (
            "maybe" in typed
        )
        assert "Error" not in errors.getvalue()
