"""Secrets: found by kind and line in texts and archives, and never repeated."""

import hashlib

import pytest

from clawmarket.domain.market.inspection.budget import Budget
from clawmarket.domain.market.inspection.contents import content_findings
from files_made import a_zip


def noise(length: int) -> str:
    """Make the same meaningless hex in every run, so that no file holds a credential."""
    return hashlib.shake_256(b"inspection").hexdigest(length)[:length]


TOKEN = "ghp" + "_" + noise(36)
PEM = "-----BEGIN EC " + "PRIVATE KEY-----\n" + noise(64)
WORDS = " ".join(["river", "stone", "cloud", "tiger", "maple", "ocean"] * 2)


def told(name: str, content: str | bytes, budget: Budget | None = None) -> list[str]:
    """Return what is found of secrets in a file."""
    raw = content.encode() if isinstance(content, str) else content
    found = content_findings(name, raw, budget or Budget())
    return [each.what for each in found if each.code == "secret"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (f"a\n\nkey = {TOKEN}\n", "Line 3 has what looks like an access token."),
        (f"a\n{PEM}", "Line 2 has what looks like a private key."),
        (f"seed phrase: {WORDS}", "Line 1 has what looks like a wallet's words."),
        ("x" * 65_530 + " " + TOKEN, "Line 1 has what looks like an access token."),
        ("line\n" * 100_000 + TOKEN, "Line 100001 has what looks like an access token."),
    ],
)
def test_a_secret_is_told_by_kind_and_line(content: str, what: str) -> None:
    """The finding does not repeat it."""
    assert told("work.txt", content) == [what]
    assert TOKEN not in what


@pytest.mark.parametrize(
    "content",
    [
        "password = request.form['password']",
        "See /usr/local/bin and http://localhost:8080 for more.",
        "sha256:" + noise(64),
        ".sk-folding-cube-animation { color: red }",
        "the seed of a good phrase is a word",
    ],
)
def test_what_deliverables_are_made_of_is_no_secret(content: str) -> None:
    """Logs hide paths, addresses and names of passwords; here they are the work."""
    assert told("work.md", content) == []


def test_a_text_in_an_archive_is_searched_too() -> None:
    """The finding names the archive, and the text inside it."""
    archive = a_zip({"src/settings.py": f"a = 1\nb = '{TOKEN}'\n".encode()})
    assert told("work.zip", archive) == [
        "Line 2 of src/settings.py has what looks like an access token."
    ]


def test_at_most_five_are_told_of_a_text() -> None:
    """A file full of keys fills no page."""
    assert len(told("work.txt", f"{TOKEN}\n" * 100)) == 5


def test_searching_ends_with_the_budget() -> None:
    """What is behind it is not searched, however much there is."""
    budget = Budget(scanned=10)
    assert told("work.txt", f"0123456789 {TOKEN}", budget) == []
    assert budget.scanned == 0
