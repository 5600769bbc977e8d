"""A paid task over A2A alone, in both versions of the protocol."""

import pytest

from a2a_server.front import AgentFront, said


def test_two_agents_complete_a_paid_task(front: AgentFront) -> None:
    """Post, bid, award, submit, accept: the states follow, and the worker gets 99 %."""
    buyer, worker = front.newcomer(), front.newcomer()
    task = buyer.does("post-task", title="Digest a document", budget="50.00", skills="summarize")
    bid = worker.does("bid-on-task", task_id=task["id"], price=40)
    hired = buyer.does("award-bid", bid_id=bid["metadata"]["bid_id"])
    text = {"raw": "T25lIHBhZ2U=", "filename": "digest.md", "mediaType": "text/markdown"}
    handed = worker.does("submit-result", [text], task_id=task["id"], note="Done.")
    paid = buyer.does("review-result", task_id=task["id"], decision="accept")

    states = [each["status"]["state"] for each in (task, bid, hired, handed, paid)]
    assert states == [
        "TASK_STATE_SUBMITTED",
        "TASK_STATE_SUBMITTED",
        "TASK_STATE_WORKING",
        "TASK_STATE_WORKING",
        "TASK_STATE_COMPLETED",
    ]
    assert {each["id"] for each in (task, bid, hired, handed, paid)} == {task["id"]}
    assert worker.does("balance")["earned"] == "39.60"
    known = {name: value for name, value in paid["metadata"].items() if not name.endswith("_id")}
    del known["due_at"], known["expires_at"], known["said"]
    assert known == {
        "hireclaw_status": "completed",
        "status": "task_closed",
        "budget": 50,
        "budget_minor": "50000000",
        "amount_minor": "40000000",
        "payment_status": "captured",
        "order_status": "settlement_completed",
        "skills": ["summarize"],
        "bids": 1,
    }
    assert [part["filename"] for part in paid["artifacts"][0]["parts"]] == ["digest.md"]


@pytest.mark.parametrize("count", [0, 21])
def test_a_result_has_one_to_twenty_files(front: AgentFront, count: int) -> None:
    """None and one too many are refused, before any is stored."""
    buyer, worker = front.newcomer(), front.newcomer()
    task = buyer.does("post-task", title="Digest a document", budget=5)["id"]
    worker.does("claim-task", task_id=task)
    data = {"data": {"skill": "submit-result", "task_id": task}}
    files = [{"raw": "eA==", "filename": f"{n}.txt"} for n in range(count)]
    refused = worker.rpc("SendMessage", {"message": said(data, *files)})["error"]
    assert (refused["code"], refused["data"][0]["reason"]) == (-32602, "SKILL_INPUT")
    taken = files[:20] or [{"raw": "eA==", "filename": "one.txt"}]
    twenty = worker.rpc("SendMessage", {"message": said(data, *taken)})
    assert twenty["result"]["task"]["status"]["state"] == "TASK_STATE_WORKING"


def test_a_claimed_task_is_sent_back_once_and_paid(front: AgentFront) -> None:
    """Its worker alone is asked for input; the second result is the one that is paid."""
    buyer, worker, stranger = front.newcomer(), front.newcomer(), front.agent()
    task = buyer.does("post-task", title="Digest a document", budget=5)["id"]
    worker.does("claim-task", task_id=task)
    worker.does("submit-result", task_id=task, text="First.")
    buyer.does("review-result", task_id=task, decision="reject", feedback="Too short.")
    views = [each.does("get-task-status", task_id=task) for each in (worker, buyer, stranger)]
    worker.does("submit-result", task_id=task, text="Second, longer.")
    worker.does("send-message", task_id=task, text="Better now?")
    read = buyer.does("list-messages", task_id=task)["messages"]
    paid = buyer.does("review-result", task_id=task, decision="accept", rating=5)

    assert [message["said"]["text"] for message in read] == ["Better now?"]
    states = [view["status"]["state"] for view in views]
    assert states == ["TASK_STATE_INPUT_REQUIRED", "TASK_STATE_WORKING", "TASK_STATE_WORKING"]
    assert "Too short." in views[0]["status"]["message"]["parts"][0]["text"]
    assert paid["status"]["state"] == "TASK_STATE_COMPLETED"


def test_a_whole_number_may_be_spelled_with_a_point(front: AgentFront) -> None:
    """Clients that go through protobuf write 5 as 5.0; what is no whole number stays refused."""
    buyer, worker = front.newcomer(), front.newcomer()
    task = buyer.does("post-task", title="Digest a document", budget=5.0)["id"]
    worker.does("claim-task", task_id=task)
    worker.does("submit-result", task_id=task, text="Done.")
    found = buyer.does("find-workers", limit=5.0)
    half = {"skill": "review-result", "task_id": task, "decision": "accept", "rating": 4.5}
    refused = buyer.rpc("SendMessage", {"message": said({"data": half})})
    paid = buyer.does("review-result", task_id=task, decision="accept", rating=5.0)

    assert "workers" in found
    assert refused["error"]["code"] == -32602
    assert paid["status"]["state"] == "TASK_STATE_COMPLETED"


def test_a_message_that_is_sent_again_does_nothing_anew(front: AgentFront) -> None:
    """The message's id is the key: the same task comes back, and its money is held once."""
    buyer = front.newcomer()
    part = {"data": {"skill": "post-task", "title": "Digest a document", "budget": "5"}}
    message = said(part)
    first = buyer.rpc("SendMessage", {"message": message})["result"]["task"]
    again = buyer.rpc("SendMessage", {"message": message})["result"]["task"]
    other = message | {"parts": [{"data": part["data"] | {"budget": "6"}}]}

    assert again["id"] == first["id"]
    assert buyer.does("balance")["held"] == "5.00"
    assert buyer.rpc("SendMessage", {"message": other})["error"]["code"] == -32049


def test_files_are_inspected_before_they_are_handed_in(front: AgentFront) -> None:
    """What fails is not handed in: the answer has the findings, and an appeal hands it in."""
    member, worker = front.world.member(), front.newcomer()
    method, checks = "web3.market.publishTask", [{"kind": "types", "allowed": ["pdf"]}]
    told = member.do(method, title="Digest it", budget="5000000", claims=True, checks=checks)
    task = told["taskId"]
    worker.does("claim-task", task_id=task)
    refused = worker.does("submit-result", task_id=task, text="Done.")
    handed = worker.does("submit-result", task_id=task, text="Done.", appeal="A text will do.")

    assert refused["metadata"]["inspection"]["verdict"] == "failed"
    assert (refused["artifacts"], refused["metadata"]["hireclaw_status"]) == ([], "claimed")
    assert handed["metadata"]["hireclaw_status"] == "under_review"


def test_a_dry_run_changes_nothing(front: AgentFront) -> None:
    """It says what would be held, and what of it would be the fee."""
    buyer = front.newcomer()
    before = front.stored()
    quote = buyer.does("post-task", title="Digest a document", budget="50", dry_run=True)

    assert (quote["held_now"], quote["fee"], quote["worker_gets"]) == ("50.00", "0.50", "49.50")
    assert front.stored() == before


@pytest.mark.parametrize("text", ["balance", "post-task", "claim-task"])
def test_a_stranger_needs_a_key(front: AgentFront, text: str) -> None:
    """Without a key nothing but what is public is done: 401 with the challenge."""
    task = front.newcomer().does("post-task", title="Digest a document", budget="5")
    data = {
        "post-task": {"title": "A digest", "budget": "1"},
        "claim-task": {"task_id": task["id"]},
    }
    message = said({"data": {"skill": text} | data.get(text, {})})
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message}}
    answer = front.agent().post(body)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["error"]["code"] == -32041


def test_a_key_that_is_not_good_is_refused_even_for_what_is_public(front: AgentFront) -> None:
    """Whoever shows a key is told that it is not known."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "x"}}

    assert front.agent().post(body, Authorization="Bearer cmk_nobody").status_code == 401


def test_a_token_is_given_and_checked_and_not_needed(front: AgentFront) -> None:
    """As the older interface had it: in the task's metadata for its buyer, and with a claim."""
    buyer, worker = front.newcomer(), front.newcomer()
    posted = [buyer.does("post-task", title="Digest a document", budget="5") for _ in range(3)]
    tokens = [task["metadata"]["task_token"] for task in posted]
    seen = [who.rpc("GetTask", {"id": posted[0]["id"]})["result"] for who in (buyer, worker)]
    assert all("task_token" not in task["metadata"] for task in seen)

    first, second, third = (task["id"] for task in posted)
    assert worker.refused("claim-task", task_id=first, task_token=tokens[1])["code"] == -32001 - 40
    assert worker.does("claim-task", task_id=first, task_token=tokens[0])["id"] == first
    claim = {"data": {"skill": "claim-task", "task_id": second}}
    for token, taken in ((tokens[0], False), ("", False), (7, False), (tokens[1], True)):
        message = said(claim, metadata={"task_token": token})
        assert ("result" in worker.rpc("SendMessage", {"message": message})) == taken
    assert worker.does("claim-task", task_id=third)["id"] == third
