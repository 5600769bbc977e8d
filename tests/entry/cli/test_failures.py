"""Failures: one document under --json, two lines for people, the exit status of the table."""

import errno
import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from clawmarket.domain.trust.redaction import redact_text
from clawmarket.entry.cli import failures
from clawmarket.entry.cli.catalog import Entry, exit_status, stored
from clawmarket.entry.cli.tree import Leaf, leaves
from clawmarket.registry.codes import CODES
from clawmarket.registry.misfits import id_noun
from cli.terminal import NOBODY_THERE, Cli

COMMAND = [sys.executable, "-m", "clawmarket"]
UNPRINTED = (
    f"error[E_UNAVAILABLE]: Standard output cannot be written: {os.strerror(errno.ENOSPC)}."
    " What the command did stands."
)
TASK = "task_01h00000000000000000000000"
ESCAPE = "\x1b"
TEXTS = {
    "url": "https://agent.example.net",
    "outcome": "moved",
    "reason": "The rail's statement shows it.",
    "resolution": "refund",
    "address": "0x" + "0" * 39 + "2",
    "sessionId": "0" * 64,
    "sessionIdHash": "0" * 64,
    "stepKey": "settlement_01h00000000000000000000000.001.lock",
    "budget": "5",
    "cap": "5",
    "price": "5",
    "quantity": "1",
    "unit": "token",
    "unitsPerMinute": "60",
    "decision": "accept",
    "word": "E_CONFLICT",
    "shell": "zsh",
}
DECLARED_IDS = {"order_id": "order_01h00000000000000000000000"}
# These run until they are stopped.
ENDLESS = {"mcp", "serve", "tour"}
LOCAL = {
    "a2a call": 2,
    "a2a card": 2,
    "backup create": 5,
    "backup restore": 2,
    "backup verify": 2,
    "completion": 0,
    "doctor": 0,
    "employer run": 2,
    "explain": 0,
    "files get": 2,
    "help": 0,
    "keys rotate": 2,
    "migrate": 5,
    "openclaw uninstall": 5,
    "skills check": 0,
    "skills install": 2,
    "skills uninstall": 0,
    "verify": 2,
    "wallet bind": 5,
    "wallet login": 5,
    "wallet new": 0,
    "worker run": 2,
}


def id_for(leaf: Leaf, name: str) -> str:
    """Return an id for a parameter that takes one, or an empty text."""
    if leaf.entry is None:
        return DECLARED_IDS.get(name, "")
    part = leaf.entry["params"]["properties"].get(name, {})
    return next(iter(part.get("examples", ())), "") if id_noun(part) else ""


def argv_of(leaf: Leaf, file: Path) -> list[str]:
    """Return a command line that gives everything the command needs."""
    words = leaf.words.split()
    for param in leaf.params:
        if not param.required:
            continue
        is_file = isinstance(param.type, click.Path)
        value = (
            str(file)
            if is_file
            else id_for(leaf, str(param.name)) or TEXTS.get(str(param.name), "market.listTasks")
        )
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
        "error[E_UNAVAILABLE]: Nothing answers at http://127.0.0.1:9. Start a market there, or name"
        " the right one with --url or CLAWMARKET_URL.\n"
        "next: clawmarket doctor --url http://127.0.0.1:9\n"
    )
    assert cli("doctor", "--url", NOBODY_THERE).status == 0


def test_a_write_without_an_answer_tells_its_key(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key that was made is printed with the command that repeats the request safely."""
    monkeypatch.setenv("CLAWMARKET_API_KEY", "not-looked-at")
    document = cli("task", "cancel", TASK, "--idempotency-key", "mine", "--json").document
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


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["tour"], "Interrupted. The tour's own market has stopped."),
        (["migrate"], "Interrupted."),
        (
            ["tour", "--url", NOBODY_THERE],
            "Interrupted. Whatever the market has accepted goes on without this command.",
        ),
    ],
)
def test_ctrl_c_says_only_what_is_so(
    argv: list[str],
    said: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A market that was the command's own goes on nowhere."""
    assert home
    monkeypatch.delenv("CLAWMARKET_URL")
    assert failures.report(KeyboardInterrupt(), argv) == 130
    assert capsys.readouterr().err == f"\n{said}\n"


def test_a_closed_pipe_is_no_failure(home: Path) -> None:
    """`clawmarket … | head -1` ends quietly."""
    assert home
    command = f"{sys.executable} -m clawmarket help exit-codes | head -n 1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    assert done.stderr == b""
    assert done.stdout == b"exit statuses:\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_line_and_no_traceback(home: Path, unbuffered: str) -> None:
    """What cannot be printed is said once on stderr, and exits as any other `try later`."""
    assert home
    environ = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "help", "environment"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
            check=False,
        )
    first, second = done.stderr.splitlines()
    assert (done.returncode, first) == (4, UNPRINTED)
    assert second.endswith("-m clawmarket doctor")


def test_a_closed_stdout_is_one_line_and_no_traceback(home: Path) -> None:
    """Nothing is begun when nobody could read the answer."""
    assert home
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(COMMAND)} help environment >&-"],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    first = done.stderr.splitlines()[0]
    said = "Standard output cannot be written: it is closed. Nothing was done."
    assert (done.returncode, first) == (2, f"error[E_INVALID_ARGUMENT]: {said}")


def test_a_reader_that_has_seen_enough_is_no_failure(home: Path) -> None:
    """The exit status of a closed pipe is 0, also when each line is written by itself."""
    assert home
    script = f"{' '.join(COMMAND)} help exit-codes; echo $? >&2"
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        ["/bin/sh", "-c", f"( {script} ) | true"], capture_output=True, env=environ, check=False
    )
    assert done.stderr == b"0\n"


def test_flags_before_the_command_count_as_after_it(cli: Cli) -> None:
    """--json and -q may stand first; another option is told where it belongs."""
    assert cli("--json", "explain", "E_CONFLICT") == cli("explain", "E_CONFLICT", "--json")
    outcome = cli("--url", "http://127.0.0.1:9", "status")
    assert outcome.status == 2
    assert outcome.err.startswith("error[E_INVALID_ARGUMENT]: Put --url after the command.\n")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.invalid", "https://example.invalid:443"),
        ("http://[::1]:9", "http://[::1]:9"),
        ("http://localhost:9", "http://localhost:9"),
    ],
)
def test_the_address_that_was_asked_is_said(cli: Cli, url: str, place: str) -> None:
    """Host and port stand in the message, and the next command asks there again."""
    outcome = cli("status", "--url", url)
    lines = outcome.err.splitlines()
    assert (outcome.status, f"Nothing answers at {place}." in lines[0]) == (4, True)
    assert lines[1] == f"next: clawmarket doctor --url {shlex.quote(url)}"


def test_a_market_is_started_where_none_was_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any address the next command is the one that starts a market there."""
    monkeypatch.delenv("CLAWMARKET_URL")
    monkeypatch.setenv("CLAWMARKET_PORT", "9")
    outcome = cli("status")
    assert outcome.err.endswith("next: clawmarket serve --faucet\n")
    assert "127.0.0.1:9" in outcome.err


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "", "\u0661"])
def test_a_port_that_is_none_is_named(cli: Cli, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that is wrong stands in the message."""
    monkeypatch.delenv("CLAWMARKET_URL")
    monkeypatch.setenv("CLAWMARKET_PORT", port)
    outcome = cli("status")
    assert outcome.status == 2
    assert "CLAWMARKET_PORT is a number from 1 to 65535." in outcome.err


def test_a_bad_address_is_a_usage_error(cli: Cli) -> None:
    """An address with credentials or a path is refused before anything is sent."""
    for url in ("ftp://127.0.0.1", f"{NOBODY_THERE}/x", "http://me:pw@127.0.0.1", "http://["):
        outcome = cli("status", "--url", url)
        assert (outcome.status, "address" in outcome.err) == (2, True)
        assert "pw" not in outcome.err


@pytest.mark.parametrize(
    "wait", [{"retryAfterSec": 15}, {"retryAfterSec": 15, "retryAfterMs": 14_700}]
)
def test_a_rate_limit_says_how_long(capsys: pytest.CaptureFixture[str], wait: Entry) -> None:
    """Every refusal that asks to wait names whole seconds, and people read them."""
    details = {**wait, "next": "clawmarket tab show tab_1"}
    failures.show_failure(
        {"ok": False, "error": "E_RATE_LIMITED: Too fast.", "details": details}, {}, []
    )
    first = capsys.readouterr().err.splitlines()[0]
    assert first == "error[E_RATE_LIMITED]: Too fast. Try again in 15 s."
