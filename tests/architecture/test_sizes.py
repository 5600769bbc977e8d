"""Limits on size: lines of a function, lines of a file, modules of a folder."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "clawmarket"

FUNCTION_LINES = 60
FILE_LINES = 500
FOLDER_MODULES = 15

# Lists rather than code: migrations spell tables out, and are never changed once released.
SPELT_OUT = SRC / "adapters" / "store" / "migrations" / "versions"

# What may be larger, and why. An entry that is no longer needed fails the last test.
LONG_FUNCTIONS: dict[str, str] = {}
LONG_FILES: dict[str, str] = {}
FULL_FOLDERS: dict[str, str] = {
    "domain/trust": "one module per notion of trust, small ones",
}


def _sources() -> list[Path]:
    return sorted(path for path in SRC.rglob("*.py") if path.parent != SPELT_OUT)


def _name_of(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def _long_functions() -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        f"{_name_of(path)}:{node.name}"
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, kinds) and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    }


def _long_files() -> set[str]:
    return {
        _name_of(path)
        for path in _sources()
        if len(path.read_text(encoding="utf-8").splitlines()) > FILE_LINES
    }


def _full_folders() -> set[str]:
    folders = {path.parent for path in _sources()}
    modules = {
        _name_of(folder): [p for p in folder.glob("*.py") if p.name != "__init__.py"]
        for folder in folders
    }
    return {name for name, found in modules.items() if len(found) > FOLDER_MODULES}


def test_no_function_is_longer_than_sixty_lines() -> None:
    """A function, from `def` to its last line, fits on one screen."""
    assert _long_functions() - LONG_FUNCTIONS.keys() == set()


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    """A file has at most 500 lines."""
    assert _long_files() - LONG_FILES.keys() == set()


def test_no_folder_holds_more_than_fifteen_modules() -> None:
    """A folder has at most 15 modules beside its `__init__.py`."""
    assert _full_folders() - FULL_FOLDERS.keys() == set()


def test_every_exemption_is_still_needed() -> None:
    """What is exempt is still too large; a cured exemption has to go."""
    assert LONG_FUNCTIONS.keys() - _long_functions() == set()
    assert LONG_FILES.keys() - _long_files() == set()
    assert FULL_FOLDERS.keys() - _full_folders() == set()
