"""Images: they end where they say, and nothing rides on them."""

import re
import struct
from collections.abc import Callable

from clawmarket.domain.market.inspection.finding import Findings, finding

_PADDING = b"\x00\t\n\r "
# Browsers and interpreters that sniff would run what follows one of these.
_MARKUP = (b"<script", b"<html", b"<!doctype html", b"<iframe", b"<?php")
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_STANDALONE = frozenset({0x01, 0xD8})
_SOS, _EOI = 0xDA, 0xD9
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B
_GIF_PLACE = 10  # bytes of an image descriptor with its separator


def image_findings(name: str, content: bytes, kind: str) -> Findings:
    """Yield what is wrong with an image: no end, bytes behind its end, markup inside."""
    try:
        end = _ENDS[kind](content)
    except (IndexError, struct.error):
        end = None
    if end is None or end > len(content):
        yield finding(name, "image_broken", "The picture breaks off before its end.")
    elif content[end:].strip(_PADDING):
        what = f"There are {len(content) - end} bytes behind the end of the picture."
        yield finding(name, "trailing_data", what)
    lowered = content.lower()
    if any(markup in lowered for markup in _MARKUP):
        yield finding(name, "polyglot", "The picture has markup or a script in it.")


def _png_end(content: bytes) -> int | None:
    """Return where the IEND chunk ends (PNG, section 5.3)."""
    at: int = 8
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        at += 12 + int(length)
        if kind == b"IEND":
            return at
    return None


def _jpeg_end(content: bytes) -> int | None:
    """Return where the end-of-image marker ends (ITU-T T.81, annex B)."""
    at = 0
    while marker := _JPEG_MARKER.match(content, at):
        code, at = content[marker.end() - 1], marker.end()
        if code == _EOI:
            return at
        if code not in _STANDALONE:
            at += max(2, struct.unpack_from(">H", content, at)[0])
        if code == _SOS:
            scanned = _JPEG_MARKER.search(content, at)
            at = scanned.start() if scanned else len(content)
    return None


def _gif_end(content: bytes) -> int | None:
    """Return where the trailer is (GIF89a, appendix B)."""
    at = 13 + _colours(content[10])
    while content[at] != _GIF_END:
        if content[at] == _GIF_IMAGE:
            at += _GIF_PLACE + _colours(content[at + 9]) + 1
        elif content[at] == _GIF_EXTENSION:
            at += 2
        else:
            return None
        while length := content[at]:
            at += length + 1
        at += 1
    return at + 1


def _colours(packed: int) -> int:
    """Return the size of the colour table that a packed field announces."""
    return 3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0


def _webp_end(content: bytes) -> int:
    """Return what the RIFF header says; an odd size has a byte of padding."""
    size: int = struct.unpack_from("<I", content, 4)[0]
    return 8 + size + size % 2


_ENDS: dict[str, Callable[[bytes], int | None]] = {
    "png": _png_end,
    "jpg": _jpeg_end,
    "jpeg": _jpeg_end,
    "gif": _gif_end,
    "webp": _webp_end,
}
