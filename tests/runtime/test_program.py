"""A hint can be pasted: the program stands in it as it was started."""

import sys
from pathlib import Path

import pytest

from clawmarket.runtime.program import as_started


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program in it that PATH does not know."""
    program = tmp_path / ".venv" / "bin" / "clawmarket"
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    return tmp_path


@pytest.mark.parametrize(
    ("started", "said"),
    [
        (".venv/bin/clawmarket", ".venv/bin/clawmarket status"),
        ("HERE/.venv/bin/clawmarket", ".venv/bin/clawmarket status"),
        ("./clawmarket", "./clawmarket status"),
        ("/opt/my tools/clawmarket", "'/opt/my tools/clawmarket' status"),
        ("/usr/bin/pytest", "clawmarket status"),
        ("/x/clawmarket/__main__.py", f"{sys.executable} -m clawmarket status"),
    ],
)
def test_the_program_is_written_as_it_was_started(here: Path, started: str, said: str) -> None:
    """From this folder where that is shorter, quoted for the shell, by its module if so started."""
    assert as_started("clawmarket status", [started.replace("HERE", str(here))]) == said


def test_what_is_on_path_needs_no_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed by its bare name, the program is called by its bare name."""
    monkeypatch.setenv("PATH", str(here / ".venv" / "bin"))
    started = [str(here / ".venv" / "bin" / "clawmarket")]
    assert as_started("clawmarket wallet new", started) == "clawmarket wallet new"


def test_another_program_is_left_alone() -> None:
    """What does not begin with this program is given back as it is."""
    command = "pip install --upgrade pysqlite3"
    assert as_started(command, [".venv/bin/clawmarket"]) == command
