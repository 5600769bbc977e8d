"""Files and folders that are there after a power cut: a name lasts once its folder was synced."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder, private, and parents that are missing; all their names are on the disk then.

    A folder that is there may be what an attempt before a power cut made, so its name and those of
    its parents are synced too, up to where this process could have made none. Raises OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for parent in folder.resolve().parents:
        if not os.access(parent, os.R_OK | os.W_OK):
            return
        sync_folder(parent)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, completely or not at all.

    Its name is on the disk too: a key that signed something must not be gone after a power cut.
    Raises OSError.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    sync_folder(path.parent)
