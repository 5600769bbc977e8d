"""Silence: each row of the table of whose silence ends what, at its last moment.

A step is judged when the command comes: one millisecond before the last moment it is done, from
that moment on it is refused. The sweep does nothing before, and ends it from then on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from clawmarket.domain.kernel.errors import ExpiredError, Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import from_iso, iso
from clawmarket.domain.market.consenting.consent import ConsentLateError
from clawmarket.domain.market.dispute import DisputeLateError
from clawmarket.domain.market.order import (
    AttemptsUsedUpError,
    DeliveryLateError,
    LockLateError,
    ReviewLateError,
)
from clawmarket.domain.market.postpay.tab import TabOverError
from clawmarket.domain.market.task import TaskExpiredError
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.services.market.sweep import AT_ONCE, SweepAnswer
from world import Fields, Member, World

ALL_BACK = ("1000000000", "0", "0", "0")
PAID = ("1039600000", "0", "0", "39600000")
NOTHING = SweepAnswer(
    due=0,
    tasks_expired=0,
    orders_expired=0,
    released=0,
    refunded=0,
    tabs_settled=0,
    tabs_unpaid=0,
)
EXPIRED = NOTHING.model_copy(update={"due": 1, "orders_expired": 1})
RELEASED = NOTHING.model_copy(update={"due": 1, "released": 1})
REFUNDED = NOTHING.model_copy(update={"due": 1, "refunded": 1})
LAPSED = NOTHING.model_copy(update={"due": 1, "tasks_expired": 1})


@dataclass(frozen=True)
class Row:
    """A moment at which somebody has to act: how to get there, and what acting is.

    `until` is the last moment for the step; `acts_at` when the market acts.
    """

    world: World
    step: Callable[[], Fields]
    until: str
    acts_at: str
    thing: Fields
    party: Member


def acts_at(member: Member, order: Fields) -> str:
    """Return when the market acts on an order by itself."""
    said = member.do("web3.market.order.explain", orderId=order["orderId"])
    return str(said["actsAt"])


def unpaid(world: World) -> Row:
    """Wait for the buyer to lock an order from an offer: 15 minutes."""
    buyer, _, order = world.ordered()
    return Row(world, lambda: buyer.locks(order), order["dueAt"], order["dueAt"], order, buyer)


def undelivered(world: World) -> Row:
    """Wait for the worker of an awarded task: the task's own time."""
    _, worker, award = world.hired(timeoutSec=3_600)
    due = award["dueAt"]
    return Row(world, lambda: worker.submits(award), due, due, award, worker)


def unreturned(world: World) -> Row:
    """Wait for the worker of a claimed task to deliver it, or to step back from it."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True, timeoutSec=3_600)
    award = worker.claims(task)
    due = award["dueAt"]
    return Row(world, lambda: worker.steps_back(task), due, due, award, worker)


def undelivered_by_then(world: World) -> Row:
    """Wait for the worker of a task with a deadline, which the award does not move."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(deadline=iso(world.clock.now() + 7_200_000))
    world.pass_time(seconds=3_600)
    award = buyer.awards(worker.bids(task))
    due = str(task["deadline"])
    return Row(world, lambda: worker.submits(award), due, due, award, worker)


def unissued(world: World) -> Row:
    """Wait for the seller of a paid offer to begin: a day."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    due = seller.order(order)["dueAt"]
    return Row(world, lambda: seller.begins(order), due, due, order, seller)


def unfinished(world: World) -> Row:
    """Wait for the seller of a paid offer to finish what was begun."""
    buyer, seller, order = world.ordered(timeoutSec=60)
    buyer.locks(order)
    delivery = seller.begins(order)
    due = seller.order(order)["dueAt"]
    return Row(world, lambda: seller.delivers(delivery), due, due, order, seller)


def unpermitted(world: World) -> Row:
    """Wait for the buyer to consent: 15 minutes; the seller's time has not begun."""
    buyer, _, order = world.permitted()
    due = buyer.order(order)["dueAt"]
    return Row(world, lambda: buyer.consents(order), due, due, order, buyer)


def unused(world: World) -> Row:
    """Wait for the seller to begin what was permitted: the offer's time from the consent on."""
    buyer, seller, order = world.permitted(timeoutSec=3_600)
    world.pass_time(seconds=600)
    buyer.consents(order)
    due = seller.order(order)["dueAt"]
    return Row(world, lambda: seller.begins(order), due, due, order, seller)


def outlasted(world: World) -> Row:
    """Wait for the seller until the consent ends by itself, before the time to deliver does."""
    buyer, seller, order = world.permitted(days=2, timeoutSec=30 * 86_400)
    buyer.consents(order, durationDays=1)
    delivery = seller.begins(order)
    due = seller.order(order)["dueAt"]
    return Row(world, lambda: seller.delivers(delivery), due, due, order, seller)


def unjudged(world: World) -> Row:
    """Wait for the buyer to accept a result: ten minutes."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    due = buyer.order(award)["dueAt"]
    return Row(world, lambda: buyer.accepts(result), due, due, award, buyer)


def unrejected(world: World) -> Row:
    """Wait for the buyer to send a result back: the same ten minutes."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    due = buyer.order(award)["dueAt"]
    return Row(world, lambda: buyer.rejects(result), due, due, award, buyer)


def unreleased(world: World) -> Row:
    """Wait for the buyer of an offer to release."""
    buyer, seller, order = world.ordered(disputeWindowSec=30)
    buyer.locks(order)
    seller.delivers(seller.begins(order))
    due = buyer.order(order)["dueAt"]
    return Row(world, lambda: buyer.releases(order), due, due, order, buyer)


def in_parts(world: World, **terms: Any) -> tuple[Member, Member, Fields]:
    """Return buyer, seller and a paid order in halves, of which one was accepted."""
    buyer, seller = world.member(), world.member()
    order = buyer.orders(seller.offers_parts(50, 50, **terms), quantity=2)
    buyer.locks(order)
    if "usageScope" in terms:
        buyer.consents(order)
    seller.delivers(seller.begins(order))
    world.pass_time(seconds=300)
    buyer.releases(order)
    return buyer, seller, order


def unissued_part(world: World) -> Row:
    """Wait for the seller to begin the next part: the offer's time from the acceptance on."""
    _, seller, order = in_parts(world, timeoutSec=3_600)
    due = seller.order(order)["dueAt"]
    return Row(world, lambda: seller.begins(order), due, due, order, seller)


def unfinished_part(world: World) -> Row:
    """Wait for the seller to finish the next part."""
    _, seller, order = in_parts(world)
    delivery = seller.begins(order)
    due = seller.order(order)["dueAt"]
    return Row(world, lambda: seller.delivers(delivery), due, due, order, seller)


def outlasted_part(world: World) -> Row:
    """Wait for the next part until the consent ends by itself, before the time to deliver does."""
    usage = {"purpose": "research", "durationDays": 1}
    _, seller, order = in_parts(world, usageScope=usage, timeoutSec=7 * 86_400)
    due = seller.order(order)["dueAt"]
    return Row(world, lambda: seller.begins(order), due, due, order, seller)


def unreleased_part(world: World) -> Row:
    """Wait for the buyer to release the last part."""
    buyer, seller, order = in_parts(world)
    seller.delivers(seller.begins(order))
    due = buyer.order(order)["dueAt"]
    return Row(world, lambda: buyer.releases(order), due, due, order, buyer)


def unrepaired(world: World) -> Row:
    """Wait for the worker to hand in again: a day; the refund follows a review window later."""
    buyer, worker, award = world.hired()
    buyer.rejects(worker.submits(award))
    due = worker.order(award)["dueAt"]
    return Row(world, lambda: worker.submits(award), due, acts_at(worker, award), award, worker)


def unshown(world: World) -> Row:
    """Wait for whoever opened a dispute to bring evidence: a day."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    dispute = buyer.contests(award)
    due = dispute["dueAt"]
    return Row(world, lambda: buyer.shows(dispute), due, due, award, buyer)


def unanswered(world: World) -> Row:
    """Wait for the other side of a dispute: the same day."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    dispute = buyer.contests(award)
    buyer.shows(dispute)
    due = dispute["dueAt"]
    return Row(world, lambda: worker.shows(dispute), due, due, award, worker)


def unruled(world: World) -> Row:
    """Wait for an arbiter: three days once both were heard."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    dispute, arbiter = buyer.contests(award), world.arbiter()
    buyer.shows(dispute)
    worker.shows(dispute)
    due = buyer.order(award)["dueAt"]
    return Row(world, lambda: arbiter.rules(dispute, "refund"), due, due, award, buyer)


def uncleared(world: World) -> Row:
    """Wait for an arbiter to let a claim against a rejection fall."""
    buyer, worker, award = world.hired()
    buyer.rejects(worker.submits(award))
    dispute, arbiter = worker.contests(award), world.arbiter()
    buyer.shows(dispute)
    worker.shows(dispute)
    due = buyer.order(award)["dueAt"]
    return Row(world, lambda: arbiter.dismisses(dispute), due, due, award, buyer)


ROWS: dict[Callable[[World], Row], tuple[type[ExpiredError], SweepAnswer, str]] = {
    unpaid: (LockLateError, EXPIRED, "order_expired"),
    undelivered: (DeliveryLateError, REFUNDED, "settlement_cancelled"),
    unreturned: (DeliveryLateError, REFUNDED, "settlement_cancelled"),
    undelivered_by_then: (DeliveryLateError, REFUNDED, "settlement_cancelled"),
    unissued: (DeliveryLateError, REFUNDED, "settlement_cancelled"),
    unfinished: (DeliveryLateError, REFUNDED, "settlement_cancelled"),
    unpermitted: (ConsentLateError, REFUNDED, "settlement_cancelled"),
    unused: (DeliveryLateError, REFUNDED, "settlement_cancelled"),
    outlasted: (DeliveryLateError, REFUNDED, "settlement_cancelled"),
    unjudged: (ReviewLateError, RELEASED, "settlement_completed"),
    unrejected: (ReviewLateError, RELEASED, "settlement_completed"),
    unreleased: (ReviewLateError, RELEASED, "settlement_completed"),
    unissued_part: (DeliveryLateError, REFUNDED, "order_refunded"),
    unfinished_part: (DeliveryLateError, REFUNDED, "order_refunded"),
    outlasted_part: (DeliveryLateError, REFUNDED, "order_refunded"),
    unreleased_part: (ReviewLateError, RELEASED, "settlement_completed"),
    unrepaired: (DeliveryLateError, REFUNDED, "order_refunded"),
    unshown: (DisputeLateError, RELEASED, "settlement_completed"),
    unanswered: (DisputeLateError, REFUNDED, "order_refunded"),
    unruled: (DisputeLateError, RELEASED, "settlement_completed"),
    uncleared: (DisputeLateError, REFUNDED, "order_refunded"),
}
each_row = pytest.mark.parametrize("begin", ROWS, ids=[begin.__name__ for begin in ROWS])


@each_row
def test_one_millisecond_before_it_is_in_time(world: World, begin: Callable[[World], Row]) -> None:
    """The step is done at the last millisecond."""
    row = begin(world)
    world.reaches(row.until, -1)
    assert row.step()


@each_row
@pytest.mark.parametrize("late", [0, 1])
def test_from_the_last_moment_on_it_is_too_late(
    world: World, begin: Callable[[World], Row], late: int
) -> None:
    """The step is refused at the moment itself, though no sweep has run, and changes nothing."""
    row = begin(world)
    world.reaches(row.until, late)
    before = row.party.figures(), row.party.order(row.thing)
    with pytest.raises(ROWS[begin][0]) as refused:
        row.step()
    assert refused.value.code == "E_EXPIRED"
    assert refused.value.next_step == f"clawmarket order explain {row.thing['orderId']}"
    assert (row.party.figures(), row.party.order(row.thing)) == before


@each_row
def test_the_sweep_waits_for_the_moment(world: World, begin: Callable[[World], Row]) -> None:
    """One millisecond before, nothing is due; at the moment, it ends the one way it can."""
    row = begin(world)
    _, ending, state = ROWS[begin]
    world.reaches(row.acts_at, -1)
    assert world.sweep() == NOTHING
    world.reaches(row.acts_at)
    assert (world.sweep(), world.sweep()) == (ending, NOTHING)
    assert row.party.order(row.thing)["status"] == state


@each_row
def test_what_the_sweep_ended_is_over(world: World, begin: Callable[[World], Row]) -> None:
    """After the ending the step is refused and nobody has money held or on its way."""
    row = begin(world)
    world.reaches(row.acts_at)
    world.sweep()
    with pytest.raises(Refused) as refused:
        row.step()
    assert refused.value.code == "E_CONFLICT"
    assert row.party.figures()[1:3] == ("0", "0")


# --- Tabs ----------------------------------------------------------------------------------------

SETTLED = NOTHING.model_copy(update={"due": 1, "tabs_settled": 1})
UNPAID = NOTHING.model_copy(update={"due": 1, "tabs_unpaid": 1})


def unclosed(world: World) -> Row:
    """Wait for either side to end a session: what its consumer asked for, a day."""
    provider, _, tab = world.on_a_tab()
    provider.appends(tab, 3)
    due = tab["expiresAt"]
    return Row(world, lambda: provider.appends(tab, 1), due, due, tab, provider)


def unwritten(world: World) -> Row:
    """Wait for the provider to write the last uses down: a minute after the consumer closed."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3)
    due = consumer.closes(tab)["actsAt"]
    return Row(world, lambda: provider.appends(tab, 1), due, due, tab, provider)


def unconfirmed(world: World) -> Row:
    """Wait for the consumer to confirm a higher cap: until the session ends."""
    provider, consumer = world.member(), world.member()
    tab = consumer.opens(provider.trusts(consumer), cap="40000", expirySec=60)
    provider.appends(tab, 3)
    due = tab["expiresAt"]
    return Row(world, lambda: consumer.raises(tab, "0.05"), due, due, tab, consumer)


each_tab = pytest.mark.parametrize("begin", [unclosed, unwritten, unconfirmed])


@each_tab
def test_a_step_on_a_tab_has_a_last_moment(world: World, begin: Callable[[World], Row]) -> None:
    """A millisecond before it is done; at the moment it is refused, though no sweep has run."""
    early, row = begin(world), begin(world)
    world.reaches(row.until, -1)
    assert early.step()
    world.reaches(row.until)
    with pytest.raises(TabOverError) as refused:
        row.step()
    assert refused.value.next_step == f"clawmarket tab show {row.thing['tabId']}"


@each_tab
def test_silence_settles_a_tab(world: World, begin: Callable[[World], Row]) -> None:
    """Not a millisecond early; then what was written down is paid, once."""
    row = begin(world)
    world.reaches(row.acts_at, -1)
    assert world.sweep() == NOTHING
    world.reaches(row.acts_at)
    assert (world.sweep(), world.sweep()) == (SETTLED, NOTHING)
    tab = row.party.tab(row.thing)
    assert (tab["status"], tab["owed"], tab["sellerAmount"]) == ("tab_settled", "30000", "29700")
    with pytest.raises(TransitionRefusedError):
        row.step()


def test_a_debt_ends_by_itself(world: World) -> None:
    """Silent for thirty days: each try leaves it owed, the last one writes it off."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3)
    rest = consumer.figures()[0]
    terms: Fields = {"title": "Other work", "budget": rest, "expirySec": 90 * 86_400}
    consumer.do("web3.market.publishTask", **terms)
    owed = provider.closes(tab)
    tries = 0
    while owed["actsAt"] is not None:
        assert owed["status"] == "tab_unpaid"
        world.reaches(owed["actsAt"], -1)
        assert world.sweep() == NOTHING
        world.reaches(owed["actsAt"])
        assert (world.sweep(), world.sweep()) == (UNPAID, NOTHING)
        tries, owed = tries + 1, consumer.tab(tab)
    assert (owed["status"], owed["sellerAmount"], tries) == ("tab_written_off", "0", 34)
    assert owed["endedAt"] == iso(from_iso(owed["closedAt"]) + 30 * 86_400_000)


# --- The rest ------------------------------------------------------------------------------------


def test_a_dry_run_only_counts(world: World) -> None:
    """A sweep that only looks changes nothing."""
    row = undelivered(world)
    world.reaches(row.until)
    counted = row.party.do("web3.market.expireSweep", dryRun=True)

    assert counted == {
        "due": 1,
        "tasksExpired": 0,
        "ordersExpired": 0,
        "released": 0,
        "refunded": 0,
        "tabsSettled": 0,
        "tabsUnpaid": 0,
        "sessionsEnded": 0,
        "reservationsLapsed": 0,
        "billsPaid": 0,
        "billsLocked": 0,
        "billsUnpaid": 0,
    }
    assert row.party.order(row.thing)["status"] == "delivery_ready"


def test_the_third_rejection_ends_in_a_refund(world: World) -> None:
    """After three rejections nothing can be handed in; the refund follows a review window."""
    buyer, worker, award = world.hired()
    for _ in range(3):
        buyer.rejects(worker.submits(award))
    with pytest.raises(AttemptsUsedUpError):
        worker.submits(award)
    world.pass_time(seconds=599)
    assert world.sweep() == NOTHING
    world.pass_time(seconds=1)
    assert world.sweep() == REFUNDED
    assert (buyer.figures(), worker.figures()) == (ALL_BACK, ALL_BACK)


@pytest.mark.parametrize("fund", [True, False])
def test_a_task_that_nobody_is_awarded_ends(world: World, fund: bool) -> None:  # noqa: FBT001 - a case
    """At its last moment bids and awards are refused, and the budget comes back."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(expirySec=60, fund=fund)
    bid = worker.bids(task)
    world.reaches(task["expiresAt"], -1)
    assert world.sweep() == NOTHING
    world.reaches(task["expiresAt"])
    steps: list[Callable[[], object]] = [lambda: buyer.awards(bid), lambda: buyer.cancels(task)]
    for late in steps:
        with pytest.raises(TaskExpiredError):
            late()
    assert (world.sweep(), buyer.figures()) == (LAPSED, ALL_BACK)
    assert worker.do("web3.market.getTask", taskId=task["taskId"])["status"] == "task_expired"


def test_silence_of_the_buyer_pays_the_worker(world: World) -> None:
    """Who says nothing has accepted: 99 percent to the worker, one to the market."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    world.pass_time(seconds=600)
    world.sweep()
    assert (buyer.figures(), worker.figures()) == (("960000000", "0", "0", "0"), PAID)


def test_a_revocation_needs_nobody_any_more(world: World) -> None:
    """From the moment of the revocation the money goes back by the market's next sweep."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    seller.begins(order)
    buyer.revokes(consent)
    assert (world.sweep(), world.sweep()) == (REFUNDED, NOTHING)
    assert (buyer.figures(), seller.figures()) == (ALL_BACK, ALL_BACK)
    assert buyer.order(order)["status"] == "settlement_cancelled"


def test_acting_in_time_disarms_the_sweep(world: World) -> None:
    """A result that was handed in on time is not refunded at the old moment."""
    row = undelivered(world)
    world.reaches(row.until, -1)
    row.step()
    world.reaches(row.until)
    assert world.sweep() == NOTHING


def test_more_than_end_side_by_side_end_in_one_sweep(world: World) -> None:
    """None is left for the next one, and none is tried twice."""
    buyer = world.member()
    for _ in range(AT_ONCE + 1):
        buyer.publishes()
    world.pass_time(seconds=30 * 86_400)
    before = world.pipeline.answers
    ended = world.sweep()
    assert (ended.due, ended.tasks_expired) == (AT_ONCE + 1, AT_ONCE + 1)
    assert world.pipeline.answers - before == AT_ONCE + 1


def test_what_cannot_end_keeps_nobody_waiting(world: World) -> None:
    """A row that a defect spoiled is reported, after everything else that was due has ended."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    other = buyer.awards(worker.bids(buyer.publishes()))
    worker.submits(other)
    spoiled = next(s for s in world.all(Settlement) if s.order_id == award["orderId"])
    broken = replace(spoiled, fee_bps="a word")  # type: ignore[arg-type]  # that is the defect
    world.run(world.store.write(lambda rows: rows.save(broken)))

    world.pass_time(seconds=600)
    with pytest.raises(ExceptionGroup) as reported:
        world.sweep()
    assert [type(defect) for defect in reported.value.exceptions] == [TypeError]
    assert buyer.order(other)["status"] == "settlement_completed"
    assert buyer.order(award)["status"] == "delivery_completed"
