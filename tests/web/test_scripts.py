"""The scripts that check receipts: small, found where they import each other, with their words."""

import re
from pathlib import Path

import pytest

from clawmarket.entry.web.receipt_rules import rules_script
from clawmarket.entry.web.sheets import ASSETS, asset_path
from clawmarket.entry.web.words.catalog import LANGUAGES, catalog
from page_verdict import SCRIPTS
from web.market import Market

MODULES = sorted(SCRIPTS.rglob("*.mjs"))
SOURCES = {path: path.read_text(encoding="utf-8") for path in MODULES}
IMPORT = re.compile(r'(?:from|import\() ?"(\.[^"]+)"|new URL\("([^"]+)"')
THROWN = re.compile(r'new (?:Flaw|Skip|Unable|NotAReceipt)\(\s*"(\w+)"|flaw\("(\w+)"\)')
DEMANDED = re.compile(r'^\s*demand\(.*, "(\w+)"(?:, .*)?\);$', re.MULTILINE)
PREFIX = "receipt.js."


def _codes() -> set[str]:
    text = "\n".join(source for path, source in SOURCES.items() if path.name != "rules.mjs")
    thrown = {code for pair in THROWN.findall(text) for code in pair if code}
    return thrown | {*DEMANDED.findall(text)}


def test_the_rules_are_those_of_the_domain() -> None:
    """The generated table is what the declarations come to now."""
    assert (SCRIPTS / "rules.mjs").read_text(encoding="utf-8") == rules_script()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_script_is_small_and_finds_what_it_imports(path: Path) -> None:
    """Two hundred lines of a hundred columns at most, and no import leads nowhere."""
    lines = SOURCES[path].splitlines()
    named = [one or other for one, other in IMPORT.findall(SOURCES[path])]
    assert [name for name in named if not (path.parent / name).is_file()] == []
    assert path.name == "rules.mjs" or len(lines) <= 200
    assert [line for line in lines if len(line) > 100] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_end_of_a_check_has_its_sentence(lang: str) -> None:
    """In each language, and there is no sentence that nothing says."""
    said = {key for key in catalog(lang) if key.startswith(f"{PREFIX}flaw.")}
    text = "\n".join(SOURCES.values())
    assert {f"{PREFIX}flaw.{code}" for code in _codes()} - said == set()
    assert {key for key in said if f'"{key.rpartition(".")[2]}"' not in text} == set()
    assert len(_codes()) > 90


def test_both_languages_fill_in_the_same_values() -> None:
    """A figure that stands in one sentence stands in the other."""
    values = [
        {k: sorted(re.findall(r"\{(\w+)\}", t)) for k, t in catalog(lang).items() if PREFIX in k}
        for lang in LANGUAGES
    ]
    assert values[0] == values[1]


def test_the_scripts_lie_below_one_address(market: Market) -> None:
    """It changes with any of them; each is served as a script that may be kept, and no other."""
    names = [f"receipt/{path.relative_to(SCRIPTS).as_posix()}" for path in MODULES]
    assert [name for name in names if name not in ASSETS] == []
    assert len({asset_path(name).split("/")[2] for name in names}) == 1
    for name in names:
        status, headers, body = market.http("GET", asset_path(name))
        assert (status, body) == (200, (SCRIPTS.parent / name).read_bytes())
        assert headers["content-type"].startswith("text/javascript")
        assert "immutable" in headers["cache-control"]
    outside = asset_path(names[0]).rpartition("/receipt/")[0] + "/receipt/../../routes.py"
    assert market.http("GET", outside)[0] == 404
