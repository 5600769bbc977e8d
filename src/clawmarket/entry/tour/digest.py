"""The tour's built-in job: a digest of a Markdown document, always the same for the same text.

The document is only ever data. Whatever of it appears in the report is escaped, on one line and
clipped, so that a heading can neither break a table, nor add a section, nor run as HTML.
"""

import re
from unicodedata import east_asian_width

from clawmarket.entry.tour.document import Document, depths, read_document
from clawmarket.entry.tour.wording import count_cjk, count_terms, count_words, visible

_WORDS_PER_MINUTE = 220
_TOP_TERMS = 10

_MARKUP = re.compile(
    r"[\\`*\[\]<>|&~@$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # inside a word an underscore is only an underscore
    r"|:(?=//)|(?<=[Ww]{3})\."  # bare addresses would become links
    r"|#(?=#*$)"
)
_NOTE = (
    "Words leave out code blocks, front matter, addresses and tags; 1.7 Chinese, Japanese or\n"
    f"Korean characters count as one word, and {_WORDS_PER_MINUTE} words take a minute."
)


def digest_document(text: str, *, name: str) -> str:
    """Return a Markdown report on a Markdown document: facts, outline, broken links, terms.

    Sections: `# Digest of …` with a table of facts, `## Outline` (`- L12 · text`, nested),
    `## Broken internal links` (`- L40 · #anchor`, anchors as GitHub makes them) and
    `## Most frequent terms`. Reading time is in whole minutes, rounded up.
    """
    document = read_document(text)
    sections = [
        f"# Digest of {_escaped(visible(name) or 'untitled')}",
        _facts(document),
        _NOTE,
        "## Outline",
        _outline(document),
        "## Broken internal links",
        _broken_links(document),
        _unchecked_links(document),
        "## Most frequent terms",
        _terms(document),
    ]
    return "\n\n".join(sections) + "\n"


def _facts(document: Document) -> str:
    words = count_words(document.prose)
    minutes = -(-words // _WORDS_PER_MINUTE)
    rows = [
        ("Words", f"{words:,}"),
        ("Chinese, Japanese, Korean characters", f"{count_cjk(document.prose):,}"),
        ("Reading time", f"{minutes:,} min"),
        ("Lines", f"{document.lines:,}"),
        ("Headings", f"{len(document.headings):,}"),
        ("Links", f"{len(document.links):,}"),
        ("Fenced code blocks", f"{document.code_blocks:,}"),
    ]
    return _table(("Fact", "Value"), rows)


def _outline(document: Document) -> str:
    levels = (heading.level for heading in document.headings)
    nested = zip(depths(levels), document.headings, strict=True)
    entries = [f"{'  ' * depth}- L{item.line} · {_escaped(item.text)}" for depth, item in nested]
    return "\n".join(entries) or "No headings."


def _broken_links(document: Document) -> str:
    broken = document.broken_links
    entries = [f"- L{link.line} · {_escaped(visible(link.target))}" for link in broken]
    return "\n".join(entries) or "None found."


def _unchecked_links(document: Document) -> str:
    internal = sum(link.is_internal for link in document.links)
    external = sum(link.is_external for link in document.links)
    neighbours = len(document.links) - internal - external
    return (
        f"Links inside the document: {internal:,}, all checked. "
        f"Links to other files: {neighbours:,}, not checked.\n"
        f"Links to other places: {external:,}, not checked."
    )


def _terms(document: Document) -> str:
    counted = count_terms(document.prose).items()
    top = sorted(counted, key=lambda item: (-item[1], item[0]))[:_TOP_TERMS]
    rows = [(_escaped(term), f"{count:,}") for term, count in top]
    return _table(("Term", "Count"), rows) if rows else "No terms."


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    left = max(_columns(row[0]) for row in [head, *rows])
    right = max(len(row[1]) for row in [head, *rows])
    lines = [
        f"| {name}{' ' * (left - _columns(name))} | {value:>{right}} |"
        for name, value in [head, *rows]
    ]
    lines.insert(1, f"|{'-' * (left + 2)}|{'-' * (right + 1)}:|")
    return "\n".join(lines)


def _columns(text: str) -> int:
    """Return the columns a text takes on a terminal, where East Asian characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)
