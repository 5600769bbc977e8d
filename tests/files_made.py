"""Files of every kind that the market takes, small and whole, and hostile ones made of them."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping


def a_chunk(kind: bytes, body: bytes = b"") -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def a_png() -> bytes:
    """Return one grey pixel."""
    header = a_chunk(b"IHDR", struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0))
    pixels = a_chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + a_chunk(b"IEND")


def a_jpeg() -> bytes:
    """Return a JPEG with the segments that count, and a stuffed byte in its scan."""
    app = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00" + bytes(9)
    scan = b"\xff\xda" + struct.pack(">H", 8) + bytes(6) + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + app + scan + b"\xff\xd9"


def a_gif() -> bytes:
    """Return one pixel of two colours, with a comment before it."""
    screen = b"GIF89a" + struct.pack("<2H3B", 1, 1, 0x80, 0, 0) + bytes(6)
    comment = b"\x21\xfe\x02hi\x00"
    image = b"\x2c" + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return screen + comment + image + b"\x3b"


def a_webp() -> bytes:
    """Return the frame of a lossless WebP."""
    body = b"WEBP" + b"VP8L" + struct.pack("<I", 6) + b"\x2f" + bytes(5)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def a_pdf() -> bytes:
    """Return the frame of a PDF."""
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def a_zip(entries: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def a_docx(**more: bytes) -> bytes:
    """Return the frame of a Word file."""
    parts = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"}
    return a_zip(parts | {name.replace("__", "/"): body for name, body in more.items()})


def a_doc() -> bytes:
    """Return the frame of an old Word file."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "WordDocument".encode("utf-16-le")


def a_member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return a header and body of a tar archive, as they come; `name` may be anything."""
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, len(content)
    member.linkname = "target" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    return member.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def a_tar_gz(*members: bytes) -> bytes:
    """Return a gzip file of a tar archive."""
    return gzip.compress(b"".join(members) + bytes(1024))


def a_number(number: int) -> bytes:
    """Return a number as RAR 5 writes it."""
    digits = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        digits.append(low | (0x80 if number else 0))
        if not number:
            return bytes(digits)


def a_rar(
    path: str = "a.txt", unpacked: int = 2, extra: bytes = b"", mode: int = 0o100644
) -> bytes:
    """Return a RAR 5 archive with one stored file of two bytes."""

    def block(*fields: int, body: bytes = b"", data: bytes = b"") -> bytes:
        head = b"".join(map(a_number, fields)) + body
        sized = a_number(len(head)) + head
        return struct.pack("<I", zlib.crc32(sized)) + sized + data

    name = path.encode()
    facts = [0, unpacked, mode, 0, 1, len(name)]
    body = b"".join(map(a_number, facts)) + name + extra
    flags = [2, 3, len(extra), 2] if extra else [2, 2, 2]
    file = block(*flags, body=body, data=b"hi")
    return b"Rar!\x1a\x07\x01\x00" + block(1, 0, 0) + file + block(5, 0, 0)


def an_old_rar(path: str = "a.txt", unpacked: int = 2, flags: int = 0) -> bytes:
    """Return a RAR 4 archive with one stored file of two bytes."""
    name = path.encode()
    facts = struct.pack("<IIBIIBBHI", 2, unpacked, 3, 0, 0, 29, 0x30, len(name), 0o100644)
    head = struct.pack("<HBHH", 0, 0x74, 0x8000 | flags, 7 + len(facts) + len(name))
    main = struct.pack("<HBHH", 0, 0x73, 0, 13) + bytes(6)
    end = struct.pack("<HBHH", 0, 0x7B, 0, 7)
    return b"Rar!\x1a\x07\x00" + main + head + facts + name + b"hi" + end


WHOLE: dict[str, bytes] = {
    "pdf": a_pdf(),
    "zip": a_zip({"a.txt": b"hi", "folder/b.txt": b"there"}),
    "tar.gz": a_tar_gz(a_member("a.txt", b"hi")),
    "rar": a_rar(),
    "png": a_png(),
    "jpg": a_jpeg(),
    "jpeg": a_jpeg(),
    "gif": a_gif(),
    "webp": a_webp(),
    "txt": "żółć\n".encode(),
    "md": b"# Title\n\nText.\n",
    "doc": a_doc(),
    "docx": a_docx(),
    "py": b"#!/usr/bin/env python\nprint('hi')\n",
    "js": b"console.log(1)\n",
    "ts": b"const a: number = 1\n",
    "html": b"<!doctype html><script>1</script>",
    "css": b"a { color: red }\n",
    "json": json.dumps({"a": [1.5, None]}).encode(),
    "xml": b'<?xml version="1.0"?><a/>',
    "csv": b"a,b\n1,2\n",
}


def a_bomb(megabytes: int = 32) -> bytes:
    """Return a ZIP archive of zeros, about a thousand times smaller than what it holds."""
    return a_zip({"zeros.bin": bytes(megabytes * 1024 * 1024)})


def claiming(archive: bytes, unpacked: int) -> bytes:
    """Return a ZIP archive of one entry whose directory claims another size (ZIP64 from 4 GB)."""
    end = archive.rindex(b"PK\x05\x06")
    at = archive.rindex(b"PK\x01\x02")
    entry = bytearray(archive[at:end])
    extra = b""
    if unpacked >= 2**32 - 1:
        extra = struct.pack("<2HQ", 1, 8, unpacked)
        struct.pack_into("<H", entry, 30, len(extra))
    struct.pack_into("<I", entry, 24, min(unpacked, 2**32 - 1))
    tail = bytearray(archive[end:])
    struct.pack_into("<I", tail, 12, len(entry) + len(extra))
    return archive[:at] + bytes(entry) + extra + bytes(tail)


def overlapping() -> bytes:
    """Return a ZIP archive whose two entries are the same bytes."""
    one = a_zip({"a.txt": b"a" * 100})
    end = one.rindex(b"PK\x05\x06")
    at = one.rindex(b"PK\x01\x02")
    entry = one[at:end]
    tail = bytearray(one[end:])
    struct.pack_into("<2HI", tail, 8, 2, 2, 2 * len(entry))
    return one[:at] + entry + entry + bytes(tail)


def linking() -> bytes:
    """Return a ZIP archive with a symbolic link."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return target.getvalue()


def locked() -> bytes:
    """Return a ZIP archive that says its entry is encrypted."""
    archive = bytearray(a_zip({"a.txt": b"hi"}))
    archive[archive.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(archive)


def nested(depth: int) -> bytes:
    """Return a ZIP archive in so many others."""
    archive = a_zip({"a.txt": b"hi"})
    for _ in range(depth):
        archive = a_zip({"inner.zip": archive})
    return archive
