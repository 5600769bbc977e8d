"""Failures: one document under --json, two lines for people, the exit status of the table."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from clawmarket.domain.trust.redaction import redact_text
from clawmarket.entry.cli import failures
from clawmarket.entry.cli.catalog import exit_status, stored
from clawmarket.entry.cli.tree import Leaf, leaves
from clawmarket.registry.codes import CODES
from cli.terminal import NOBODY_THERE, Cli

ESCAPE = "\x1b"
TEXTS = {"budget": "5", "price": "5", "decision": "accept", "word": "E_CONFLICT", "shell": "zsh"}
# These run until they are stopped.
ENDLESS = {"serve", "tour"}
LOCAL = {
    "completion": 0,
    "doctor": 0,
    "explain": 0,
    "files get": 2,
    "help": 0,
    "verify": 2,
    "wallet login": 5,
    "wallet new": 0,
}


def argv_of(leaf: Leaf, file: Path) -> list[str]:
    """Return a command line that gives everything the command needs."""
    words = leaf.words.split()
    for param in leaf.params:
        if not param.required:
            continue
        is_file = isinstance(param.type, click.Path)
        value = str(file) if is_file else TEXTS.get(str(param.name), "market.listTasks")
        words += [value] if isinstance(param, click.Argument) else [param.opts[0], value]
    return words


@pytest.mark.parametrize(
    "leaf", [x for x in leaves() if x.words not in ENDLESS], ids=lambda x: x.words
)
def test_json_is_exactly_one_document(cli: Cli, leaf: Leaf, tmp_path: Path) -> None:
    """With nobody listening each command prints one document and exits by the table."""
    file = tmp_path / "file.txt"
    file.write_text("{}")
    outcome = cli(*argv_of(leaf, file), "--json")
    document = outcome.document
    assert ESCAPE not in outcome.out + outcome.err
    assert outcome.status == LOCAL.get(leaf.words, exit_status("E_UNAVAILABLE"))
    assert document["ok"] is (outcome.status == 0)
    if not document["ok"]:
        assert document["error"].partition(":")[0] in CODES
    if not document["ok"] and leaf.words != "verify":
        assert document["next"] == [document["details"]["next"]]


def test_nobody_there_is_said_in_two_lines(cli: Cli) -> None:
    """People read what happened and the command that helps, on stderr only."""
    outcome = cli("status")
    assert (outcome.status, outcome.out) == (4, "")
    assert outcome.err == (
        "error[E_UNAVAILABLE]: Nothing answers on port 9 of 127.0.0.1. Start a market, or name"
        " another one with --url or CLAWMARKET_URL.\nnext: clawmarket serve --faucet\n"
    )


def test_a_write_without_an_answer_tells_its_key(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key that was made is printed with the command that repeats the request safely."""
    monkeypatch.setenv("CLAWMARKET_API_KEY", "not-looked-at")
    document = cli("task", "cancel", "task_x", "--idempotency-key", "mine", "--json").document
    assert document["details"]["cause"] == "market_away"
    outcome = cli("keys", "new", "ci", "--json")
    key = outcome.document["details"]["idempotencyKey"]
    again = f"clawmarket keys new ci --json --idempotency-key {key}"
    assert outcome.document["details"]["again"] == again
    assert f"again: {again}\n" in outcome.err


@pytest.mark.parametrize("argv", [["frob"], ["--frob"], ["task", "publish"], ["task", "frob"]])
def test_usage_errors_keep_the_form(cli: Cli, argv: list[str]) -> None:
    """A command line that cannot be read exits 2, as JSON too, and names a help that exists."""
    outcome = cli(*argv, "--json")
    assert outcome.status == 2
    assert outcome.document["details"]["cause"] == "usage_invalid"
    next_command = outcome.document["details"]["next"].split()
    assert cli(*next_command[1:]).status == 0


def test_every_code_has_the_exit_status_of_the_design() -> None:
    """The statuses are those that scripts rely on."""
    statuses: dict[int, set[str]] = {}
    for code, row in stored()["codes"].items():
        statuses.setdefault(row["exit"], set()).add(code)
    assert statuses == {
        1: {"E_INTERNAL"},
        2: {"E_INVALID_ARGUMENT"},
        3: {"E_AUTH_REQUIRED", "E_FORBIDDEN"},
        4: {"E_UNAVAILABLE", "E_TIMEOUT", "E_RATE_LIMITED"},
        5: {"E_NOT_FOUND"},
        6: {"E_CONFLICT", "E_EXPIRED", "E_REVOKED"},
        7: {"E_PAYMENT_REQUIRED", "E_QUOTA_EXCEEDED"},
    }
    assert exit_status("E_SOMETHING_NEW") == 1


def test_a_defect_shows_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """A bug exits 1 with a sentence; where it happened is only shown for CLAWMARKET_DEBUG."""
    status = failures.report(RuntimeError("/home/somebody/private"), ["status"])
    err = capsys.readouterr().err
    assert status == 1
    assert err.startswith("error[E_INTERNAL]: `status` stopped: a defect.")
    assert "Traceback" not in err
    assert "somebody" not in err


def test_debug_shows_where_and_still_hides_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback goes to stderr through the redactor."""
    monkeypatch.setenv("CLAWMARKET_DEBUG", "1")
    secret = "cmk_" + "Ab1" * 14
    assert secret not in redact_text(secret)
    failures.report(RuntimeError(f"with {secret}"), ["status"])
    err = capsys.readouterr().err
    assert "RuntimeError" in err
    assert secret not in err


def test_ctrl_c_exits_130_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever interrupts is told that the market goes on."""
    assert failures.report(KeyboardInterrupt(), ["task", "list", "--json"]) == 130
    out, err = capsys.readouterr()
    assert "goes on" in err
    assert '"ok": false' in out


def test_a_closed_pipe_is_no_failure(home: Path) -> None:
    """`clawmarket … | head -1` ends quietly."""
    assert home
    command = f"{sys.executable} -m clawmarket help exit-codes | head -n 1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    assert done.stderr == b""
    assert done.stdout == b"exit statuses:\n"


def test_a_bad_address_is_a_usage_error(cli: Cli) -> None:
    """An address with credentials or a path is refused before anything is sent."""
    for url in ("ftp://127.0.0.1", f"{NOBODY_THERE}/x", "http://me:pw@127.0.0.1", "http://["):
        outcome = cli("status", "--url", url)
        assert (outcome.status, "address" in outcome.err) == (2, True)
        assert "pw" not in outcome.err
