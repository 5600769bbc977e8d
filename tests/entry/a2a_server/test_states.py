"""Each state of the market's task as A2A shows it, and who sees what of it."""

from collections.abc import Callable

import pytest

from a2a_server.front import AgentFront, Fields, Speaker
from clawmarket.domain.market.task import TaskState
from clawmarket.entry.a2a.market.projection import STATES, state_of
from world import World

Story = Callable[[AgentFront, Speaker, Speaker, str], None]


def _nothing(_front: AgentFront, _buyer: Speaker, _worker: Speaker, _task: str) -> None:
    pass


def _cancelled(_front: AgentFront, buyer: Speaker, _worker: Speaker, task: str) -> None:
    buyer.does("cancel-task", task_id=task)


def _expired(front: AgentFront, _buyer: Speaker, _worker: Speaker, _task: str) -> None:
    front.world.pass_time(seconds=90 * 86_400)
    front.world.sweep()


def _claimed(_front: AgentFront, _buyer: Speaker, worker: Speaker, task: str) -> None:
    worker.does("claim-task", task_id=task)


def _handed_in(front: AgentFront, buyer: Speaker, worker: Speaker, task: str) -> None:
    _claimed(front, buyer, worker, task)
    worker.does("submit-result", task_id=task, text="Done.")


def _accepted(front: AgentFront, buyer: Speaker, worker: Speaker, task: str) -> None:
    _handed_in(front, buyer, worker, task)
    buyer.does("review-result", task_id=task, decision="accept")


def _late(front: AgentFront, buyer: Speaker, worker: Speaker, task: str) -> None:
    _claimed(front, buyer, worker, task)
    front.world.pass_time(seconds=90 * 86_400)
    front.world.sweep()


CASES: dict[str, tuple[Story, str, str]] = {
    "open": (_nothing, "SUBMITTED", "SUBMITTED"),
    "cancelled": (_cancelled, "CANCELED", "CANCELED"),
    "expired": (_expired, "FAILED", "FAILED"),
    "claimed": (_claimed, "WORKING", "WORKING"),
    "handed in": (_handed_in, "WORKING", "WORKING"),
    "accepted": (_accepted, "COMPLETED", "COMPLETED"),
    "never delivered": (_late, "FAILED", "COMPLETED"),
}


@pytest.mark.parametrize("case", list(CASES))
def test_a_state_is_projected(front: AgentFront, case: str) -> None:
    """Both versions show the state; a stranger sees no more than that the task is over."""
    story, to_parties, to_strangers = CASES[case]
    buyer, worker, stranger = front.newcomer(), front.newcomer(), front.agent()
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    story(front, buyer, worker, task)

    for who, state in ((buyer, to_parties), (stranger, to_strangers)):
        new = who.rpc("GetTask", {"id": task})["result"]
        old = who.rpc("tasks/get", {"id": task}, "0.3")["result"]
        assert new["status"]["state"] == f"TASK_STATE_{state}"
        assert old["status"]["state"] == state.lower()


def test_every_state_of_a_task_has_one(world: World) -> None:
    """No state of the market is forgotten, and what ended an order is no success."""
    assert STATES.keys() == set(TaskState)
    assert world.terms.test_money
    closed = {"status": TaskState.CLOSED}
    order: Fields = {"seller": "acc_1"}
    told = {
        ended: state_of(closed, order | {"status": ended}, None, "acc_1")
        for ended in ("settlement_completed", "order_refunded", "order_expired", "order_cancelled")
    }
    assert [state.removeprefix("TASK_STATE_") for state in told.values()] == [
        "COMPLETED",
        "FAILED",
        "FAILED",
        "CANCELED",
    ]


def test_a_stranger_sees_only_what_is_public(front: AgentFront) -> None:
    """Files, worker, order and amount of a task are its parties' own."""
    buyer, worker = front.newcomer(), front.newcomer()
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    _handed_in(front, buyer, worker, task)
    seen = front.agent().rpc("GetTask", {"id": task})["result"]
    known = buyer.rpc("GetTask", {"id": task})["result"]

    assert seen["artifacts"] == []
    assert {"order_status", "amount_minor", "result_id"} & seen["metadata"].keys() == set()
    assert known["artifacts"][0]["parts"][0]["metadata"]["size"] == 5
    other = front.newcomer().rpc("GetTask", {"id": task})["result"]
    assert other == seen


def test_a_context_is_kept_and_must_fit(front: AgentFront) -> None:
    """A client's context stays with the task for that client, and another one is refused."""
    buyer = front.newcomer()
    part = {"data": {"skill": "post-task", "title": "Digest a document", "budget": "5"}}
    message = {"messageId": "c-1", "role": "ROLE_USER", "parts": [part], "contextId": "mine"}
    task = buyer.rpc("SendMessage", {"message": message})["result"]["task"]
    follow = {"messageId": "c-2", "role": "ROLE_USER", "parts": [{"text": "Well?"}]}
    same = buyer.rpc("SendMessage", {"message": follow | {"taskId": task["id"]}})["result"]["task"]
    other = follow | {"messageId": "c-3", "taskId": task["id"], "contextId": "other"}

    assert (task["contextId"], same["contextId"], same["id"]) == ("mine", "mine", task["id"])
    assert buyer.rpc("SendMessage", {"message": other})["error"]["code"] == -32602
    assert front.agent().rpc("GetTask", {"id": task["id"]})["result"]["contextId"] == task["id"]
