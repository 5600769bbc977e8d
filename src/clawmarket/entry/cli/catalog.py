"""The stored catalog: help, completion, suggestions and explanations read it, and start fast.

`tools/generate.py` writes it from the registry; nothing here imports a service.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

Entry = dict[str, Any]

CATALOG_FILE = Path(__file__).with_name("catalog.json")


@lru_cache(maxsize=1)
def stored() -> Entry:
    """Return the whole catalog: methods, errors, codes, exits, machines, events."""
    catalog: Entry = json.loads(CATALOG_FILE.read_bytes())
    return catalog


def method_entry(name: str) -> Entry | None:
    """Return a method by its name or its alias, or None."""
    found: Entry | None = stored()["methods"].get(name)
    if found is None and not name.startswith("web3."):
        found = stored()["methods"].get(f"web3.{name}")
    return found


def method_names() -> list[str]:
    """Return all method names, each followed by its alias."""
    entries = stored()["methods"].values()
    return [name for entry in entries for name in (entry["name"], entry["alias"]) if name]


def exit_status(code: str) -> int:
    """Return the exit status of an error code; a code we do not know counts as a defect."""
    row: Entry = stored()["codes"].get(code, {})
    return int(row.get("exit", 1))


def has_effect(entry: Entry) -> bool:
    """Return whether a call of this method can change something."""
    return bool(entry["manner"] != "read" and entry["scope"] != "read")


def answer_fields(entry: Entry | None) -> Entry:
    """Return the schema of what an answer is about: its fields, or those of a page's items."""
    if entry is None:
        return {}
    properties: Entry = entry["answer"].get("properties", {})
    if "items" in properties and "properties" in properties["items"].get("items", {}):
        inner: Entry = properties["items"]["items"]["properties"]
        return inner
    return properties


def is_list(entry: Entry | None) -> bool:
    """Return whether a method answers with a page of items."""
    return entry is not None and "items" in entry["answer"].get("properties", {})
