"""The home: wallet and session for their owner only, and a doctor that keeps it so."""

import json
import stat
from pathlib import Path

import pytest

from clawmarket.domain.kernel.secret import Secret
from clawmarket.entry.cli.remote.session import (
    Session,
    SessionFileInvalidError,
    credential_for,
    save_session,
    stored_session,
)
from cli.terminal import NOBODY_THERE, Cli

TOKEN = "cms_" + "x" * 43


def session_of(url: str = NOBODY_THERE) -> Session:
    """Return a session of a market at an address."""
    token = Secret(TOKEN)
    return Session(url, "clawmarket.local/00", "agent_x", "0x00", token, "2000-01-01T00:00:00.000Z")


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_session_is_kept_for_its_owner_only(home: Path) -> None:
    """What is stored comes back; the file and its folder are closed to others."""
    save_session(home, session_of())
    assert stored_session(home) == session_of()
    assert (mode(home), mode(home / "session.json")) == (0o700, 0o600)


def test_a_token_goes_to_the_market_that_gave_it(home: Path) -> None:
    """Another address gets no credential at all."""
    save_session(home, session_of())
    mine = credential_for(NOBODY_THERE)
    assert mine is not None
    assert mine.token == Secret(TOKEN)
    assert credential_for("http://127.0.0.1:10") is None


def test_a_key_from_the_environment_wins(home: Path) -> None:
    """The key is sent alone: no session stands behind it, so nothing is signed."""
    save_session(home, session_of())
    credential = credential_for(NOBODY_THERE, {"CLAWMARKET_API_KEY": " key "})
    assert credential is not None
    assert (credential.token, credential.session) == (Secret("key"), None)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 1}', "\udcff"])
def test_a_damaged_session_file_is_named(home: Path, text: str) -> None:
    """It is a sign-in problem with a way out, never a traceback."""
    home.mkdir()
    (home / "session.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SessionFileInvalidError):
        stored_session(home)


def test_a_wallet_is_made_once(cli: Cli, home: Path) -> None:
    """The key is in a closed file, never on the screen, and never overwritten."""
    outcome = cli("wallet", "new", "--json")
    key = json.loads((home / "wallet.json").read_text())["key"]
    assert outcome.document["next"] == ["clawmarket wallet login"]
    assert key not in outcome.out + outcome.err
    assert mode(home / "wallet.json") == 0o600
    assert cli("wallet", "new").status == 6


def test_a_refusal_shows_the_users_own_path(cli: Cli, home: Path) -> None:
    """Whoever has no wallet, or one already, reads where; the sentence keeps its full stop."""
    missing = cli("wallet", "login")
    assert f"There is no wallet at {home / 'wallet.json'}. Make" in missing.err
    cli("wallet", "new")
    outcome = cli("wallet", "new", "--json")
    assert outcome.document["details"]["file"] == str(home / "wallet.json")
    assert f"{home / 'wallet.json'} exists; it may hold another key. Use" in outcome.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("serve", "--home", ""), "It is empty; write . for the present folder."),
        (("serve", "--home=FILE"), "Directory 'FILE' is a file."),
        (("verify", "FILE.gone"), "File 'FILE.gone' does not exist."),
        (("serve", "--port", "abc"), "'abc' is not a valid whole number."),
        (("files", "get", "ab" * 32), f"Write sha256:{'ab' * 32}."),
        (("files", "get", "abc"), "A content hash is sha256: and 64 hexadecimal digits."),
        (("call", "market.listTasks", "limit:=x"), "that is not JSON; write name=text for a text."),
        (("call", "market.listTasks", "limit=@FILE.gone"), "cannot be read: no such file"),
    ],
)
def test_a_value_that_cannot_be_is_named(
    cli: Cli, tmp_path: Path, argv: tuple[str, ...], said: str
) -> None:
    """What was typed stands in the sentence as it was typed, paths of this machine too."""
    file = tmp_path / "file"
    file.write_text("")
    outcome = cli(*(word.replace("FILE", str(file)) for word in argv))
    assert outcome.status == 2
    assert said.replace("FILE", str(file)) in outcome.err


def test_doctor_finds_and_fixes_open_files(cli: Cli, home: Path) -> None:
    """A finding that --fix repaired is gone in the next run."""
    home.mkdir(mode=0o755)
    (home / "session.json").write_text("{}")
    (home / "session.json").chmod(0o644)
    before = cli("doctor", "--lint", "--json")
    open_paths = [
        f["path"] for f in before.document["findings"] if f["checkId"] == "home/permissions"
    ]
    assert (before.status, open_paths) == (1, [".", "session.json"])
    said = [line.partition("permissions")[2].strip() for line in cli("doctor").out.splitlines()]
    assert {
        "Others may read the home: mode 0755.",
        "Others may read `session.json`: mode 0644.",
    } <= set(said)
    assert cli("doctor", "--fix", "--json").document["fixed"] == [".", "session.json"]
    after = cli("doctor", "--lint", "--json").document
    assert "home/permissions" not in [finding["checkId"] for finding in after["findings"]]
    assert (mode(home), mode(home / "session.json")) == (0o700, 0o600)


def test_doctor_says_everything_a_finding_needs(cli: Cli) -> None:
    """Each entry has its five fields; without --lint a finding is no failure."""
    outcome = cli("doctor", "--json")
    document = outcome.document
    entries = document["findings"] + document["passed"]
    assert (outcome.status, document["ok"], document["schemaVersion"]) == (0, True, 1)
    for entry in entries:
        assert set(entry) == {"checkId", "severity", "message", "path", "fixHint"}
    assert {entry["checkId"] for entry in entries} >= {
        "runtime/python",
        "runtime/sqlite",
        "runtime/coincurve",
        "home/permissions",
        "home/disk",
        "session/file",
        "market/reachable",
    }


def test_a_new_wallet_says_where_it_lies(cli: Cli, home: Path) -> None:
    """The whole path, so that the file can be copied from there."""
    outcome = cli("wallet", "new")
    assert f"file     {home / 'wallet.json'}\n" in outcome.out
    assert "Copy this file to a safe place of yours" in outcome.out


def test_doctor_in_quiet_prints_findings_only(cli: Cli, home: Path) -> None:
    """One line a finding; what is well takes none."""
    home.mkdir(mode=0o755)
    lines = cli("doctor", "-q").out.splitlines()
    findings = cli("doctor", "--json").document["findings"]
    assert [line.split()[:2] for line in lines] == [
        [finding["severity"], finding["checkId"]] for finding in findings
    ]
    assert "error" in {finding["severity"] for finding in findings}
