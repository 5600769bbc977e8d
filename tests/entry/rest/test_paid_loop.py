"""The paid loop over `/v1` alone: two agents that never met register, trade and are paid."""

import hashlib
import secrets
from typing import Any

from rest.shop import Agent, Shop


def _hands_in(worker: Agent, task: Any, content: bytes, name: str = "digest.md") -> Any:
    answer = worker.ask(
        "POST",
        "/v1/submissions",
        data={"task_id": task["id"], "notes": "As asked."},
        files={"file": (name, content)},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def test_fifty_credits_pay_out_forty_nine_and_a_half(shop: Shop) -> None:
    """Post, claim, hand in, send back, hand in again, accept: the worker has 49.50, not a float."""
    buyer, worker = shop.registers("Employer", "employer"), shop.registers("Worker", "worker")
    task = buyer.posts()
    assert worker.post(f"/v1/tasks/{task['id']}/claim")["status"] == "claimed"
    first = _hands_in(worker, task, b"two claims")
    assert (first["attempt"], first["review_status"]) == (1, "approved")
    seen = buyer.get(f"/v1/tasks/{task['id']}/submissions")["items"]
    assert [each["id"] for each in seen] == [first["id"]]
    back = buyer.post(f"/v1/submissions/{first['id']}/reject", {"feedback": "One is missing."})
    assert (back["task_status"], back["remaining_attempts"]) == ("rejected", 2)
    second = _hands_in(worker, task, b"three claims")
    assert second["attempt"] == 2
    assert buyer.get(f"/v1/tasks/{task['id']}")["status"] == "under_review"
    done = buyer.post(f"/v1/submissions/{second['id']}/accept", {"feedback": "Good.", "rating": 5})
    assert done["task_status"] == "completed"
    paid = done["payment"]
    assert (paid["worker_amount"], paid["platform_fee"], paid["refund_amount"]) == (49.5, 0.5, 0)
    me = worker.get("/v1/auth/me")
    assert me["balance"] == {"available": 1049.5, "held": 0, "on_its_way": 0, "earned": 49.5}
    assert b'"earned":49.5}' in worker.ask("GET", "/v1/auth/me").content
    stats = worker.get(f"/v1/agents/{me['id']}/stats")
    assert (stats["tasks_succeeded"], stats["total_earned_usd"]) == (1, 49.5)


def test_the_buyer_downloads_exactly_what_was_handed_in(shop: Shop) -> None:
    """Bytes, length and hash are those of the upload, under the market's own id of it as well.

    Strangers find nothing.
    """
    buyer, worker, stranger = (shop.registers(name) for name in ("A", "B", "C"))
    task, content = buyer.posts(inspect=False), bytes(range(256)) * 500
    worker.post(f"/v1/tasks/{task['id']}/claim")
    sub = _hands_in(worker, task, content, "résumé “final”.bin")
    answer = buyer.ask("GET", f"/v1/submissions/{sub['id']}/download")
    assert answer.content == content
    same = f"/v1/submissions/{sub['id'].replace('sub_', 'result_')}/download"
    assert buyer.ask("GET", same).content == content
    assert answer.headers["etag"] == f'"{sub["file_hash"]}"'
    assert answer.headers["content-disposition"] == (
        'attachment; filename="r_sum_ _final_.bin"; '
        "filename*=UTF-8''r%C3%A9sum%C3%A9%20%E2%80%9Cfinal%E2%80%9D.bin"
    )
    assert answer.headers["content-type"] == "application/octet-stream"
    head = buyer.ask("HEAD", f"/v1/submissions/{sub['id']}/download")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))
    assert head.headers["digest"] == answer.headers["digest"]
    path, tag = f"/v1/submissions/{sub['id']}/download", answer.headers["etag"]
    for known, status, body in ((tag, 304, b""), (f"{tag}x", 200, content)):
        again = buyer.ask("GET", path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (status, body)
    assert stranger.ask("GET", path).status_code == 404


def test_a_worker_steps_back_and_another_takes_over(shop: Shop) -> None:
    """`abandon` is `unclaim`; the task is open again, and its first worker does not get it back."""
    buyer, first, second = (shop.registers(name) for name in ("A", "B", "C"))
    task = buyer.posts()
    first.post(f"/v1/tasks/{task['id']}/claim")
    assert first.post(f"/v1/tasks/{task['id']}/abandon")["status"] == "open"
    assert first.ask("POST", f"/v1/tasks/{task['id']}/claim").status_code == 409
    assert second.post(f"/v1/tasks/{task['id']}/claim")["worker_id"]
    mine = second.get("/v1/tasks/mine?side=worker")
    assert [each["id"] for each in mine["items"]] == [task["id"]]
    assert first.get("/v1/tasks/mine?side=worker")["items"] == []


def test_both_sides_write_contest_and_see_the_records(shop: Shop) -> None:
    """Messages, a dispute with evidence, and records whose proofs name the log's checkpoint."""
    buyer, worker = shop.registers("A"), shop.registers("B")
    task = buyer.posts()
    worker.post(f"/v1/tasks/{task['id']}/claim")
    worker.post(f"/v1/tasks/{task['id']}/messages", {"text": "<b>Which chapter?</b>"})
    heard = buyer.get(f"/v1/tasks/{task['id']}/messages")["items"]
    assert [each["text"] for each in heard] == ["<b>Which chapter?</b>"]
    shop.world.pass_time(seconds=1)
    worker.post(f"/v1/tasks/{task['id']}/messages", {"text": "And which page?"})
    newest = buyer.get(f"/v1/tasks/{task['id']}/messages?per_page=1")
    assert [each["text"] for each in newest["items"]] == ["And which page?"]
    onward = f"/v1/tasks/{task['id']}/messages?per_page=1&cursor={newest['next_cursor']}"
    assert buyer.get(onward) == {"items": heard, "next_cursor": None}
    sub = _hands_in(worker, task, b"nothing much")
    reason = {"reason": "Two of three chapters are missing."}
    opened = buyer.post(f"/v1/submissions/{sub['id']}/dispute", reason)
    worker.post(f"/v1/tasks/{task['id']}/dispute/evidence", {"summary": "The task names one."})
    shown = buyer.get(f"/v1/tasks/{task['id']}/dispute")
    assert (shown["id"], len(shown["evidence"])) == (opened["id"], 1)
    assert buyer.get(f"/v1/tasks/{task['id']}")["status"] == "under_review"
    assert buyer.get(f"/v1/tasks/{task['id']}/payment")["payment_status"] == "held"
    waiting = buyer.get(f"/v1/tasks/{task['id']}/audit")
    shop.world.log()
    logged = buyer.get(f"/v1/tasks/{task['id']}/audit")
    assert {row["proof"] for row in waiting["items"]} == {None}
    assert all(row["proof"]["checkpoint"] for row in logged["items"])
    assert len(logged["items"]) == len(waiting["items"]) >= 5


def test_a_key_replaces_itself(shop: Shop) -> None:
    """The registration's key is not for ever: the new one works, the old one has ended."""
    agent = shop.registers("A")
    made = agent.post("/v1/auth/keys/rotate")
    assert agent.ask("GET", "/v1/auth/me").status_code in (401, 410)
    fresh = Agent(shop, {"Authorization": f"Bearer {made['api_key']}"})
    assert fresh.get("/v1/auth/me")["name"] == "A"


def test_a_rotation_by_hash_is_sent_again(shop: Shop) -> None:
    """The caller has the key already: a lost answer is asked for with the old one."""
    agent, key = shop.registers("A"), f"cmk_{secrets.token_hex(32)}"
    asked = {"key_hash": hashlib.sha256(key.encode()).hexdigest(), "key_prefix": key[:8]}
    made = agent.post("/v1/auth/keys/rotate", asked)
    assert made == {
        "credential_id": made["credential_id"],
        "api_key": None,
        "prefix": key[:8],
        "scope": "write",
    }
    assert agent.post("/v1/auth/keys/rotate", asked) == made
    assert agent.ask("GET", "/v1/auth/me").status_code in (401, 410)
    fresh = Agent(shop, {"Authorization": f"Bearer {key}"})
    assert fresh.get("/v1/auth/me")["name"] == "A"
    refused = fresh.ask("POST", "/v1/auth/keys/rotate", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (409, "E_CONFLICT")
    assert fresh.ask("POST", "/v1/auth/keys/rotate", json={"key_hash": "00"}).status_code == 422
