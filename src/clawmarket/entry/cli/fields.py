"""Fields of an answer: which there are, what `--fields` picks, and how each is described."""

from collections.abc import Iterable, Mapping
from typing import Any

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.cli.catalog import Entry, is_list
from clawmarket.entry.cli.invocation import PROGRAM
from clawmarket.entry.cli.options import core
from clawmarket.registry.suggestions import nearest, said

ENVELOPE = ("ok", "error", "details", "requestId", "testMoney", "next")
_ITEMS = "items."
_OF_THE_PAGE = ("items", "nextCursor")


class FieldUnknownError(InvalidArgumentError):
    """The method or its answer has no such field."""

    advice = ""
    next_command = "clawmarket explain {method}"

    @property
    def next_step(self) -> str:
        """What says which fields there are: the help on the command, or on the method."""
        return f"{PROGRAM} {self.details['step']}"


def places(fields: Iterable[str], entry: Entry | None) -> tuple[str, ...]:
    """Return the named places as they stand in one item: `items.taskId` of a list is `taskId`.

    `items` and `nextCursor` name what every page has anyway.
    """
    if not is_list(entry):
        return tuple(fields)
    return tuple(f.removeprefix(_ITEMS) for f in fields if f not in _OF_THE_PAGE)


def check_fields(fields: Iterable[str], known: Entry, step: str) -> None:
    """Refuse a place that an answer cannot have. Raises FieldUnknownError.

    Args:
        fields: Dotted places.
        known: The schema of each field; an empty one lets everything below it pass.
        step: The command that says more.
    """
    for field in fields:
        schemas, before = known, ""
        for name in field.split("."):
            if schemas and name not in schemas:
                raise _unknown(name, schemas, before, step)
            if schemas and _is_plain(schemas[name]) and field != f"{before}{name}":
                raise FieldUnknownError(f"There is nothing inside {name!r}.", step=step)
            schemas = _inside(schemas.get(name, {})) if schemas else {}
            before = f"{before}{name}."


def check_names(given: Iterable[str], known: Entry, step: str) -> None:
    """Refuse a parameter that a method does not take. Raises FieldUnknownError."""
    for name in given:
        if name not in known:
            raise _unknown(name, known, "", step)


def schema_at(schemas: Entry, place: str) -> Entry:
    """Return the schema of what stands at a dotted place; lists are looked through."""
    part: Entry = {}
    for step in place.split("."):
        part = schemas.get(step, {})
        schemas = _inside(part)
    return part


def picked(answer: Entry, fields: tuple[str, ...], entry: Entry | None = None) -> Entry:
    """Return only the named fields (dotted places; of a list, of each item), and the envelope's."""
    if not fields:
        return answer
    kept = {name: answer[name] for name in (*ENVELOPE, "nextCursor") if name in answer}
    wanted = places(fields, entry)
    if isinstance(answer.get("items"), list):
        return kept | {"items": [_pick(item, wanted) for item in answer["items"]]}
    return kept | _pick(answer, wanted)


def at(value: Any, place: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return what stands at a dotted place; lists are looked through, None when it is not there."""
    for step in place.split("."):
        if isinstance(value, list):
            value = [item.get(step) for item in value if isinstance(item, dict)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _pick(item: Entry, fields: tuple[str, ...]) -> Entry:
    return {field: at(item, field) for field in fields}


def _inside(schema: Entry) -> Entry:
    part = core(schema)
    if "items" in part:
        part = core(part["items"])
    inner: Entry = part.get("properties", {})
    return inner


def _is_plain(schema: Entry) -> bool:
    part = core(schema)
    if "items" in part:
        part = core(part["items"])
    return part.get("type") in ("string", "integer", "boolean")


def _unknown(name: str, known: Mapping[str, object], before: str, step: str) -> FieldUnknownError:
    near = [f"{before}{word}" for word in nearest(name, known)]
    every = ", ".join(known) or "none"
    where = f" in {before[:-1]}" if before else ""
    what = f"There is no field {name!r}{where}; the fields are {every}.{said(near)}"
    return FieldUnknownError(what, step=step, suggestions=near)
