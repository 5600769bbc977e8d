"""The watch on a process: which of its calls make something last, and at which it is killed.

The watching itself is `shim.c`, which is compiled here and loaded by the process.
"""

import mmap
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("shim.c")
FLAGS = ("-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")

# `struct control` of shim.c.
HEAD = struct.Struct("=QQQQ")
CALL = struct.Struct("=12s52s")
SEEN = 65_536
WANTED = HEAD.size
HIT = WANTED + CALL.size
CALLS = HIT + CALL.size
CONTROL_BYTES = CALLS + SEEN * CALL.size


class Side(IntEnum):
    """When a process is killed: before a call, in the middle of it, or behind it."""

    BEFORE = 1
    TORN = 2
    AFTER = 3


@dataclass(frozen=True, slots=True)
class Made:
    """One call: what was done, to which file of the home (or to the database)."""

    kind: str
    file: str

    @classmethod
    def parse(cls, packed: bytes) -> "Made":
        """Read what the process left in the control."""
        kind, file = (part.rstrip(b"\0").decode() for part in CALL.unpack(packed))
        return cls(kind, file)


@dataclass(frozen=True, slots=True)
class Point:
    """A moment in the life of a market, such as `accept:sync:market.db-wal:1:after`.

    Args:
        step: The step of the lifecycle.
        made: The call.
        nth: The how manyeth such call of the step, from 1.
        side: When the process is killed.
    """

    step: str
    made: Made
    nth: int
    side: Side

    def __str__(self) -> str:
        """Return what `parse` reads."""
        words = (self.step, self.made.kind, self.made.file, str(self.nth), self.side.name.lower())
        return ":".join(words)

    @classmethod
    def parse(cls, text: str) -> "Point":
        """Read a point as it was printed. Raises ValueError."""
        step, kind, file, nth, side = text.split(":")
        return cls(step, Made(kind, file), int(nth), Side[side.upper()])


def compiled(folder: Path) -> Path:
    """Compile the shim into a folder; skip where that cannot be."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("crash points need Linux and a C compiler: install cc, for example gcc")
    library = folder / "shim.so"
    line = [compiler, *FLAGS, "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(line, check=True)
    return library


class Watch:
    """The watch on the processes of one home, one after the other.

    Args:
        library: The compiled shim.
        folder: Where the control file is put.
        journal: Where everything that is done to the home is kept, if that is wanted.
    """

    def __init__(self, library: Path, folder: Path, journal: Path | None = None) -> None:
        self._library = library
        self._journal = journal
        self._path = folder / "control"
        with self._path.open("w+b") as file:
            os.truncate(file.fileno(), CONTROL_BYTES)
            self._control = mmap.mmap(file.fileno(), CONTROL_BYTES)

    def settings(self, home: Path, server: Path | None) -> dict[str, str]:
        """Return the environment of a process to be watched."""
        named = {"CRASH_CONTROL": self._path, "CRASH_HOME": home, "LD_PRELOAD": self._library}
        optional = {"CRASH_SOCKET": server, "CRASH_JOURNAL": self._journal}
        return {name: str(path) for name, path in (named | optional).items() if path is not None}

    def arm(self, point: Point | None) -> None:
        """Begin to count; kill the process when it comes to a point, if one is given.

        Where it was killed stays known until the next point: the end of a step may come before
        the process, which was on its way to the point, is seen to be gone.
        """
        self._control[WANTED:HIT] = bytes(HIT - WANTED)
        HEAD.pack_into(self._control, 0, 0, self.written, 0, 0)
        if point is not None:
            self.forget()
            packed = CALL.pack(point.made.kind.encode(), point.made.file.encode())
            self._control[WANTED:HIT] = packed
            HEAD.pack_into(self._control, 0, 0, self.written, point.nth, point.side)

    def forget(self) -> None:
        """Know of no process that was killed."""
        self._control[HIT:CALLS] = bytes(CALLS - HIT)

    @property
    def written(self) -> int:
        """How many entries the journal has."""
        return int(HEAD.unpack_from(self._control)[1])

    @property
    def hit(self) -> Made | None:
        """The call at which the process was killed, if it was."""
        packed = self._control[HIT:CALLS]
        return Made.parse(packed) if any(packed) else None

    @property
    def calls(self) -> list[Made]:
        """All calls since the watch was armed."""
        seen = min(HEAD.unpack_from(self._control)[0], SEEN)
        ends = (CALLS + number * CALL.size for number in range(1, seen + 1))
        return [Made.parse(self._control[end - CALL.size : end]) for end in ends]
