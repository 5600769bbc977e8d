r"""Reading a digest back, whoever wrote it: its sections, tables, entries and counts.

White space, column widths and the order of a table's rows are the writer's business. A backslash
before punctuation is read as Markdown reads it. Nothing here fails, whatever the report holds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clawmarket.entry.tour.document import depths, split_lines

_SECTION = re.compile(r"##[ \t]+(\S.*)")
_TITLE = re.compile(r"#[ \t]+Digest of[ \t]+(\S.*)")
_ITEM = re.compile(r"[ \t]*+[-*+][ \t]")
_ENTRY = re.compile(r"([ \t]*+)[-*+][ \t]++L([0-9]{1,9})[ \t]*+\u00b7(.*)")
_NUMBER = re.compile(r"[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4}")
_COUNT = re.compile(r"(Links [a-z ]{1,40}):[ \t]*+([0-9,]{1,20})")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Section:
    """A title, empty for what comes before the first one, and the lines below it."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A list entry `- L12 \u00b7 text`: how deep it is nested, from 0, its line and its text."""

    depth: int
    line: int
    text: str


def read_sections(digest: str) -> list[Section]:
    """Return the report's sections in order, the untitled head first."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in split_lines(digest):
        if match := _SECTION.fullmatch(line):
            sections.append((read_text(match[1]), []))
        else:
            sections[-1][1].append(line)
    return [Section(title, tuple(lines)) for title, lines in sections]


def read_titles(section: Section) -> list[str]:
    """Return the names that title lines `# Digest of ...` give."""
    matches = map(_TITLE.fullmatch, section.lines)
    return [read_text(match[1]) for match in matches if match]


def read_rows(section: Section) -> Iterator[tuple[str, str]]:
    """Yield the cells of two-column table rows; no label or term holds a bar."""
    for line in section.lines:
        match line.strip().strip("|").split("|"):
            case [label, value]:
                yield read_text(label), read_text(value)


def read_entries(section: Section) -> list[Entry]:
    """Return the entries of a nested list, whatever the width of its indents."""
    matches = [match for line in section.lines if (match := _ENTRY.fullmatch(line))]
    nesting = depths(len(match[1].expandtabs(4)) for match in matches)
    return [
        Entry(depth, int(match[2]), read_text(match[3]))
        for depth, match in zip(nesting, matches, strict=True)
    ]


def unread_items(section: Section) -> list[str]:
    """Return list items that are no entries."""
    return [line for line in section.lines if _ITEM.match(line) and not _ENTRY.fullmatch(line)]


def read_counts(section: Section) -> list[tuple[str, str]]:
    """Return label and figure of each `Links ...: 3` in running text."""
    text = " ".join(section.lines)
    return [(match[1], match[2].rstrip(",")) for match in _COUNT.finditer(text)]


def read_number(text: str) -> int | None:
    """Return a figure written in digits, with or without commas between thousands."""
    return int(text.replace(",", "")) if _NUMBER.fullmatch(text) else None


def read_text(escaped: str) -> str:
    """Return text without Markdown's escapes, its white space made single spaces."""
    return " ".join(_ESCAPE.sub(r"\1", escaped).split())
