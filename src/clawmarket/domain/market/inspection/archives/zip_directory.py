"""The directory of a ZIP archive (APPNOTE 4.3.12 to 4.3.16), with ZIP64, read within bounds."""

import struct
from dataclasses import dataclass

from clawmarket.domain.market.inspection.archives.entries import MAX_ENTRIES, ArchiveBrokenError

_END = struct.Struct("<4s4H2IH")
_LOCATOR = struct.Struct("<4sIQI")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_EXTRA_64 = 1
_ENCRYPTED, _UTF_8 = 0x0001, 0x0800
_LINK, _KIND_MASK = 0o120000, 0o170000


@dataclass(frozen=True, slots=True)
class Entry:
    """What the directory says about one entry."""

    raw_path: bytes
    path: str
    flags: int
    method: int
    sum: int
    packed: int
    unpacked: int
    attributes: int
    at: int

    @property
    def is_encrypted(self) -> bool:
        """Whether it needs a password."""
        return bool(self.flags & _ENCRYPTED)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, which holds nothing itself."""
        return self.path.endswith("/") and not self.packed

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link of a Unix file system."""
        return (self.attributes >> 16) & _KIND_MASK == _LINK


def entries_of(content: bytes) -> tuple[list[Entry], int]:
    """Return the entries and where the directory begins. Raises ArchiveBrokenError, struct.error.

    One more entry than allowed is read at the most, however many are announced. Where the end
    record is not the very end, or the directory does not end at it, readers would disagree.
    """
    count, size, at, end = _end_of(content)
    if at + size != end:
        raise ArchiveBrokenError("its directory is not where its end says")
    entries: list[Entry] = []
    place = at
    while place < end and len(entries) <= MAX_ENTRIES:
        entry, place = _entry_at(content, place)
        entries.append(entry)
    if len(entries) <= MAX_ENTRIES and (place != end or len(entries) != count):
        raise ArchiveBrokenError("its directory has not as many entries as its end says")
    return entries, at


def _end_of(content: bytes) -> tuple[int, int, int, int]:
    """Return number of entries, size and place of the directory, and where it has to end."""
    at = content.rfind(b"PK\x05\x06", max(0, len(content) - _FULL_16 - _END.size))
    if at < 0:
        raise ArchiveBrokenError("it has no end record")
    _, disk, first, here, count, size, start, comment = _END.unpack_from(content, at)
    if at + _END.size + comment != len(content):
        raise ArchiveBrokenError("there are bytes behind its end")
    if _FULL_16 in (disk, count) or _FULL_32 in (size, start):
        return _end_64_of(content, at)
    if (disk, first, here) != (0, 0, count):
        raise ArchiveBrokenError("it is one of several parts")
    return count, size, start, at


def _end_64_of(content: bytes, end: int) -> tuple[int, int, int, int]:
    mark, _, at, _ = _LOCATOR.unpack_from(content, max(0, end - _LOCATOR.size))
    if mark != b"PK\x06\x07" or at > end - _LOCATOR.size - _END_64.size:
        raise ArchiveBrokenError("its large end record is not where its end says")
    mark, *_, count, size, start = _END_64.unpack_from(content, at)
    if mark != b"PK\x06\x06":
        raise ArchiveBrokenError("its large end record is none")
    return count, size, start, at


def _entry_at(content: bytes, at: int) -> tuple[Entry, int]:
    fields = _ENTRY.unpack_from(content, at)
    mark, flags, method, crc, packed, unpacked = (fields[n] for n in (0, 3, 4, 7, 8, 9))
    name_length, extra_length, comment_length, attributes, start = (
        fields[n] for n in (10, 11, 12, 15, 16)
    )
    if mark != b"PK\x01\x02":
        raise ArchiveBrokenError("its directory breaks off")
    names_at = at + _ENTRY.size
    raw = content[names_at : names_at + name_length]
    extra = content[names_at + name_length : names_at + name_length + extra_length]
    unpacked, packed, start = _large(extra, (unpacked, packed, start))
    if start >= len(content):
        raise ArchiveBrokenError("an entry is said to be behind its end")
    path = raw.decode("utf-8" if flags & _UTF_8 else "cp437", "replace")
    entry = Entry(raw, path, flags, method, crc, packed, unpacked, attributes, start)
    return entry, names_at + name_length + extra_length + comment_length


def _large(extra: bytes, small: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return sizes and place, from the ZIP64 extra field where they have no room (4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _EXTRA_64:
            rest = iter(struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8]))
            first, second, third = (next(rest, (n,))[0] if n == _FULL_32 else n for n in small)
            return first, second, third
        at += 4 + length
    return small
