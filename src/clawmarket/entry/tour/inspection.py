"""The buyer's check of a digest: do the report's figures agree with the document?

The buyer trusts nothing in the report. The facts are read from the document and compared with
what the report's lines say, one by one, so that another layout passes and a wrong fact is named.
The labels are written out again here: they are what was ordered, not what the worker happened
to write.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from clawmarket.entry.tour.document import Document, Heading, depths, read_document
from clawmarket.entry.tour.report import (
    Entry,
    Section,
    read_counts,
    read_entries,
    read_number,
    read_rows,
    read_sections,
    read_titles,
    unread_items,
)
from clawmarket.entry.tour.wording import count_cjk, count_terms, count_words, visible

_MOST_COMPLAINTS = 20
_WORDS_PER_MINUTE = 220
_TOP_TERMS = 10


def check_digest(document: str, name: str, digest: str) -> list[str]:
    """Return what is wrong with a digest of `document`, in plain sentences; empty if nothing.

    Checked are the title, every figure, every entry of the outline with its line and nesting,
    every broken link and the table of terms. At most 20 complaints are spelt out, the last line
    then says how many more there are. It never fails, whatever the report holds.
    """
    facts = read_document(document)
    head, *sections = read_sections(digest)
    complaints = [
        *_check_title(head, name),
        *_check_sections(sections),
        *_check_figures(head, facts),
    ]
    checks = {
        "Outline": _check_outline,
        "Broken internal links": _check_links,
        "Most frequent terms": _check_terms,
    }
    for section in sections:
        if check := checks.get(section.title):
            complaints += check(section, facts)
    more = len(complaints) - _MOST_COMPLAINTS
    return complaints if more <= 0 else [*complaints[:_MOST_COMPLAINTS], f"and {more:,} more"]


def _check_title(head: Section, name: str) -> Iterator[str]:
    expected = visible(name) or "untitled"
    if read_titles(head) != [expected]:
        yield f"the report is not titled, once, as the digest of {_quoted(expected)}"


def _check_sections(sections: list[Section]) -> Iterator[str]:
    times = Counter(section.title for section in sections)
    ordered = ("Outline", "Broken internal links", "Most frequent terms")
    for title in ordered:
        if times[title] != 1:
            yield f"the report has {times[title]:,} sections {_quoted(title)} instead of one"
    for title in times:
        if title not in ordered:
            yield f"the report has a section that was not ordered: {_quoted(title)}"


def _check_figures(head: Section, facts: Document) -> Iterator[str]:
    words = count_words(facts.prose)
    figures = {
        "Words": words,
        "Chinese, Japanese, Korean characters": count_cjk(facts.prose),
        "Lines": facts.lines,
        "Headings": len(facts.headings),
        "Links": len(facts.links),
        "Fenced code blocks": facts.code_blocks,
    }
    rows = list(read_rows(head))
    for label, figure in figures.items():
        noun = label if label.startswith("Chinese") else label.lower()
        yield from _compare(_values(rows, label), figure, noun)
    minutes = [value.removesuffix("min").rstrip() for value in _values(rows, "Reading time")]
    yield from _compare(minutes, -(-words // _WORDS_PER_MINUTE), "minutes of reading")


def _check_outline(section: Section, facts: Document) -> Iterator[str]:
    yield from _check_items(section)
    entries = read_entries(section)
    said = {entry.line: entry for entry in entries}
    nesting = depths(heading.level for heading in facts.headings)
    for depth, heading in zip(nesting, facts.headings, strict=True):
        yield from _check_heading(said.pop(heading.line, None), heading, depth)
    for line in said:
        yield f"the outline lists line {line:,}, where the document has no heading"
    listed = [entry.line for entry in entries]
    if listed != sorted(set(listed)):
        yield "the outline does not follow the document, each heading once"


def _check_heading(entry: Entry | None, heading: Heading, depth: int) -> Iterator[str]:
    place = f"line {heading.line:,}, {_quoted(heading.text)}"
    if entry is None:
        yield f"the outline leaves out the heading on {place}"
        return
    if entry.text != heading.text:
        yield f"the outline says {_quoted(entry.text)} for the heading on {place}"
    if entry.depth != depth:
        yield f"the outline nests the heading on {place} {entry.depth} deep, not {depth}"


def _check_links(section: Section, facts: Document) -> Iterator[str]:
    yield from _check_items(section)
    said = Counter((entry.line, entry.text) for entry in read_entries(section))
    broken = Counter((link.line, visible(link.target)) for link in facts.broken_links)
    for line, target in broken - said:
        yield f"the report leaves out the broken link on line {line:,} to {_quoted(target)}"
    for line, target in said - broken:
        yield f"the report lists a broken link on line {line:,} to {_quoted(target)}: not so"
    internal = sum(link.is_internal for link in facts.links)
    external = sum(link.is_external for link in facts.links)
    figures = {
        "Links inside the document": internal,
        "Links to other files": len(facts.links) - internal - external,
        "Links to other places": external,
    }
    counts = read_counts(section)
    for label, figure in figures.items():
        yield from _compare(_values(counts, label), figure, label.lower())


def _check_terms(section: Section, facts: Document) -> Iterator[str]:
    counts = count_terms(facts.prose)
    expected = sorted(counts, key=lambda term: (-counts[term], term))[:_TOP_TERMS]
    rows = [(term, read_number(value)) for term, value in read_rows(section)]
    said = {term: count for term, count in rows if count is not None}
    for term, count in said.items():
        if term not in expected:
            yield f"the report lists {_quoted(term)}, which is not among the top terms"
        elif count != counts[term]:
            yield f"the report counts {_quoted(term)} {count:,} times, it is {counts[term]:,}"
    for term in expected:
        if term not in said:
            yield f"the report leaves out the term {_quoted(term)}, {counts[term]:,} times"
    listed = [term for term, count in rows if count is not None]
    if listed != expected and sorted(said) == sorted(expected):
        yield "the terms are not in the order of count, then alphabet, each once"


def _check_items(section: Section) -> Iterator[str]:
    for item in unread_items(section):
        yield f"under {_quoted(section.title)} stands an entry without a line: {_quoted(item)}"


def _values(rows: Iterable[tuple[str, str]], label: str) -> list[str]:
    return [value for key, value in rows if key == label]


def _compare(said: list[str], figure: int, noun: str) -> Iterator[str]:
    numbers = [read_number(value) for value in said]
    if len(numbers) != 1 or numbers[0] is None:
        yield f"the report does not give the number of {noun} exactly once"
    elif numbers[0] != figure:
        yield f"the report says {numbers[0]:,} {noun}, the document has {figure:,}"


def _quoted(text: str) -> str:
    return f'"{visible(text, 60)}"'
