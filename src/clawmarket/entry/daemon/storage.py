"""Where a daemon keeps what it knows: folders of a workspace, and state files that survive a crash.

The layout is that of the skills: `storage/clawmarket/{free,paid,work}/<id>/` and
`memory/YYYY-MM-DD.md`. No credential is ever written here.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from clawmarket.adapters.durable import make_folder, sync_folder, write_private
from clawmarket.domain.kernel.errors import ConflictError, InternalError
from clawmarket.entry.cli.catalog import Entry

STATE = "state.json"
_BASE = Path("storage") / "clawmarket"


class WorkspaceBusyError(ConflictError):
    """Another daemon works in this workspace."""

    advice = "Stop it first, or name another folder with --workspace."
    next_command = "clawmarket help worker run"


class StateDamagedError(InternalError):
    """A state file cannot be read."""

    advice = "Look at the task in the market, then move its folder away."
    next_command = "clawmarket order list"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of an agent; seed of everything that is kept."""

    root: Path

    def track(self, name: str) -> Path:
        """Return the folder of one track: free, paid or work."""
        return self.root / _BASE / name

    @property
    def memory(self) -> Path:
        """The folder with a file for each day."""
        return self.root / "memory"

    def shown(self, folder: Path) -> str:
        """Return a folder as it is named in memory lines."""
        return f"{folder.relative_to(self.root).as_posix()}/"

    @contextmanager
    def alone(self, track: str) -> Iterator[None]:
        """Keep every other daemon out of a track. Raises WorkspaceBusyError."""
        folder = self.track(track)
        make_folder(folder)
        with (folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WorkspaceBusyError("Another daemon works in this folder.") from None
            yield


def keep(folder: Path, fields: Entry, name: str = STATE) -> None:
    """Write a state file whole, on the disk when this returns."""
    if not folder.is_dir():
        make_folder(folder)
    write_private(folder / name, json.dumps(fields, indent=1))


def kept(folder: Path, name: str = STATE) -> Entry | None:
    """Return what a state file holds, or None. Raises StateDamagedError."""
    try:
        fields: Entry = json.loads((folder / name).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise StateDamagedError(f"The state of {folder.name} cannot be read.") from None
    return fields


def write_text(path: Path, text: str) -> None:
    """Write a text for people, whole."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def emptied(folder: Path) -> Path:
    """Return a folder with nothing in it; links in it are removed, never followed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for base, folders, files in os.walk(folder, topdown=False):
        for name in files:
            (Path(base) / name).unlink()
        for name in folders:
            path = Path(base) / name
            path.unlink() if path.is_symlink() else path.rmdir()
    with suppress(OSError):
        sync_folder(folder)
    return folder
