"""The shapes of requests and answers, as JSON Schema and as rows that a person can read."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from clawmarket.registry.methods import Method

REF = "#/components/schemas/"

Schema = dict[str, Any]
Wanted = tuple[type[BaseModel], Literal["validation", "serialization"]]

# What stands where nothing better is declared; the first that has the field's form.
_PLACEHOLDERS = ("…", "sha256:" + "0" * 64)

_RANGES = (
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
    ("minimum", "maximum", ""),
)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The schemas of all methods: their parts by name, and each model's own."""

    parts: Mapping[str, Schema]
    of: Mapping[type, Schema]

    def resolve(self, schema: Schema) -> Schema:
        """Return what a schema stands for: itself, or the part that it refers to."""
        ref = schema.get("$ref")
        return self.parts[ref.removeprefix(REF)] if ref else schema


@dataclass(frozen=True, slots=True)
class Row:
    """One field as the reference shows it."""

    name: str
    kind: str
    required: bool
    default: object
    text: str


def shapes_of(methods: Iterable[Method]) -> Shapes:
    """Work out the schemas of all requests and answers; two models never share a name."""
    wanted: list[Wanted] = []
    for method in methods:
        wanted += [(method.request, "validation"), (method.answer, "serialization")]
    return _worked_out(tuple(wanted))


@cache
def _worked_out(wanted: tuple[Wanted, ...]) -> Shapes:
    """Return the schemas of models, which never change: the document and the pages share them."""
    found, parts = models_json_schema(wanted, by_alias=True, ref_template=REF + "{model}")
    return Shapes(parts.get("$defs", {}), {model: schema for (model, _), schema in found.items()})


def rows_of(shapes: Shapes, schema: Schema) -> list[Row]:
    """Return the fields of an object, the demanded ones first."""
    whole = shapes.resolve(schema)
    demanded = whole.get("required", [])
    rows = [
        Row(
            name,
            kind_of(shapes, field),
            name in demanded,
            field.get("default"),
            _text(shapes, field),
        )
        for name, field in whole.get("properties", {}).items()
    ]
    return sorted(rows, key=lambda row: not row.required)


def nested_in(shapes: Shapes, schema: Schema) -> dict[str, Schema]:
    """Return the objects inside an object by name, however deep, each once."""
    found: dict[str, Schema] = {}
    pending = list(shapes.resolve(schema).get("properties", {}).values())
    while pending:
        field = pending.pop(0)
        pending += field.get("anyOf", [])
        pending += [field["items"]] if "items" in field else []
        name = field.get("$ref", "").removeprefix(REF)
        part = shapes.parts.get(name, {})
        if part.get("type") == "object" and name not in found:
            found[name] = part
            pending += part["properties"].values()
    return found


def kind_of(shapes: Shapes, field: Schema) -> str:
    """Say in words what a field holds, such as `list of File, or nothing`."""
    part = shapes.resolve(field)
    if "anyOf" in part:
        return ", or ".join(kind_of(shapes, arm) for arm in part["anyOf"])
    if "const" in part:
        return f"always {part['const']}"
    if "enum" in part:
        return "one of " + ", ".join(map(str, part["enum"]))
    return _kind_of_type(shapes, field, part)


def _kind_of_type(shapes: Shapes, field: Schema, part: Schema) -> str:
    match part.get("type", "anything"):
        case "array":
            return f"list of {kind_of(shapes, part.get('items', {}))}"
        case "object" if "$ref" in field:
            return str(field["$ref"].removeprefix(REF))
        case "null":
            return "nothing"
        case kind:
            return str(kind)


def sample(method: Method, shapes: Shapes) -> dict[str, Any]:
    """Return parameters that have the right form: the declared example and what it leaves open.

    Ids are placeholders; a real one comes from the answer that `needs` names.
    """
    schema = shapes.resolve(shapes.of[method.request])
    wanted = {*schema.get("required", []), *(need.param for need in method.needs)}
    filled = {
        name: value
        for name, field in schema.get("properties", {}).items()
        if name in wanted and (value := _sample(shapes, field)) is not None
    }
    return filled | dict(method.example)


def _sample(shapes: Shapes, field: Schema) -> object:
    part = shapes.resolve(field)
    known = [*field.get("examples", []), *part.get("examples", []), *part.get("enum", [])]
    if known:
        return known[0]
    match part.get("type"):
        case "array":
            inner = _sample(shapes, part.get("items", {}))
            return None if inner is None else [inner]
        case "object":
            members = {n: _sample(shapes, f) for n, f in part.get("properties", {}).items()}
            return {name: value for name, value in members.items() if value is not None}
        case "string":
            pattern = part.get("pattern", "")
            return next((text for text in _PLACEHOLDERS if re.search(pattern, text)), None)
        case "integer":
            return part.get("minimum", 1)
    return part.get("const")


def _text(shapes: Shapes, field: Schema) -> str:
    arms = [shapes.resolve(arm) for arm in field.get("anyOf", [])]
    parts = [field, shapes.resolve(field), *arms]
    said = next((part["description"] for part in parts if "description" in part), "")
    limits = dict.fromkeys(
        text for part in parts for names in _RANGES if (text := _limit(part, *names))
    )
    return " ".join([said, *(f"{text[0].upper()}{text[1:]}." for text in limits)]).strip()


def _limit(part: Schema, low: str, high: str, unit: str) -> str:
    least, most = part.get(low), part.get(high)
    if least is None and most is None:
        return ""
    if most is None:
        return f"at least {least:,}{unit}"
    return f"{least:,} to {most:,}{unit}" if least is not None else f"at most {most:,}{unit}"
