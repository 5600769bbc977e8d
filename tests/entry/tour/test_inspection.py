import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmarket.entry.tour.digest import digest_document
from clawmarket.entry.tour.inspection import check_digest

TEXT = """\
# Escrow

Escrow holds money. See [rules](#rules), [gone](#gone), [file](file.md), https://a.example 市场

## Rules

The seller delivers, the buyer pays from escrow.

```
code
```

### Silence
"""

BLOCK_MARKS = ["# ", "## ", "---\n", "===\n", "```\n", "~~~", "> ", "- ", "1. ", "|", "a: b\n"]
SPACES = ["\n", "\n\n", "\r\n", "\r", "    ", "\t", "\u2028", "\x85", "\u200b", "\u202e"]
INLINE_MARKS = ["[", "](", ")", "](#a)", "]: ", "<a id='", "'>", "`", "``", "*", "_", "\\", "&amp;"]
WORDS = ["https://x.example", "www.", "@", "Escrow ", "#", "a", "\u0130_ß", "don\u2019t", "\u0301"]
FOREIGN = ["任务", "の", "데이터", "\x00", "\x1b", "\ud800"]
PIECES = st.sampled_from(BLOCK_MARKS + SPACES + INLINE_MARKS + WORDS + FOREIGN)
MARKDOWN = st.lists(PIECES | st.text(max_size=5), max_size=60).map("".join)


def digest() -> str:
    """Return the honest report on the text above."""
    return digest_document(TEXT, name="escrow.md")


@settings(max_examples=400, deadline=None)
@given(MARKDOWN, st.text(max_size=20))
def test_the_digest_of_any_text_passes_its_own_check(text: str, name: str) -> None:
    """Whatever the document and its name hold, an honest report draws no complaint."""
    assert check_digest(text, name, digest_document(text, name=name)) == []


@settings(deadline=None)
@given(st.text())
def test_the_digest_of_plain_text_passes_its_own_check(text: str) -> None:
    """The same for text of any characters at all."""
    assert check_digest(text, "x", digest_document(text, name="x")) == []


@settings(deadline=None)
@given(MARKDOWN, MARKDOWN)
def test_no_report_makes_the_check_fail(text: str, report: str) -> None:
    """A report of any content is judged, with at most twenty complaints and a count."""
    complaints = check_digest(text, "x", report)

    assert 0 < len(complaints) <= 21


@settings(deadline=None)
@given(MARKDOWN, MARKDOWN)
def test_two_documents_share_a_report_only_if_their_facts_agree(one: str, other: str) -> None:
    """The report on one document passes for another one exactly when it is the same report."""
    report = digest_document(one, name="x")

    assert (check_digest(other, "x", report) == []) == (report == digest_document(other, name="x"))


@pytest.mark.parametrize(
    ("label", "true", "said", "noun"),
    [
        ("Words", "20", "120", "words"),
        (
            "Chinese, Japanese, Korean characters",
            "2",
            "5",
            "Chinese, Japanese, Korean characters",
        ),
        ("Reading time", "1 min", "9 min", "minutes of reading"),
        ("Lines", "13", "1,300", "lines"),
        ("Headings", "3", "4", "headings"),
        ("Links", "4", "5", "links"),
        ("Fenced code blocks", "1", "0", "fenced code blocks"),
    ],
)
def test_a_wrong_figure_is_named(label: str, true: str, said: str, noun: str) -> None:
    """Said and found number stand in the one complaint; a missing or doubled row is named too."""
    row = re.compile(rf"\| {label} +\| +{true} \|")
    assert len(row.findall(digest())) == 1

    wrong = row.sub(f"| {label} | {said} |", digest())
    missing = row.sub("", digest())
    doubled = row.sub(f"| {label} | {true} |\n| {label} | {true} |", digest())
    unread = row.sub(f"| {label} | about {true} |", digest())

    figures = said.removesuffix(" min"), true.removesuffix(" min")
    named = f"the report says {figures[0]} {noun}, the document has {figures[1]}"
    assert check_digest(TEXT, "escrow.md", wrong) == [named]
    once = f"the report does not give the number of {noun} exactly once"
    for report in missing, doubled, unread:
        assert check_digest(TEXT, "escrow.md", report) == [once]


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (
            "# Digest of escrow.md",
            "# Digest of other.md",
            'the report is not titled, once, as the digest of "escrow.md"',
        ),
        (
            "  - L5 · Rules\n    - L13 · Silence",
            "  - L5 · Rules",
            'the outline leaves out the heading on line 13, "Silence"',
        ),
        (
            "L13 · Silence",
            "L13 · Noise",
            'the outline says "Noise" for the heading on line 13, "Silence"',
        ),
        (
            "    - L13",
            "  - L13",
            'the outline nests the heading on line 13, "Silence" 1 deep, not 2',
        ),
        (
            "L13 · Silence",
            "L13 · Silence\n- L14 · More",
            "the outline lists line 14, where the document has no heading",
        ),
        (
            "- L1 · Escrow",
            "- L1 · Escrow\n- L1 · Escrow",
            "the outline does not follow the document, each heading once",
        ),
        (
            "- L1 · Escrow",
            "- L1 · Escrow\n- send me your keys",
            'under "Outline" stands an entry without a line: "- send me your keys"',
        ),
        (
            "- L3 · #gone",
            "None found.",
            'the report leaves out the broken link on line 3 to "#gone"',
        ),
        (
            "- L3 · #gone",
            "- L3 · #gone\n- L3 · #rules",
            'the report lists a broken link on line 3 to "#rules": not so',
        ),
        (
            "document: 2",
            "document: 3",
            "the report says 3 links inside the document, the document has 2",
        ),
        (
            "other files: 1",
            "other files: 0",
            "the report says 0 links to other files, the document has 1",
        ),
        (
            "Links to other places: 1, not checked.",
            "",
            "the report does not give the number of links to other places exactly once",
        ),
    ],
)
def test_tampering_is_named(before: str, after: str, complaint: str) -> None:
    """Each changed statement draws exactly the complaint that names it."""
    assert before in digest()

    assert check_digest(TEXT, "escrow.md", digest().replace(before, after)) == [complaint]


def terms_replaced(pattern: str, row: str) -> list[str]:
    """Return the complaints about the report with one row replaced."""
    tampered, times = re.subn(pattern, row, digest())
    assert times == 1
    return check_digest(TEXT, "escrow.md", tampered)


def test_wrong_terms_are_named() -> None:
    """A wrong count, a foreign term, a missing one and a wrong order are told apart."""
    escrow, buyer = r"\| escrow +\| +3 \|\n", r"\| buyer +\| +1 \|\n"
    rules = r"\| rules +\| +2 \|\n"

    assert terms_replaced(escrow, "| escrow | 7 |\n") == [
        'the report counts "escrow" 7 times, it is 3'
    ]
    assert terms_replaced(escrow, "") == ['the report leaves out the term "escrow", 3 times']
    assert terms_replaced(buyer, "| buyer | 1 |\n| zebra | 1 |\n") == [
        'the report lists "zebra", which is not among the top terms'
    ]
    disorder = ["the terms are not in the order of count, then alphabet, each once"]
    assert terms_replaced(f"({escrow})({rules})", r"\2\1") == disorder
    assert terms_replaced(f"({escrow})", r"\1\1") == disorder


def test_sections_are_expected_once_each_and_no_others() -> None:
    """A missing, a repeated and an unordered section are named."""
    extra = digest() + "\n## Pay me now\n\nplease\n"
    missing = digest().split("## Most frequent terms")[0]
    repeated = digest() + "\n## Most frequent terms" + digest().split("## Most frequent terms")[1]

    assert check_digest(TEXT, "escrow.md", extra) == [
        'the report has a section that was not ordered: "Pay me now"'
    ]
    assert check_digest(TEXT, "escrow.md", missing) == [
        'the report has 0 sections "Most frequent terms" instead of one'
    ]
    assert check_digest(TEXT, "escrow.md", repeated) == [
        'the report has 2 sections "Most frequent terms" instead of one'
    ]


def test_another_layout_with_the_same_facts_passes() -> None:
    """Indents, table widths, bullets, line endings and the order of facts are free."""
    report = re.sub(r" *\| *", "|", digest())
    report = re.sub(r"^( *)- L", r"\1\1* L", report, flags=re.MULTILINE)
    facts = re.search(r"\|Words\|20\|\n", report)
    assert facts is not None
    report = report.replace(facts[0], "").replace("|Links|", facts[0] + "|Links|")

    assert report != digest()
    assert check_digest(TEXT, "escrow.md", report.replace("\n", "\r\n")) == []


def test_an_empty_report_lacks_everything() -> None:
    """Nothing handed in is a list of complaints, not a failure."""
    assert len(check_digest(TEXT, "escrow.md", "")) == 11


def test_complaints_are_capped_and_clean() -> None:
    """Twenty complaints and the number of the others; a report can't hide text in them."""
    report = "## Outline\n" + "".join(f"- L{line} · \u202ex\n" for line in range(20, 60))

    complaints = check_digest("# a", "x", report)

    assert len(complaints) == 21
    assert complaints[-1] == "and 31 more"
    assert not any("\u202e" in complaint for complaint in complaints)
