"""Who may do what over A2A: every operation and every skill has a row, or the test fails.

A row says what an answer means to each of PEOPLE, strangers first: whatever they could have
changed, the parties would meet. Of what is secret in a scene nobody gets a byte that is not theirs.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from a2a_server.cast import Cast, asked, meant
from a2a_server.front import NEW, AgentFront, Fields, Speaker, said, said_old
from clawmarket.entry.a2a import rest, rpc
from clawmarket.entry.a2a.market import streams
from clawmarket.entry.a2a.skills.catalog import SKILLS
from clawmarket.entry.a2a.wire.versions import Version
from scene import PEOPLE, SECRETS, Scene
from world import World

ALL = ("ok", "ok", "ok", "lost", "ok", "ok", "ok", "ok")
KNOWN = ("key", *ALL[1:])
NONE = ("none", "none", "none", "lost", "none", "none", "none", "none")
BUYER = ("key", "gone", "gone", "lost", "not you", "gone", "ok", "gone")
TAKEN = ("taken", "lost", "not you", "taken", "taken", "taken")

OPERATIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("1.0", "SendMessage"): ALL,
    ("1.0", "SendStreamingMessage"): ALL,
    ("1.0", "GetTask"): ALL,
    ("1.0", "ListTasks"): KNOWN,
    ("1.0", "CancelTask"): BUYER,
    ("1.0", "SubscribeToTask"): ALL,
    ("1.0", "CreateTaskPushNotificationConfig"): NONE,
    ("1.0", "GetTaskPushNotificationConfig"): NONE,
    ("1.0", "ListTaskPushNotificationConfigs"): NONE,
    ("1.0", "DeleteTaskPushNotificationConfig"): NONE,
    ("1.0", "GetExtendedAgentCard"): KNOWN,
    ("0.3", "message/send"): ALL,
    ("0.3", "message/stream"): ALL,
    ("0.3", "tasks/get"): ALL,
    ("0.3", "tasks/cancel"): BUYER,
    ("0.3", "tasks/resubscribe"): ALL,
    ("0.3", "tasks/pushNotificationConfig/set"): NONE,
    ("0.3", "tasks/pushNotificationConfig/get"): NONE,
    ("0.3", "tasks/pushNotificationConfig/list"): NONE,
    ("0.3", "tasks/pushNotificationConfig/delete"): NONE,
    ("0.3", "agent/getAuthenticatedExtendedCard"): KNOWN,
}
PUBLIC = (200, 200, 200, 410, 200, 200, 200, 200)
# HTTP+JSON: verb, what follows the task's id (or the whole address), and the statuses.
ADDRESSES: dict[tuple[str, str], tuple[int, ...]] = {
    ("POST", "message:send"): PUBLIC,
    ("POST", "message:stream"): PUBLIC,
    ("GET", "tasks"): (401, *PUBLIC[1:]),
    ("GET", "extendedAgentCard"): (401, *PUBLIC[1:]),
    ("GET", ""): PUBLIC,
    ("POST", "cancel"): (401, 404, 404, 410, 403, 404, 200, 404),
    ("POST", "subscribe"): PUBLIC,
    ("GET", "subscribe"): PUBLIC,
}
USES: dict[str, tuple[str, ...]] = {
    "find-workers": ALL,
    "post-task": ("key", "ok", "ok", "lost", "not you", "ok", "ok", "poor"),
    "get-task-status": ALL,
    "list-tasks": ALL,
    "claim-task": ("key", "ok", *TAKEN),
    "unclaim-task": ("key", "gone", "gone", "lost", "not you", "ok", "gone", "gone"),
    "bid-on-task": ("key", "ok", *TAKEN[:-1], "ok"),
    "list-bids": KNOWN,
    "award-bid": BUYER,
    "submit-result": ("key", "gone", "gone", "lost", "not you", "ok", "not you", "gone"),
    "review-result": BUYER,
    "send-message": ("key", "not you", "not you", "lost", "not you", "ok", "ok", "not you"),
    "list-messages": KNOWN,
    "cancel-task": BUYER,
    "order-status": ("key", "gone", "gone", "lost", "ok", "ok", "ok", "gone"),
    "balance": KNOWN,
}


def data_of(scene: Scene, skill: str) -> Fields:
    """Return what a skill takes to be about the buyer's and the worker's things."""
    task, sealed = {"task_id": scene.open["taskId"]}, {"task_id": scene.sealed["taskId"]}
    rows: dict[str, Fields] = {
        "post-task": {"title": "T", "budget": "1"},
        "unclaim-task": {"task_id": scene.claimed["taskId"]},
        "bid-on-task": task | {"price": "1"},
        "award-bid": {"bid_id": scene.bid["bidId"]},
        "submit-result": {"task_id": scene.ready["taskId"], "text": "x"},
        "review-result": sealed | {"decision": "accept"},
        "send-message": sealed | {"text": "x"},
        **{key: {} for key in ("find-workers", "list-tasks", "balance")},
        **dict.fromkeys(("get-task-status", "list-messages", "order-status"), sealed),
    }
    return {"skill": skill} | rows.get(skill, task)


def params_of(method: str, task_id: str) -> Fields:
    """Return what an operation takes about a task."""
    if method == "ListTasks":
        return {"includeArtifacts": True}
    if method in ("SendMessage", "SendStreamingMessage"):
        return {"message": said({"text": "hi"}, taskId=task_id)}
    if method in ("message/send", "message/stream"):
        return {"message": said_old({"kind": "text", "text": "hi"}, taskId=task_id)}
    return {"id": task_id}


@pytest.fixture(autouse=True)
def _streams_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream tells what it begins with, and ends."""
    monkeypatch.setattr(streams, "MOST_S", 0.0)


@pytest.fixture(scope="module")
def shared() -> Iterator[Cast]:
    """One scene for all who only look."""
    world = World()
    yield Cast(AgentFront(world))
    world.close()


@pytest.mark.parametrize(("version", "method"), OPERATIONS)
def test_an_operation_answers_each_as_its_row_says(
    front: AgentFront, version: str, method: str
) -> None:
    """About an open task of the buyer's."""
    cast = Cast(front)
    task_id = cast.scene.open["taskId"]
    told = [
        meant(asked(speaker, method, params_of(method, task_id), version)) for speaker in cast.all()
    ]

    assert tuple(told) == OPERATIONS[version, method]


@pytest.mark.parametrize(("verb", "action"), ADDRESSES)
def test_an_address_answers_each_as_its_row_says(front: AgentFront, verb: str, action: str) -> None:
    """The same over HTTP+JSON."""
    cast = Cast(front)
    told = [by_http(each, verb, action, cast.scene.open["taskId"]) for each in cast.all()]

    assert tuple(each.status_code for each in told) == ADDRESSES[verb, action]


def by_http(speaker: Speaker, verb: str, action: str, task_id: str) -> Any:
    """Ask for an address of HTTP+JSON."""
    fixed = (verb, action) in rest._FIXED
    place = action if fixed else f"tasks/{task_id}" + (f":{action}" if action else "")
    how: Fields = {"headers": NEW | speaker.headers}
    if action.startswith("message:"):
        how["json"] = params_of("SendMessage", task_id)
    return speaker.front.ask(verb, f"/a2a/v1/{place}", **how)


@pytest.mark.parametrize("skill", USES)
def test_a_skill_is_used_by_whom_its_row_says(front: AgentFront, skill: str) -> None:
    """Each with a message of their own."""
    cast = Cast(front)
    told = []
    for speaker in cast.all():
        message = {"message": said({"data": data_of(cast.scene, skill)})}
        told.append(meant(asked(speaker, "SendMessage", message, "1.0")))

    assert tuple(told) == USES[skill]


def everything(cast: Cast, speaker: Speaker) -> str:
    """Return all that one of them is told of a scene, in every form."""
    reading = [
        (version, method)
        for version, method in OPERATIONS
        if "ancel" not in method and "PushNotification" not in method
    ]
    told = [
        asked(speaker, method, params_of(method, task_id), version).text
        for task_id in cast.scene.tasks
        for version, method in reading
    ]
    for verb, action in ADDRESSES:
        if action != "cancel":
            told += [by_http(speaker, verb, action, each).text for each in cast.scene.tasks]
    for skill in ("get-task-status", "list-bids", "list-messages", "order-status"):
        for task_id in cast.scene.tasks:
            data = {"skill": skill, "task_id": task_id}
            told.append(
                asked(speaker, "SendMessage", {"message": said({"data": data})}, "1.0").text
            )
    return "\n".join(told)


def test_nobody_gets_a_byte_that_is_not_theirs(shared: Cast) -> None:
    """All their bytes together hold nothing but what each of them may read."""
    shown: set[str] = set()
    for name in PEOPLE:
        seen = everything(shared, shared.speakers[name])
        told = {secret for secret in SECRETS if secret in seen}
        assert told <= {secret for secret, may in SECRETS.items() if name in may}, name
        assert not re.search(r"cm[kso]_[A-Za-z0-9_-]{8}", seen), name
        shown |= told

    # Disputes are not spoken of over A2A.
    quiet = {"S-reason-of-the-dispute", "S-evidence", "S-label-of-a-key"}
    assert shown == {secret for secret, may in SECRETS.items() if may} - quiet


def test_a_list_has_ones_own_tasks_alone(shared: Cast) -> None:
    """The buyer's and the worker's; nobody else has any, whatever was bid."""
    scene, listed = shared.scene, {}
    for name in PEOPLE[1:]:
        answer = asked(shared.speakers[name], "ListTasks", {}, "1.0").json()
        tasks = answer.get("result", {}).get("tasks", [])
        listed[name] = {task["id"] for task in tasks}

    theirs = set(scene.tasks)
    hired = theirs - {scene.open["taskId"]}
    owned = {"reader": theirs, "buyer": theirs, "worker": hired}
    assert listed == {name: owned.get(name, set()) for name in PEOPLE[1:]}


def test_everything_has_a_row() -> None:
    """A new operation, address or skill says who may use it."""
    methods = {(str(v), m) for v in Version for m in (*rpc.ONCE[v], *rpc.WATCHED[v])}

    assert methods == set(OPERATIONS)
    assert {*rest._FIXED, *rest._OF_TASK} == set(ADDRESSES)
    assert {skill.name for skill in SKILLS} == set(USES)
