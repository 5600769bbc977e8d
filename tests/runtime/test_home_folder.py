"""The home's folder: private from the start, nobody else's things in it, one market at a time."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clawmarket.runtime.home import (
    HomeInUseError,
    HomeUnfinishedError,
    NotAHomeError,
    open_home,
)


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_is_private(tmp_path: Path) -> None:
    """Folder and lock are their owner's, whatever the process's umask would give others."""
    home = open_home(tmp_path / "home")
    home.close()
    assert (mode(tmp_path / "home"), mode(tmp_path / "home" / "lock")) == (0o700, 0o600)


@pytest.mark.parametrize("held", ["notes.txt", ".git", "files-of-mine", "lockfile"])
def test_a_folder_of_other_things_is_left_alone(tmp_path: Path, held: str) -> None:
    """It is refused before anything in it, or its mode, is touched."""
    folder = tmp_path / "mine"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / held).write_text("mine")
    with pytest.raises(NotAHomeError) as refused:
        open_home(folder)
    assert refused.value.what == f"{folder} holds other things and no market."
    assert (mode(folder), [path.name for path in folder.iterdir()]) == (0o755, [held])


def test_an_empty_folder_becomes_a_home_as_it_is(tmp_path: Path) -> None:
    """Whoever made it chose its mode."""
    tmp_path.chmod(0o750)
    open_home(tmp_path).close()
    assert mode(tmp_path) == 0o750


@pytest.mark.parametrize(
    "held",
    [["wallet.json", "session.json.new", "openclaw"], ["market.db", "notes"]],
)
def test_a_home_is_closed_to_others(tmp_path: Path, held: list[str]) -> None:
    """A home that only a wallet made, and one with a market and a stranger's file."""
    tmp_path.chmod(0o755)
    for name in held:
        (tmp_path / name).write_text("")
    open_home(tmp_path).close()
    assert mode(tmp_path) == 0o700


def test_whoever_finds_the_home_in_use_learns_where(tmp_path: Path) -> None:
    """The market says its port in the lock; one that has not yet says none."""
    home = open_home(tmp_path / "home")
    with pytest.raises(HomeInUseError) as early:
        open_home(tmp_path / "home")
    home.announce(9123)
    with pytest.raises(HomeInUseError) as late:
        open_home(tmp_path / "home")
    home.close()
    in_use = f"Another market runs in the home {tmp_path / 'home'}"
    assert (early.value.what, early.value.next_step) == (f"{in_use}.", "clawmarket status")
    assert (late.value.what, late.value.next_step) == (
        f"{in_use}; it listens at http://127.0.0.1:9123.",
        "clawmarket status --url http://127.0.0.1:9123",
    )


def test_a_home_in_use_is_found_before_the_market_is_loaded(tmp_path: Path) -> None:
    """Whoever starts a second market need not wait for its code."""
    code = (
        "import sys; from pathlib import Path; from clawmarket.runtime.config import Config\n"
        "from clawmarket.runtime.home import HomeInUseError\n"
        "from clawmarket.runtime.serve import serve\n"
        "try: serve(Config(Path(sys.argv[1]), port=0))\n"
        "except HomeInUseError: print([x for x in ('sqlalchemy', 'uvicorn') if x in sys.modules])"
    )
    home = open_home(tmp_path)
    asked = [sys.executable, "-c", code, str(tmp_path)]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    home.close()
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


def test_a_port_of_an_earlier_run_is_forgotten(tmp_path: Path) -> None:
    """The next process to hold the home says nothing until it listens."""
    first = open_home(tmp_path)
    first.announce(65535)
    first.close()
    second = open_home(tmp_path)
    with pytest.raises(HomeInUseError) as refused:
        open_home(tmp_path)
    second.close()
    assert refused.value.what == f"Another market runs in the home {tmp_path}."


def test_a_folder_that_a_killed_command_left_is_no_home(tmp_path: Path) -> None:
    """Half a backup or half a restored home is refused by its name, and stays as it is."""
    folder = tmp_path / ".restored.x7d0q2ab.partial"
    folder.mkdir()
    (folder / "market.db").touch()
    with pytest.raises(HomeUnfinishedError):
        open_home(folder)
    assert [path.name for path in folder.iterdir()] == ["market.db"]
