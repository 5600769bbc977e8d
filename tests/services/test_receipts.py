"""Receipts: made once by a job, given to the parties alone, checked by anybody offline."""

import json
from hashlib import sha256

import pytest

from clawmarket.domain.kernel.job import Job
from clawmarket.domain.market.order import OrderNotFoundError
from clawmarket.domain.market.receipt import (
    OrderNotOverError,
    Receipt,
    ReceiptNotFoundError,
    ReceiptNotReadyError,
)
from clawmarket.domain.trust.record import Record
from receipts import VERIFIERS, Verifier, outcomes
from world import Fields, Member, World

GET = "web3.market.receipt.get"


def finished(world: World) -> tuple[Member, Member, Fields]:
    """Return buyer, worker and award of a deal that was paid and is in the log."""
    buyer, worker, award = world.hired()
    buyer.accepts(worker.submits(award))
    world.log()
    return buyer, worker, award


def receipt_of(member: Member, award: Fields) -> Fields:
    """Return the receipt that a party gets."""
    return member.do(GET, orderId=award["orderId"])


def test_a_job_makes_the_receipt(world: World) -> None:
    """When the order is over and logged, one job makes the file and is done."""
    _, _, award = finished(world)
    assert [(job.kind, job.ref, job.state) for job in world.all(Job)] == [
        ("receipt", award["orderId"], "job_waiting")
    ]
    assert (world.run_jobs(), world.run_jobs()) == (1, 0)
    (job,) = world.all(Job)
    (receipt,) = world.all(Receipt)
    assert (job.state, job.attempts, receipt.order_id) == ("job_done", 1, award["orderId"])


def test_both_parties_get_the_same_file(world: World) -> None:
    """Its name is its hash, and asking again makes no other."""
    buyer, worker, award = finished(world)
    mine = receipt_of(buyer, award)
    text = mine["receipt"].encode()

    assert mine == receipt_of(worker, award) == receipt_of(buyer, award)
    assert (mine["digest"], mine["size"], mine["status"]) == (
        f"sha256:{sha256(text).hexdigest()}",
        len(text),
        "receipt_settled",
    )
    assert len(world.all(Receipt)) == 1


@pytest.mark.parametrize("verifier", VERIFIERS, ids=["package", "tool"])
def test_the_file_holds_without_the_market(world: World, verifier: Verifier) -> None:
    """With the market's key and nothing else, every check passes."""
    buyer, _, award = finished(world)
    verdict = verifier(receipt_of(buyer, award)["receipt"], world.terms.vkey)

    assert verdict["failed"] == []
    assert set(outcomes(verdict).values()) == {"passed", "skipped"}


def test_the_file_says_who_got_what(world: World) -> None:
    """Parties, amounts and the delivery's hash are those of the deal."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    buyer.accepts(result)
    world.log()
    file = json.loads(receipt_of(buyer, award)["receipt"])

    assert {party["account"]: party["role"] for party in file["parties"]} == {
        buyer.id: "buyer",
        worker.id: "seller",
    }
    facts = ("amount", "sellerAmount", "fee", "refund", "status", "deliveryDigest")
    assert {name: file["receipt"][name] for name in facts} == {
        "amount": "40000000",
        "sellerAmount": "39600000",
        "fee": "400000",
        "refund": "0",
        "status": "receipt_settled",
        "deliveryDigest": result["digest"],
    }


def test_a_refund_has_a_receipt_too(world: World) -> None:
    """What went back is proven like what was paid."""
    buyer, worker, award = world.hired()
    worker.refunds(award)
    world.log()
    got = receipt_of(buyer, award)
    assert got["status"] == "receipt_refunded"
    assert VERIFIERS[0](got["receipt"], world.terms.vkey)["ok"]


def test_only_the_parties_get_a_receipt(world: World) -> None:
    """Strangers and the operator find no such order, before and after it was made."""
    buyer, _, award = finished(world)
    for _ in range(2):
        for other in (world.member(), world.operator):
            with pytest.raises(OrderNotFoundError):
                receipt_of(other, award)
        receipt_of(buyer, award)


def test_a_receipt_waits_for_the_end_and_for_the_log(world: World) -> None:
    """Before the order is over, and before the log has its last record, there is none."""
    buyer, worker, award = world.hired()
    world.log()
    with pytest.raises(OrderNotOverError) as going_on:
        receipt_of(buyer, award)
    assert going_on.value.next_step == f"clawmarket order explain {award['orderId']}"
    assert not going_on.value.retryable
    buyer.accepts(worker.submits(award))
    with pytest.raises(ReceiptNotReadyError) as refused:
        receipt_of(buyer, award)
    assert refused.value.retryable
    world.log()
    assert receipt_of(buyer, award)["status"] == "receipt_settled"


def test_a_job_that_came_too_early_is_tried_again(world: World) -> None:
    """It waits a moment, says why, and is done once the log has caught up."""
    buyer, worker, award = world.hired()
    world.log()
    buyer.accepts(worker.submits(award))
    assert world.run_jobs() == 1
    (job,) = world.all(Job)
    assert (job.state, job.attempts, job.last_failure) == (
        "job_waiting",
        1,
        "The log takes the last record in soon.",
    )
    world.log()
    world.pass_time(seconds=1)
    world.run_jobs()
    assert [job.state for job in world.all(Job)] == ["job_done"]


def test_making_a_receipt_is_recorded_by_the_market(world: World) -> None:
    """The record is the market's own, and both parties see it."""
    buyer, worker, award = finished(world)
    receipt_of(buyer, award)
    newest = world.all(Record)[-1]
    for party in (buyer, worker):
        seen = party.do("web3.audit.query", limit=1)["items"][0]
        assert seen["recordId"] == newest.record_id
    assert json.loads(newest.body)["events"][0]["kind"] == "receipt_made"


def test_an_unpaid_order_has_no_receipt(world: World) -> None:
    """Where no money was locked there is nothing to prove."""
    buyer, _, order = world.ordered()
    buyer.do("web3.market.order.cancel", orderId=order["orderId"])
    world.log()
    with pytest.raises(ReceiptNotFoundError):
        receipt_of(buyer, order)
    assert world.all(Job) == []
