"""The audit: every record to its parties, nothing to anybody else, everything to the operator."""

from typing import Any

import orjson
import pytest

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.checkpoint import open_checkpoint, parse_vkey
from clawmarket.domain.trust.merkle import verify_inclusion
from clawmarket.domain.trust.record import (
    Record,
    RecordNotFoundError,
    RecordPendingError,
    record_leaf,
)
from clawmarket.entry.cli.verify import crypto
from world import START, Fields, Member, World

QUERY = "web3.audit.query"
PROVE = "web3.audit.prove"


def methods(member: Member, **page: Any) -> list[str]:
    """Return the methods of the records that somebody sees, newest first."""
    return [item["method"] for item in member.do(QUERY, **page)["items"]]


def test_a_record_is_the_whole_story_of_a_command(world: World) -> None:
    """Who did what when, what changed its state, what moved, and what the wallet signed."""
    buyer = world.member()
    assert buyer.wallet is not None
    task = buyer.do("web3.market.publishTask", "k", title="Work", budget="5")
    (seen, _) = buyer.do(QUERY)["items"]
    told = orjson.loads(seen["record"])
    hold_id = told["states"][0][0]

    assert {name: seen[name] for name in ("at", "actor", "method", "index")} == {
        "at": iso(START),
        "actor": buyer.id,
        "method": "web3.market.publishTask",
        "index": None,
    }
    assert told["states"] == [[hold_id, "", "hold_pending"], [task["taskId"], "", "task_open"]]
    assert told["postings"] == [
        [f"{buyer.id}/available", "credits", "-5"],
        [f"{buyer.id}/held", "credits", "5"],
    ]
    assert told["statement"]["said"]["params"] == {"title": "Work", "budget": "5"}
    assert told["statement"]["said"]["key"] == "k"
    assert told["statement"]["address"] == buyer.wallet.address


def test_both_parties_see_what_binds_them(world: World) -> None:
    """Award, result and review are in the audits of buyer and worker; the rest is one's own."""
    buyer, worker, award = world.hired()
    buyer.accepts(worker.submits(award))
    shared = ["reviewResult", "submitResult", "awardBid"]

    assert methods(buyer) == [f"web3.market.{name}" for name in (*shared, "publishTask")] + [
        "web3.siwe.verify"
    ]
    assert methods(worker) == [
        "web3.market.reviewResult",
        "web3.market.submitResult",
        "web3.files.put",
        "web3.market.awardBid",
        "web3.market.placeBid",
        "web3.siwe.verify",
    ]


def test_strangers_see_nothing_of_it(world: World) -> None:
    """A third member sees their own sign-in alone; an operator sees everything."""
    world.hired()
    assert methods(world.member()) == ["web3.siwe.verify"]
    assert len(methods(world.operator, limit=200)) == len(world.all(Record))


def test_a_page_can_be_narrowed_to_a_method(world: World) -> None:
    """Only records of that method are shown."""
    buyer, _, _ = world.hired()
    assert methods(buyer, method="web3.market.awardBid") == ["web3.market.awardBid"]
    assert methods(buyer, method="web3.market.unknown") == []


def test_pages_show_each_record_once(world: World) -> None:
    """Following the cursor walks through the whole audit, newest first."""
    buyer = world.member()
    for _ in range(5):
        world.pass_time(seconds=1)
        buyer.publishes("1")
    page: Fields = buyer.do(QUERY, limit=2)
    found = [item["recordId"] for item in page["items"]]
    while page["nextCursor"]:
        page = buyer.do(QUERY, limit=2, cursor=page["nextCursor"])
        found += [item["recordId"] for item in page["items"]]

    assert found == [record.record_id for record in world.all(Record)[:0:-1]]


def test_events_are_listed_with_their_facts(world: World) -> None:
    """The market's audit has one line for each event, newest first."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    events = buyer.do("web3.market.audit.query", limit=1)["items"]

    assert [event["kind"] for event in events] == ["result_submitted", "delivery_completed"]
    assert events[0] == {
        "id": events[0]["id"],
        "kind": "result_submitted",
        "refId": result["resultId"],
        "actor": worker.id,
        "timestamp": iso(START),
        "details": {
            "kind": "result_submitted",
            "resultId": result["resultId"],
            "orderId": award["orderId"],
            "taskId": award["taskId"],
            "digest": result["digest"],
        },
    }


def test_a_record_is_proven_against_the_signed_tree(world: World) -> None:
    """Record and salt give the leaf, the proof leads to the root that the market signed."""
    buyer, _, _ = world.hired()
    newest = buyer.do(QUERY, limit=1)["items"][0]
    with pytest.raises(RecordPendingError):
        buyer.do(PROVE, recordId=newest["recordId"])
    world.log()
    proven = buyer.do(PROVE, recordId=newest["recordId"])
    tree = open_checkpoint(proven["checkpoint"], parse_vkey(world.terms.vkey), crypto().verify)
    leaf = record_leaf(proven["record"].encode(), bytes.fromhex(proven["salt"]))
    proof = [bytes.fromhex(node) for node in proven["proof"]]

    verify_inclusion(leaf, proven["index"], tree.size, proof, tree.root)
    assert (proven["record"], proven["index"]) == (newest["record"], tree.size - 1)


def test_only_a_party_gets_a_proof(world: World) -> None:
    """To strangers the record is not there; an operator proves any."""
    buyer, _, _ = world.hired()
    world.log()
    record_id = buyer.do(QUERY, limit=1)["items"][0]["recordId"]
    with pytest.raises(RecordNotFoundError):
        world.member().do(PROVE, recordId=record_id)
    assert world.operator.do(PROVE, recordId=record_id)["recordId"] == record_id
