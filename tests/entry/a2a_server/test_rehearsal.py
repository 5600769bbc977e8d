"""What the public conformance kit asks for is answered where that is switched on only."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from a2a_server.front import AgentFront, Fields, Speaker, said
from clawmarket.entry.a2a.routes import a2a_routes
from clawmarket.entry.gateway.app import build_gateway
from real.server import refused_start

TEXT = {"text": "hello"}


@pytest.fixture
def kit(front: AgentFront) -> Speaker:
    """The kit, before a market that rehearses."""
    routes = a2a_routes(front.world.pipeline, rehearsed=True)
    front.app = build_gateway(front.world.pipeline, max_file_bytes=1, more=routes)
    return front.agent()


def sends(kit: Speaker, message_id: str, **more: Any) -> Fields:
    """Send words under an id and return the result."""
    message = said(TEXT, **more) | {"messageId": message_id}
    result: Fields = kit.rpc("SendMessage", {"message": message})["result"]
    return result


@pytest.mark.parametrize(
    ("message_id", "state", "parts"),
    [
        ("tck-complete-task-1", "COMPLETED", []),
        ("tck-reject-task-1", "REJECTED", []),
        ("tck-input-required-1", "INPUT_REQUIRED", []),
        ("tck-artifact-text-1", "COMPLETED", ["text"]),
        ("tck-artifact-file-1", "COMPLETED", ["raw"]),
        ("tck-artifact-file-url-1", "COMPLETED", ["url"]),
        ("tck-artifact-data-1", "COMPLETED", ["data"]),
        ("tck-stream-001", "COMPLETED", ["text"]),
        ("tck-stream-artifact-chunked-1", "COMPLETED", ["text", "text"]),
        ("test-of-an-earlier-kit", "WORKING", []),
    ],
)
def test_a_task_is_played(kit: Speaker, message_id: str, state: str, parts: list[str]) -> None:
    """It ends as its id says, with the artifacts that it names."""
    task = sends(kit, message_id)["task"]
    again = kit.rpc("GetTask", {"id": task["id"], "historyLength": 0})["result"]

    assert task["status"]["state"] == f"TASK_STATE_{state}"
    found = [part for artifact in task["artifacts"] for part in artifact["parts"]]
    assert [next(iter({"text", "raw", "url", "data"} & part.keys())) for part in found] == parts
    assert [message["messageId"] for message in task["history"]] == [message_id]
    assert "history" not in again


def test_a_message_is_answered_with_one(kit: Speaker) -> None:
    """The kit wants a message, not a task."""
    message = sends(kit, "tck-message-response-1")["message"]
    assert message["parts"] == [{"text": "Direct message response"}]


def test_a_task_goes_on_and_is_taken_back(kit: Speaker) -> None:
    """Another message belongs to it until it has ended."""
    task = sends(kit, "tck-input-required-1")["task"]
    more = sends(kit, "tck-complete-task-2", taskId=task["id"])["task"]
    other = sends(kit, "some words")["task"]
    gone = kit.rpc("CancelTask", {"id": other["id"]})["result"]
    refused = kit.rpc("SendMessage", {"message": said(TEXT, taskId=task["id"])})

    assert (more["id"], more["status"]["state"]) == (task["id"], "TASK_STATE_COMPLETED")
    assert gone["status"]["state"] == "TASK_STATE_CANCELED"
    assert kit.rpc("CancelTask", {"id": other["id"]})["error"]["code"] == -32002
    assert refused["error"]["code"] == -32004
    listed = kit.rpc("ListTasks", {"pageSize": 1})["result"]
    assert (listed["totalSize"], len(listed["tasks"]), listed["nextPageToken"]) == (2, 1, "1")


async def _streamed(front: AgentFront, message_id: str) -> list[Fields]:
    params = {"message": said(TEXT) | {"messageId": message_id}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": params}
    async with front.served() as place, httpx.AsyncClient(timeout=20) as client:
        answer = await client.post(f"http://{place}/a2a", json=body)
    lines = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: "))["result"] for line in lines]


def test_a_stream_is_played_in_order(kit: Speaker) -> None:
    """Task, work, chunks of one artifact, end."""
    events = kit.front.world.run(_streamed(kit.front, "tck-stream-artifact-chunked-1"))

    assert [next(iter(event)) for event in events] == [
        "task",
        "statusUpdate",
        "artifactUpdate",
        "artifactUpdate",
        "statusUpdate",
    ]
    chunks = [event["artifactUpdate"] for event in events[2:4]]
    assert [(chunk["append"], chunk["lastChunk"]) for chunk in chunks] == [
        (False, False),
        (True, True),
    ]


def test_the_market_is_still_there(kit: Speaker) -> None:
    """Skills, and tasks of the market, are answered as always."""
    buyer = kit.front.newcomer()
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    assert buyer.rpc("GetTask", {"id": task})["result"]["id"] == task


def test_nothing_of_it_is_in_the_product(front: AgentFront) -> None:
    """Where it is not switched on, such a message is one like any other."""
    message = said(TEXT) | {"messageId": "tck-complete-task-1"}
    assert "message" in front.agent().rpc("SendMessage", {"message": message})["result"]


@pytest.mark.parametrize("settings", [{"production": "1", "faucet": "0"}])
def test_it_does_not_start_with_real_money(tmp_path: Path, settings: dict[str, str]) -> None:
    """The setting is refused where the credits are no test money."""
    status, _, errors = refused_start(tmp_path / "home", a2a_rehearsal="1", **settings)
    assert status == 2
    assert "CLAWMARKET" in errors
