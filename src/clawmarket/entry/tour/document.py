"""Reading Markdown into facts: its headings, links, code blocks and prose.

A reading of the parts of CommonMark and GitHub's dialect that a digest needs: ATX and setext
headings, fenced code (also inside lists and quotes), front matter, inline links. Indented text
is prose, since in lists it nearly always is, and so is what stands between HTML tags. It never
fails, whatever the text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from clawmarket.entry.tour.links import Link, find_anchors, find_links, plain_text, slugs
from clawmarket.entry.tour.wording import visible

_FENCE = re.compile(
    r"((?:[ \t>]|[-*+][ \t]|[0-9]{1,9}[.)][ \t])*+)(`{3,}+(?![^\n]*`)|~{3,}+)",
)
_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=++|-++)[ \t]*+$")
_RULE = re.compile(r" {0,3}(?:(?:-[ \t]*+){3,}|(?:\*[ \t]*+){3,}|(?:_[ \t]*+){3,})$")
_CONTAINER = re.compile(r"[ \t]*+(?:[-*+](?:[ \t]|$)|[0-9]{1,9}[.)](?:[ \t]|$)|>|\|)")
_NO_TITLE = re.compile(r" {4}|\t|<| {0,3}\[[^\[\]]{1,200}\]:")
_MATTER_KEY = re.compile(r"[\w-]+[ \t]*+:")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading's line from 1, its level from 1 to 6 and its text without markup."""

    line: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds; `prose` is everything but code blocks and front matter."""

    lines: int
    headings: tuple[Heading, ...]
    links: tuple[Link, ...]
    anchors: frozenset[str]
    code_blocks: int
    prose: str

    @property
    def broken_links(self) -> list[Link]:
        """The internal links whose anchor neither a heading nor an HTML tag gives."""
        internal = (link for link in self.links if link.is_internal)
        return [link for link in internal if not link.leads_to(self.anchors)]


@dataclass(frozen=True, slots=True)
class _Block:
    kind: Literal["heading", "prose", "code"]
    line: int
    text: str
    level: int = 0


def read_document(text: str) -> Document:
    """Return the facts of a Markdown document, with any kind of line ending."""
    lines = split_lines(text)
    blocks = list(_blocks(lines))
    written = [block for block in blocks if block.kind != "code"]
    titles = [block for block in written if block.kind == "heading"]
    texts = [plain_text(block.text) for block in titles]
    anchors = {anchor for block in written for anchor in find_anchors(block.text)}
    return Document(
        lines=len(lines),
        headings=tuple(
            Heading(block.line, block.level, visible(text) or "(no text)")
            for block, text in zip(titles, texts, strict=True)
        ),
        links=tuple(link for block in written for link in find_links(block.text, block.line)),
        anchors=frozenset(anchors.union(slugs(texts))),
        code_blocks=len(blocks) - len(written),
        prose="\n".join(block.text for block in written),
    )


def split_lines(text: str) -> list[str]:
    r"""Return the lines, ended by \n, \r\n or \r; a final line end opens no further line."""
    unified = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return unified.removesuffix("\n").split("\n") if unified else []


def depths(ranks: Iterable[int]) -> list[int]:
    """Return how deep each item is nested, from 0, given levels or indents that only compare.

    An item lies inside the nearest earlier one of lower rank, so that skipped heading levels
    leave no holes.
    """
    above: list[int] = []
    found = []
    for rank in ranks:
        while above and above[-1] >= rank:
            above.pop()
        found.append(len(above))
        above.append(rank)
    return found


def _blocks(lines: list[str]) -> Iterator[_Block]:
    at = _front_matter_end(lines)
    while at < len(lines):
        start, line = at, lines[at]
        if fence := _FENCE.match(line):
            at = _fence_end(lines, at, fence)
            yield _Block("code", start + 1, "")
        elif atx := _ATX.match(line):
            at += 1
            yield _Block("heading", at, _atx_text(line[atx.end() :]), len(atx[1]))
        elif not line.strip() or _RULE.match(line):
            at += 1
        else:
            at = _paragraph_end(lines, at)
            text = "\n".join(lines[start:at])
            if at < len(lines) and _may_be_title(line) and _UNDERLINE.match(lines[at]):
                level = 1 if "=" in lines[at] else 2
                at += 1
                yield _Block("heading", start + 1, text, level)
            else:
                yield _Block("prose", start + 1, text)


def _front_matter_end(lines: list[str]) -> int:
    # Without this, the closing line would turn the metadata above it into a setext heading.
    if [line.rstrip() for line in lines[:1]] != ["---"] or not any(
        map(_MATTER_KEY.match, lines[1:2])
    ):
        return 0
    ends = (at for at in range(1, len(lines)) if lines[at].rstrip() in {"---", "..."})
    return next(ends, -1) + 1


def _fence_end(lines: list[str], start: int, fence: re.Match[str]) -> int:
    """Return the index after a code block; an unclosed one ends with its quote or the text."""
    mark, is_quoted = fence[2], ">" in fence[1]
    for at in range(start + 1, len(lines)):
        if is_quoted and not lines[at].lstrip().startswith(">"):
            return at
        rest = lines[at].lstrip(" \t>").rstrip(" \t")
        if len(rest) >= len(mark) and not rest.strip(mark[0]):
            return at + 1
    return len(lines)


def _paragraph_end(lines: list[str], start: int) -> int:
    may_be_title = _may_be_title(lines[start])
    for at in range(start + 1, len(lines)):
        line = lines[at]
        if may_be_title and _UNDERLINE.match(line):
            return at
        if not line.strip() or any(
            pattern.match(line) for pattern in (_FENCE, _ATX, _RULE, _CONTAINER)
        ):
            return at
    return len(lines)


def _may_be_title(line: str) -> bool:
    return not (_CONTAINER.match(line) or _NO_TITLE.match(line))


def _atx_text(rest: str) -> str:
    text = rest.strip(" \t")
    opened = text.rstrip("#")
    is_closed = not opened or opened[-1] in " \t"
    return opened.rstrip(" \t") if is_closed else text
