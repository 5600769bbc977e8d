"""Schemas: a stranger's schema is held against a file in few steps, or not at all."""

import json
from typing import Any

import pytest

from clawmarket.domain.market.inspection.checks import Check
from clawmarket.domain.market.inspection.schema_bounds import SchemaRefusedError, bounds_of
from clawmarket.domain.market.inspection.schemas import MAX_STEPS, check_schema, schema_findings


def told(schema: Any, document: Any) -> list[str]:
    """Return what is found when a document is held against a schema."""
    text = schema if isinstance(schema, str) else json.dumps(schema)
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    check = Check("json_schema", "a.json", text, None, None, None)
    return [found.what for found in schema_findings("a.json", content, (check,))]


def doubling(levels: int) -> dict[str, Any]:
    """Return a small schema that applies its last part 2 to the power of `levels` times."""
    parts: dict[str, Any] = {
        f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)
    }
    return {"$defs": parts | {f"a{levels}": {"type": "string"}}, "$ref": "#/$defs/a0"}


def deep(levels: int) -> Any:
    """Return an object in so many others."""
    document: Any = 1
    for _ in range(levels):
        document = {"a": document}
    return document


PERSON = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z]+$"},
        "children": {"type": "array", "items": {"$ref": "#"}},
    },
    "additionalProperties": False,
}


def test_a_file_that_is_as_asked_passes() -> None:
    """Properties called like words of the schema language are no references."""
    assert told(PERSON, {"id": "ann", "children": [{"id": "bob"}]}) == []
    assert told({"properties": {"$comment": True, "$ref": {"type": "string"}}}, {}) == []


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ({}, "/ fails `required`."),
        ({"id": "ann", "children": [{"id": 7}]}, "/children/0/id fails `type`."),
        ({"id": "Ann Secret"}, "/id fails `pattern`."),
    ],
)
def test_a_finding_says_where_and_not_what(document: Any, what: str) -> None:
    """The place and the word of the schema are told; what stands there is not."""
    assert told(PERSON, document) == [f"The file is not as the schema asks: {what}"]


def test_a_finding_names_no_key_that_only_the_file_has() -> None:
    """A buyer who may not read a sealed file yet learns none of its words from a finding."""
    schema = {"properties": {"id": {"additionalProperties": {"type": "string"}}}}
    what = "The file is not as the schema asks: /id/* fails `type`."

    assert told(schema, {"id": {"the answer is 42": 1}}) == [what]


def test_a_large_file_is_told_that_it_fails_and_not_where() -> None:
    """Saying where would copy it for each alternative of the schema."""
    schema = {"properties": {f"p{n}": {"type": "string"} for n in range(20)}}
    fits, fails = {"p0": "x" * 300_000}, {"p0": "x" * 300_000, "p1": 7}

    assert told(schema, fits) == []
    assert told(schema, fails) == ["The file is not as the schema asks."]
    assert told(schema, {"p0": "x" * 100_000, "p1": 7}) == [
        "The file is not as the schema asks: /p1 fails `type`."
    ]


def test_a_file_that_is_no_json_fails() -> None:
    """So do one that is nested deeply and one that is large."""
    assert told({}, b"{") == ["The file is not JSON."]
    assert told({}, b"[" * 65 + b"]" * 65) == ["The file is nested deeper than 64."]
    assert told({}, b" " * (4 * 2**20 + 1)) == [
        "A schema is held against 4194304 bytes at the most."
    ]


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        (doubling(25), "x"),
        ({"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}, deep(40)),
        ({"items": {"anyOf": [{"const": n} for n in range(300)]}}, [-1] * 100_000),
    ],
)
def test_what_would_take_too_long_is_not_begun(schema: Any, document: Any) -> None:
    """The steps are counted before any is made."""
    assert bounds_of(json.dumps(schema)).cost(document) > MAX_STEPS
    assert told(schema, document) == ["The schema takes too many steps on this file."]


def test_a_recursive_schema_is_taken() -> None:
    """It ends with the document; its steps are as many as there are values."""
    schema = {"properties": {"a": {"$ref": "#"}}}
    assert told(schema, deep(60)) == []
    assert bounds_of(json.dumps(schema)).cost(deep(60)) < 1_000


def test_a_pattern_never_goes_back() -> None:
    """What takes exponential time with backtracking takes one pass here."""
    for pattern in ("^(a+)+$", "^(a|a)*$", "(x+x+)+y"):
        assert told({"pattern": pattern}, "a" * 200_000 + "!") == [
            "The file is not as the schema asks: / fails `pattern`."
        ]


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("{", "not JSON"),
        ("7", "no schema"),
        ({"type": "objct"}, "not valid itself"),
        ({"allOf": {}}, "no list"),
        ({"properties": []}, "no object"),
        ({"$ref": "http://127.0.0.1:1/a"}, "outside itself"),
        ({"$ref": "file:///etc/passwd"}, "outside itself"),
        ({"$ref": "#anchor"}, "outside itself"),
        ({"$ref": "#/$defs/none"}, "not there"),
        ({"$ref": 7}, "outside itself"),
        ({"$ref": "#"}, "without end"),
        ({"allOf": [{"$ref": "#"}]}, "without end"),
        ({"$id": "http://other.example/", "$ref": "#"}, r"\$id"),
        ({"$dynamicRef": "#a"}, r"\$dynamicRef"),
        ({"unevaluatedProperties": False}, "unevaluatedProperties"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "draft"),
        ({"pattern": "(?=a)b"}, "looks around"),
        ({"pattern": r"(a)\1"}, "looks around"),
        ({"patternProperties": {"(?<!a)b": True}}, "looks around"),
        ({"pattern": "a" * 501}, "patterns"),
        ({"allOf": [{"pattern": "a"}] * 21}, "patterns"),
        ({"enum": list(range(2_001))}, "longer"),
        ('{"not":' * 40 + "true" + "}" * 40, "deeper"),
    ],
)
def test_a_schema_that_leads_elsewhere_or_nowhere_is_refused(schema: Any, why: str) -> None:
    """It is refused when the task is published, with the reason."""
    with pytest.raises(SchemaRefusedError, match=why):
        check_schema(schema if isinstance(schema, str) else json.dumps(schema))


def test_a_chain_of_references_has_an_end() -> None:
    """Each link is a call within a call of the validator."""
    parts: dict[str, Any] = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(300)}
    schema = {"$defs": parts | {"a300": True}, "$ref": "#/$defs/a0"}
    with pytest.raises(SchemaRefusedError, match="chain"):
        check_schema(json.dumps(schema))


def test_a_pattern_that_grows_is_told() -> None:
    """It passes as a text, but no automaton of a sensible size is made of it."""
    assert told({"pattern": "(a{0,1000}){0,1000}"}, "a") == [
        "The task's schema cannot be used: it is no schema, or has a pattern that is not taken."
    ]
