"""Names that last: which folders are synced when one is made."""

import os
from pathlib import Path

import pytest

from clawmarket.adapters.durable import make_folder, sync_folder
from clawmarket.runtime.home import open_home


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the paths that are synced, in their order."""
    seen: list[Path] = []
    sync = os.fsync

    def note(handle: int) -> None:
        seen.append(Path(f"/proc/self/fd/{handle}").readlink())
        sync(handle)

    monkeypatch.setattr(os, "fsync", note)
    return seen


def test_the_names_in_a_folder_are_synced(tmp_path: Path, synced: list[Path]) -> None:
    """The folder itself, and nothing else."""
    sync_folder(tmp_path)
    assert synced == [tmp_path]


@pytest.mark.parametrize("made", ["", "new", "new/deep", "new/deep/home"])
def test_every_name_above_a_new_folder_is_synced(
    tmp_path: Path, synced: list[Path], made: str
) -> None:
    """However many parents are missing, or were made by an attempt that a power cut ended."""
    (tmp_path / made).mkdir(parents=True, exist_ok=True)
    make_folder(tmp_path / "new" / "deep" / "home")
    assert synced[:3] == [tmp_path / "new" / "deep", tmp_path / "new", tmp_path]
    assert (tmp_path / "new" / "deep" / "home").is_dir()


@pytest.mark.parametrize("made", ["", "new/home"])
def test_a_home_without_its_mark_may_not_have_its_name_yet(
    tmp_path: Path, synced: list[Path], made: str
) -> None:
    """A first start syncs the names above it, also where the folder is there already."""
    (tmp_path / made).mkdir(parents=True, exist_ok=True)
    open_home(tmp_path / "new" / "home").close()
    assert synced[:2] == [tmp_path / "new", tmp_path]


def test_a_home_with_its_mark_is_opened_without_a_sync(tmp_path: Path, synced: list[Path]) -> None:
    """The mark was made after the names were on the disk."""
    (tmp_path / "log.key").write_text("")
    open_home(tmp_path).close()
    assert synced == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_others_ends_it(tmp_path: Path, synced: list[Path]) -> None:
    """Where this process can make no name, it made none; nor any above."""
    (tmp_path / "theirs" / "mine").mkdir(parents=True)
    (tmp_path / "theirs").chmod(0o500)
    make_folder(tmp_path / "theirs" / "mine" / "new")
    assert synced == [tmp_path / "theirs" / "mine"]
