"""What an agent answered, in a folder: words, files, who it was and what it was asked."""

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from pathlib import Path
from typing import Any

from clawmarket.domain.kernel.errors import ConflictError

Fields = dict[str, Any]

RESULT, METADATA, REQUEST = "result.md", "metadata.json", "request.md"
_OWN = frozenset({RESULT, METADATA, REQUEST})
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_NAME = 100


class FolderTakenError(ConflictError):
    """The folder holds an answer already; nothing in it is ever overwritten."""

    advice = "Name another folder with --save."
    next_command = "clawmarket help a2a call"


def check_folder(folder: Path) -> None:
    """Make a folder for an answer before anything is sent. Raises FolderTakenError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError:
        raise FolderTakenError(f"The folder {folder.name!r} cannot be written.") from None
    if taken:
        raise FolderTakenError(f"The folder {folder.name!r} is not empty.")


def save(folder: Path, about: Fields, asked: str, lines: list[str], reply: Fields) -> list[str]:
    """Write an answer and return the names of its files.

    Args:
        folder: Empty, or as a lost run left it.
        about: Who answered, when and where.
        asked: What was said to the agent, for a paid task that asks for the same.
        lines: The answer in words.
        reply: The answer as it came.
    """
    files = [(name, data) for name, data in _files(reply) if name not in _OWN]
    for name, data in files:
        (folder / name).write_bytes(data)
    (folder / REQUEST).write_text(asked + "\n", encoding="utf-8")
    (folder / RESULT).write_text("\n".join(lines) + "\n", encoding="utf-8")
    # Last: where it is, everything is.
    known = json.dumps(about | {"reply": reply}, ensure_ascii=False, indent=2)
    (folder / METADATA).write_text(known + "\n", encoding="utf-8")
    return [RESULT, METADATA, REQUEST, *(name for name, _ in files)]


def _files(reply: Fields) -> list[tuple[str, bytes]]:
    """Return the files that came with an answer, each under a name that is no path."""
    found: list[tuple[str, bytes]] = []
    artifacts = reply.get("task", {}).get("artifacts", [])
    parts = [part for artifact in artifacts for part in artifact.get("parts", [])]
    for part in [*parts, *reply.get("message", {}).get("parts", [])]:
        if "raw" not in part:
            continue
        try:
            data = b64decode(part["raw"])
        except (Base64Error, ValueError):
            continue
        found.append((f"{len(found) + 1}-{_safe(part.get('filename', ''))}", data))
    return found


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", Path(name).name).strip(".")[-_MAX_NAME:] or "file.bin"
