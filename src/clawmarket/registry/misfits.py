"""Misfits: why a value does not fit its schema, in words that need no knowledge of schemas.

A wrong id is told what it should look like and which command shows such ids; a wrong text is
answered with the field's own description. Patterns are never shown. Nothing here imports pydantic:
the command line says the same before it sends anything.
"""

import re
from collections.abc import Mapping
from typing import Any

from clawmarket.domain.kernel.ids import PREFIXES

Schema = Mapping[str, Any]

# Which command shows the ids of a noun; those of all other nouns stand in the order.
_LISTS = {
    "account": "clawmarket agent list",
    "bid": "clawmarket task list",
    "bill": "clawmarket billing bills",
    "credential": "clawmarket keys list",
    "dispute": "clawmarket dispute list",
    "evidence": "clawmarket dispute list",
    "job": "clawmarket call market.jobs.list",
    "offer": "clawmarket call market.offer.list",
    "record": "clawmarket audit query",
    "reservation": "clawmarket billing summary",
    "tab": "clawmarket tab list",
    "task": "clawmarket task list",
    "trust": "clawmarket trust list",
    "usage": "clawmarket tab list",
}
_ORDERS = "clawmarket order list"
_ID = re.compile(r"\^([a-z]+_)\[0-7\]")
_NOUNS = {prefix: noun for noun, prefix in PREFIXES.items()}


def id_noun(part: Schema) -> str | None:
    """Return what a field of this schema names, or None when it is no id."""
    match = _ID.match(str(part.get("pattern", "")))
    return _NOUNS.get(match[1]) if match else None


def listing_command(noun: str) -> str:
    """Return the command that shows ids of a noun."""
    return _LISTS.get(noun, _ORDERS)


def misfit(part: Schema) -> str:
    """Return why a text does not fit a field that has a pattern, as the end of a sentence."""
    noun = id_noun(part)
    if noun is None:
        return f"does not fit: {part.get('description', '')}".rstrip(".: ")
    article = "an" if noun[0] in "aeiou" else "a"
    return f"is not the id of {article} {noun}; it looks like {PREFIXES[noun]}…"


def part_at(schema: Schema, place: tuple[int | str, ...]) -> Schema:
    """Return the schema of what stands at a place; an empty one where nothing is declared."""
    part = not_null(schema)
    for step in place:
        inner = part.get("items") if isinstance(step, int) else part.get("properties", {}).get(step)
        part = not_null(inner or {})
    return part


def not_null(schema: Schema) -> Schema:
    """Return what a value is when it is not null, with the description of the field."""
    arms = [arm for arm in schema.get("anyOf", ()) if arm.get("type") != "null"]
    if len(arms) != 1:
        return schema
    about = {"description": schema["description"]} if "description" in schema else {}
    return {**arms[0], **about}
