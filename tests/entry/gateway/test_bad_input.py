"""Bad input: each gets its code, status, cause and next step, and changes nothing."""

import orjson
import pytest

from gateway.front import Front
from world import World

PUBLISH = "web3.market.publishTask"
DESCRIBE = f"clawmarket explain {PUBLISH}"
BODY = "clawmarket explain body_invalid"
FIELDS = ("E_INVALID_ARGUMENT", 400, "field_invalid", DESCRIBE)
UNREADABLE = ("E_INVALID_ARGUMENT", 400, "body_invalid", BODY)
TOO_LARGE = ("E_INVALID_ARGUMENT", 413, "body_too_large", "clawmarket explain body_too_large")

Refusal = tuple[str, int, str, str]

CASES: dict[str, tuple[bytes, Refusal]] = {
    "a field missing": (b"{}", FIELDS),
    "nothing at all": (b"", FIELDS),
    "a wrong type": (b'{"title":7,"budget":"1"}', FIELDS),
    "an unknown field": (b'{"title":"t","budget":"1","tip":"1"}', FIELDS),
    "a field twice": (b'{"title":"t","title":"u","budget":"1"}', UNREADABLE),
    "money as a float": (b'{"title":"t","budget":1.5}', UNREADABLE),
    "money as a number": (b'{"title":"t","budget":50}', FIELDS),
    "money below zero": (b'{"title":"t","budget":"-1"}', FIELDS),
    "money with a point": (b'{"title":"t","budget":"1.5"}', FIELDS),
    "absurd money": (b'{"title":"t","budget":"' + b"9" * 40 + b'"}', FIELDS),
    "an absurd number": (b'{"title":"t","budget":' + b"9" * 5000 + b"}", UNREADABLE),
    "NaN": (b'{"title":"t","budget":NaN}', UNREADABLE),
    "Infinity": (b'{"title":"t","budget":-Infinity}', UNREADABLE),
    "deep nesting": (b'{"title":' + b"[" * 100_000 + b"]" * 100_000 + b"}", UNREADABLE),
    "invalid UTF-8": (b'{"title":"\xff","budget":"1"}', UNREADABLE),
    "a lone surrogate": (rb'{"title":"\ud800","budget":"1"}', UNREADABLE),
    "a byte order mark": (b'\xef\xbb\xbf{"title":"t","budget":"1"}', UNREADABLE),
    "a list": (b"[]", UNREADABLE),
    "a string": (b'"title"', UNREADABLE),
    "two objects": (b"{}{}", UNREADABLE),
    "half an object": (b'{"title":', UNREADABLE),
    "a form": (b"title=t&budget=1", UNREADABLE),
    "a body over the limit": (b" " * (2**20 + 1), TOO_LARGE),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_body_is_refused(front: Front, world: World, case: str) -> None:
    """A body that is not this method's input is named as that, and nothing has changed."""
    body, expected = CASES[case]
    headers = front.key_of(world.member())
    before = front.stored()
    answer = front.call(PUBLISH, body, headers=headers)
    told = answer.json()
    code = told["error"].partition(":")[0]
    details = told["details"]
    assert (code, answer.status_code, details["cause"], details["next"]) == expected
    assert (told["ok"], details["retryable"]) == (False, False)
    assert front.stored() == before


def test_unknown_method_is_refused(front: Front) -> None:
    """A method that does not exist is not found, whatever the body."""
    answer = front.call("web3.market.stealTask", b"\xff")
    assert (answer.status_code, answer.json()["details"]["cause"]) == (400, "body_invalid")
    answer = front.call("web3.market.stealTask", b"{}")
    details = answer.json()["details"]
    assert (answer.status_code, details["cause"]) == (404, "method_unknown")
    assert details["next"] == "clawmarket call web3.capabilities.list"


def test_foreign_task_does_not_exist(front: Front, world: World) -> None:
    """A task of somebody else can be taken back no more than one that never was."""
    task_id = world.member().publishes()["taskId"]
    headers = front.key_of(world.member())
    before = front.stored()
    told = []
    for some_id in (task_id, "task_" + "0" * 26):
        answer = front.call("web3.market.cancelTask", _params(taskId=some_id), headers=headers)
        details = answer.json()["details"]
        told.append((answer.status_code, details["cause"], details["next"]))
    assert told == [(404, "task_not_found", "clawmarket task list")] * 2
    assert front.stored() == before


def test_id_of_another_noun_is_refused(front: Front, world: World) -> None:
    """An id that names something else is a wrong field, not a thing to look for."""
    answer = front.call("web3.market.getTask", _params(taskId=world.member().id))
    details = answer.json()["details"]
    assert (answer.status_code, details["cause"], details["path"]) == (
        400,
        "field_invalid",
        "$.taskId",
    )


def test_more_money_than_there_is(front: Front, world: World) -> None:
    """A budget beyond the account's credits is refused as money, not as input."""
    headers = front.key_of(world.member())
    before = front.stored()
    answer = front.call(PUBLISH, _params(title="t", budget="9999999999999999"), headers=headers)
    code = answer.json()["error"].partition(":")[0]
    assert (answer.status_code, code) == (402, "E_PAYMENT_REQUIRED")
    assert front.stored() == before


def test_nobody_may_not_write(front: Front) -> None:
    """Without a credential only public reads are answered."""
    answer = front.call(PUBLISH, _params(title="t", budget="1"))
    assert (answer.status_code, answer.json()["details"]["cause"]) == (401, "auth_needed")


def test_reading_key_may_not_write(front: Front, world: World) -> None:
    """A key without the scope is told which one is missing."""
    headers = front.key_of(world.member(), scope="read")
    answer = front.call(PUBLISH, _params(title="t", budget="1"), headers=headers)
    details = answer.json()["details"]
    assert (answer.status_code, details["next"]) == (403, "clawmarket keys new --scope write")


def test_announced_size_is_enough_to_refuse(front: Front) -> None:
    """A body that says it is too large is refused before it is read."""
    answer = front.call("web3.market.listTasks", b"{}", headers={"Content-Length": "9" * 30})
    assert (answer.status_code, answer.json()["details"]["cause"]) == (413, "body_too_large")


def _params(**params: str) -> bytes:
    return orjson.dumps(params)
