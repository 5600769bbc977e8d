"""Messages of very many values: a stranger's must not keep everybody else waiting.

The SDK reads them one by one, in plain Python: a million bytes of them took three seconds.
"""

from typing import Any

import pytest

from a2a_server.front import AgentFront, Fields, said, said_old
from clawmarket.entry.a2a.wire.messages import MAX_VALUES

WIDE: list[Any] = [1] * (MAX_VALUES + 1)
DEEP: Fields = {"a": [[1] * 100 for _ in range(MAX_VALUES // 100)]}
TEXT, OLD_TEXT = {"text": "hello"}, {"kind": "text", "text": "hello"}
MESSAGES: dict[str, tuple[str, str, Fields]] = {
    "metadata": ("1.0", "SendMessage", said(TEXT, metadata={"a": WIDE})),
    "nested metadata": ("1.0", "SendMessage", said(TEXT, metadata=DEEP)),
    "data": ("1.0", "SendMessage", said({"data": {"skill": "list-tasks", "skills": WIDE}})),
    "parts": ("1.0", "SendMessage", said(*[TEXT] * MAX_VALUES)),
    "extensions": ("1.0", "SendMessage", said(TEXT, extensions=["a"] * (MAX_VALUES + 1))),
    "old metadata": ("0.3", "message/send", said_old(OLD_TEXT, metadata={"a": WIDE})),
    "old parts": ("0.3", "message/send", said_old(*[OLD_TEXT] * MAX_VALUES)),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_a_message_of_too_many_values_is_not_read(front: AgentFront, case: str) -> None:
    """The answer is -32602 and names the bound."""
    version, method, message = MESSAGES[case]
    error = front.agent().rpc(method, {"message": message}, version)["error"]

    assert (error["code"], str(MAX_VALUES) in error["message"]) == (-32602, True)


def test_a_message_within_the_bound_is_read(front: AgentFront) -> None:
    """Long texts are one value, whatever stands in them."""
    message = said({"text": "a, " * 100_000}, metadata={"a": [1] * (MAX_VALUES // 2)})

    assert "result" in front.agent().rpc("SendMessage", {"message": message})
