"""Whatever is sent, the answer is an error object of the protocol and never a defect."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a2a_server.front import AgentFront, Speaker
from clawmarket.entry.a2a.skills.catalog import SKILLS
from world import World

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    sorted({name for skill in SKILLS for name in skill.request.model_fields} | {"skill", "action"})
)
DATA = st.fixed_dictionaries({"skill": st.sampled_from([skill.name for skill in SKILLS])}).flatmap(
    lambda named: st.dictionaries(FIELDS, VALUES, max_size=4).map(lambda more: {**more, **named})
)
PARTS = st.lists(
    st.fixed_dictionaries({"data": DATA | VALUES})
    | st.fixed_dictionaries({"kind": st.sampled_from(["data", "text", "file"]), "data": DATA})
    | st.fixed_dictionaries({"text": VALUES})
    | st.fixed_dictionaries({"raw": VALUES, "filename": VALUES}),
    max_size=3,
)
MESSAGES = st.fixed_dictionaries(
    {"messageId": st.text(max_size=8) | LEAVES, "parts": PARTS | VALUES},
    optional={"contextId": VALUES, "taskId": VALUES, "metadata": VALUES, "kind": VALUES},
).flatmap(
    lambda message: st.sampled_from(["ROLE_USER", "user", "ROLE_AGENT", 1, None]).map(
        lambda role: {**message, "role": role}
    )
)
METHODS = st.sampled_from(
    ["SendMessage", "message/send", "GetTask", "tasks/get", "ListTasks", "CancelTask"]
)


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Speaker]:
    """A member of one market for all examples."""
    market = World()
    yield AgentFront(market).newcomer()
    market.close()


@settings(max_examples=150)
@given(method=METHODS, message=MESSAGES, more=st.dictionaries(st.text(max_size=6), VALUES))
def test_no_message_is_a_defect(
    fuzzed: Speaker, method: str, message: dict[str, Any], more: dict[str, Any]
) -> None:
    """Each is answered with a result, or with a code that says what was wrong with it."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**more, "message": message}}
    answer = fuzzed.post(body)
    told = answer.json()

    assert answer.status_code == 200
    assert ("result" in told) != ("error" in told)
    assert told.get("error", {}).get("code") != -32603, told
