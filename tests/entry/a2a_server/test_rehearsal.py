"""What the public conformance kit asks for is answered where that is switched on only."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from a2a_server.front import AgentFront, Fields, Speaker, said
from clawmarket.entry.a2a.rehearsal.scripts import SCRIPTS
from clawmarket.entry.a2a.routes import a2a_routes
from clawmarket.entry.gateway.app import build_gateway
from real.server import refused_start

TEXT = {"text": "hello"}
KIT_WAITS_S = 2.0


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


FILE = {"raw": "dGNr", "filename": "output.txt", "mediaType": "text/plain"}
LINK = {"url": "https://example.com/output.txt"} | {n: FILE[n] for n in ("filename", "mediaType")}
DATA = {"data": {"key": "value", "count": 42}, "mediaType": "application/json"}


@pytest.mark.parametrize(
    ("message_id", "state", "parts", "words"),
    [
        ("tck-complete-task-1", "COMPLETED", [], "Hello from TCK"),
        ("tck-reject-task-1", "REJECTED", [], "rejected"),
        ("tck-input-required-1", "INPUT_REQUIRED", [], ""),
        ("tck-artifact-text-1", "COMPLETED", [{"text": "Generated text content"}], ""),
        ("tck-artifact-file-1", "COMPLETED", [FILE], ""),
        ("tck-artifact-file-url-1", "COMPLETED", [LINK], ""),
        ("tck-artifact-data-1", "COMPLETED", [DATA], ""),
        ("tck-stream-001-1", "COMPLETED", [{"text": "Stream hello from TCK"}], ""),
        ("tck-stream-002-1", "COMPLETED", [], ""),
        ("tck-stream-003-1", "COMPLETED", [{"text": "Stream task lifecycle"}], ""),
        ("tck-stream-ordering-001-1", "COMPLETED", [{"text": "Ordered output"}], ""),
        ("tck-stream-artifact-text-1", "COMPLETED", [{"text": "Streamed text content"}], ""),
        ("tck-stream-artifact-file-1", "COMPLETED", [FILE], ""),
        (
            "tck-stream-artifact-chunked-1",
            "COMPLETED",
            [{"text": "chunk-1 "}, {"text": "chunk-2"}],
            "",
        ),
        ("test-of-an-earlier-kit", "WORKING", [], ""),
    ],
)
def test_a_task_is_played(
    kit: Speaker, message_id: str, state: str, parts: list[Fields], words: str
) -> None:
    """It ends as its id says, with the artifacts and the words that the kit's scenarios name."""
    task = sends(kit, message_id)["task"]
    again = kit.rpc("GetTask", {"id": task["id"], "historyLength": 0})["result"]

    assert task["status"]["state"] == f"TASK_STATE_{state}"
    assert [part for artifact in task["artifacts"] for part in artifact["parts"]] == parts
    said_last = task["status"].get("message", {}).get("parts", [])
    assert said_last == ([{"text": words}] if words else [])
    assert [message["messageId"] for message in task["history"]] == [message_id]
    assert "history" not in again


@pytest.mark.parametrize("script", sorted(SCRIPTS.keys() - {"test-resubscribe-"}))
def test_a_stream_has_the_events_of_its_scenario(kit: Speaker, script: str) -> None:
    """Work first, artifacts in between, the end last; the shortest one has its end only."""
    events = kit.front.world.run(_streamed(kit.front, f"{script}-1"))
    states = [e["statusUpdate"]["status"]["state"] for e in events if "statusUpdate" in e]

    ended = f"TASK_STATE_{SCRIPTS[script].state}"
    assert states == (["TASK_STATE_WORKING"] if SCRIPTS[script].works else []) + [ended]
    assert "task" in events[0]
    assert "statusUpdate" in events[-1]
    assert sum("artifactUpdate" in each for each in events) == len(SCRIPTS[script].parts)


def test_a_task_is_held_for_whoever_comes_back(
    kit: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays in work for two of the kit's waits, and then ends by itself."""
    held = SCRIPTS["test-resubscribe-"]
    assert held.hold_s == 2 * KIT_WAITS_S
    monkeypatch.setitem(SCRIPTS, "test-resubscribe-", replace(held, hold_s=0.05))
    events = kit.front.world.run(_streamed(kit.front, "test-resubscribe-message-id-1"))
    states = [e["statusUpdate"]["status"]["state"] for e in events if "statusUpdate" in e]
    assert states == ["TASK_STATE_WORKING", "TASK_STATE_COMPLETED"]


def test_files_that_no_skill_takes_are_refused(kit: Speaker, front: AgentFront) -> None:
    """The kit and the market alike: nobody would look at them (3.3.2)."""
    for who in (kit, front.newcomer()):
        message = said(TEXT, FILE) | {"messageId": "tck-complete-task-1"}
        assert who.rpc("SendMessage", {"message": message})["error"]["code"] == -32005


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
