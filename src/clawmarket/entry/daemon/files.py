"""Names and sizes of files that strangers or programs made."""

import os
import stat
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from clawmarket.domain.kernel.errors import InvalidArgumentError

MAX_FILES = 50
MAX_BYTES = 50 * 1024 * 1024
_NAME_CHARS = 200
_NAME_BYTES = 240
_FIRST_PRINTABLE = 0x20


class ArtifactRefusedError(InvalidArgumentError):
    """What was made cannot be handed in."""

    advice = "Write at least one plain file into the artifacts folder, under a plain name."
    next_command = "clawmarket help worker run"


def is_plain_name(name: str) -> bool:
    """Return whether a name is safe as a file's name on any machine and fits the market."""
    if name in ("", ".", "..") or name.startswith(".") or len(name) > _NAME_CHARS:
        return False
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return False
    return len(encoded) <= _NAME_BYTES and all(_is_plain(char) for char in name)


def _is_plain(char: str) -> bool:
    return char not in '/\\:*?"<>|' and ord(char) >= _FIRST_PRINTABLE and char.isprintable()


def made_in(folder: Path) -> list[Path]:
    """Return the files that were made in a folder, by name. Raises ArtifactRefusedError.

    Links are refused: they could name a file of this machine that nobody meant to hand in.
    """
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    if not found:
        raise ArtifactRefusedError("Nothing was written into the artifacts folder.")
    if len(found) > MAX_FILES:
        raise ArtifactRefusedError(f"At most {MAX_FILES} files can be handed in.")
    for entry in found:
        _check(entry)
    return [Path(entry.path) for entry in found]


def _check(entry: "os.DirEntry[str]") -> None:
    if not is_plain_name(entry.name):
        raise ArtifactRefusedError(f"{ascii(entry.name)[:100]} is no plain file name.")
    about = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(about.st_mode):
        raise ArtifactRefusedError(f"{entry.name} is no plain file.")
    if about.st_size > MAX_BYTES:
        raise ArtifactRefusedError(f"{entry.name} is larger than {MAX_BYTES} bytes.")


def kept_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[int, str]:
    """Return a safe and unused name for each of a stranger's names, by its place.

    Names that differ only in case would be one file on some machines.
    """
    used = {name.casefold() for name in taken}
    chosen: dict[int, str] = {}
    for place, name in enumerate(names):
        free = (f"file-{number}" for number in count(place + 1) if f"file-{number}" not in used)
        safe = name if is_plain_name(name) and name.casefold() not in used else next(free)
        used.add(safe.casefold())
        chosen[place] = safe
    return chosen
