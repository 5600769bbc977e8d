"""Documents and polyglots: a file is one kind of file, and runs nothing when it is opened."""

import struct

from clawmarket.domain.market.inspection.finding import Findings, finding
from clawmarket.domain.market.inspection.kinds import IMAGES, RAR

_PADDING = b"\x00\t\n\r "
_ZIP_END, _ZIP_END_BYTES = b"PK\x05\x06", 22
_ZIP_DIRECTORY = b"PK\x01\x02"
_MAX_ZIP_COMMENT = 65_535
_PDF_HEAD = 1024
_OTHERS = (RAR, b"7z\xbc\xaf\x27\x1c")


def pdf_findings(name: str, content: bytes) -> Findings:
    """Yield what is wrong with a PDF: no end, or bytes behind it."""
    end = content.rfind(b"%%EOF")
    if end < 0:
        yield finding(name, "pdf_broken", "The PDF breaks off before its end.")
    elif content[end + 5 :].strip(_PADDING):
        what = f"There are {len(content) - end - 5} bytes behind the end of the PDF."
        yield finding(name, "trailing_data", what)


def doc_findings(name: str, content: bytes) -> Findings:
    """Yield what is wrong with a Word file of the old kind, a compound file (MS-CFB)."""
    if "WordDocument".encode("utf-16-le") not in content:
        yield finding(name, "kind_mismatch", "The file holds no Word document.")
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        yield finding(name, "macros", "The document has macros.")


def polyglot_findings(name: str, content: bytes, kind: str) -> Findings:
    """Yield what else a file is, beside the kind that its name says."""
    if kind not in {"zip", "docx"} and ends_as_zip(content):
        yield finding(name, "polyglot", "The file is a ZIP archive at the same time.")
    if kind in IMAGES | {"pdf"} and any(other in content for other in _OTHERS):
        yield finding(name, "polyglot", "The file has another archive in it.")
    if kind in IMAGES | {"zip", "rar", "doc"} and b"%PDF-" in content[:_PDF_HEAD]:
        yield finding(name, "polyglot", "The file is a PDF at the same time.")


def ends_as_zip(content: bytes) -> bool:
    """Whether readers of ZIP files would find a directory, whatever the file begins with.

    They look for the end record from behind, over a comment of any length (APPNOTE, 4.3.16).
    """
    at = len(content)
    lowest = max(0, len(content) - _MAX_ZIP_COMMENT - _ZIP_END_BYTES)
    while (at := content.rfind(_ZIP_END, lowest, at)) >= 0:
        if at + _ZIP_END_BYTES <= len(content):
            size: int = struct.unpack_from("<I", content, at + 12)[0]
            if 0 < size <= at and content.startswith(_ZIP_DIRECTORY, at - size):
                return True
    return False


def docx_findings(name: str, content: bytes) -> Findings:
    """Yield what is wrong with a Word file of the new kind, a ZIP archive (ECMA-376, part 2).

    The names of its parts stand in the archive's directory as they are.
    """
    if b"[Content_Types].xml" not in content or b"word/document.xml" not in content:
        yield finding(name, "kind_mismatch", "The archive holds no Word document.")
    if b"vbaProject.bin" in content:
        yield finding(name, "macros", "The document has macros.")
