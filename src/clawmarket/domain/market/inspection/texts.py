"""Texts: UTF-8 without what no text holds, and no other kind of file in disguise."""

import codecs

import orjson

from clawmarket.domain.market.inspection.finding import Findings, finding

_WINDOW = 1024 * 1024
_MAX_JSON_BYTES = 4 * 1024 * 1024
_PLAIN = frozenset({"txt", "md", "csv", "json"})
_CODE = frozenset({"py", "js", "ts"})
# Tab, line feed, form feed and carriage return are the controls that texts have.
_NO_CONTROLS = bytes({9, 10, 12, 13} | set(range(32, 127)) | set(range(128, 256)))
_TURNS = tuple(chr(at).encode() for at in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_DISGUISED = (b"<!doctype html", b"<html", b"<script", b"%pdf-", b"{\\rtf", b"<?php")


def text_findings(name: str, content: bytes, kind: str) -> Findings:
    """Yield what is wrong with a file that says it is a text of a kind."""
    if not _is_utf_8(content):
        yield finding(name, "text_encoding", "The file is not text in UTF-8.")
    elif content.translate(None, _NO_CONTROLS):
        yield finding(name, "text_control", "The text has NUL or other control characters.")
    if kind in _PLAIN and content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(
        _DISGUISED
    ):
        yield finding(name, "kind_mismatch", f"The file is not what .{kind} says it is.")
    if kind in _CODE and any(turn in content for turn in _TURNS):
        what = "The code has characters that turn the direction of writing and hide what it does."
        yield finding(name, "text_turned", what)
    if kind == "xml" and b"<!entity" in content.lower():
        yield finding(name, "xml_entities", "The XML declares entities, which can grow endlessly.")
    if kind == "json" and not _is_json(content):
        yield finding(name, "json_broken", "The file is not JSON.")


def _is_utf_8(content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _WINDOW):
            decoder.decode(content[start : start + _WINDOW])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_json(content: bytes) -> bool:
    """Tell JSON up to 4 MB; reading more of it would take many times its size in memory."""
    if len(content) > _MAX_JSON_BYTES:
        return True
    try:
        orjson.loads(content.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError:
        return False
    return True
