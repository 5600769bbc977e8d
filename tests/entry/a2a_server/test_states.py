"""Each stage of a task as A2A shows it, and who sees what of it."""

from collections.abc import Callable

import pytest

from a2a_server.front import AgentFront, Speaker, said
from clawmarket.domain.market.telling.stage import Stage
from clawmarket.entry.a2a.market.projection import STATES, state_of

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


CASES: dict[str, tuple[Story, str, str, str]] = {
    "open": (_nothing, "SUBMITTED", "open", "held"),
    "cancelled": (_cancelled, "CANCELED", "cancelled", "refunded"),
    "expired": (_expired, "FAILED", "expired", "refunded"),
    "claimed": (_claimed, "WORKING", "claimed", "held"),
    "handed in": (_handed_in, "WORKING", "under_review", "held"),
    "accepted": (_accepted, "COMPLETED", "completed", "captured"),
    "never delivered": (_late, "FAILED", "expired", "refunded"),
}


@pytest.mark.parametrize("case", list(CASES))
def test_a_state_is_projected(front: AgentFront, case: str) -> None:
    """Both versions show everybody the state, the stage, and where the money is."""
    story, state, stage, payment = CASES[case]
    buyer, worker, stranger = front.newcomer(), front.newcomer(), front.agent()
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    story(front, buyer, worker, task)

    for who in (buyer, stranger):
        new = who.rpc("GetTask", {"id": task})["result"]
        old = who.rpc("tasks/get", {"id": task}, "0.3")["result"]
        assert new["status"]["state"] == f"TASK_STATE_{state}"
        assert old["status"]["state"] == state.lower()
        names = ("hireclaw_status", "payment_status")
        assert [new["metadata"][name] for name in names] == [stage, payment]


def test_every_stage_has_a_state() -> None:
    """None is forgotten, and only its worker is asked for more when a result is sent back."""
    assert STATES.keys() == set(Stage)
    sent_back = {"stage": "rejected", "worker": "acc_1"}

    assert state_of(sent_back, "acc_1") == "TASK_STATE_INPUT_REQUIRED"
    assert state_of(sent_back, "acc_2") == "TASK_STATE_WORKING"
    assert state_of(sent_back | {"stage": "claimed"}, "acc_1") == "TASK_STATE_WORKING"


def test_lists_say_how_far_each_task_is(front: AgentFront) -> None:
    """A list by state has only tasks of that state, and the board tells the same stage."""
    buyer, worker = front.newcomer(), front.newcomer()
    paid, late = (
        buyer.does("post-task", title="Digest a document", budget="5", skills=[word])["id"]
        for word in ("summarize", "translate")
    )
    _accepted(front, buyer, worker, paid)
    _late(front, buyer, worker, late)
    done = buyer.rpc("ListTasks", {"status": "TASK_STATE_COMPLETED"})["result"]["tasks"]
    words = ["summarize", "translate"]
    shown = front.agent().does("list-tasks", status="completed", skills=words)["tasks"]

    assert [task["id"] for task in done] == [paid]
    told = {task["task_id"]: (task["status"], task["state"]) for task in shown}
    assert told == {
        paid: ("completed", "TASK_STATE_COMPLETED"),
        late: ("expired", "TASK_STATE_FAILED"),
    }


def test_every_ended_task_is_found_by_its_state(front: AgentFront) -> None:
    """Also those that ended with an order, which the market keeps as closed."""
    buyer, member = front.newcomer(), front.world.member()
    worker = front.agent(member)
    gone, paid, back, late, never = (
        buyer.does("post-task", title="Digest a document", budget="5")["id"] for _ in range(5)
    )
    _cancelled(front, buyer, worker, gone)
    _accepted(front, buyer, worker, paid)
    bid = worker.does("bid-on-task", task_id=back, price=5)["metadata"]["bid_id"]
    hired = buyer.does("award-bid", bid_id=bid)
    member.refunds({"orderId": hired["metadata"]["order_id"]})
    _late(front, buyer, worker, late)

    ended = {"FAILED": {late, never}, "CANCELED": {gone, back}, "COMPLETED": {paid}}
    for state, ids in ended.items():
        page = buyer.rpc("ListTasks", {"status": f"TASK_STATE_{state}"})["result"]
        assert ({task["id"] for task in page["tasks"]}, page["totalSize"]) == (ids, len(ids))


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


def test_a_client_finds_its_tasks_after_a_restart(front: AgentFront) -> None:
    """Context and history are the market's: another process over the same store has them too."""
    buyer, worker = front.newcomer(), front.newcomer()
    part = {"data": {"skill": "post-task", "title": "Digest a document", "budget": "5"}}
    told = buyer.rpc("SendMessage", {"message": said(part, contextId="mine")})["result"]["task"]
    claim = {"data": {"skill": "claim-task", "task_id": told["id"]}}
    worker.rpc("SendMessage", {"message": said(claim, contextId="my work")})
    worker.does("send-message", task_id=told["id"], text="Which chapter?")
    front.world.pass_time(seconds=1)
    buyer.does("send-message", task_id=told["id"], text="The first.")

    fresh = AgentFront(front.world)
    again, other = (Speaker(fresh, speaker.headers) for speaker in (buyer, worker))
    (found,) = again.rpc("ListTasks", {"contextId": "mine"})["result"]["tasks"]
    last = {"contextId": "my work", "historyLength": 1}
    (held,) = other.rpc("ListTasks", last)["result"]["tasks"]
    assert again.rpc("ListTasks", {"contextId": "my work"})["result"]["totalSize"] == 0
    assert (found["contextId"], held["contextId"], "history" in found) == ("mine", "my work", 0)

    task = again.rpc("GetTask", {"id": told["id"]})["result"]
    posted, asked, answered = task["history"]
    assert {(m["taskId"], m["contextId"]) for m in task["history"]} == {(told["id"], "mine")}
    assert [m["role"] for m in task["history"]] == ["ROLE_USER", "ROLE_AGENT", "ROLE_USER"]
    assert posted["parts"] == [{"data": {"title": "Digest a document"}}]
    assert asked["parts"][0]["data"]["text"] == "Which chapter?"
    assert (answered["parts"], held["history"][0]["role"]) == (
        [{"text": "The first."}],
        "ROLE_AGENT",
    )
    short = again.rpc("tasks/get", {"id": told["id"], "historyLength": 1}, "0.3")["result"]
    assert short["history"][0]["parts"] == [{"kind": "text", "text": "The first."}]
    assert "history" not in again.rpc("GetTask", {"id": told["id"], "historyLength": 0})["result"]


def test_a_context_is_its_account_s_own(front: AgentFront) -> None:
    """Whoever has no part in a task hears its own word again, and nobody else does."""
    buyer, other, stranger = front.newcomer(), front.newcomer(), front.agent()
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    look = {"data": {"skill": "get-task-status", "task_id": task}}
    for who in (other, stranger):
        shown = who.rpc("SendMessage", {"message": said(look, contextId="theirs")})["result"][
            "task"
        ]
        assert (shown["contextId"], len(shown["history"])) == ("theirs", 1)
        assert who.rpc("GetTask", {"id": task})["result"]["contextId"] == task
    known = front.world.member().do("web3.market.context.list", taskIds=[task])
    assert known["items"] == []
