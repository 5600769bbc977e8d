"""Repair: an operator sees what is unknown, has it asked again, and settles it by a finding."""

from collections.abc import Iterator
from functools import partial

import pytest

from books import Books
from clawmarket.adapters.payments.memory import Fault, MemoryRail
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import JobEndlessError, finish
from clawmarket.domain.treasury.rail import RailContradictsError, StepKnownError, StepNotFoundError
from clawmarket.domain.trust.session import ScopeMissingError
from clawmarket.ports.payments import Declined, Move, Moved, Unknown
from clawmarket.runtime import workers
from clawmarket.services.treasury.rail_answers import ask_rail
from rail_deals import TWIN, Deal, key, make_deal
from world import Fields

AGAIN = "The market asks it again by itself, by the same key. "
WHY = "Their support wrote so today."
ENDS = ("001.lock", "002.release", "003.release")


@pytest.fixture
def deal() -> Iterator[Deal]:
    """A deal about to be paid."""
    made = make_deal()
    yield made
    made.world.close()


def listed(deal: Deal) -> list[Fields]:
    """Return what the operator sees."""
    items: list[Fields] = deal.world.operator.do("market.repair.list")["items"]
    return items


def silent(deal: Deal, times: int = 60) -> None:
    """Let the rail say nothing of use."""
    deal.rail.faults.extend([Fault.SAY_UNKNOWN] * times)


def resolve(deal: Deal, step: str, *, moved: bool) -> Fields:
    """Let the operator say what became of a step."""
    asked: Fields = {"stepKey": step, "outcome": "moved" if moved else "not_moved"}
    return deal.world.operator.do("market.repair.resolve", **asked, reason=WHY)


def test_an_operator_sees_what_was_asked_and_what_came_back(deal: Deal) -> None:
    """The list names step, amounts, age, attempts, the last answer and when it is asked next."""
    silent(deal, 2)
    locked = deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    deal.world.pass_time(seconds=30)
    (shown,) = listed(deal)

    assert (shown["stepKey"], shown["step"], shown["status"]) == (
        key(locked, 1, "lock"),
        "lock",
        "rail_asked",
    )
    assert (shown["locked"], shown["ageSec"], shown["attempts"]) == ("10000000", 30, 1)
    assert shown["lastAnswer"] == "The rail says: It is being looked into."
    assert shown["asksAt"] is not None
    with pytest.raises(ScopeMissingError):
        deal.buyer.do("market.repair.list")


def test_the_order_says_in_words_that_its_rail_is_silent(deal: Deal) -> None:
    """Explain names rail, moment and sum, whose turn it is, and that nothing is paid twice."""
    silent(deal)
    deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    now, waits_for, then = deal.explains()

    assert now.startswith("The rail twin was asked at 2026-")
    assert now.endswith("to lock 10.00 credits and has not said yet whether it did.")
    assert (waits_for, then) == (
        "market",
        AGAIN + "If it locked, the seller is to deliver; if not, the order is as it was before.",
    )


def test_a_refused_lock_is_explained(deal: Deal) -> None:
    """The order is as before, and says why."""
    deal.rail.refuses.add("lock")
    deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    assert deal.explains()[0] == (
        "The rail twin did not lock the payment: The rail does not do this. "
        "Nothing is paid yet; the price is 10.00 credits."
    )


def test_retry_asks_at_once(deal: Deal) -> None:
    """The operator need not wait for the next question."""
    silent(deal, 1)
    locked = deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    assert deal.world.run_jobs() == 0
    deal.world.operator.do("market.repair.retry", stepKey=key(locked, 1, "lock"))
    deal.world.run_jobs()

    assert deal.stands() == ("payment_locked", "settlement_locked")
    assert listed(deal) == []


def test_what_a_person_found_out_counts_where_the_rail_is_silent(deal: Deal) -> None:
    """Moved: the order goes on as if the rail had said so, once."""
    deal.delivered()
    silent(deal)
    deal.buyer.releases(deal.order)
    deal.world.run_jobs()
    step = listed(deal)[0]["stepKey"]

    assert resolve(deal, step, moved=True)["status"] == "rail_moved"
    assert deal.stands() == ("settlement_completed", "settlement_released")
    assert deal.seller.figures() == ("1000000000", "0", "0", "9900000")
    with pytest.raises(StepKnownError):
        resolve(deal, step, moved=True)
    Books(deal.world.store).check()


def test_a_lock_that_did_not_happen_is_given_up(deal: Deal) -> None:
    """Not moved: the order is as before."""
    before = deal.buyer.order(deal.order)
    silent(deal)
    locked = deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    assert resolve(deal, key(locked, 1, "lock"), moved=False)["status"] == "rail_refused"

    after = deal.buyer.order(deal.order)
    assert {**after, "records": []} == {**before, "records": []}
    assert deal.buyer.locks(deal.order)["status"] == "settlement_locked"


def test_a_refused_payment_waits_for_a_person(deal: Deal) -> None:
    """It never falls back silently; once the rail agrees a retry by the same key cannot help."""
    deal.delivered()
    deal.rail.refuses.add("release")
    deal.buyer.releases(deal.order)
    deal.asks()
    (shown,) = listed(deal)
    assert (shown["status"], shown["lastAnswer"]) == ("rail_stuck", "The rail does not do this.")
    assert deal.stands() == ("delivery_completed", "settlement_releasing")
    assert "refuses to pay 9.90 credits to the seller" in deal.explains()[0]

    deal.rail.refuses.clear()
    deal.world.operator.do("market.repair.retry", stepKey=shown["stepKey"])
    deal.asks()
    assert listed(deal)[0]["status"] == "rail_stuck"

    resolve(deal, shown["stepKey"], moved=False)
    deal.asks()
    assert deal.stands() == ("settlement_completed", "settlement_released")
    lock = shown["settlementId"] + ".001.lock"
    assert [move.key for move in deal.rail.moves(lock)] == [
        lock,
        shown["settlementId"] + ".003.release",
    ]


def test_nobody_overrules_what_the_rail_itself_says(deal: Deal) -> None:
    """A person who says the opposite, or speaks of a question that never arrived, is refused."""
    deal.delivered()
    deal.rail.faults.extend([None, None, Fault.LOSE_ANSWER])
    deal.buyer.releases(deal.order)
    deal.world.run_jobs()
    step = listed(deal)[0]["stepKey"]
    with pytest.raises(RailContradictsError):
        resolve(deal, step, moved=False)
    assert deal.stands() == ("delivery_completed", "settlement_releasing")


def wrongly_closed(deal: Deal) -> str:
    """Let the rail pay and say nothing, and a person find that it did not; return that key."""
    deal.delivered()
    deal.rail.faults.extend([None, None, *[Fault.SAY_UNKNOWN] * 3])
    deal.buyer.releases(deal.order)
    deal.world.run_jobs()
    step: str = listed(deal)[0]["stepKey"]
    assert resolve(deal, step, moved=False)["status"] == "rail_refused"
    return step


@pytest.mark.parametrize("silent_for", [0, 3, 12])
def test_a_wrong_finding_pays_once_and_the_order_ends(deal: Deal, silent_for: int) -> None:
    """The rail moved what a person closed: the next question finds it, and nothing is sent."""
    closed = wrongly_closed(deal)
    silent(deal, silent_for)
    for _ in range(6):
        deal.asks()

    lock = closed[: -len("002.release")] + "001.lock"
    assert deal.stands() == ("settlement_completed", "settlement_released")
    assert [move.key for move in deal.rail.moves(lock)] == [lock, closed]
    assert deal.seller.figures() == ("1000000000", "0", "0", "9900000")
    assert listed(deal) == []
    summary = deal.buyer.do("web3.market.reconciliation.summary", orderId=deal.order["orderId"])
    assert (summary["agrees"], summary["differences"]) == (True, [])


def test_a_lock_that_was_closed_and_made_late_stays_in_sight(deal: Deal) -> None:
    """The order is as before and is paid otherwise; its reconciliation names what the rail has."""
    deal.rail.faults.extend([None, Fault.HOLD_BACK, *[Fault.SAY_UNKNOWN] * 2])
    locked = deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    closed = key(locked, 1, "lock")
    resolve(deal, closed, moved=False)
    deal.rail.faults.clear()
    named = {"orderId": deal.order["orderId"]}
    assert deal.buyer.do("web3.market.reconciliation.summary", **named)["agrees"]
    deal.rail.deliver()
    found = {"what": f"rail {closed}", "expected": "refused", "found": "moved"}

    unpaid = deal.buyer.do("web3.market.reconciliation.summary", **named)
    deal.buyer.locks(deal.order)
    paid = deal.buyer.do("web3.market.reconciliation.summary", **named)
    assert (unpaid["differences"], paid["differences"]) == ([found], [found])


class OvertakingRail(MemoryRail):
    """What is on its way arrives right before the next question does."""

    async def move(self, move: Move) -> Moved | Declined | Unknown:
        """Let everything arrive, and then this."""
        self.deliver()
        return await super().move(move)


def test_a_closed_question_that_arrives_late_is_the_payment() -> None:
    """It overtakes the one that followed it, which the rail then refuses: still paid, once."""
    deal = make_deal(OvertakingRail())
    deal.delivered()
    deal.rail.faults.extend([None, Fault.HOLD_BACK, *[Fault.SAY_UNKNOWN] * 2])
    deal.buyer.releases(deal.order)
    deal.world.run_jobs()
    closed = listed(deal)[0]["stepKey"]
    resolve(deal, closed, moved=False)
    deal.asks()

    assert deal.rail.sent == [closed[: -len("002.release")] + end for end in ENDS]
    assert deal.stands() == ("settlement_completed", "settlement_released")
    assert deal.rail.held(deal.rail.sent[0]) == 0
    assert deal.seller.figures() == ("1000000000", "0", "0", "9900000")
    deal.world.close()


def test_the_question_is_never_given_up(deal: Deal) -> None:
    """After days of silence the rail is still asked; its job cannot be cancelled."""
    silent(deal, 400)
    deal.buyer.locks(deal.order, rail=TWIN)
    for _ in range(100):
        deal.world.run_jobs()
        deal.world.pass_time(seconds=900)
    (shown,) = listed(deal)
    assert shown["attempts"] == 100
    job = deal.world.operator.do("market.jobs.list", status="job_waiting")["items"][0]
    with pytest.raises(JobEndlessError):
        deal.world.operator.do("market.jobs.cancel", jobId=job["jobId"])


@pytest.mark.parametrize("method", ["market.repair.retry", "market.repair.resolve"])
def test_a_step_that_nobody_asked_is_not_found(deal: Deal, method: str) -> None:
    """A made-up key is refused and leaves no record."""
    stranger = "settlement_" + "0" * 26 + ".001.lock"
    extra: Fields = {} if method.endswith("retry") else {"outcome": "moved", "reason": WHY}
    with pytest.raises(StepNotFoundError):
        deal.world.operator.do(method, stepKey=stranger, **extra)
    with pytest.raises(Refused):
        deal.buyer.do(method, stepKey=stranger, **extra)


def test_a_retry_is_asked_even_while_the_last_job_still_runs(deal: Deal) -> None:
    """The job that found the refusal ends without asking again: the step has another."""
    deal.delivered()
    deal.rail.refuses.add("release")
    deal.buyer.releases(deal.order)
    ports, run = deal.world.pipeline.ports, deal.world.run
    (due,) = ports.store.read(lambda rows: workers._due(rows, "rail", ports.clock.now()))
    leased = run(ports.store.write(partial(workers._lease, seen=due, clock=ports.clock)))
    run(ask_rail(deal.world.pipeline, leased.ref))
    deal.world.operator.do("market.repair.retry", stepKey=leased.ref)
    run(workers._conclude(deal.world.pipeline, leased, finish))

    (shown,) = listed(deal)
    assert (shown["status"], shown["asksAt"] is not None) == ("rail_asked", True)
    deal.asks()
    assert listed(deal)[0]["status"] == "rail_stuck"
