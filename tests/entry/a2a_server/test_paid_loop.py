"""A paid task over A2A alone, in both versions of the protocol."""

from a2a_server.front import AgentFront


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
    assert worker.does("balance")["earned"] == "39600000"
    assert [part["filename"] for part in paid["artifacts"][0]["parts"]] == ["digest.md"]
