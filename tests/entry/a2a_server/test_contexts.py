"""Contexts: what a client said that a task belongs to is that client's own."""

import pytest

from a2a_server.front import AgentFront, Speaker, said


def opened(front: AgentFront) -> str:
    """Return an open task."""
    return str(front.newcomer().does("post-task", title="Digest a document", budget="5")["id"])


def speaks(speaker: Speaker, task: str, context: str) -> str:
    """Ask for a task in a context, and return the one that the answer has."""
    data = {"skill": "get-task-status", "task_id": task}
    message = said({"data": data}, contextId=context)
    answer = speaker.rpc("SendMessage", {"message": message})
    return str(answer["result"]["task"]["contextId"])


def context_of(speaker: Speaker, task: str) -> str:
    """Return the context that a task has for somebody."""
    return str(speaker.rpc("GetTask", {"id": task})["result"]["contextId"])


@pytest.mark.parametrize("known", [True, False])
def test_a_context_is_told_to_whoever_named_it_alone(front: AgentFront, *, known: bool) -> None:
    """Also of two who have no key: nothing tells them apart, so neither meets the other's."""
    task = opened(front)
    one, other = [front.newcomer() if known else front.agent() for _ in range(2)]

    assert speaks(one, task, "a-private-thread") == "a-private-thread"
    assert context_of(other, task) == task
    assert speaks(other, task, "another-thread") == "another-thread"


def test_nothing_is_kept_of_whoever_has_no_part(front: AgentFront) -> None:
    """An account hears its own word again; the task keeps only what its parties call it."""
    task, speaker = opened(front), front.newcomer()

    assert speaks(speaker, task, "thread-1") == "thread-1"
    assert context_of(speaker, task) == task
