"""Findings: what an inspection has against a file, in words that are safe to show."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_FINDINGS = 50
_SHOWN_CHARS = 120
_MAX_WHAT = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one file: the file's name, a code for programs, a sentence.

    The sentence never quotes what is in a file, only where it stands.
    """

    file: str
    code: str
    what: str


Findings = Iterator[Finding]


def finding(file: str, code: str, what: str) -> Finding:
    """Return a finding whose texts are short and printable."""
    return Finding(shown(file), code, what[:_MAX_WHAT])


def findings_text(findings: Iterable[Finding]) -> str:
    """Return findings as one line: each file, and what is wrong with it."""
    return " ".join(f"{each.file or 'the delivery'}: {each.what}" for each in findings)


def shown(name: str) -> str:
    """Return a name that no terminal and no page reads as anything but text.

    Characters that turn the direction of writing, end a line or are no text at all appear as
    their escapes; what is longer than 120 characters is cut.
    """
    safe = "".join(char if char.isprintable() else _escape(char) for char in name[:_SHOWN_CHARS])
    return safe if len(name) <= _SHOWN_CHARS else f"{safe}…"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()
