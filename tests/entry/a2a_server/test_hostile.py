"""What a hostile or careless client sends, and the answer that the specification names."""

from typing import Any

import pytest

from a2a_server.front import AgentFront, said, said_old

DEEP = b'{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":' + b"[" * 5000
TEXT = {"text": "hello"}


def call(**changed: Any) -> dict[str, Any]:
    """Return a request that would be answered, with something changed."""
    params = {"message": said(TEXT)}
    return {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params} | changed


BODIES: dict[str, tuple[Any, int, Any]] = {
    "no JSON": (b"{", -32700, None),
    "nothing": (b"", -32700, None),
    "bytes": (b"\xff\xfe", -32700, None),
    "too deep": (DEEP, -32700, None),
    "not a number": (b'{"jsonrpc":"2.0","id":NaN}', -32700, None),
    "null": (b"null", -32600, None),
    "a text": (b'"hello"', -32600, None),
    "a batch": ([call(), call()], -32600, None),
    "an empty batch": ([], -32600, None),
    "no version": ({"id": 1, "method": "SendMessage"}, -32600, 1),
    "another version": (call(jsonrpc="1.0"), -32600, 1),
    "no method": ({"jsonrpc": "2.0", "id": 1}, -32600, 1),
    "a method that is a number": (call(method=5), -32600, 1),
    "an id that is an object": (call(id={"bad": 1}), -32600, None),
    "an id that is true": (call(id=True), -32600, None),
    "an unknown method": (call(method="rpc.discover"), -32601, 1),
    "a huge method": (call(method="x" * 100_000), -32601, 1),
    "params in a list": (call(params=[1]), -32602, 1),
    "params that are null": (call(params=None), -32602, 1),
    "too large": (call(params={"x": "y" * 2**20}), -32600, None),
}


@pytest.mark.parametrize("case", list(BODIES))
def test_a_body_that_is_no_request(front: AgentFront, case: str) -> None:
    """The answer is an error object with HTTP 200 and the id, as far as there is one."""
    body, code, rpc_id = BODIES[case]
    answer = front.agent().post(body)
    told = answer.json()

    assert answer.status_code == 200
    assert (told["jsonrpc"], told["id"], told["error"]["code"]) == ("2.0", rpc_id, code)
    assert "Traceback" not in answer.text
    assert len(answer.content) < 2_000


MESSAGES: dict[str, dict[str, Any]] = {
    "no id": {"messageId": ""},
    "a huge id": {"messageId": "x" * 201},
    "an id with a line in it": {"messageId": "a\nb"},
    "an id that is a number": {"messageId": 5},
    "no parts": {"parts": []},
    "an empty part": {"parts": [{}]},
    "parts that are a text": {"parts": "hello"},
    "too many parts": {"parts": [TEXT] * 65},
    "a part of two kinds": {"parts": [{"text": "a", "data": {}}]},
    "a file that is no Base64": {"parts": [{"raw": "***"}]},
    "the agent's role": {"role": "ROLE_AGENT"},
    "an unknown role": {"role": "ROLE_KING"},
    "no role": {"role": None},
    "a context that is an object": {"contextId": {}},
    "a context of lines": {"contextId": "a\r\nb"},
    "data without a skill": {"parts": [{"data": {"title": "x"}}]},
    "data that is a list": {"parts": [{"data": [1]}]},
    "a skill that is a list": {"parts": [{"data": {"skill": ["post-task"]}}]},
    "a field too many": {"parts": [{"data": {"skill": "list-tasks", "evil": 1}}]},
    "a limit below zero": {"parts": [{"data": {"skill": "list-tasks", "limit": -1}}]},
    "a limit that is a text": {"parts": [{"data": {"skill": "list-tasks", "limit": "9"}}]},
    "both spellings": {
        "parts": [{"data": {"skill": "get-task-status", "task_id": "a", "taskId": "b"}}]
    },
    "an id of another kind": {"parts": [{"data": {"skill": "get-task-status", "task_id": "x"}}]},
}


@pytest.mark.parametrize("case", list(MESSAGES))
def test_a_message_that_cannot_be_read(front: AgentFront, case: str) -> None:
    """Wrong types, missing parts and unknown fields are -32602, with the field named."""
    message = said(TEXT) | MESSAGES[case]
    error = front.agent().rpc("SendMessage", {"message": message})["error"]

    assert error["code"] == -32602, error
    assert error["data"][-1]["fieldViolations"][0]["field"]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"message": None},
        {"message": said_old() | {"parts": [{"kind": "text"}]}},
        {"message": said_old({"kind": "other", "text": "a"})},
        {"message": said_old({"kind": "text", "text": "a"}) | {"messageId": 5}},
        {"message": said_old({"kind": "text", "text": "a"}) | {"role": "agent"}},
    ],
)
def test_an_old_message_that_cannot_be_read(front: AgentFront, params: Any) -> None:
    """In 0.3 too what is wrong is -32602, and nothing of the inside is shown."""
    error = front.agent().rpc("message/send", params, "")["error"]

    assert error["code"] == -32602
    assert "pydantic" not in str(error)


@pytest.mark.parametrize(
    ("budget", "code"),
    [
        ("-1", -32602),
        (-5, -32602),
        (True, -32602),
        ("1e9", -32602),
        (1e300, -32602),
        ("0.0000001", -32602),
        ("", -32602),
        (None, -32602),
        ("0", -32602),
        ("999999", -32042),
    ],
)
def test_a_budget_that_is_none(front: AgentFront, budget: Any, code: int) -> None:
    """No amount below zero, above the purse or finer than a unit publishes a task."""
    buyer = front.newcomer()
    before = front.stored()

    assert buyer.refused("post-task", title="Digest a document", budget=budget)["code"] == code
    assert front.stored() == before


def test_an_unknown_skill_is_named(front: AgentFront) -> None:
    """A skill that the card does not have is refused by name."""
    error = front.agent().refused("mint-money")

    assert error["code"] == -32044
    assert "mint-money" in error["message"]


def test_no_address_is_fetched(front: AgentFront) -> None:
    """A file that is only an address is refused, not fetched."""
    for url in ("http://169.254.169.254/latest", "file:///etc/passwd"):
        message = said({"data": {"skill": "list-tasks"}}, {"url": url, "filename": "a"})
        error = front.agent().rpc("SendMessage", {"message": message})["error"]
        assert error["code"] == -32005
