"""Whatever a stranger sends is refused or answered, and never the market's own fault."""

from collections.abc import Iterator
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.registry.methods import METHODS
from gateway.front import Front
from world import World

NAMES = sorted(
    {
        info.alias or name
        for method in METHODS.values()
        for name, info in method.request.model_fields.items()
    }
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["", "0", "1", "*", "credits", "agent_" + "0" * 26, "sha256:" + "0" * 64]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=9), VALUES, max_size=6)
METHOD_NAMES = st.sampled_from(sorted(METHODS)) | st.text(max_size=40)
KEYS = st.none() | st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20)


@pytest.fixture(scope="module")
def open_front() -> Iterator[Front]:
    """One market for all examples: what one leaves behind the next one meets."""
    world = World()
    yield Front(world)
    world.close()


@given(method=METHOD_NAMES, body=st.binary(max_size=300))
def test_random_bytes(open_front: Front, method: str, body: bytes) -> None:
    """No bytes lead to a defect."""
    answer = open_front.call(quote(method, safe=""), body, headers=_operator(open_front))
    assert answer.status_code < 500 or answer.status_code == 503
    assert answer.json()["ok"] is (answer.status_code == 200)


@given(method=METHOD_NAMES, params=OBJECTS, key=KEYS)
def test_random_parameters(
    open_front: Front, method: str, params: dict[str, object], key: str | None
) -> None:
    """No JSON object leads to a defect, even from somebody who may do everything."""
    try:
        body = orjson.dumps(params)
    except orjson.JSONEncodeError:
        body = repr(params).encode("utf-8", "surrogatepass")
    headers = _operator(open_front)
    if key is not None:
        headers[b"Idempotency-Key"] = key.encode("latin-1")
    answer = open_front.call(quote(method, safe=""), body, headers=headers)
    assert answer.status_code < 500 or answer.status_code == 503
    assert set(answer.json()) >= {"ok", "requestId"}


def _operator(front: Front) -> dict[bytes, bytes]:
    return {b"Authorization": b"Bearer " + front.world.operator_token.encode()}
