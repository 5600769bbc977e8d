"""The operations beside SendMessage: cards, lists, cancelling, watching, and what is not there."""

import asyncio
import json
from collections import Counter
from typing import Any

import httpx
import pytest

from a2a_server.front import NEW, AgentFront, Fields, Speaker, said
from clawmarket.domain.kernel.errors import Refused
from clawmarket.entry.a2a.market import bell, lists, streams
from clawmarket.entry.a2a.market.agent import Agent
from clawmarket.entry.a2a.market.bell import Bell
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.streams import MAX_OF_ONE, Streams, TooManyStreamsError
from clawmarket.entry.a2a.routes import a2a_routes
from clawmarket.entry.a2a.wire.faults import fault_of
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.gateway.tools import Inside
from clawmarket.entry.live.hub import Hub, Room

NOBODYS = "task_01h00000000000000000000000"
REST_MESSAGE = {"message": {"messageId": "r", "role": "ROLE_USER", "parts": [{"text": "hello"}]}}


def test_the_cards(front: AgentFront) -> None:
    """Each version has its card with the right address, a tag and a time to keep it."""
    new = front.ask("GET", "/.well-known/agent-card.json?x=1")
    old = front.ask("GET", "/.well-known/agent.json")
    tag = {"If-None-Match": new.headers["ETag"]}

    places = {(each["protocolBinding"], each["url"]) for each in new.json()["supportedInterfaces"]}
    base = front.world.terms.base_url
    assert places == {("JSONRPC", f"{base}/a2a"), ("HTTP+JSON", f"{base}/a2a/v1")}
    assert (old.json()["url"], old.json()["protocolVersion"]) == (f"{base}/a2a", "0.3.0")
    assert front.ask("GET", "/.well-known/agent-card.json", headers=tag).status_code == 304
    assert "max-age" in new.headers["Cache-Control"]
    assert [each["id"] for each in new.json()["skills"]] == [
        each["id"] for each in old.json()["skills"]
    ]


def test_the_extended_card(front: AgentFront) -> None:
    """Whoever is signed in is told who it is and what the fee is; a stranger is asked for a key."""
    member = front.world.member()
    speaker, path = front.agent(member), "/a2a/v1/extendedAgentCard"
    new = speaker.rpc("GetExtendedAgentCard", {})["result"]
    old = speaker.rpc("agent/getAuthenticatedExtendedCard", {}, "0.3")["result"]
    rest = front.ask("GET", path, headers=speaker.headers | NEW)
    plain = front.ask("GET", "/.well-known/agent-card.json").json()

    (told,) = new["capabilities"].pop("extensions")
    assert told["params"] == {
        "accountId": member.id,
        "scope": "write",
        "feeBps": 100,
        "testMoney": True,
    }
    assert (new, plain["capabilities"]["extendedAgentCard"]) == (plain, True)
    assert old["url"] == plain["supportedInterfaces"][0]["url"]
    assert [each["capabilities"]["extensions"] for each in (old, rest.json())] == [[told]] * 2
    assert rest.headers["Cache-Control"] == "no-store"
    body = {"jsonrpc": "2.0", "id": 1, "method": "GetExtendedAgentCard"}
    assert front.agent().post(body, **NEW).status_code == 401
    keyed = {each["id"] for each in plain["skills"] if "securityRequirements" in each}
    public = {"find-workers", "get-task-status", "list-tasks"}
    assert keyed == {each["id"] for each in plain["skills"]} - public


@pytest.mark.parametrize("method", ["GetTask", "CancelTask", "SubscribeToTask"])
@pytest.mark.parametrize("task", [NOBODYS, "x", "task_", "../../etc", "x" * 10_000])
def test_a_task_that_is_not_there(front: AgentFront, method: str, task: str) -> None:
    """Whatever the id looks like, there is no such task."""
    error = front.newcomer().rpc(method, {"id": task})["error"]

    assert (error["code"], error["data"][0]["reason"]) == (-32001, "TASK_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "version", "code"),
    [
        ("CreateTaskPushNotificationConfig", "1.0", -32003),
        ("GetTaskPushNotificationConfig", "1.0", -32003),
        ("ListTaskPushNotificationConfigs", "1.0", -32003),
        ("DeleteTaskPushNotificationConfig", "1.0", -32003),
        ("tasks/pushNotificationConfig/set", "0.3", -32003),
        ("tasks/pushNotificationConfig/get", "0.3", -32003),
        ("tasks/pushNotificationConfig/list", "0.3", -32003),
        ("tasks/pushNotificationConfig/delete", "0.3", -32003),
        ("GetTask", "1.0", -32602),
        ("tasks/get", "0.3", -32602),
    ],
)
def test_what_is_not_there(front: AgentFront, method: str, version: str, code: int) -> None:
    """What the card says is not supported has the error that the specification names."""
    assert front.newcomer().rpc(method, {}, version)["error"]["code"] == code


def test_cancelling(front: AgentFront) -> None:
    """A buyer takes an open task back once; a stranger's is not there, a taken one stays."""
    buyer, worker = front.newcomer(), front.newcomer()
    task, taken = (
        buyer.does("post-task", title="Digest a document", budget="5")["id"] for _ in range(2)
    )
    worker.does("claim-task", task_id=taken)

    assert worker.rpc("CancelTask", {"id": task})["error"]["code"] == -32001
    assert buyer.rpc("CancelTask", {"id": taken})["error"]["code"] == -32002
    done = buyer.rpc("CancelTask", {"id": task})["result"]
    assert done["status"]["state"] == "TASK_STATE_CANCELED"
    assert buyer.rpc("CancelTask", {"id": task})["error"]["code"] == -32002
    old = front.agent().post(
        {"jsonrpc": "2.0", "id": 1, "method": "tasks/cancel", "params": {"id": task}}
    )
    assert old.status_code == 401


def test_a_message_to_a_task_that_has_ended(front: AgentFront) -> None:
    """It is refused; and nobody can watch such a task."""
    buyer = front.newcomer()
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    buyer.does("cancel-task", task_id=task)

    again = {"data": {"skill": "cancel-task"}}
    for part in ({"text": "Well?"}, again):
        told = buyer.rpc("SendMessage", {"message": said(part, taskId=task)})
        assert told["error"]["code"] == -32004
    assert buyer.rpc("SubscribeToTask", {"id": task})["error"]["code"] == -32004
    assert buyer.rpc("tasks/resubscribe", {"id": task}, "0.3")["error"]["code"] == -32004


def test_a_lost_answer_comes_again_after_the_end(front: AgentFront) -> None:
    """A message that ended its task, sent again, answers what it answered."""
    buyer = front.newcomer()
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    message = said({"data": {"skill": "cancel-task"}}, taskId=task)
    told = [buyer.rpc("SendMessage", {"message": message})["result"] for _ in range(2)]

    assert told[0] == told[1]


def test_a_plan_bounds_what_a_key_spends(front: AgentFront) -> None:
    """Above the account's plan nothing is posted, whatever the client was told to do."""
    member = front.world.member()
    buyer = front.agent(member)
    member.do("web3.billing.plan.set", perSession="1000000", perDay="1000000", toolPrices={})
    error = buyer.refused("post-task", title="Digest a document", budget="2")

    assert error["data"][0]["reason"] == "BUDGET_SPENT"
    assert buyer.does("balance")["held"] == "0.00"


def test_streams_are_bounded(front: AgentFront) -> None:
    """One caller has no more than its share of streams, and is told to try later."""
    task = front.newcomer().does("post-task", title="Digest a document", budget="5")["id"]
    caller = front.agent()
    full = Streams(Agent(front.world.terms), Counter({"127.0.0.1": MAX_OF_ONE}))
    client = Client(Inside(front.world.pipeline, "127.0.0.1", None, "req_1"), "")

    with pytest.raises(TooManyStreamsError):
        front.world.run(full.subscribe(client, task))
    assert caller.rpc("GetTask", {"id": task})["result"]["id"] == task


def test_a_stream_that_ended_leaves_its_place(front: AgentFront) -> None:
    """Of one caller and of all; nothing is kept of whoever watched."""
    streams_ = Streams(Agent(front.world.terms))
    client = Client(Inside(front.world.pipeline, "127.0.0.1", None, "req_1"), "")
    task = front.newcomer().does("post-task", title="Digest a document", budget="5")["id"]

    async def look() -> list[int]:
        watched = await streams_.subscribe(client, task)
        await anext(watched)
        begun = asyncio.ensure_future(anext(watched))
        await asyncio.sleep(0)
        during = streams_.open.total()
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        return [during, len(streams_.open)]

    assert front.world.run(look()) == [1, 0]


def test_listing(front: AgentFront) -> None:
    """An account sees its own tasks, page by page, without files unless it asks for them."""
    buyer, other = front.newcomer(), front.newcomer()
    ids = []
    for n in range(3):
        ids.append(buyer.does("post-task", title=f"Task {n}", budget="1")["id"])
        front.world.pass_time(seconds=1)
    other.does("post-task", title="Another", budget="1")
    first = buyer.rpc("ListTasks", {"pageSize": 2})["result"]
    rest = buyer.rpc("ListTasks", {"pageSize": 2, "pageToken": first["nextPageToken"]})["result"]

    assert [task["id"] for task in first["tasks"] + rest["tasks"]] == ids[::-1]
    assert rest["nextPageToken"] == ""
    assert not any("artifacts" in task for task in first["tasks"])
    with_files = buyer.rpc("ListTasks", {"includeArtifacts": True, "pageSize": 1})["result"]
    assert with_files["tasks"][0]["artifacts"] == []
    working = buyer.rpc("ListTasks", {"status": "TASK_STATE_WORKING"})["result"]
    assert (working["tasks"], working["totalSize"]) == ([], 0)
    assert (first["totalSize"], rest["totalSize"], first["pageSize"]) == (3, 3, 2)


def test_what_changed_last_comes_first(front: AgentFront) -> None:
    """Of both sides, by the moment of their state (3.1.4); a page goes on behind its last task."""
    one, other = front.newcomer(), front.newcomer()
    own = one.does("post-task", title="Mine", budget="1")["id"]
    theirs = other.does("post-task", title="Theirs", budget="1")["id"]
    front.world.pass_time(seconds=1)
    one.does("claim-task", task_id=theirs)
    listed = [task["id"] for task in one.rpc("ListTasks", {})["result"]["tasks"]]
    front.world.pass_time(seconds=1)
    one.does("cancel-task", task_id=own)
    first = one.rpc("ListTasks", {"pageSize": 1})["result"]
    rest = one.rpc("ListTasks", {"pageSize": 1, "pageToken": first["nextPageToken"]})["result"]
    whole = first["tasks"] + rest["tasks"]

    assert (listed, [task["id"] for task in whole]) == ([theirs, own], [own, theirs])
    moments = [task["status"]["timestamp"] for task in whole]
    assert moments == sorted(moments, reverse=True)
    late = one.rpc("ListTasks", {"statusTimestampAfter": moments[0]})["result"]
    assert [task["id"] for task in late["tasks"]] == [own]
    assert one.rpc("ListTasks", {"pageToken": "?"})["error"]["code"] == -32602
    assert one.rpc("ListTasks", {"status": "TASK_STATE_KING"})["error"]["code"] == -32602


def test_what_lies_behind_the_window(front: AgentFront, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older tasks than are sorted come behind them, each once."""
    monkeypatch.setattr(lists, "WINDOW", 2)
    monkeypatch.setattr(lists, "_BATCH", 2)
    one, other = front.newcomer(), front.newcomer()
    made = [one.does("post-task", title=f"Task {n}", budget="1")["id"] for n in range(4)]
    for n in range(3):
        theirs = other.does("post-task", title=f"Theirs {n}", budget="1")["id"]
        made.append(one.does("claim-task", task_id=theirs)["id"])
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        page = one.rpc("ListTasks", {"pageSize": 3, "pageToken": token})["result"]
        found += [task["id"] for task in page["tasks"]]
        token = page["nextPageToken"] or None

    assert (sorted(found), len(found)) == (sorted(made), 7)


@pytest.mark.parametrize("size", [0, -1, 101, 10**9, "2", 1.5])
def test_a_page_of_another_size(front: AgentFront, size: Any) -> None:
    """A page has 1 to 100 tasks; a number may come as text, as protobuf's JSON has it."""
    told = front.newcomer().rpc("ListTasks", {"pageSize": size})
    assert ("result" in told) == (size == "2")


def rest(speaker: Speaker, verb: str, path: str, **how: Any) -> httpx.Response:
    """Ask over HTTP+JSON."""
    headers = speaker.headers | how.pop("headers", NEW)
    return speaker.front.ask(verb, f"/a2a/v1/{path}", headers=headers, **how)


def test_http_and_json(front: AgentFront) -> None:
    """The same operations under their addresses, with HTTP statuses."""
    buyer = front.newcomer()
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]

    sent = rest(buyer, "POST", "message:send", json=REST_MESSAGE)
    assert (sent.status_code, sent.headers["content-type"]) == (200, "application/a2a+json")
    assert sent.json()["message"]["role"] == "ROLE_AGENT"
    assert rest(buyer, "GET", f"tasks/{task}").json()["id"] == task
    listed = rest(buyer, "GET", "tasks?pageSize=1&includeArtifacts=true").json()
    assert (listed["tasks"][0]["id"], listed["tasks"][0]["artifacts"]) == (task, [])
    done = rest(buyer, "POST", f"tasks/{task}:cancel").json()
    assert done["status"]["state"] == "TASK_STATE_CANCELED"
    asked = rest(buyer, "GET", f"tasks/{task}?A2A-Version=1.0", headers={})
    assert asked.json()["id"] == task


@pytest.mark.parametrize(
    ("verb", "path", "how", "status", "reason"),
    [
        ("GET", f"tasks/{NOBODYS}", {}, 404, "TASK_NOT_FOUND"),
        ("GET", f"tasks/{NOBODYS}", {"headers": {}}, 400, "VERSION_NOT_SUPPORTED"),
        ("GET", f"tasks/{NOBODYS}", {"headers": {"A2A-Version": "2.0"}}, 400, None),
        ("POST", "message:send", {"content": b"{"}, 400, None),
        ("POST", "message:send", {"json": []}, 400, "INVALID_REQUEST"),
        ("POST", "message:send", {"json": {}}, 400, "INVALID_PARAMS"),
        ("GET", "message:send", {}, 404, "METHOD_NOT_FOUND"),
        ("DELETE", f"tasks/{NOBODYS}", {}, 404, "METHOD_NOT_FOUND"),
        ("GET", "tasks?pageSize=many", {}, 400, "INVALID_PARAMS"),
        ("GET", "tasks?includeArtifacts=perhaps", {}, 400, "INVALID_PARAMS"),
        ("GET", "tasks", {}, 401, "AUTH_NEEDED"),
        ("POST", f"tasks/{NOBODYS}/pushNotificationConfigs", {}, 400, None),
        ("GET", "extendedAgentCard", {}, 401, "AUTH_NEEDED"),
        ("GET", "../../etc/passwd", {}, 404, None),
    ],
)
def test_http_and_json_refused(
    front: AgentFront, verb: str, path: str, how: Fields, status: int, reason: str | None
) -> None:
    """A refusal is a google.rpc.Status with the reason, or nothing is served there."""
    answer = rest(front.agent(), verb, path, **dict(how))

    assert answer.status_code == status
    if reason:
        error = answer.json()["error"]
        assert (error["code"], error["details"][0]["reason"]) == (status, reason)


# google.rpc.Code by HTTP status, as AIP-193 pairs them.
GOOGLES = {
    "E_AUTH_REQUIRED": (401, "UNAUTHENTICATED"),
    "E_FORBIDDEN": (403, "PERMISSION_DENIED"),
    "E_INVALID_ARGUMENT": (400, "INVALID_ARGUMENT"),
    "E_NOT_FOUND": (404, "NOT_FOUND"),
    "E_CONFLICT": (409, "ABORTED"),
    "E_EXPIRED": (410, "FAILED_PRECONDITION"),
    "E_REVOKED": (410, "FAILED_PRECONDITION"),
    "E_RATE_LIMITED": (429, "RESOURCE_EXHAUSTED"),
    "E_QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED"),
    "E_PAYMENT_REQUIRED": (402, "FAILED_PRECONDITION"),
    "E_TIMEOUT": (504, "DEADLINE_EXCEEDED"),
    "E_UNAVAILABLE": (503, "UNAVAILABLE"),
    "E_INTERNAL": (500, "INTERNAL"),
}
FAMILIES = [each for each in Refused.__subclasses__() if each.__module__ == Refused.__module__]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_of_refusals_has_its_status(family: type[Refused]) -> None:
    """A client of google.rpc finds the word that goes with the HTTP status."""
    fault = fault_of(family("No."), "req_1")
    assert (fault.http, fault.status) == GOOGLES[family.code]
    assert fault.rest["error"]["status"] == fault.status


async def _lines(front: AgentFront, body: Fields, speaker: Speaker, done: Any) -> list[Fields]:
    """Read a stream to its end and let something happen once it is open."""
    events: list[Fields] = []
    async with front.served() as place, httpx.AsyncClient(timeout=20) as client:
        url = f"http://{place}/a2a"
        async with client.stream("POST", url, json=body, headers=speaker.headers) as answer:
            assert answer.headers["cache-control"] == "no-store"
            async for line in answer.aiter_lines():
                if not line.startswith("data: "):
                    continue
                events.append(json.loads(line.removeprefix("data: "))["result"])
                if len(events) == 1:
                    await asyncio.create_task(done())
    return events


@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_a_task_is_watched_to_its_end(front: AgentFront, version: str) -> None:
    """The task comes first, then what changed, and the stream ends with the task."""
    member = front.world.member()
    buyer = front.agent(member)
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    method = "SubscribeToTask" if version == "1.0" else "tasks/resubscribe"

    async def cancel() -> None:
        signed = member.signed("web3.market.cancelTask", "end", {"taskId": task})
        pipeline = front.world.pipeline
        await pipeline.submit(member.caller, "web3.market.cancelTask", signed, key="end")

    body: Fields = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"id": task}}
    events = front.world.run(_lines(front, body, buyer, cancel))

    if version == "1.0":
        assert events[0]["task"]["status"]["state"] == "TASK_STATE_SUBMITTED"
        assert events[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_CANCELED"
    else:
        assert (events[0]["kind"], events[0]["status"]["state"]) == ("task", "submitted")
        last = events[-1]
        told = (last["kind"], last["status"]["state"], last["final"])
        assert told == ("status-update", "canceled", True)
    assert len(events) == 2


@pytest.mark.parametrize("ending", ["task", "market"])
def test_news_wake_whoever_watches(
    front: AgentFront, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """The end is told as it comes, long before a watcher would look by itself."""
    pipeline, member = front.world.pipeline, front.world.member()
    hub = Hub(pipeline.ports.store)
    front.app = build_gateway(pipeline, max_file_bytes=1, more=a2a_routes(pipeline, hub))
    for module, name in ((bell, "SLOW_S"), (streams, "QUIET_S")):
        monkeypatch.setattr(module, name, 600.0)
    buyer = front.agent(member)
    task = buyer.does("post-task", title="Digest a document", budget="5")["id"]
    body: Fields = {"jsonrpc": "2.0", "id": 1, "method": "SubscribeToTask", "params": {"id": task}}

    async def end() -> None:
        if ending == "market":
            hub.close()
            return
        signed = member.signed("web3.market.cancelTask", "end", {"taskId": task})
        await pipeline.submit(member.caller, "web3.market.cancelTask", signed, key="end")

    _, *news = front.world.run(_lines(front, body, buyer, end))

    states = [event["statusUpdate"]["status"]["state"] for event in news]
    assert states == (["TASK_STATE_CANCELED"] if ending == "task" else [])
    assert len(hub) == 0


def test_a_full_hub_leaves_a_watcher_to_itself(front: AgentFront) -> None:
    """Nobody is turned away from a task for it: it is looked at now and then."""
    full = Bell(Hub(front.world.pipeline.ports.store, Room(0, 0, 0, 0)))

    async def look_s() -> tuple[float, float]:
        heard = Bell(Hub(front.world.pipeline.ports.store))
        with full.heard("task_1"), heard.heard("task_1"), heard.heard("task_2"):
            return full.look_s, heard.look_s

    assert front.world.run(look_s()) == (bell.FAST_S, bell.SLOW_S)
