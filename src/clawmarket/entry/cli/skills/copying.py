"""Copies of skills in a folder of the host: what would be written, and what was changed since.

Each copy has a note with the hashes of what we wrote. A file with other bytes is somebody's work
and is neither replaced nor removed unasked.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import clawmarket
from clawmarket.adapters.durable import write_private

NOTE = ".clawmarket.json"
NEW, SAME, OLDER, CHANGED = "new", "same", "older", "changed"


@dataclass(frozen=True, slots=True)
class Copy:
    """One file of a skill and its copy.

    Args:
        source: Our file; None when this version has it no more.
        state: new, same, older (ours, of another version) or changed by somebody else.
    """

    source: Path | None
    target: Path
    state: str


def copies(source: Path, target: Path) -> list[Copy]:
    """Return what copying a skill would do, file by file; links are somebody else's files."""
    noted = _noted(target)
    found = []
    for path in sorted(each for each in source.rglob("*") if each.is_file()):
        name = path.relative_to(source).as_posix()
        found.append(Copy(path, target / name, _state(path, target / name, noted.get(name))))
    ours = {copy.target for copy in found}
    for name, digest in noted.items():
        path = target / name
        if path not in ours and path.is_file():
            found.append(Copy(None, path, OLDER if _digest(path) == digest else CHANGED))
    return found


def installed(target: Path) -> list[Copy]:
    """Return the files that we wrote into a skill's folder and that are still there."""
    noted = _noted(target)
    paths = {target / name: digest for name, digest in noted.items()}
    return [
        Copy(None, path, SAME if _digest(path) == digest else CHANGED)
        for path, digest in paths.items()
        if path.is_file() or path.is_symlink()
    ]


def write(source: Path, target: Path, wanted: list[Copy]) -> None:
    """Write the copies of a skill and the note about them. Raises OSError."""
    for copy in wanted:
        if copy.source is None:
            copy.target.unlink(missing_ok=True)
            continue
        copy.target.parent.mkdir(parents=True, exist_ok=True)
        if copy.target.is_symlink():
            copy.target.unlink()
        copy.target.write_bytes(copy.source.read_bytes())
    files = {
        path.relative_to(source).as_posix(): _digest(path)
        for path in sorted(source.rglob("*"))
        if path.is_file()
    }
    note = {"version": clawmarket.__version__, "files": files}
    write_private(target / NOTE, json.dumps(note, indent=1))


def remove(target: Path, unwanted: list[Copy]) -> None:
    """Remove copies, the note, and folders that are empty then. Raises OSError."""
    for copy in unwanted:
        copy.target.unlink(missing_ok=True)
    if not installed(target):
        (target / NOTE).unlink(missing_ok=True)
    folders = sorted((path for path in target.rglob("*") if path.is_dir()), reverse=True)
    for folder in [*folders, target]:
        with suppress(OSError):
            folder.rmdir()


def _state(source: Path, target: Path, noted: str | None) -> str:
    if not target.exists() and not target.is_symlink():
        return NEW
    present = _digest(target)
    if present == _digest(source):
        return SAME
    return OLDER if present and present == noted else CHANGED


def _digest(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _noted(target: Path) -> dict[str, str]:
    try:
        files = json.loads((target / NOTE).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    inside = (name for name in files if _is_inside(target, name))
    return {name: str(files[name]) for name in inside}


def _is_inside(target: Path, name: object) -> bool:
    """Return whether a noted name stays in the skill's folder: the note is a file like any."""
    if not isinstance(name, str) or Path(name).is_absolute():
        return False
    return ".." not in Path(name).parts and target in (target / name).parents
