"""Messages: the buyer of a task and one worker write to each other, and nobody else reads it."""

import json
from typing import Any

import pytest

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.claiming.message import (
    MAX_MESSAGES,
    MessagesFullError,
    NoExchangeError,
    ReaderUnnamedError,
)
from clawmarket.domain.trust.record import Record
from clawmarket.services.pipeline import FieldInvalidError
from world import START, Fields, Member, World


def says(member: Member, task: Fields, text: str = "Which chapter?", **more: Any) -> Fields:
    """Write about a task, a moment after what was written before."""
    member.world.clock.advance(1)
    return member.do("web3.market.message.send", taskId=task["taskId"], text=text, **more)


def hears(member: Member, task: Fields, **more: Any) -> list[str]:
    """Return what somebody reads about a task, newest first."""
    page = member.do("web3.market.message.list", taskId=task["taskId"], **more)
    return [message["text"] for message in page["items"]]


def test_a_bidder_and_the_buyer_write_to_each_other(world: World) -> None:
    """Both read all of it, and another bidder none."""
    buyer, bidder, other = world.member(), world.member(), world.member()
    task = buyer.publishes()
    for each in (bidder, other):
        each.bids(task)
    asked = says(bidder, task)
    assert asked == {
        "messageId": asked["messageId"],
        "taskId": task["taskId"],
        "sender": bidder.id,
        "recipient": buyer.id,
        "text": "Which chapter?",
        "sentAt": iso(START + 1),
    }
    says(buyer, task, "The first.", to=bidder.id)
    says(other, task, "And how long?")
    assert hears(bidder, task) == ["The first.", "Which chapter?"]
    assert hears(other, task) == ["And how long?"]
    assert hears(buyer, task) == ["And how long?", "The first.", "Which chapter?"]
    assert hears(buyer, task, peer=bidder.id) == ["The first.", "Which chapter?"]
    assert hears(other, task, peer=bidder.id) == ["And how long?"]
    assert hears(world.member(), task) == []


def test_the_worker_is_who_a_buyer_writes_to(world: World) -> None:
    """Without a name it goes to the worker; who was turned down writes no more."""
    buyer, worker, loser = world.member(), world.member(), world.member()
    task = buyer.publishes()
    bid = worker.bids(task)
    loser.bids(task)
    with pytest.raises(ReaderUnnamedError):
        says(buyer, task)
    buyer.awards(bid)
    assert says(buyer, task)["recipient"] == worker.id
    assert says(worker, task, "Soon.", to=buyer.id)["recipient"] == buyer.id
    with pytest.raises(NoExchangeError):
        says(loser, task)
    with pytest.raises(NoExchangeError):
        says(buyer, task, to=loser.id)


def test_strangers_do_not_write(world: World) -> None:
    """Nor does a bidder to another, nor a buyer to himself; nor about what is not there."""
    buyer, bidder, other = world.member(), world.member(), world.member()
    task = buyer.publishes()
    for each in (bidder, other):
        each.bids(task)
    with pytest.raises(NoExchangeError):
        says(world.member(), task)
    for member, to in ((bidder, other), (buyer, buyer)):
        with pytest.raises(ReaderUnnamedError):
            says(member, task, to=to.id)


def test_who_gave_a_task_back_writes_no_more(world: World) -> None:
    """What was written stays to be read."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True)
    worker.claims(task)
    says(worker, task, "I am on it.")
    worker.steps_back(task)
    with pytest.raises(NoExchangeError):
        says(worker, task)
    assert hears(worker, task) == hears(buyer, task) == ["I am on it."]


def test_messages_are_bounded(world: World) -> None:
    """In length and in number for each person and exchange."""
    buyer, worker, award = world.hired()
    for _ in range(MAX_MESSAGES):
        says(worker, award, "x" * 2_000)
    with pytest.raises(MessagesFullError) as refused:
        says(worker, award)
    assert refused.value.code == "E_QUOTA_EXCEEDED"
    says(buyer, award)
    for text in ("", "x" * 2_001):
        with pytest.raises(FieldInvalidError):
            says(buyer, award, text)


def test_what_one_wrote_stands_as_written(world: World) -> None:
    """Also what looks like a secret; the record holds its hash, and both see the record."""
    buyer, worker, award = world.hired()
    text = (
        "<script>alert(1)</script> use "
        + worker.do("web3.keys.create", label="mine", scope="read")["key"]
    )
    said = says(worker, award, text)
    assert hears(buyer, award) == [said["text"]] == [text]
    body = world.all(Record)[-1].body.decode()
    (event,) = json.loads(body)["events"]
    assert event["textDigest"] == content_digest(text)
    assert text not in body
    for side in (buyer, worker):
        told = side.do("web3.audit.query", limit=1)["items"][0]
        assert told["method"] == "web3.market.message.send"


def test_pages_of_messages_meet(world: World) -> None:
    """Walking them shows each once."""
    _, worker, award = world.hired()
    for number in range(5):
        says(worker, award, f"{number}")
    page = worker.do("web3.market.message.list", taskId=award["taskId"], limit=3)
    rest = worker.do("web3.market.message.list", taskId=award["taskId"], cursor=page["nextCursor"])
    assert [m["text"] for m in page["items"] + rest["items"]] == ["4", "3", "2", "1", "0"]
