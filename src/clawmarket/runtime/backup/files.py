"""Files of backups: copied, hashed, and given their name only once all are there."""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clawmarket.runtime.backup.manifest import BackedFile, BackupFailedError, BackupTargetError
from clawmarket.runtime.home import PARTIAL

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it, and how much there is."""

_CHUNK_BYTES = 1 << 20


def quiet(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def copy_file(source: Path, root: Path, place: str) -> BackedFile:
    """Copy a file to a free place below a folder, readable by its owner only, and hash it.

    Raises OSError.
    """
    target = root / place
    for folder in reversed(Path(place).parents):  # each with its mode, which `parents` would not
        (root / folder).mkdir(mode=0o700, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as copy, source.open("rb") as original:
        return _stream(place, original, copy.write)


def hash_file(root: Path, place: str) -> BackedFile:
    """Hash a file that lies below a folder; a link or a device is no file. Raises OSError."""
    handle = os.open(root / place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("no regular file")
        return _stream(place, file, lambda _: None)


def _stream(place: str, file: BinaryIO, take: Callable[[bytes], object]) -> BackedFile:
    sha256, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK_BYTES):
        sha256.update(chunk)
        size += len(chunk)
        take(chunk)
    return BackedFile(path=place, sha256=sha256.hexdigest(), size=size)


def check_target(target: Path, outside: Path) -> None:
    """Refuse a target that has anything in it, or that lies inside another folder.

    Raises BackupTargetError.
    """
    target, outside = target.resolve(), outside.resolve()
    if target == outside or outside in target.parents:
        raise BackupTargetError(f"{target} lies inside {outside}, and would be lost with it.")
    if target.is_dir() and not target.is_symlink():
        if next(target.iterdir(), None) is not None:
            raise BackupTargetError(f"{target} is not empty.")
    elif target.exists() or target.is_symlink():
        raise BackupTargetError(f"{target} exists.")


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """Give a folder beside the target, which takes the target's name when all went well.

    Everything is on the disk before the name changes. What fails leaves nothing behind.
    Raises BackupFailedError.
    """
    target = target.absolute()
    build: Path | None = None
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        prefix = f".{target.name}."
        build = Path(tempfile.mkdtemp(prefix=prefix, suffix=PARTIAL, dir=target.parent))
        yield build
        # One sync for all: a sync for each of many thousand small files takes minutes.
        os.sync()
        build.rename(target)
        os.sync()
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise BackupFailedError(f"{target} was not written: {reason}.") from error
    finally:
        if build is not None and build.exists():
            shutil.rmtree(build, ignore_errors=True)
