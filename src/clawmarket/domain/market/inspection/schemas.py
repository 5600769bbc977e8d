"""JSON Schemas of tasks: held against a file by a validator that asks nobody outside."""

from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from clawmarket.domain.market.inspection.checks import Check, CheckKind
from clawmarket.domain.market.inspection.finding import Findings, finding, shown
from clawmarket.domain.market.inspection.schema_bounds import (
    Bounds,
    SchemaRefusedError,
    bounds_of,
)

MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
MAX_DOCUMENT_DEPTH = 64
MAX_STEPS = 10_000_000
# The validator copies the document for each alternative of which it tells why it does not fit.
MAX_TOLD = 4 * 1024 * 1024

# Patterns run on automata without backtracking; one that would need a large automaton is refused.
_PATTERNS = jsonschema_rs.RegexOptions(size_limit=256 * 1024, dfa_size_limit=1024 * 1024)


@lru_cache(maxsize=64)
def schema_of(text: str) -> tuple[Bounds, Any]:
    """Return a task's schema and its validator. Raises SchemaRefusedError."""
    bounds = bounds_of(text)
    try:
        validator = jsonschema_rs.validator_for(
            bounds.schema, validate_formats=False, pattern_options=_PATTERNS, offline=True
        )
    except (ValueError, jsonschema_rs.ReferencingError):
        raise SchemaRefusedError("it is no schema, or has a pattern that is not taken") from None
    return bounds, validator


def check_schema(text: str) -> None:
    """Raise unless a task may ask for this schema. Raises SchemaRefusedError.

    Its patterns are compiled when it is first used: that takes too long for a command.
    """
    if not jsonschema_rs.meta.is_valid(bounds_of(text).schema):
        raise SchemaRefusedError("it is not valid itself")


def schema_findings(name: str, content: bytes, checks: tuple[Check, ...]) -> Findings:
    """Yield where a file is not as a JSON Schema of its task asks."""
    for check in checks:
        if check.kind == CheckKind.JSON_SCHEMA and check.file == name:
            yield from _findings(name, content, check.schema or "")


def _findings(name: str, content: bytes, text: str) -> Findings:
    try:
        bounds, validator = schema_of(text)
    except SchemaRefusedError as error:
        yield finding(name, "check_json_schema", f"The task's schema cannot be used: {error}.")
        return
    document, fault = _document(content)
    if not fault and bounds.cost(document) > MAX_STEPS:
        fault = "The schema takes too many steps on this file."
    if not fault and not validator.is_valid(document):
        tells = len(content) * len(bounds.nodes) <= MAX_TOLD
        fault = _told(validator, document, text) if tells else "The file is not as the schema asks."
    if fault:
        yield finding(name, "check_json_schema", fault)


def _document(content: bytes) -> tuple[Any, str]:
    """Return what a file holds, and what hinders that it is held against a schema."""
    if len(content) > MAX_DOCUMENT_BYTES:
        return None, f"A schema is held against {MAX_DOCUMENT_BYTES} bytes at the most."
    try:
        document = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None, "The file is not JSON."
    if _depth(document) > MAX_DOCUMENT_DEPTH:
        return None, f"The file is nested deeper than {MAX_DOCUMENT_DEPTH}."
    return document, ""


def _depth(document: object) -> int:
    depth, level = 0, [document]
    while level and depth <= MAX_DOCUMENT_DEPTH:
        depth += 1
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def _told(validator: Any, document: object, text: str) -> str:  # noqa: ANN401 - one class for each draft
    """Return where a document fails and at which word of the schema, never what stands there.

    A key that the schema does not spell is the file's own word, and a sealed file is not read yet.
    """
    try:
        validator.validate(document)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(
            str(step) if isinstance(step, int) or orjson.dumps(step).decode() in text else "*"
            for step in error.instance_path
        )
        word = next((s for s in reversed(error.schema_path) if isinstance(s, str)), "")
        return f"The file is not as the schema asks: /{shown(where)} fails `{shown(word)}`."
    return "The file is not as the schema asks."
