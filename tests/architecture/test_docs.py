"""The documents: complete, linked, and about commands and methods that exist."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clawmarket.entry.cli.tree import command_tree
from clawmarket.registry.methods import method_named
from clawmarket.services.discover import discover

discover()

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
IDS = [path.relative_to(ROOT).as_posix() for path in DOCS]
ADR = ROOT / "docs" / "adr"

SECTIONS = ["Context", "Decision", "Why", "Consequences", "Rejected"]
LINK = re.compile(r"\]\(([^()\s]+)\)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
MAKE = re.compile(r"\bmake ([a-z-]+)")
COMMAND = re.compile(r"^(?:\S*/)?clawmarket ?(.*)$", re.MULTILINE)
METHOD = re.compile(r"\b(?:web3|market)\.(?:[a-z]+\.)*[a-z][A-Za-z]+")

# A prefix, the method that CONTRIBUTING.md adds, a file and an origin.
NO_METHODS = {"web3.market", "web3.market.extendTask", "market.db", "market.example"}

each_document = pytest.mark.parametrize("path", DOCS, ids=IDS)

# Runs the worked example of CONTRIBUTING.md where it says that it belongs.
EXAMPLE = """
import sys
from clawmarket.domain.market import task
from clawmarket.services.market import tasks

domain, service, story = sys.stdin.read().split("\\0")
exec(domain, vars(task))
exec(service, vars(tasks))
exec(story, globals())
test_a_buyer_takes_bids_for_longer()
"""


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _blocks(path: Path, language: str) -> list[str]:
    return [body for name, body in BLOCK.findall(_text(path)) if name == language]


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", _text(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _commands(path: Path) -> Iterator[list[str]]:
    for block in _blocks(path, "sh"):
        for line in COMMAND.findall(block):
            yield line.partition("#")[0].split()


def _leaf(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that words lead to, and what is left of them."""
    command: click.Command = command_tree()
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def _dependencies() -> set[str]:
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))
    groups = project["dependency-groups"].values()
    extras = project["project"]["optional-dependencies"].values()
    lists = [project["project"]["dependencies"], *extras, *groups]
    named = [each for one in lists for each in one]
    return {re.split(r"[<>=; \[]", each)[0] for each in named}


@each_document
def test_every_link_leads_somewhere(path: Path) -> None:
    """A link inside the repository names a file that is there, and a heading that it has."""
    broken = []
    for target in LINK.findall(_text(path)):
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if re.match(r"[a-z]+:", target):
            continue
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)

    assert broken == []


@each_document
def test_a_document_names_targets_of_the_makefile_only(path: Path) -> None:
    """Each `make …` in code exists."""
    targets = set(re.findall(r"^([a-z-]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    named = {name for code in CODE.findall(_text(path)) for name in MAKE.findall(code)}

    assert named - targets == set()


@each_document
def test_a_document_names_methods_that_exist(path: Path) -> None:
    """Each method in code is in the registry, but for the one that CONTRIBUTING.md adds."""
    named = {name for code in CODE.findall(_text(path)) for name in METHOD.findall(code)}
    unknown = {name for name in named if method_named(name) is None}

    assert unknown - NO_METHODS == set()


@each_document
def test_a_document_shows_commands_that_exist(path: Path) -> None:
    """Each `clawmarket …` in a block leads to a command that has the options it is given."""
    wrong = []
    for words in _commands(path):
        command, rest = _leaf(words)
        options = {option for param in command.params for option in param.opts} | {"--help"}
        given = {word.partition("=")[0] for word in rest if re.match(r"-{1,2}[a-z]", word)}
        if words and (isinstance(command, click.Group) or given - options):
            wrong.append(words)

    assert wrong == []


def test_the_index_names_every_decision() -> None:
    """Decisions are numbered without gaps, and each has its row, in order."""
    files = sorted(path.name for path in ADR.glob("[0-9]*.md"))
    linked = re.findall(r"^\| \[\d{4}\]\((.+?)\)", _text(ADR / "README.md"), re.MULTILINE)

    assert [name[:4] for name in files] == [f"{n:04}" for n in range(1, len(files) + 1)]
    assert linked == files


@pytest.mark.parametrize("path", sorted(ADR.glob("[0-9]*.md")), ids=lambda path: path.name[:4])
def test_a_decision_has_its_sections(path: Path) -> None:
    """A decision says what forced it, what was decided and why, what it costs, what was not."""
    text = _text(path)

    assert text.startswith(f"# {path.name[:4]} ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


def test_every_dependency_is_explained() -> None:
    """docs/dependencies.md has one row for each dependency that pyproject.toml names."""
    rows = re.findall(r"^\| ([a-z][\w.-]*) \|", _text(ROOT / "docs/dependencies.md"), re.MULTILINE)

    assert sorted(set(rows) - {"package"}) == sorted(_dependencies())
    assert len(rows) == len(set(rows)) + 3  # the heads of all tables but the first


def test_the_worked_example_works() -> None:
    """The method that CONTRIBUTING.md adds can be added just so, and its story is true."""
    domain, service, story, *_ = _blocks(ROOT / "CONTRIBUTING.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLE],
        input=f"{domain}\0{service}\0{story}",
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "tests",
    )

    assert done.returncode == 0, done.stderr
