"""What is wrong with a request as far as its schema says, found before anything is asked or sent.

A quote for what the market would refuse anyway helps nobody.
"""

import json
import re
import shlex
from collections.abc import Callable, Collection
from typing import Any

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import PROGRAM
from clawmarket.entry.cli.options import argument_name, flag_of, flag_of_several, is_file_list
from clawmarket.entry.cli.suggestions import meant
from clawmarket.registry.misfits import Schema, id_noun, listing_command, misfit, not_null
from clawmarket.registry.suggestions import said

Said = str | None

_KINDS: dict[str, tuple[type, str, str]] = {
    "string": (str, "a text", "{}=text"),
    "integer": (int, "a whole number", "{}:=5"),
    "boolean": (bool, "true or false", "{}:=true"),
    "array": (list, "a list", "{}:='[\"…\"]'"),
    "object": (dict, "an object", "{}:='{{…}}'"),
}


class ValueUnfitError(InvalidArgumentError):
    """A value does not fit its field, so nothing was sent."""

    advice = ""
    next_command = "clawmarket explain {method}"

    @property
    def next_step(self) -> str:
        """The list of such ids, when it is an id; otherwise the help on the command."""
        noun = self.details.get("noun")
        return (
            listing_command(noun) if isinstance(noun, str) else f"{PROGRAM} {self.details['step']}"
        )


def check_request(entry: Entry, params: Entry, step: str, *, named: Callable[[str], str]) -> None:
    """Refuse what the schema of a method does not allow. Raises ValueUnfitError.

    Args:
        entry: The method.
        params: What would be sent; files are left out, they are stored first.
        step: The command that says more.
        named: How the caller wrote a field: TASK_ID, --budget or limit.
    """
    schemas: Entry = entry["params"].get("properties", {})
    for name in entry["params"].get("required", []):
        if name not in params and not is_file_list(schemas[name]):
            raise ValueUnfitError(f"{named(name)} is missing.", step=step, field=name)
    for name, value in params.items():
        schema = not_null(schemas.get(name, {}))
        parts = [(value, schema)]
        if isinstance(value, list) and schema.get("type") == "array":
            parts += [(item, not_null(schema["items"])) for item in value]
        for part, its in parts:
            if what := _unfit(part, its, name):
                noun = {"noun": found} if (found := id_noun(its)) else {}
                end = "" if what.endswith("?") else "."
                raise ValueUnfitError(f"{named(name)} {what}{end}", step=step, field=name, **noun)


def verb_names(entry: Entry) -> Callable[[str], str]:
    """Return how a verb's fields are written: TASK_ID where it has no flag, else --flag."""
    positional: Collection[str] = entry["verb"]["positional"]
    schemas: Entry = entry["params"].get("properties", {})

    def named(name: str) -> str:
        if name in positional:
            return argument_name(name)
        several = not_null(schemas.get(name, {})).get("type") == "array"
        return flag_of_several(name, schemas) if several else flag_of(name)

    return named


def _unfit(value: Any, schema: Schema, name: str) -> Said:  # noqa: ANN401 - any JSON value
    if value is None or "anyOf" in schema:
        return None
    words = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if words and value not in words:
        near = said(meant(str(value), words))
        return f"is one of {', '.join(map(str, words))}{'.' if near else ''}{near}"
    kind, meaning, form = _KINDS.get(schema.get("type", ""), (object, "", ""))
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return f"is {meaning}; write {_typed(name, value, kind) or form.format(name)}"
    if isinstance(value, str):
        return unfit_text(value, schema)
    return _unfit_number(value, schema) if isinstance(value, int) else None


def _typed(name: str, value: Any, kind: type) -> str:  # noqa: ANN401 - any JSON value
    """Return a text of `call` as the typed value that was meant, or nothing."""
    try:
        meant = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return ""
    return f"{name}:={shlex.quote(value)}" if type(meant) is kind else ""


def unfit_text(text: str, schema: Schema) -> Said:
    """Return what a text's schema has against it, or None."""
    if len(text) < schema.get("minLength", 0):
        return "is empty" if not text else f"needs {schema['minLength']} characters"
    if len(text) > schema.get("maxLength", len(text)):
        return f"has {len(text):,} characters; {schema['maxLength']:,} are the most"
    pattern = schema.get("pattern")
    if pattern is None or re.search(pattern, text, re.ASCII):
        return None
    if schema.get("format") == "amount" and text == "0":
        return "is more than nothing"
    return misfit(schema)


def _unfit_number(value: int, schema: Schema) -> Said:
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is None or value >= least) and (most is None or value <= most):
        return None
    return f"is from {least:,} to {most:,}" if most is not None else f"is {least:,} or more"
