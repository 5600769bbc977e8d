"""The catalog: what every method, refusal, machine and event looks like from outside.

Everything here is derived; nobody writes it by hand. `web3.capabilities.describe` answers with
`method_entry`, the command line and the reference pages read the stored form of `catalog`.
"""

import inspect
from collections.abc import Iterator
from dataclasses import fields
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from clawmarket.domain.kernel.errors import FAMILIES, REFUSALS, Refused
from clawmarket.domain.kernel.events import EVENTS, Event
from clawmarket.domain.kernel.machine import MACHINES, Machine
from clawmarket.registry.codes import CODES, EXITS
from clawmarket.registry.fields import ShownOnce, Verbatim
from clawmarket.registry.methods import METHODS, Method, Risk

Entry = dict[str, Any]

FORMAT = 1

_AMOUNT = "An amount in minor units"
_COSTS = {
    Risk.READ: "Free; changes nothing.",
    Risk.WRITE: "Free; moves no money.",
    Risk.MONEY: "Moves money: the amounts that the parameters and the answer name.",
}


def catalog() -> Entry:
    """Return everything that is registered, as one JSON object in a fixed order."""
    return {
        "format": FORMAT,
        "methods": {name: method_entry(METHODS[name]) for name in sorted(METHODS)},
        "errors": {cause: error_entry(REFUSALS[cause]) for cause in sorted(REFUSALS)},
        "codes": {
            code: {"http": row.http, "rpc": row.rpc, "exit": row.exit, "meaning": row.meaning}
            for code, row in CODES.items()
        },
        "exits": {str(status): meaning for status, meaning in EXITS.items()},
        "machines": {noun: machine_entry(MACHINES[noun]) for noun in sorted(MACHINES)},
        "events": {kind: event_entry(EVENTS[kind]) for kind in sorted(EVENTS)},
    }


def method_entry(method: Method) -> Entry:
    """Return one method so completely that it can be called from the entry alone."""
    return {
        "name": method.name,
        "alias": method.alias,
        "summary": method.summary,
        "description": method.description,
        "manner": str(method.manner),
        "scope": str(method.scope),
        "role": str(method.role) if method.role else None,
        "risk": str(method.risk),
        "cost": _COSTS[method.risk],
        "signed": method.signed,
        "params": schema_of(method.request, "validation"),
        "answer": schema_of(method.answer, "serialization"),
        "verbatim": list(dict.fromkeys(_verbatim(method.answer))),
        "shownOnce": list(method.shown_once),
        "needs": [
            {"param": n.param, "method": n.method, "field": n.field, "by": n.by}
            for n in method.needs
        ],
        "example": dict(method.example),
        "errors": [
            {"cause": e.cause, "code": e.code, "meaning": _meaning(e), "advice": e.advice}
            for e in method.errors
        ],
        "verb": None
        if method.verb is None
        else {"words": method.verb.words, "positional": list(method.verb.positional)},
    }


def error_entry(refusal: type[Refused]) -> Entry:
    """Return one cause: its code, what it means, what to do, which methods declare it."""
    return {
        "code": refusal.code,
        "meaning": _meaning(refusal),
        "advice": refusal.advice,
        "next": refusal.next_command,
        "retryable": refusal.retryable,
        "family": refusal in FAMILIES,
        "methods": sorted(m.name for m in METHODS.values() if refusal in m.errors),
    }


def machine_entry(machine: Machine[Any]) -> Entry:
    """Return one state machine: its states in order, where it begins, its moves, its ends."""
    return {
        "states": [str(state) for state in machine.states],
        "initial": [str(state) for state in machine.initial],
        "final": [str(state) for state in machine.states if state in machine.final],
        "moves": {
            action: {str(before): str(after) for before, after in table.items()}
            for action, table in machine.moves.items()
        },
        "diagram": machine.mermaid(),
    }


def event_entry(event: type[Event]) -> Entry:
    """Return one event: what it says and its facts in wire names, the thing's id first."""
    return {
        "meaning": _meaning(event),
        "facts": [_wire_name(field.name) for field in fields(event)],
    }


@lru_cache(maxsize=512)
def schema_of(model: type[BaseModel], mode: Literal["validation", "serialization"]) -> Entry:
    """Return the tidy schema of a model, made once; nobody may change it."""
    return tidy_schema(model.model_json_schema(mode=mode))


def tidy_schema(schema: Entry) -> Entry:
    """Return a JSON schema without references and generated titles, with amounts marked.

    `format: "amount"` marks a string of digits in minor units, so that a shell for people can
    read and show decimals.
    """
    return _tidy(schema, schema.get("$defs", {}))


def _tidy(schema: Entry, shared: Entry) -> Entry:
    if "$ref" in schema:
        target = shared[schema["$ref"].rpartition("/")[2]]
        schema = target | {key: value for key, value in schema.items() if key != "$ref"}
    tidied = {
        key: _tidy_part(key, value, shared)
        for key, value in schema.items()
        if key not in ("title", "$defs")
    }
    if _is_amount(schema):
        tidied["format"] = "amount"
    return tidied


def _tidy_part(key: str, value: object, shared: Entry) -> object:
    if key == "properties" and isinstance(value, dict):
        return {name: _tidy(part, shared) for name, part in value.items()}
    if key in ("items", "additionalProperties") and isinstance(value, dict):
        return _tidy(value, shared)
    if key in ("anyOf", "allOf", "oneOf") and isinstance(value, list):
        return [_tidy(part, shared) for part in value]
    return value


def _is_amount(schema: Entry) -> bool:
    """Recognise `registry.fields.Amount` by its example, which no narrower field takes away."""
    return schema.get("examples") == ["50000000"] or str(schema.get("description")).startswith(
        _AMOUNT
    )


def _verbatim(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted places of an answer that leave as they are; lists add no step."""
    for name, info in model.model_fields.items():
        place = f"{prefix}{info.alias or name}"
        if _is_open(info):
            yield place
        else:
            yield from _inside(info.annotation, place)


def _inside(kind: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - any annotation
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *marks = get_args(kind)
        if Verbatim in marks or ShownOnce in marks:
            yield place
        else:
            yield from _inside(inner, place)
    elif origin in (Union, UnionType, list, tuple):
        for arm in get_args(kind):
            yield from _inside(arm, place)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from _verbatim(kind, f"{place}.")


def _is_open(info: FieldInfo) -> bool:
    return any(mark in (Verbatim, ShownOnce) for mark in info.metadata)


def _meaning(declared: type) -> str:
    return (inspect.getdoc(declared) or "").partition("\n")[0]


def _wire_name(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
