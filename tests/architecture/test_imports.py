"""Import direction: the contracts of pyproject.toml hold, and vendors stay behind adapters."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "clawmarket"

# Libraries that only the adapters of one port may import.
VENDORS = {
    "alembic": "adapters/store",
    "coincurve": "adapters/wallets",
    "eth_account": "adapters/wallets",
    "jsonschema_rs": "domain/market/inspection",
    "psycopg": "adapters/store",
    "pysqlite3": "adapters/store",
    "siwe": "adapters/wallets",
    "sqlalchemy": "adapters/store",
}

# What a distribution is imported as, where the two differ.
IMPORTED_AS = {"a2a-sdk": "a2a", "pycryptodome": "Crypto", "signinwithethereum": "siwe"}

# Packages that come with one that is named, as a part of what it promises.
PARTS = {
    "eth_keys": "eth_account",
    "eth_utils": "eth_account",
    "google": "a2a",
    "markupsafe": "jinja2",
}

# Dependencies that nothing of ours imports, and why they are named.
NOT_IMPORTED = {
    "eth_account": "its parts are; the name holds back what signinwithethereum cannot use",
    "eth_keys": "the wallets' adapter relies on how it chooses its backend, without loading it",
    "httptools": "uvicorn takes it when it is there",
    "websockets": "the same",
    "python_multipart": "starlette reads forms with files by it",
}


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the top package of every import statement of a file."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_the_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    """Arrows point inward, the domain does no I/O, trust knows neither market nor treasury."""
    status = lint_imports(str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)

    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_a_vendor_is_known_to_its_adapters_only(vendor: str) -> None:
    """Services, domain and entry never see a database driver or a wallet library."""
    users = {p.relative_to(SRC).as_posix() for p in SRC.rglob("*.py") if vendor in imports(p)}

    assert {name for name in users if not name.startswith(VENDORS[vendor] + "/")} == set()


def _named() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    named = [*project["dependencies"], *(each for extra in extras for each in extra)]
    names = {re.split(r"[<>=; \[]", each)[0] for each in named}
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names}


def test_every_package_that_is_imported_is_named() -> None:
    """Nothing is used that only came along with another package."""
    used = {name for path in SRC.rglob("*.py") for name in imports(path)}
    foreign = used - sys.stdlib_module_names - {"clawmarket", ""}

    assert foreign - _named() - PARTS.keys() == set()


def test_every_package_that_is_named_is_imported() -> None:
    """Nothing is installed for nobody, but for what stands here with its reason."""
    used = {name for path in SRC.rglob("*.py") for name in imports(path)}

    assert _named() - used - NOT_IMPORTED.keys() == set()
