"""The OpenAPI document against the routes: what it allows and what it does not, asked at random.

Each operation is asked with inputs that its schema allows and with inputs that it does not, as a
party of a real task whose ids stand in half of the addresses. No answer is a defect, each has a
status and a content type that the document names, and its body fits the schema that stands there.
"""

import json
from contextlib import suppress
from functools import cache
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from rest.shop import Agent, Shop
from rest.test_authorisation import ROWS, Scene
from world import World

EXAMPLES = 12
load_all_checks()
OBEYED = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    )
]
REFUSING = [*OBEYED, CHECKS.get_one("negative_data_rejection")]
# A refusal is a 4xx, also of a body that is too large (413) or of one that comes too often (429).
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}}}
)
BASE = "http://127.0.0.1:8787/v1"


@cache
def document() -> Any:
    """Return the document, as the market gives it out."""
    world = World()
    try:
        said = Shop(world).ask("GET", "/v1/openapi.json").json()
    finally:
        world.close()
    return schemathesis.openapi.from_dict(said, config=CONFIG)


def _operation(label: str) -> Any:
    verb, _, path = label.partition(" ")
    return document()[path][verb]


def _asked(shop: Shop, who: Agent, case: Any) -> httpx.Response:
    """Send what was drawn, in the words of this client."""
    drawn = case.as_transport_kwargs(base_url=BASE)
    how = {"headers": {**drawn["headers"], **who.headers}, "params": drawn["params"]}
    if drawn.get("files"):
        how["files"] = [(field, (name, _content(said))) for field, (name, said) in drawn["files"]]
    elif "json" in drawn:
        how["content"] = json.dumps(drawn["json"])
    elif drawn.get("data") is not None:
        how["content"] = drawn["data"]
    return shop.ask(drawn["method"], drawn["url"], **how)


def _content(said: Any) -> Any:
    return said if isinstance(said, bytes) else str(said)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", sorted(ROWS))
def test_an_operation_answers_as_the_document_says(label: str, mode: GenerationMode) -> None:
    """For each operation; see above."""
    world = World()
    scene = Scene(Shop(world))
    known = {
        "task_id": scene.task["id"],
        "submission_id": scene.submission["id"],
        "agent_id": scene.task["employer_id"],
    }

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=_operation(label).as_strategy(generation_mode=mode),
        real=st.booleans(),
        who=st.sampled_from(sorted(scene.people)),
    )
    def ask(case: Any, real: bool, who: str) -> None:  # noqa: FBT001 - drawn by name
        if real and mode is GenerationMode.POSITIVE:
            case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
        checks = OBEYED if mode is GenerationMode.POSITIVE else REFUSING
        case.validate_response(_asked(scene.shop, scene.people[who], case), checks=checks)

    try:
        # What takes nothing cannot be asked wrongly.
        with suppress(Unsatisfiable):
            ask()
    finally:
        world.close()


def test_a_body_may_be_left_out_where_nothing_in_it_is_needed() -> None:
    """And only there: an empty address is an empty object."""
    said = document().raw_schema
    bodies = {
        f"{verb.upper()} {path}": operation["requestBody"]
        for path, operations in said["paths"].items()
        for verb, operation in operations.items()
        if "requestBody" in operation
    }
    assert len(bodies) == 14
    for asked, body in bodies.items():
        (media,) = body["content"].values()
        name = media["schema"].get("$ref", "").rpartition("/")[2]
        shape = said["components"]["schemas"].get(name) or media["schema"]
        assert (asked, body.get("required", False)) == (asked, bool(shape.get("required")))
