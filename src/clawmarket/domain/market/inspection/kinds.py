"""Kinds of files: the 21 endings that are taken, and how a file of each begins."""

import re
from collections.abc import Callable

from clawmarket.domain.market.inspection.finding import Findings, finding

TEXTS = frozenset(["txt", "md", "py", "js", "ts", "html", "css", "json", "xml", "csv"])
IMAGES = frozenset(["png", "jpg", "jpeg", "gif", "webp"])
ENDINGS = (
    *("pdf", "zip", "tar.gz", "rar", "png", "jpg", "jpeg", "gif", "webp", "txt", "md"),
    *("doc", "docx", "py", "js", "ts", "html", "css", "json", "xml", "csv"),
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
GZIP = b"\x1f\x8b"
RAR = b"Rar!\x1a\x07"

_RIFF_WEBP = re.compile(rb"RIFF.{4}WEBP", re.DOTALL)

BEGINNINGS: dict[str, Callable[[bytes], bool]] = {
    "pdf": lambda head: head.startswith(b"%PDF-"),
    "zip": lambda head: head.startswith((ZIP, EMPTY_ZIP)),
    "tar.gz": lambda head: head.startswith(GZIP + b"\x08"),
    "rar": lambda head: head.startswith((RAR + b"\x00", RAR + b"\x01\x00")),
    "png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "jpg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "jpeg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "gif": lambda head: head.startswith((b"GIF87a", b"GIF89a")),
    "webp": lambda head: bool(_RIFF_WEBP.match(head)),
    "doc": lambda head: head.startswith(OLE),
    "docx": lambda head: head.startswith(ZIP),
}

# How programs begin: ELF, DOS and Windows, Mach-O, Java classes, WebAssembly, Android, shortcuts,
# compiled help, installers of Debian and Red Hat.
_PROGRAMS = (
    *(b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe"),
    *(b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\x00asm", b"dex\n03", b"ITSF"),
    *(b"L\x00\x00\x00\x01\x14\x02\x00", b"!<arch>\ndebian", b"\xed\xab\xee\xdb"),
)
_SCRIPTS = frozenset({"py", "js", "ts"})
_DOS_HEADER = 64


def extension_of(name: str) -> str:
    """Return how a name ends, in lower case and without the dot; `tar.gz` is one ending."""
    lowered = name.lower()
    if lowered.endswith(".tar.gz"):
        return "tar.gz"
    _, dot, last = lowered.rpartition(".")
    return last if dot else ""


def kind_findings(name: str, content: bytes) -> Findings:
    """Yield what is wrong with what a file claims to be."""
    kind = extension_of(name)
    if is_program(content, kind):
        yield finding(name, "program", "The file is a program, whatever it is called.")
    elif kind not in ENDINGS:
        known = ", ".join(f".{ending}" for ending in ENDINGS)
        yield finding(name, "kind_unknown", f"The file is of none of the kinds {known}.")
    elif kind in BEGINNINGS and not BEGINNINGS[kind](content[:64]):
        yield finding(name, "kind_mismatch", f"The file does not begin as a .{kind} file does.")


def is_program(content: bytes, kind: str = "") -> bool:
    """Whether bytes are a program: by how they begin, or by a `#!` line in no script's file."""
    if content.startswith(_PROGRAMS):
        return True
    if content.startswith(b"#!") and kind not in _SCRIPTS:
        return True
    return content.startswith((b"MZ", b"ZM")) and _is_dos(content)


def _is_dos(content: bytes) -> bool:
    """Tell a program from a text that begins with MZ: only one of the two has NUL bytes."""
    return len(content) < _DOS_HEADER or b"\x00" in content[:_DOS_HEADER]
