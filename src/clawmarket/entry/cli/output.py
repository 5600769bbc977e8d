"""Output: one JSON document, a bare id, or lines for people; redacted, and safe for a terminal."""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from clawmarket.domain.trust.redaction import redact
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import Invocation

# What another party wrote must not steer the terminal: C0 and C1 controls, bidi overrides.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_ENVELOPE = ("ok", "error", "details", "requestId", "testMoney", "next")


class Drawn(str):
    """A line that was cleaned before our own colours went into it."""

    __slots__ = ()


def print_json(document: Mapping[str, Any]) -> None:
    """Print the one JSON document of a command."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    sys.stdout.write(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def print_json_line(document: Mapping[str, Any]) -> None:
    """Print one object of a stream on a line of its own, at once."""
    text = json.dumps(document, ensure_ascii=False)
    sys.stdout.write(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")
    sys.stdout.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Print lines for people on stdout."""
    for line in lines:
        sys.stdout.write((line if isinstance(line, Drawn) else plain(line)) + "\n")


def tell(*lines: str) -> None:
    """Print lines for people on stderr: quotes, progress, errors."""
    for line in lines:
        sys.stderr.write(plain(line) + "\n")
    sys.stderr.flush()


def plain(text: str) -> str:
    """Return a text with everything visible that could steer a terminal."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def disclosed(answer: Entry, entry: Entry | None) -> Entry:
    """Return an answer fit to be shown.

    Fields that the catalog lists as verbatim (ids, hashes, amounts, a party's own words, a key
    that is shown once) stay; everything else passes the redactor, also what a newer market adds.
    """
    verbatim = frozenset(entry["verbatim"]) if entry else frozenset[str]()
    return {
        name: value if name in _ENVELOPE else _disclosed(name, value, name, verbatim)
        for name, value in answer.items()
    }


def _disclosed(name: str, value: Any, place: str, verbatim: frozenset[str]) -> Any:  # noqa: ANN401 - any JSON value
    if place in verbatim:
        return value
    if isinstance(value, dict):
        return {n: _disclosed(n, v, f"{place}.{n}", verbatim) for n, v in value.items()}
    if isinstance(value, list):
        return [_disclosed(name, item, place, verbatim) for item in value]
    shown = redact({name: value})
    return shown[name] if isinstance(shown, dict) else value


def picked(answer: Entry, fields: tuple[str, ...]) -> Entry:
    """Return only the named fields (dotted places; of a list, of each item), and the envelope's."""
    if not fields:
        return answer
    kept = {name: answer[name] for name in (*_ENVELOPE, "nextCursor") if name in answer}
    if "items" in answer:
        return kept | {"items": [_pick(item, fields) for item in answer["items"]]}
    return kept | _pick(answer, fields)


def _pick(item: Entry, fields: tuple[str, ...]) -> Entry:
    return {field: at(item, field) for field in fields}


def at(value: Any, place: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return what stands at a dotted place; lists are looked through, None when it is not there."""
    for step in place.split("."):
        if isinstance(value, list):
            value = [item.get(step) for item in value if isinstance(item, dict)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def bare_id(answer: Entry, entry: Entry | None) -> list[str]:
    """Return the id that the answer is about; of a page, each item's."""
    items = answer["items"] if isinstance(answer.get("items"), list) else [answer]
    schema = answer_fields(entry)
    first = next((name for name in schema if name.lower().endswith("id")), None)
    return [str(at(item, first or _first_id(item))) for item in items]


def _first_id(item: Entry) -> str:
    names = [name for name in item if name not in _ENVELOPE]
    return next((name for name in names if name.endswith("Id")), names[0] if names else "requestId")


def answer_fields(entry: Entry | None) -> Entry:
    """Return the schema of what an answer is about: its fields, or those of a page's items."""
    if entry is None:
        return {}
    properties: Entry = entry["answer"].get("properties", {})
    if "items" in properties and "properties" in properties["items"].get("items", {}):
        inner: Entry = properties["items"]["items"]["properties"]
        return inner
    return properties


def finish(invocation: Invocation, document: Entry, lines: Iterable[str]) -> None:
    """Print a finished command's answer in the form that was asked for."""
    if invocation.as_json:
        print_json(picked(document, invocation.fields))
    elif invocation.quiet:
        print_lines(bare_id(document, invocation.entry))
    elif invocation.fields and "items" not in document:
        print_lines(f"{field}: {at(document, field)}" for field in invocation.fields)
    else:
        print_lines(lines)
