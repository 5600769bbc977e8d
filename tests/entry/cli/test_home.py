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
