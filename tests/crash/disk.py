"""What a power cut leaves of a home, worked out from everything that was done to it.

A disk keeps what was synced: the bytes of a file when the file was, its name when its folder was.
Of the rest anything may be there: nothing, all, or some writes and not others, one of them torn.
"""

import shutil
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that a cut can be made again
from typing import NamedTuple

from crash.points import FLEETING

SECTOR = 512
# `struct entry` of shim.c.
ENTRY = struct.Struct("=12sIQQ")


class Done(NamedTuple):
    """One entry of the journal: what was done to which path; `data` are bytes or another path."""

    kind: str
    path: Path
    at: int
    size: int
    data: bytes


def journal(path: Path) -> Iterator[Done]:
    """Read what the shim kept."""
    with path.open("rb") as file:
        while packed := file.read(ENTRY.size):
            name, path_size, at, size = ENTRY.unpack(packed)
            kind = name.rstrip(b"\0").decode()
            where = Path(file.read(path_size).decode())
            data = file.read(size) if kind in ("write", "rename") else b""
            yield Done(kind, where, at, size, data)


@dataclass(eq=False)
class File:
    """The bytes of one file: on the disk for certain, and what was done since."""

    synced: bytes = b""
    since: list[Done] = field(default_factory=list)

    def sync(self) -> None:
        """Bring everything to the disk."""
        self.synced, self.since = self.after(self.since), []

    def after(self, done: Sequence[Done]) -> bytes:
        """Return the bytes if these of the later changes come to the disk."""
        content = bytearray(self.synced)
        for change in done:
            if change.kind == "truncate":
                del content[change.size :]
                content.extend(bytes(change.size - len(content)))
                continue
            content.extend(bytes(max(0, change.at - len(content))))
            content[change.at : change.at + len(change.data)] = change.data
        return bytes(content)

    def some(self, chance: Random) -> bytes:
        """Return the bytes if chance decides which changes come to the disk."""
        return self.after([_torn(one, chance) for one in self.since if chance.random() < 0.5])


def _torn(change: Done, chance: Random) -> Done:
    sectors = len(change.data) // SECTOR
    if sectors < 2 or chance.random() < 0.8:
        return change
    return change._replace(data=change.data[: chance.randrange(1, sectors) * SECTOR])


class Disk:
    """The files of a home as its programs see them, and as the disk has them.

    Args:
        home: A copy of the home as it was before, all of it on the disk.
        place: The path that the home has in the journal.
    """

    def __init__(self, home: Path, place: Path) -> None:
        self._seen: dict[Path, File] = {}
        for path in home.rglob("*"):
            if path.is_file() and path.name not in FLEETING:
                self._seen[place / path.relative_to(home)] = File(path.read_bytes())
        self._place = place
        self._kept = dict(self._seen)

    def do(self, done: Done) -> None:
        """Let a program do something."""
        if done.path.name in FLEETING:
            return
        match done.kind:
            case "write" | "truncate":
                self._seen.setdefault(done.path, File()).since.append(done)
            case "rename":
                self._seen[Path(done.data.decode())] = self._seen.pop(done.path)
            case "unlink":
                self._seen.pop(done.path, None)  # one that nobody wrote to is not known
            case _ if done.path in self._seen:
                self._seen[done.path].sync()
            case _:
                self._sync_folder(done.path)

    def _sync_folder(self, folder: Path) -> None:
        for names in (self._kept, self._seen):
            for path in [path for path in names if path.parent == folder]:
                if path in self._seen:
                    self._kept[path] = self._seen[path]
                else:
                    del self._kept[path]

    def seen(self) -> dict[str, bytes]:
        """Return every file that has bytes, as programs see it."""
        files = self._named({path: file.after(file.since) for path, file in self._seen.items()})
        return {name: data for name, data in files.items() if data}

    def certain(self) -> dict[str, bytes]:
        """Return what is on the disk for certain, and nothing else."""
        return self._named({path: file.synced for path, file in self._kept.items()})

    def some(self, seed: int) -> dict[str, bytes]:
        """Return what may be on the disk if its names are: of the bytes some and not others."""
        chance = Random(seed)  # noqa: S311 - no secret
        return self._named({path: file.some(chance) for path, file in self._seen.items()})

    def _named(self, files: dict[Path, bytes]) -> dict[str, bytes]:
        return {path.relative_to(self._place).as_posix(): data for path, data in files.items()}


def put(files: dict[str, bytes], home: Path) -> None:
    """Make a home of files."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    for name, data in files.items():
        path = home / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o600)
