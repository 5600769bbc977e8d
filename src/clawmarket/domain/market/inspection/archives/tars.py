"""Tar archives inside gzip (POSIX ustar and pax, GNU long names), read as a stream."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from clawmarket.domain.market.inspection.archives.entries import (
    MAX_ENTRIES,
    ArchiveBrokenError,
    Place,
    bomb_finding,
    entry_findings,
)
from clawmarket.domain.market.inspection.archives.unpacking import gunzipped
from clawmarket.domain.market.inspection.finding import Finding, Findings, finding, shown
from clawmarket.domain.market.inspection.names import path_findings

_BLOCK = 512
_MAX_HEADER_BYTES = 64 * 1024
_MAX_DIGITS = 19
_FILES, _FOLDER = frozenset(b"0\x007"), ord("5")
_LINKS, _DEVICES = frozenset(b"12"), frozenset(b"346")
_PAX, _PAX_ALL, _LONG_NAME, _LONG_LINK = b"xgLK"


@dataclass(slots=True)
class _Stream:
    """Bytes that come in chunks, taken out in pieces of any size; counts what was unpacked."""

    chunks: Iterator[bytes]
    waiting: bytearray = field(default_factory=bytearray)
    count: int = 0

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the next so many bytes. Raises ArchiveBrokenError when they are not there."""
        while size:
            if not self.waiting:
                chunk = next(self.chunks, b"")
                if not chunk:
                    raise ArchiveBrokenError("it breaks off")
                self.count += len(chunk)
                self.waiting += chunk
            piece = bytes(self.waiting[:size])
            del self.waiting[:size]
            size -= len(piece)
            yield piece

    def take(self, size: int) -> bytes:
        """Return the next so many bytes in one piece."""
        return b"".join(self.pieces(size))


@dataclass(frozen=True, slots=True)
class _Header:
    path: str
    size: int
    kind: int


def tar_gz_findings(content: bytes, place: Place) -> Findings:
    """Yield what is wrong with a tar archive in gzip, or with a lone gzip file."""
    stream = _Stream(gunzipped(memoryview(content), place.budget))
    try:
        for count, header in enumerate(_headers(stream)):
            if count == MAX_ENTRIES:
                what = f"The archive has more than {MAX_ENTRIES} entries."
                yield finding(place.name, "archive_bomb", what)
                return
            yield from _entry_findings(place, stream, header)
            bombs = list(bomb_finding(place, stream.count, len(content)))
            yield from bombs
            if bombs:
                return
    except (ArchiveBrokenError, zlib.error) as error:
        why = str(error) if isinstance(error, ArchiveBrokenError) else "it is damaged"
        yield finding(place.name, "archive_broken", f"The archive cannot be read: {why}.")


def _entry_findings(place: Place, stream: _Stream, header: _Header) -> Findings:
    yield from path_findings(place.name, header.path)
    if header.kind in _FILES:
        pieces = stream.pieces(header.size)
        yield from entry_findings(place, header.path, pieces)
        for _ in pieces:  # a finding may have ended the look before the entry's end
            pass
        stream.take(-header.size % _BLOCK)
    elif header.kind != _FOLDER:
        yield _odd(place, header)
        for _ in stream.pieces(header.size + -header.size % _BLOCK):
            pass


def _odd(place: Place, header: _Header) -> Finding:
    path = shown(header.path)
    if header.kind in _LINKS:
        return finding(place.name, "archive_link", f"The entry {path} is a link.")
    if header.kind in _DEVICES:
        return finding(place.name, "archive_device", f"The entry {path} is a device.")
    return finding(place.name, "archive_method", f"The entry {path} is of an unknown kind.")


def _headers(stream: _Stream) -> Iterator[_Header]:
    """Yield the header of each entry; whoever takes it reads the entry before the next."""
    override: dict[str, str] = {}
    seen = 0
    while True:
        block = stream.take(_BLOCK)
        if not block.strip(b"\x00"):
            if not seen:
                raise ArchiveBrokenError("it is no tar archive")
            _check_rest(stream)
            return
        header = _header(block)
        seen += 1
        if header.kind in {_PAX, _PAX_ALL, _LONG_NAME, _LONG_LINK}:
            override |= _override(header.kind, _text(stream, header.size))
            continue
        yield _overridden(header, override)
        override = {}


def _check_rest(stream: _Stream) -> None:
    """Read what is behind the end, which is padding. Raises ArchiveBrokenError."""
    for rest in chain([bytes(stream.waiting)], stream.chunks):
        if rest.strip(b"\x00"):
            raise ArchiveBrokenError("there are bytes behind its end")


def _header(block: bytes) -> _Header:
    total = sum(block) - sum(block[148:156]) + 8 * 32
    if total != _number(block[148:156]):
        raise ArchiveBrokenError("it is no tar archive, or damaged")
    path = _until_nul(block[:100])
    if block[257:263] == b"ustar\x00" and block[345]:
        path = f"{_until_nul(block[345:500])}/{path}"
    return _Header(path, _number(block[124:136]), block[156])


def _number(digits: bytes) -> int:
    """Read an octal number, or a binary one as GNU tar writes large sizes."""
    if digits[0] & 0x80:
        return int.from_bytes(digits[1:], "big")
    try:
        return int(digits.strip(b" \x00") or b"0", 8)
    except ValueError:
        raise ArchiveBrokenError("it is no tar archive, or damaged") from None


def _until_nul(raw: bytes) -> str:
    return raw.split(b"\x00", 1)[0].decode("utf-8", "replace")


def _text(stream: _Stream, size: int) -> bytes:
    if size > _MAX_HEADER_BYTES:
        raise ArchiveBrokenError("a header of an entry is too large")
    text = stream.take(size)
    stream.take(-size % _BLOCK)
    return text


def _override(kind: int, text: bytes) -> dict[str, str]:
    """Return what a longer header says of the next entry (pax: `LENGTH KEY=VALUE` in lines)."""
    if kind in {_LONG_NAME, _LONG_LINK}:
        return {"path": _until_nul(text)} if kind == _LONG_NAME else {}
    said: dict[str, str] = {}
    while text:
        length, _, _ = text.partition(b" ")
        if not length.isdigit() or not len(length) < int(length[:9]) <= len(text):
            raise ArchiveBrokenError("a header of an entry is damaged")
        line, text = text[len(length) + 1 : int(length)], text[int(length) :]
        key, _, value = line.rstrip(b"\n").partition(b"=")
        said[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return {key: said[key] for key in ("path", "size") if key in said}


def _overridden(header: _Header, said: dict[str, str]) -> _Header:
    size = said.get("size", str(header.size))
    if not (size.isascii() and size.isdigit() and len(size) <= _MAX_DIGITS):
        raise ArchiveBrokenError("a header of an entry is damaged")
    return _Header(said.get("path", header.path), int(size), header.kind)
