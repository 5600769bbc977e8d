"""Results: handed in, read by the buyer, accepted or sent back at most three times."""

import pytest

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.delivering.result import ResultNotFoundError
from clawmarket.domain.market.order import OrderNotFoundError, OtherSideError
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.services.market.delivering.results import FeedbackMissingError, NotATaskOrderError
from clawmarket.services.pipeline import FieldInvalidError
from world import START, Member, World


def test_a_result_names_its_files_by_their_hashes(world: World) -> None:
    """The answer is what both parties read; its digest is over names, hashes and sizes."""
    buyer, worker, award = world.hired()
    file = worker.stores(b"the digest", "digest.md")
    result = worker.do(
        "web3.market.submitResult", orderId=award["orderId"], artifacts=[file], note="Done."
    )

    assert result == {
        "resultId": result["resultId"],
        "taskId": award["taskId"],
        "orderId": award["orderId"],
        "deliveryId": result["deliveryId"],
        "deliverer": worker.id,
        "artifacts": [file],
        "digest": content_digest([file]),
        "note": "Done.",
        "feedback": "",
        "rating": None,
        "attempt": 1,
        "status": "result_submitted",
        "submittedAt": iso(START),
        "inspection": None,
    }
    for party in (buyer, worker):
        assert party.do("web3.market.getResult", resultId=result["resultId"]) == result


def test_a_result_is_the_delivery_at_the_same_time(world: World) -> None:
    """One command writes both; the order waits for the buyer from then on."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    delivery = buyer.do("web3.market.delivery.get", deliveryId=result["deliveryId"])
    order = buyer.order(award)

    assert (delivery["status"], delivery["digest"]) == ("delivery_completed", result["digest"])
    assert (order["status"], order["resultId"], order["deliveryId"], order["dueAt"]) == (
        "delivery_completed",
        result["resultId"],
        result["deliveryId"],
        iso(START + 600_000),
    )


def test_accepting_pays_the_worker_to_the_unit(world: World) -> None:
    """The fee is one percent, rounded down; nothing stays held."""
    buyer, worker = world.member(), world.member()
    award = buyer.awards(worker.bids(buyer.publishes("1"), "0.000199"))
    result = worker.submits(award)
    assert buyer.accepts(result) == result | {"status": "result_accepted"}
    assert buyer.figures() == ("999999801", "0", "0", "0")
    assert worker.figures() == ("1000000198", "0", "0", "198")
    money = worker.do("web3.market.settlement.status", orderId=award["orderId"])
    assert (money["sellerAmount"], money["fee"], money["refundAmount"]) == ("198", "1", "0")


def test_accepting_closes_order_and_task(world: World) -> None:
    """What is paid for is over, for both sides."""
    buyer, worker, award = world.hired()
    buyer.accepts(worker.submits(award))
    task = world.nobody.do("web3.market.getTask", taskId=award["taskId"])

    assert (worker.order(award)["status"], task["status"]) == (
        "settlement_completed",
        "task_closed",
    )


def test_a_rejection_gives_the_worker_another_try(world: World) -> None:
    """The feedback is the buyer's own words; the next result is a new one."""
    buyer, worker, award = world.hired()
    first = worker.submits(award)
    sent_back = buyer.rejects(first, "The second page is missing.")
    assert sent_back == first | {
        "status": "result_rejected",
        "feedback": "The second page is missing.",
    }
    order = worker.order(award)
    assert (order["status"], order["rejections"]) == ("delivery_ready", 1)
    second = worker.submits(award, b"both pages")
    assert buyer.accepts(second)["status"] == "result_accepted"
    assert worker.figures()[3] == "39600000"


@pytest.mark.parametrize("why", ["", " ", "\n\t"])
def test_a_rejection_needs_a_reason(world: World, why: str) -> None:
    """Whoever sends work back says what has to be different."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    with pytest.raises(FeedbackMissingError) as refused:
        buyer.rejects(result, why)
    step = f'clawmarket task review {result["resultId"]} --decision reject --feedback "…"'
    assert refused.value.next_step == step
    assert buyer.order(award)["rejections"] == 0


def test_a_result_is_judged_once(world: World) -> None:
    """A verdict cannot be changed, neither by saying the same nor the opposite."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    buyer.rejects(result)
    for verdict in (buyer.accepts, buyer.rejects):
        with pytest.raises(TransitionRefusedError):
            verdict(result)
    buyer.accepts(worker.submits(award))
    assert worker.figures()[3] == "39600000"


def test_an_older_result_is_not_accepted_for_a_newer_one(world: World) -> None:
    """While a second result waits, the verdict on the first one stays."""
    buyer, worker, award = world.hired()
    first = worker.submits(award)
    buyer.rejects(first)
    worker.submits(award)
    with pytest.raises(TransitionRefusedError):
        buyer.accepts(first)
    assert buyer.order(award)["status"] == "delivery_completed"


def test_only_the_buyer_judges(world: World) -> None:
    """The worker cannot accept their own work, nor can anybody else."""
    _, worker, award = world.hired()
    result = worker.submits(award)
    for other in (worker, world.member(), world.operator):
        with pytest.raises(ResultNotFoundError):
            other.accepts(result)


def test_only_the_worker_hands_in(world: World) -> None:
    """The buyer is told whose step it is; to everybody else there is no such order."""
    buyer, _, award = world.hired()
    with pytest.raises(OtherSideError):
        buyer.submits(award)
    with pytest.raises(OrderNotFoundError):
        world.member().submits(award)


def test_nothing_is_handed_in_twice(world: World) -> None:
    """While a result waits for its verdict, the order takes no other."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    with pytest.raises(TransitionRefusedError):
        worker.submits(award)
    assert buyer.order(award)["resultId"] == result["resultId"]


def submit(worker: Member, award_id: str, *files: object) -> None:
    """Hand these files in."""
    worker.do("web3.market.submitResult", orderId=award_id, artifacts=list(files))


def test_a_result_consists_of_files_that_the_worker_stored(world: World) -> None:
    """No files, files of others, or files of another size are refused."""
    buyer, worker, award = world.hired()
    file, foreign = worker.stores(), buyer.stores(b"not hers")
    with pytest.raises(FieldInvalidError):
        submit(worker, award["orderId"])
    for wrong in (foreign, file | {"size": file["size"] + 1}, file | {"digest": foreign["digest"]}):
        with pytest.raises(BlobMissingError):
            submit(worker, award["orderId"], wrong)
    assert buyer.order(award)["status"] == "delivery_ready"


def test_an_order_from_an_offer_takes_no_results(world: World) -> None:
    """It is delivered by the delivery methods, and the refusal says so."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    with pytest.raises(NotATaskOrderError, match="made from an offer"):
        seller.submits(order)
