"""A skill's frontmatter: the part of YAML that hosts of every age read, and no more.

Top-level keys with a plain or quoted text, a block (`>` or `|`), a list of words, or an object in
JSON. Anything else is refused: what only some hosts can read is no frontmatter for all of them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]

_FENCE = "---"
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(?:\s+(.*))?$")
_ITEM = re.compile(r"\s*-\s+(.+)$")
_BLOCKS = (">", "|", ">-", "|-")


class FrontmatterInvalidError(Exception):
    """The frontmatter cannot be read; the text says where."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A skill's two halves."""

    fields: Fields
    body: str


def parts_of(text: str) -> Parts:
    """Return frontmatter and body of a SKILL.md. Raises FrontmatterInvalidError."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != _FENCE:
        raise FrontmatterInvalidError("the file does not begin with ---")
    try:
        end = next(i for i, line in enumerate(lines[1:], 1) if line.strip() == _FENCE)
    except StopIteration:
        raise FrontmatterInvalidError("the frontmatter does not end with ---") from None
    fields: Fields = {}
    for name, value in _entries(lines[1:end]):
        if name in fields:
            raise FrontmatterInvalidError(f"{name} is there twice")
        fields[name] = value
    return Parts(fields, "\n".join(lines[end + 1 :]))


def _entries(lines: list[str]) -> Iterator[tuple[str, Any]]:
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _KEY.match(line)
        if match is None:
            raise FrontmatterInvalidError(f"{line.strip()[:60]!r} is no key")
        below = []
        while place < len(lines) and (lines[place][:1].isspace() or _ITEM.match(lines[place])):
            below.append(lines[place].strip())
            place += 1
        yield match[1], _value(match[1], (match[2] or "").strip(), below)


def _value(name: str, first: str, below: list[str]) -> Any:  # noqa: ANN401 - any JSON value
    if first in _BLOCKS:
        return " ".join(filter(None, below))
    text = " ".join([first, *below]).strip()
    if text.startswith(("{", "[", '"')):
        try:
            return json.loads(text)
        except ValueError:
            raise FrontmatterInvalidError(f"{name} is not JSON on one line") from None
    if not first and below:
        return [_word(name, line) for line in below]
    if below:
        raise FrontmatterInvalidError(f"{name} goes on below its line")
    return _plain(name, first)


def _word(name: str, line: str) -> str:
    match = _ITEM.match(line)
    if match is None:
        raise FrontmatterInvalidError(f"{name} is neither a list of words nor JSON")
    return _plain(name, match[1].strip())


def _plain(name: str, text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    # A plain text with these means something else to YAML.
    if ": " in text or " #" in text or text[:1] in ("&", "*", "!", "%", "@", "`", "'"):
        raise FrontmatterInvalidError(f"{name} needs quotes")
    return text
