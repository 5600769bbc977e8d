"""ZIP archives (PKWARE APPNOTE 6.3): the directory is read with bounds, entries with a budget."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from clawmarket.domain.market.inspection.archives.entries import (
    MAX_ENTRIES,
    ArchiveBrokenError,
    Place,
    bomb_finding,
    entry_findings,
)
from clawmarket.domain.market.inspection.archives.unpacking import inflated
from clawmarket.domain.market.inspection.archives.zip_directory import Entry, entries_of
from clawmarket.domain.market.inspection.finding import Finding, Findings, finding, shown
from clawmarket.domain.market.inspection.names import path_findings

_LOCAL = struct.Struct("<4s5H3I2H")
_DESCRIPTOR = 24
_STORED, _DEFLATED = 0, 8


def zip_findings(content: bytes, place: Place) -> Findings:
    """Yield what is wrong with a ZIP archive."""
    try:
        entries, directory_at = entries_of(content)
        yield from _directory_findings(place, content, entries, directory_at)
        if _is_bomb(place, entries, len(content)):
            yield from _bomb_findings(place, entries, len(content))
            return
        for entry in entries:
            yield from _entry_findings(place, content, entry)
    except (ArchiveBrokenError, struct.error, zlib.error) as error:
        why = str(error) if isinstance(error, ArchiveBrokenError) else "it is damaged"
        yield finding(place.name, "archive_broken", f"The archive cannot be read: {why}.")


def _directory_findings(
    place: Place, content: bytes, entries: list[Entry], directory_at: int
) -> Findings:
    for entry in entries:
        yield from path_findings(place.name, entry.path)
        if entry.is_link:
            what = f"The entry {shown(entry.path)} is a link."
            yield finding(place.name, "archive_link", what)
        if entry.is_encrypted:
            what = f"The entry {shown(entry.path)} is encrypted and cannot be looked at."
            yield finding(place.name, "archive_encrypted", what)
    if len({entry.path.casefold() for entry in entries}) < len(entries):
        yield finding(place.name, "archive_path", "Two entries have the same path.")
    yield from _layout_findings(place, content, entries, directory_at)


def _layout_findings(
    place: Place, content: bytes, entries: list[Entry], directory_at: int
) -> Findings:
    """Yield entries that share bytes, as bombs do, and bytes that belong to no entry."""
    end = 0
    for entry in sorted(entries, key=lambda each: each.at):
        if entry.at < end:
            yield finding(place.name, "archive_overlap", "Entries of the archive share bytes.")
            return
        if entry.at - end > _DESCRIPTOR:
            yield _hidden(place, entry.at - end)
        end = _data_at(content, entry) + entry.packed
    if end > directory_at:
        yield finding(place.name, "archive_overlap", "Entries of the archive share bytes.")
    elif directory_at - end > _DESCRIPTOR:
        yield _hidden(place, directory_at - end)


def _hidden(place: Place, count: int) -> Finding:
    return finding(place.name, "archive_hidden", f"{count} bytes belong to no entry.")


def _data_at(content: bytes, entry: Entry) -> int:
    """Return where an entry's data begin. Raises ArchiveBrokenError when its header differs."""
    mark, *_, name_length, extra_length = _LOCAL.unpack_from(content, entry.at)
    named = content[entry.at + _LOCAL.size : entry.at + _LOCAL.size + name_length]
    if mark != b"PK\x03\x04" or named != entry.raw_path:
        raise ArchiveBrokenError("an entry is not where, or not what, the directory says")
    return entry.at + _LOCAL.size + int(name_length) + int(extra_length)


def _is_bomb(place: Place, entries: list[Entry], packed: int) -> bool:
    return any(_bomb_findings(place, entries, packed))


def _bomb_findings(place: Place, entries: list[Entry], packed: int) -> Findings:
    """Yield that the directory itself announces too much; nothing is unpacked then."""
    unpacked = sum(entry.unpacked for entry in entries)
    yield from bomb_finding(place, unpacked, packed)
    if unpacked > place.budget.unpacked:
        what = f"The archive says that it unpacks to {unpacked} bytes."
        yield finding(place.name, "archive_bomb", what)
    if len(entries) > MAX_ENTRIES:
        yield finding(place.name, "archive_bomb", f"The archive has {len(entries)} entries.")


def _entry_findings(place: Place, content: bytes, entry: Entry) -> Findings:
    if entry.is_encrypted or entry.is_folder:
        return
    if entry.method not in {_STORED, _DEFLATED}:
        what = f"The entry {shown(entry.path)} is packed in a way that is not looked into."
        yield finding(place.name, "archive_method", what)
        return
    counted = _Counted(_chunks(place, content, entry), entry.unpacked)
    yield from entry_findings(place, entry.path, counted)
    if counted.is_whole and (counted.size, counted.sum) != (entry.unpacked, entry.sum):
        what = f"The entry {shown(entry.path)} is not what the directory says."
        yield finding(place.name, "archive_lies", what)


def _chunks(place: Place, content: bytes, entry: Entry) -> Iterator[bytes]:
    start = _data_at(content, entry)
    data = memoryview(content)[start : start + entry.packed]
    if entry.method == _DEFLATED:
        yield from inflated(data, place.budget)
    elif entry.packed:
        place.budget.unpack(entry.packed)
        yield bytes(data)


@dataclass(slots=True)
class _Counted:
    """Chunks as they pass, with their size and CRC-32; more than was announced ends them."""

    chunks: Iterator[bytes]
    announced: int
    size: int = 0
    sum: int = 0
    is_whole: bool = False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.size += len(chunk)
            self.sum = zlib.crc32(chunk, self.sum)
            yield chunk
            if self.size > self.announced:
                break
        self.is_whole = True
