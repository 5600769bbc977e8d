"""Claims: whoever fits takes a task at its budget, if its terms say so; one of them gets it."""

import json
from dataclasses import replace

import pytest

from books import Books
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.bid import Bid, BidState, OwnTaskBidError, PriceIndivisibleError
from clawmarket.domain.market.claiming.claim import (
    MAX_LIVE_CLAIMS,
    ClaimsClosedError,
    ClaimsFullError,
    ClaimsNeedFundsError,
    LiveClaim,
)
from clawmarket.domain.market.task import (
    Task,
    TaskExpiredError,
    TaskNotFoundError,
    TaskNotOpenError,
)
from clawmarket.domain.trust.record import Record
from world import START, World


def test_a_claim_is_a_bid_and_its_award(world: World) -> None:
    """The worker has the order at the budget; the task names who has it."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True, timeoutSec=3_600)
    award = worker.claims(task)

    assert award == {
        "awardId": award["awardId"],
        "taskId": task["taskId"],
        "bidId": award["bidId"],
        "orderId": award["orderId"],
        "settlementId": award["settlementId"],
        "seller": worker.id,
        "asset": "credits",
        "amount": "50000000",
        "status": "award_active",
        "orderStatus": "delivery_ready",
        "dueAt": iso(START + 3_600_000),
    }
    told = {"status": "task_awarded", "orderId": award["orderId"], "worker": worker.id, "bids": 1}
    assert world.nobody.task(task) == task | told
    assert buyer.figures() == ("950000000", "50000000", "0", "0")
    assert worker.figures() == ("1000000000", "0", "49500000", "0")
    Books(world.store).check()


def test_a_claim_is_one_record_that_both_sides_see(world: World) -> None:
    """One command of the worker, with bid, award, order and lock in it."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True)
    before = len(world.all(Record))
    worker.claims(task)
    record = world.all(Record)[-1]
    told = json.loads(record.body)
    assert (len(world.all(Record)) - before, told["actor"]) == (1, worker.id)
    kinds = [event["kind"] for event in told["events"]]
    assert kinds == ["bid_placed", "task_awarded", "order_created", "payment_locked"]
    for side in (buyer, worker):
        shown = side.do("web3.audit.query", limit=1)["items"][0]["recordId"]
        assert shown == record.record_id


def test_a_claimed_task_is_paid_like_any_other(world: World) -> None:
    """Handed in and accepted, 50 pay out 49.50."""
    buyer, worker = world.member(), world.member()
    award = worker.claims(buyer.publishes(claims=True))
    buyer.accepts(worker.submits(award))
    assert worker.figures() == ("1049500000", "0", "0", "49500000")
    Books(world.store).check()


def test_a_claim_turns_the_bids_down(world: World) -> None:
    """Also the claimant's own, and a task that is full of bids can still be claimed."""
    buyer, worker, other = world.member(), world.member(), world.member()
    task = buyer.publishes(claims=True)
    for bidder in (worker, other):
        bidder.bids(task)
    worker.claims(task)
    states = sorted(bid.state for bid in world.all(Bid))
    assert states == [BidState.ACCEPTED, BidState.REJECTED, BidState.REJECTED]


def test_without_the_terms_nobody_claims(world: World) -> None:
    """A task takes bids unless it says otherwise; and nobody claims what is their own."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes()
    assert (task["claims"], task["worker"]) == (False, None)
    with pytest.raises(ClaimsClosedError) as refused:
        worker.claims(task)
    assert refused.value.code == "E_CONFLICT"
    with pytest.raises(OwnTaskBidError):
        buyer.claims(buyer.publishes(claims=True))


def test_a_task_to_be_claimed_is_funded(world: World) -> None:
    """Nobody's claim takes money out of a purse that was not opened for it."""
    with pytest.raises(ClaimsNeedFundsError):
        world.member().publishes(claims=True, fund=False)


def test_the_second_and_the_late_come_to_nothing(world: World) -> None:
    """Taken, cancelled, expired or unknown: each is said, and nothing changes."""
    buyer, worker, other = world.member(), world.member(), world.member()
    task = buyer.publishes(claims=True)
    worker.claims(task)
    for again in (worker, other):
        with pytest.raises(TaskNotOpenError):
            again.claims(task)
    cancelled = buyer.publishes(claims=True)
    buyer.cancels(cancelled)
    with pytest.raises(TaskNotOpenError):
        worker.claims(cancelled)
    late = buyer.publishes(claims=True, expirySec=60)
    world.reaches(late["expiresAt"])
    with pytest.raises(TaskExpiredError):
        worker.claims(late)
    with pytest.raises(TaskNotFoundError):
        worker.claims({"taskId": "task_" + "7" + "z" * 25})
    Books(world.store).check()


def test_a_budget_too_small_for_its_parts_is_not_claimed(world: World) -> None:
    """As no bid of that price is taken; markets of before let such tasks be published."""
    task = world.member().publishes_parts(50, 50, claims=True)
    (row,) = world.all(Task)
    world.run(world.store.write(lambda rows: rows.save(replace(row, budget=1))))
    with pytest.raises(PriceIndivisibleError):
        world.member().claims(task)


def test_a_repeated_claim_is_answered_once(world: World) -> None:
    """With the same key the answer is the same, and there is one order."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True)
    asked = {"taskId": task["taskId"]}
    first, second = (worker.do("web3.market.claimTask", key="one", **asked) for _ in range(2))
    assert first == second
    assert len(world.all(LiveClaim)) == 1


def test_fifty_claims_have_one_winner(world: World) -> None:
    """One worker gets it; the others hear of a conflict."""
    buyer = world.member()
    task = buyer.publishes(claims=True)
    workers = [world.member() for _ in range(50)]
    codes = []
    for worker in workers:
        try:
            worker.claims(task)
        except Refused as refused:
            codes.append(refused.code)
    assert codes == ["E_CONFLICT"] * 49
    Books(world.store).check()


def test_a_worker_has_twenty_claims_at_work(world: World) -> None:
    """The next is refused until one of them is over."""
    buyer, worker = world.member(), world.member()
    awards = [worker.claims(buyer.publishes("1", claims=True)) for _ in range(MAX_LIVE_CLAIMS)]
    task = buyer.publishes("1", claims=True)
    with pytest.raises(ClaimsFullError) as refused:
        worker.claims(task)
    assert refused.value.code == "E_QUOTA_EXCEEDED"
    buyer.accepts(worker.submits(awards[3]))
    worker.claims(task)
    assert len(world.all(LiveClaim)) == MAX_LIVE_CLAIMS
