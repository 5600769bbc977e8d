"""Contexts: an account's own name for the conversation in which a task is done."""

import pytest

from clawmarket.domain.market.claiming.message import NoExchangeError
from clawmarket.domain.trust.record import Record
from world import World

NAME, LIST = "web3.market.context.name", "web3.market.context.list"


def test_each_party_names_its_own(world: World) -> None:
    """The first name stays; nobody sees another's, and the record has a hash of it only."""
    buyer, worker, stranger = world.member(), world.member(), world.member()
    task, other = buyer.publishes(), buyer.publishes()
    worker.bids(task)
    for member, context in ((buyer, "plan 7"), (worker, "job-1")):
        named = member.do(NAME, taskId=task["taskId"], contextId=context)
        again = member.do(NAME, taskId=task["taskId"], contextId="another")
        assert named == again == {"taskId": task["taskId"], "contextId": context}

    ids = [other["taskId"], task["taskId"]]
    assert buyer.do(LIST, taskIds=ids)["items"] == [
        {"taskId": task["taskId"], "contextId": "plan 7"}
    ]
    assert worker.do(LIST, taskIds=ids)["items"][0]["contextId"] == "job-1"
    assert stranger.do(LIST, taskIds=ids)["items"] == []
    with pytest.raises(NoExchangeError):
        stranger.do(NAME, taskId=task["taskId"], contextId="mine")
    assert not any(b"plan 7" in record.body for record in world.all(Record))
