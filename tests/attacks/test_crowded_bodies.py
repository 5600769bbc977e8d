"""JSON of a megabyte that is cheap to send and dear to read: a value of two bytes each."""

import json

import pytest
from gateway.front import Front

from clawmarket.domain.kernel.canonical import holds_more
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.gateway.wire import MAX_VALUES
from clawmarket.entry.mcp.http import mcp_route
from clawmarket.entry.rest.app import rest_routes
from world import World

CROWDS = {
    "numbers": b'{"x":[' + b"0," * 500_000 + b"0]}",
    "lists": b'{"x":[' + b"[]," * 330_000 + b"0]}",
    "objects": b'{"x":[' + b"{}," * 330_000 + b"0]}",
    "names": json.dumps({f"n{number}": 0 for number in range(80_000)}).encode(),
}


CAUSE = {
    "/rpc/web3.status.ping": "body_invalid",
    "/v1/auth/register": "json_invalid",
    "/mcp": "body_invalid",
}


@pytest.fixture(scope="module", params=CAUSE)
def path(request: pytest.FixtureRequest) -> str:
    """Each surface that reads JSON of strangers."""
    return str(request.param)


@pytest.mark.parametrize("name", CROWDS)
def test_a_crowd_of_values_is_refused_unread(world: World, path: str, name: str) -> None:
    """No object is made of them; the answer says how many a body may hold."""
    front = Front(world)
    more = [*rest_routes(world.pipeline, max_file_bytes=1_000), mcp_route(world.pipeline)]
    front.app = build_gateway(world.pipeline, max_file_bytes=1_000, more=more)
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    answer = front.ask("POST", path, content=CROWDS[name], headers=sent)
    told = answer.json()
    assert (answer.status_code, told["details"]["cause"]) == (400, CAUSE[path])
    assert "$: the body holds more than 10000 values." in told["error"]


def test_a_long_text_is_no_crowd(world: World) -> None:
    """Commas and brackets within a text of 300 kB are no values."""
    text = b'{"x":"' + b",[{" * 100_000 + b'"}'
    answer = Front(world).call("web3.status.ping", text)
    assert answer.json()["details"]["cause"] == "field_invalid"


@pytest.mark.parametrize(
    ("data", "is_more"),
    [
        (b"[" + b"0," * (MAX_VALUES - 2) + b"0]", False),
        (b"[" + b"0," * (MAX_VALUES - 1) + b"0]", True),
        (b'["' + b"," * MAX_VALUES + b'"]', False),
        (b'["\\"' + b"," * MAX_VALUES + b'"]', False),
        (b'["\\\\",' + b"," * MAX_VALUES + b"]", True),
        (b"[" * MAX_VALUES, True),
        (b'"' + b"[" * MAX_VALUES, False),
        (b"", False),
    ],
)
def test_what_stands_in_strings_does_not_count(data: bytes, *, is_more: bool) -> None:
    """A long text is one value, whatever it holds; what never ends is no string of another."""
    assert holds_more(data, MAX_VALUES) is is_more
