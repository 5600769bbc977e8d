"""Output: one JSON document, a bare id, or lines for people; redacted, and safe for a terminal."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from clawmarket.domain.trust.redaction import redact
from clawmarket.entry.cli.catalog import Entry, answer_fields
from clawmarket.entry.cli.fields import ENVELOPE, at, check_fields, picked
from clawmarket.entry.cli.invocation import Invocation

# What another party wrote must not steer the terminal: C0 and C1 controls, bidi overrides.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


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
        name: value if name in ENVELOPE else _disclosed(name, value, name, verbatim)
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


def bare_id(answer: Entry, entry: Entry | None) -> list[str]:
    """Return what -q shows: a secret that is shown this once, else the id; of a page, each id."""
    once = entry["shownOnce"] if entry else []
    if once:
        return [str(answer[name]) for name in once]
    items = answer["items"] if isinstance(answer.get("items"), list) else [answer]
    schema = answer_fields(entry)
    first = next(_ids(schema), None)
    return [str(at(item, first or _first_id(item))) for item in items]


def _ids(schema: Entry) -> Iterator[str]:
    """Yield the places of ids; those of a thing inside only where the answer has none itself."""
    # A rail's step is named by the key under which the rail was asked.
    own = [name for name in schema if name.lower().endswith(("id", "stepkey"))]
    yield from own
    for name, part in schema.items():
        if not own:
            yield from (f"{name}.{inner}" for inner in _ids(part.get("properties", {})))


def _first_id(item: Entry) -> str:
    names = [name for name in item if name not in ENVELOPE]
    return next((name for name in names if name.endswith("Id")), names[0] if names else "requestId")


def finish(
    invocation: Invocation,
    document: Entry,
    lines: Iterable[str],
    bare: Iterable[str] | None = None,
) -> None:
    """Print a finished command's answer in the form that was asked for.

    `bare` are the lines of -q where they are not the id. Raises FieldUnknownError for a place
    that the document does not have.
    """
    fields = invocation.fields
    if fields and invocation.entry is None:
        check_fields(fields, _shape(document), f"help {invocation.words}")
    if invocation.as_json:
        print_json(picked(document, fields, invocation.entry))
    elif invocation.quiet:
        print_lines(bare_id(document, invocation.entry) if bare is None else bare)
    elif fields and invocation.entry is None:
        print_lines(f"{field}: {_text(at(document, field))}" for field in fields)
    else:
        print_lines(lines)


def _shape(document: Entry) -> Entry:
    """Return what a document holds as a schema, as far as `check_fields` looks at one."""
    return {name: _schema(value) for name, value in document.items()}


def _schema(value: Any) -> Entry:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {"type": "object", "properties": _shape(value)}
    if isinstance(value, list):
        return {"type": "array", "items": _schema(value[0]) if value else {}}
    return {} if value is None else {"type": "string"}


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
