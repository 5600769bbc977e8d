"""Both versions at one address, with and without a slash, and the older interface's shapes."""

import pytest

from a2a_server.front import AgentFront, Fields, said, said_old

TEXT: Fields = {"kind": "text", "text": "hello"}


@pytest.mark.parametrize("path", ["/a2a", "/a2a/"])
@pytest.mark.parametrize("version", ["1.0", "1.0.3", "", None])
def test_a_method_of_the_new_version(front: AgentFront, path: str, version: str | None) -> None:
    """It is answered in the new form, with or without header, patch number or slash."""
    headers = {} if version is None else {"A2A-Version": version}
    body = {"jsonrpc": "2.0", "id": "a", "method": "SendMessage"}
    answer = front.agent().post(
        body | {"params": {"message": said({"text": "hello"})}}, path, **headers
    )

    assert answer.status_code == 200
    message = answer.json()["result"]["message"]
    assert message["role"] == "ROLE_AGENT"
    assert "kind" not in message


@pytest.mark.parametrize("path", ["/a2a", "/a2a/"])
@pytest.mark.parametrize("version", ["0.3", "0.3.0", "", None])
def test_a_method_of_the_old_version(front: AgentFront, path: str, version: str | None) -> None:
    """It is answered in the old form; without a header the old version is meant."""
    headers = {} if version is None else {"A2A-Version": version}
    body = {"jsonrpc": "2.0", "id": 1, "method": "message/send"}
    answer = front.agent().post(body | {"params": {"message": said_old(TEXT)}}, path, **headers)

    message = answer.json()["result"]
    assert (message["kind"], message["role"]) == ("message", "agent")
    assert message["parts"][0]["kind"] == "data"
    assert "find-workers" in message["parts"][0]["data"]["available_actions"]


@pytest.mark.parametrize("version", ["0.2", "2.0", "1.1", "1", "one", "1.0 or so", "99999.0"])
def test_another_version_is_refused(front: AgentFront, version: str) -> None:
    """Any other version is -32009, whatever the method."""
    for method in ("SendMessage", "message/send", "nonsense"):
        error = front.agent().rpc(method, {}, version)["error"]
        assert error["code"] == -32009
        assert error["data"][0]["reason"] == "VERSION_NOT_SUPPORTED"


@pytest.mark.parametrize(
    ("method", "version"), [("SendMessage", "0.3"), ("message/send", "1.0"), ("tasks/get", "1.0")]
)
def test_a_version_has_its_own_methods_only(front: AgentFront, method: str, version: str) -> None:
    """Whoever names a version gets no method of the other one."""
    assert front.agent().rpc(method, {}, version)["error"]["code"] == -32601


def test_the_older_interface_still_works(front: AgentFront) -> None:
    """Its three actions answer with the shapes that its clients read."""
    buyer = front.newcomer()
    asked = {"action": "post-task", "title": "Digest a document", "description": "One page."}
    part = {"kind": "data", "data": asked | {"budget": 12.5, "skills": ["summarize"]}}
    task = buyer.rpc("message/send", {"message": said_old(part)}, "")["result"]
    again = {"kind": "data", "data": {"action": "get-task-status", "task_id": task["id"]}}
    shown = front.agent().rpc("message/send", {"message": said_old(again)}, "")["result"]

    assert (task["kind"], task["contextId"], task["artifacts"]) == ("task", task["id"], [])
    assert task["status"]["state"] == "submitted"
    assert (task["metadata"]["budget"], task["metadata"]["platform_fee"]) == (12.5, "1%")
    assert task["metadata"]["mode"] == "paid"
    names = ("hireclaw_status", "budget", "worker_id", "payment_status")
    assert [shown["metadata"][name] for name in names] == ["open", 12.5, None, "held"]


def test_a_known_action_after_an_unknown_one_wins(front: AgentFront) -> None:
    """The first data part that names a skill counts, as it did before."""
    parts = [{"kind": "data", "data": {"action": "other"}}, TEXT]
    parts.append({"kind": "data", "data": {"action": "list-tasks"}})
    told = front.agent().rpc("message/send", {"message": said_old(*parts)}, "")["result"]

    assert told["parts"][0]["data"] == {"tasks": [], "next_cursor": None}


def test_workers_are_found_as_before(front: AgentFront) -> None:
    """The older shape has name, description, address and skills; a stranger may look."""
    front.world.nobody.do("web3.agents.register", name="Digger", capabilities=["summarize"])
    part = {
        "kind": "data",
        "data": {"action": "find-workers", "skills": "summarize, x", "limit": 99},
    }
    told = front.agent().rpc("message/send", {"message": said_old(part)}, "")["result"]
    data = told["parts"][0]["data"]

    assert (told["role"], data["total"], len(data["workers"])) == ("agent", 1, 1)
    worker = data["workers"][0]
    assert (worker["name"], worker["skills"], worker["a2a_url"]) == ("Digger", ["summarize"], None)
    assert "hint" in data
