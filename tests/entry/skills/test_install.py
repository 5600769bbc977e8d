"""Installing skills: shown first, never over somebody's work, and taken back exactly."""

import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clawmarket.entry.cli.skills.places import NAMES, skill_files


def _runs(state: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Run a `skills` command for a host whose state is there; return status and document."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("CLAWMARKET_")}
    done = subprocess.run(
        [sys.executable, "-m", "clawmarket", "skills", *words, "--json"],
        env=env | {"OPENCLAW_STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


def _files(folder: Path) -> dict[str, str]:
    """Return what lies in a folder, without our note."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".clawmarket.json"
    }


def test_both_skills_are_copied_to_the_host_s_folder(tmp_path: Path) -> None:
    """What lies there afterwards is what comes with this program; a second time does nothing."""
    status, document = _runs(tmp_path, "install", "--yes")
    again = _runs(tmp_path, "install", "--yes")[1]

    assert (status, document["done"], again["files"]) == (0, True, [])
    assert _files(tmp_path / "skills") == _files(skill_files())


def _command(named: list[str]) -> list[str]:
    """Return the words of the one command that an answer names, `--json` and the like left out."""
    (line,) = named
    program, *words = shlex.split(line)
    assert (program, words.pop(0)) == ("clawmarket", "skills")
    return [word for word in words if word != "--json"]


def test_nothing_is_written_unasked(tmp_path: Path) -> None:
    """A preview and a call that nobody agreed to leave no file."""
    shown = _runs(tmp_path, "install", "--dry-run", "--dir", str(tmp_path))[1]
    status, refused = _runs(tmp_path, "install")

    assert {each["state"] for each in shown["files"]} == {"new"}
    assert _command(shown["next"]) == ["install", "--dir", str(tmp_path)]
    assert (status, refused["details"]["cause"]) == (2, "skill_unagreed")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("below", ["", "skills"])
def test_a_workspace_that_is_not_there_is_not_made_unasked(tmp_path: Path, below: str) -> None:
    """It may be mistyped: nothing is written until --create says that it is meant."""
    meant = tmp_path / "wrokspace"
    line = ("install", "--dir", str(meant / below), "--yes")
    status, refused = _runs(tmp_path, *line)
    assert (status, refused["details"]["cause"]) == (5, "workspace_missing")
    assert not meant.exists()
    assert _command([refused["details"]["next"]]) == [*line, "--create"]

    assert _runs(tmp_path, *line, "--create")[0] == 0
    assert _files(meant / "skills") == _files(skill_files())


def test_a_changed_file_is_not_replaced(tmp_path: Path) -> None:
    """Somebody's words stay until --force, and an uninstall leaves them too."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    _runs(tmp_path, "install", "--dir", str(workspace), "--yes")
    mine = workspace / "skills" / "claw-worker" / "SKILL.md"
    mine.write_text("mine")

    status, refused = _runs(tmp_path, "install", "--dir", str(workspace), "--yes")
    assert (status, refused["details"]["cause"], mine.read_text()) == (6, "skill_changed", "mine")
    preview = _command([refused["details"]["next"]])
    assert preview == ["install", "--dir", str(workspace), "--dry-run"]
    status, left = _runs(tmp_path, "uninstall", "--dir", str(workspace), "--yes")
    assert (status, left["left"]) == (1, [str(mine)])
    assert _files(workspace) == {"skills/claw-worker/SKILL.md": "mine"}
    _runs(tmp_path, "install", "--dir", str(workspace), "--yes", "--force")
    assert _files(workspace / "skills") == _files(skill_files())


def test_a_file_of_an_earlier_version_is_replaced(tmp_path: Path) -> None:
    """What we wrote ourselves and nobody changed is brought up to date; what we had once, goes."""
    _runs(tmp_path, "install", "--yes")
    folder = tmp_path / "skills" / "claw-worker"
    note = json.loads((folder / ".clawmarket.json").read_text())
    (folder / "SKILL.md").write_text("of before")
    (folder / "old.md").write_text("of before")
    before = hashlib.sha256(b"of before").hexdigest()
    note["files"] |= {"SKILL.md": before, "old.md": before}
    (folder / ".clawmarket.json").write_text(json.dumps(note))

    assert _runs(tmp_path, "install", "--yes")[0] == 0
    assert _files(tmp_path / "skills") == _files(skill_files())


def test_a_link_is_somebody_s_work(tmp_path: Path) -> None:
    """A skill that is a link elsewhere is not written through, and not followed when removed."""
    elsewhere = tmp_path / "elsewhere.md"
    elsewhere.write_text("kept")
    folder = tmp_path / "skills" / "claw-worker"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").symlink_to(elsewhere)
    (folder / ".clawmarket.json").write_text('{"files": {"../../elsewhere.md": "x"}}')

    assert _runs(tmp_path, "install", "--yes")[0] == 6
    assert _runs(tmp_path, "install", "--yes", "--force")[0] == 0
    assert _runs(tmp_path, "uninstall", "--yes", "--force")[0] == 0
    assert elsewhere.read_text() == "kept"
    assert not any((tmp_path / "skills" / name).exists() for name in NAMES)
