"""The OpenAPI document: complete, consistent in itself, with examples that can be sent."""

from collections.abc import Iterator
from typing import Any

import pytest

from clawmarket.entry.gateway.shapes import REF, kind_of, rows_of, sample, shapes_of
from clawmarket.registry.codes import CODES
from clawmarket.registry.fields import Request
from clawmarket.registry.methods import METHODS, Scope
from gateway.front import Front
from world import World


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as it is served; no test changes it."""
    world = World()
    served: dict[str, Any] = Front(world).ask("GET", "/openapi.json").json()
    world.close()
    return served


def test_every_method_is_there(document: dict[str, Any]) -> None:
    """Each method has its path, and each path outside calls is described too."""
    paths = set(document["paths"])
    assert {f"/rpc/{name}" for name in METHODS} < paths
    assert {"/files", "/files/{digest}", "/log/checkpoint", "/ws", "/readyz"} < paths


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """No $ref points at a schema that is not in the document."""
    known = {REF + name for name in document["components"]["schemas"]}
    assert set(_references(document)) <= known


def test_operation_says_what_a_caller_needs(document: dict[str, Any]) -> None:
    """Scope, risk, signature, needs and errors stand at the operation."""
    operation = document["paths"]["/rpc/web3.market.reviewResult"]["post"]
    assert {name: operation[name] for name in operation if name.startswith("x-")} == {
        "x-clawmarket-scope": "write",
        "x-clawmarket-risk": "money",
        "x-clawmarket-manner": "write",
        "x-clawmarket-signed": True,
        "x-clawmarket-alias": "market.reviewResult",
        "x-clawmarket-needs": [
            {
                "param": "resultId",
                "method": "web3.market.submitResult",
                "field": "resultId",
                "by": "other",
            }
        ],
        "x-clawmarket-errors": [
            {
                "code": error.code,
                "cause": error.cause,
                "advice": error.advice,
                "retryable": error.retryable,
            }
            for error in METHODS["web3.market.reviewResult"].errors
        ],
    }


@pytest.mark.parametrize("name", sorted(METHODS))
def test_example_has_the_right_form(name: str) -> None:
    """The example of every method is accepted by its own request model."""
    method = METHODS[name]
    example = sample(method, shapes_of(METHODS.values()))
    assert isinstance(method.request.model_validate(example), Request)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_refusals_have_their_status(document: dict[str, Any], name: str) -> None:
    """Each declared error and each common one is listed under its HTTP status."""
    method = METHODS[name]
    operation = document["paths"][f"/rpc/{name}"]["post"]
    declared = {str(CODES[error.code].http) for error in method.errors}
    assert declared | {"200", "400", "500", "503"} <= set(operation["responses"])
    assert ("401" in operation["responses"]) >= (method.scope is not Scope.PUBLIC)
    assert (operation["security"] == [{}]) is (method.scope is Scope.PUBLIC)


def test_envelope_holds_the_answer(document: dict[str, Any]) -> None:
    """A success is described with ok, the answer's own fields and the request id."""
    operation = document["paths"]["/rpc/web3.market.listTasks"]["post"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    answer = ["ok", "items", "nextCursor", "total", "totalIsCapped", "requestId"]
    assert schema["required"] == answer
    assert set(schema["properties"]) == {*answer, "testMoney"}


def test_rows_say_types_and_limits() -> None:
    """A field's row names type, demand, default and limits in words."""
    shapes = shapes_of([METHODS["web3.market.listTasks"]])
    request = shapes.of[METHODS["web3.market.listTasks"].request]
    rows = {row.name: row for row in rows_of(shapes, request)}
    limit = rows["limit"]
    assert (limit.kind, limit.required, limit.default) == ("integer", False, 50)
    assert limit.text == "How many items a page has at the most. 1 to 200."
    assert kind_of(shapes, {"type": "array", "items": {"enum": ["a", "b"]}}) == (
        "list of one of a, b"
    )


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(ref := part.get("$ref"), str):
            yield ref
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)
