"""RAR archives: their headers only, of version 4 and 5; nothing is unpacked."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from clawmarket.domain.market.inspection.archives.entries import (
    MAX_ENTRIES,
    ArchiveBrokenError,
    Place,
    bomb_finding,
)
from clawmarket.domain.market.inspection.budget import MAX_UNPACKED_BYTES
from clawmarket.domain.market.inspection.finding import Findings, finding, shown
from clawmarket.domain.market.inspection.names import path_findings

_MARK_4, _MARK_5 = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
_MAX_NUMBER_BYTES = 10
_BLOCK_4 = struct.Struct("<HBHH")
_FILE_4 = struct.Struct("<IIBIIBBHI")
_LONG_4, _LARGE_4, _LOCKED_4, _LOCKED_ALL_4 = 0x8000, 0x0100, 0x0004, 0x0080
_MAIN_4, _FILE_KIND_4, _END_4 = 0x73, 0x74, 0x7B
_FILE_KIND_5, _LOCKED_5, _END_5 = 2, 4, 5
_LINK_MODE, _KIND_MASK = 0o120000, 0o170000
_UNIX_4, _UNIX_5 = 3, 1
_ENCRYPTED, _REDIRECTED = 1, 5


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    unpacked: int
    is_locked: bool
    is_link: bool


def rar_findings(content: bytes, place: Place) -> Findings:
    """Yield what is wrong with a RAR archive, as far as its headers tell."""
    unpacked = 0
    walk = _entries_5 if content.startswith(_MARK_5) else _entries_4
    try:
        for count, entry in enumerate(walk(content)):
            place.budget.pause()
            yield from _entry_findings(place, entry)
            unpacked += entry.unpacked
            if count == MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES:
                what = "The archive says that it has too many entries, or too large ones."
                yield finding(place.name, "archive_bomb", what)
                return
        yield from bomb_finding(place, unpacked, len(content))
    except (ArchiveBrokenError, struct.error, IndexError):
        yield finding(place.name, "archive_broken", "The headers of the archive cannot be read.")


def _entry_findings(place: Place, entry: _Entry) -> Findings:
    yield from path_findings(place.name, entry.path)
    if entry.is_link:
        yield finding(place.name, "archive_link", f"The entry {shown(entry.path)} is a link.")
    if entry.is_locked:
        what = "The archive, or an entry of it, is encrypted and cannot be looked at."
        yield finding(place.name, "archive_encrypted", what)


def _entries_4(content: bytes) -> Iterator[_Entry]:
    at = len(_MARK_4)
    while at < len(content):
        _, kind, flags, size = _BLOCK_4.unpack_from(content, at)
        body = at + _BLOCK_4.size
        if kind == _END_4:
            return
        if kind == _MAIN_4 and flags & _LOCKED_ALL_4:
            yield _Entry("", 0, is_locked=True, is_link=False)
            return
        added = struct.unpack_from("<I", content, body)[0] if flags & _LONG_4 else 0
        if kind == _FILE_KIND_4:
            added, entry = _file_4(content, body, flags)
            yield entry
        if size < _BLOCK_4.size:
            raise ArchiveBrokenError
        at += size + added
    raise ArchiveBrokenError


def _file_4(content: bytes, body: int, flags: int) -> tuple[int, _Entry]:
    packed, unpacked, system, _, _, _, _, length, mode = _FILE_4.unpack_from(content, body)
    named = body + _FILE_4.size
    if flags & _LARGE_4:
        high_packed, high_unpacked = struct.unpack_from("<II", content, named)
        packed, unpacked = packed | high_packed << 32, unpacked | high_unpacked << 32
        named += 8
    path = content[named : named + length].split(b"\x00", 1)[0].decode("utf-8", "replace")
    is_link = system == _UNIX_4 and mode & _KIND_MASK == _LINK_MODE
    # Archives made on Windows have backslashes between folders.
    path = path.replace("\\", "/")
    return packed, _Entry(path, unpacked, bool(flags & _LOCKED_4), is_link)


def _entries_5(content: bytes) -> Iterator[_Entry]:
    at = len(_MARK_5)
    while at < len(content):
        size, body = _number(content, at + 4)
        kind, place = _number(content, body)
        flags, place = _number(content, place)
        extra, place = _number(content, place) if flags & 1 else (0, place)
        data, place = _number(content, place) if flags & 2 else (0, place)
        if kind == _END_5:
            return
        if kind == _LOCKED_5:
            yield _Entry("", 0, is_locked=True, is_link=False)
            return
        if kind == _FILE_KIND_5:
            yield _file_5(content, place, content[body + size - min(extra, size) : body + size])
        if not size:
            raise ArchiveBrokenError
        at = body + size + data
    raise ArchiveBrokenError


def _file_5(content: bytes, at: int, extra: bytes) -> _Entry:
    flags, at = _number(content, at)
    unpacked, at = _number(content, at)
    mode, at = _number(content, at)
    at += (4 if flags & 2 else 0) + (4 if flags & 4 else 0)
    _, at = _number(content, at)
    system, at = _number(content, at)
    length, at = _number(content, at)
    path = content[at : at + min(length, 65_536)].decode("utf-8", "replace")
    records = set(_records(extra))
    is_link = _REDIRECTED in records or (system == _UNIX_5 and mode & _KIND_MASK == _LINK_MODE)
    return _Entry(path, 0 if flags & 8 else unpacked, _ENCRYPTED in records, is_link)


def _records(extra: bytes) -> Iterator[int]:
    """Yield the kinds of a file header's extra records: 1 is encryption, 5 a redirection."""
    at = 0
    while at < len(extra):
        size, body = _number(extra, at)
        yield _number(extra, body)[0]
        at = body + max(1, size)


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, lowest first, and where it ends."""
    number = 0
    for place in range(_MAX_NUMBER_BYTES):
        byte = content[at + place]
        number |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return number, at + place + 1
    raise ArchiveBrokenError
