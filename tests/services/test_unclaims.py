"""Stepping back: before the first delivery a claimed task is open again, and its money held."""

from datetime import timedelta
from typing import Any

import pytest

from books import Books
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.award import Award, AwardState
from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.claiming.claim import (
    MAX_LIVE_CLAIMS,
    ClaimedBeforeError,
    DeliveredBeforeError,
    LiveClaim,
    NotClaimedError,
)
from clawmarket.domain.market.order import DeliveryLateError
from clawmarket.domain.market.task import TaskNotFoundError
from clawmarket.domain.treasury.hold import Hold, HoldState
from world import Fields, Member, World


def claimed(world: World, **terms: Any) -> tuple[Member, Member, Fields, Fields]:
    """Return a buyer, a worker, a task of 50 and the award of its claim."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True, **terms)
    return buyer, worker, task, worker.claims(task)


def test_a_task_that_is_given_back_is_open_again(world: World) -> None:
    """It stands as it was published; its money is held under a hold of its own."""
    buyer, worker, task, award = claimed(world)
    assert worker.steps_back(task) == task
    assert world.nobody.task(task) == task
    assert buyer.figures() == ("950000000", "50000000", "0", "0")
    assert worker.figures() == ("1000000000", "0", "0", "0")
    old, new = world.all(Hold)
    assert (old.state, new.state, new.ref) == (HoldState.VOIDED, HoldState.PENDING, task["taskId"])
    assert (worker.order(award)["status"], world.all(LiveClaim)) == ("settlement_cancelled", [])
    assert [each.state for each in world.all(Award)] == [AwardState.REVOKED]
    Books(world.store).check()


def test_another_worker_takes_it_and_is_paid(world: World) -> None:
    """The money that was held again is the money that pays; both orders reconcile."""
    buyer, worker, task, first = claimed(world)
    worker.steps_back(task)
    other = world.member()
    second = other.claims(task)
    buyer.accepts(other.submits(second))
    assert other.figures() == ("1049500000", "0", "0", "49500000")
    assert buyer.figures() == ("950000000", "0", "0", "0")
    for award in (first, second):
        about = {"orderId": award["orderId"]}
        told = buyer.do("web3.market.reconciliation.summary", **about)
        assert (told["agrees"], told["differences"]) == (True, [])
    Books(world.store).check()


def test_what_is_given_back_can_be_cancelled_or_expires(world: World) -> None:
    """The money comes back once, to the unit."""
    buyer, worker, task, _ = claimed(world)
    worker.steps_back(task)
    buyer.cancels(task)
    assert buyer.figures() == ("1000000000", "0", "0", "0")
    late = buyer.publishes(claims=True, expirySec=60)
    worker.claims(late)
    world.pass_time(seconds=120)
    worker.steps_back(late)
    assert world.sweep().tasks_expired == 1
    assert world.nobody.task(late)["status"] == "task_expired"
    assert buyer.figures() == ("1000000000", "0", "0", "0")
    Books(world.store).check()


def test_nobody_claims_a_task_twice(world: World) -> None:
    """But whoever stepped back may bid, and the buyer may choose them."""
    buyer, worker, task, _ = claimed(world)
    worker.steps_back(task)
    with pytest.raises(ClaimedBeforeError) as refused:
        worker.claims(task)
    assert refused.value.code == "E_CONFLICT"
    award = buyer.awards(worker.bids(task))
    states = sorted(bid.state for bid in world.all(Bid))
    assert states == [BidState.ACCEPTED, BidState.UNCLAIMED]
    with pytest.raises(NotClaimedError):
        worker.steps_back(task)
    buyer.accepts(worker.submits(award))
    Books(world.store).check()


def test_only_the_claimant_steps_back_and_only_once(world: World) -> None:
    """To everybody else it is not there, to who did it is said; a repeated key changes nothing."""
    buyer, worker, task, _ = claimed(world)
    for other in (buyer, world.member()):
        with pytest.raises(TaskNotFoundError):
            other.steps_back(task)
    asked = {"taskId": task["taskId"]}
    first, second = (worker.do("web3.market.unclaimTask", key="one", **asked) for _ in range(2))
    assert first == second == task
    with pytest.raises(ClaimedBeforeError):
        worker.steps_back(task)


def test_what_was_delivered_is_not_given_back(world: World) -> None:
    """Neither while it is reviewed, nor after it was sent back, nor once it is over."""
    buyer, worker, task, award = claimed(world)
    result = worker.submits(award)
    with pytest.raises(TransitionRefusedError):
        worker.steps_back(task)
    buyer.rejects(result)
    with pytest.raises(DeliveredBeforeError):
        worker.steps_back(task)
    buyer.accepts(worker.submits(award))
    with pytest.raises(TransitionRefusedError):
        worker.steps_back(task)
    Books(world.store).check()


def test_after_an_accepted_part_nobody_steps_back(world: World) -> None:
    """What is left of a task in milestones goes back to its buyer, not to the task."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes_parts(50, 50, claims=True)
    buyer.accepts(worker.submits(worker.claims(task)))
    with pytest.raises(DeliveredBeforeError):
        worker.steps_back(task)


def test_a_late_step_back_is_refused(world: World) -> None:
    """From the last moment to deliver on the money goes back to the buyer, swept or not."""
    buyer, worker, task, award = claimed(world, timeoutSec=3_600)
    world.reaches(award["dueAt"], -1)
    other = world.member()
    second = buyer.publishes(claims=True, timeoutSec=1)
    other.claims(second)
    other.steps_back(second)
    world.reaches(award["dueAt"])
    with pytest.raises(DeliveryLateError):
        worker.steps_back(task)
    assert world.sweep().refunded == 1
    assert buyer.figures() == ("950000000", "50000000", "0", "0")
    Books(world.store).check()


def test_stepping_back_makes_room_for_another_claim(world: World) -> None:
    """Of twenty claims one is given back, and the next is taken."""
    buyer, worker = world.member(), world.member()
    tasks = [buyer.publishes("1", claims=True) for _ in range(MAX_LIVE_CLAIMS + 1)]
    for task in tasks[:-1]:
        worker.claims(task)
    with pytest.raises(Refused):
        worker.claims(tasks[-1])
    worker.steps_back(tasks[0])
    worker.claims(tasks[-1])
    assert len(world.all(LiveClaim)) == MAX_LIVE_CLAIMS


def test_a_day_of_claims_leaves_the_books_straight(world: World) -> None:
    """Ten workers take one of five tasks and give it back; the eleventh takes all and is paid."""
    buyer, last = world.member(), world.member()
    tasks = [buyer.publishes(claims=True) for _ in range(5)]
    for number in range(10):
        worker = world.member()
        worker.claims(tasks[number % 5])
        world.pass_time(seconds=int(timedelta(minutes=5).total_seconds()))
        worker.steps_back(tasks[number % 5])
        Books(world.store).check()
    for task in tasks:
        buyer.accepts(last.submits(last.claims(task)))
    assert [hold.state for hold in world.all(Hold)].count(HoldState.PENDING) == 0
    Books(world.store).check()


def test_what_becomes_of_the_task_is_no_part_of_the_order(world: World) -> None:
    """Taken back in the same millisecond as its order ended, the task leaves the books in order."""
    buyer, worker, task, _ = claimed(world)
    worker.steps_back(task)
    buyer.do("web3.market.cancelTask", taskId=task["taskId"])
    world.log()
    assert buyer.figures() == ("1000000000", "0", "0", "0")
    assert world.operator.do("market.reconciliation.list")["items"] == []
