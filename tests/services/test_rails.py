"""Rails outside the ledger: what is unknown stays unknown until the rail says so."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from books import Books
from clawmarket.adapters.payments.memory import Answer, Fault, MemoryRail
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.market.dispute import DisputeNotNowError
from clawmarket.domain.market.order import RailAskedError
from clawmarket.domain.treasury.rail import RailState, RailStep, RailUnknownError
from clawmarket.ports.payments import Declined, Moved
from clawmarket.services.treasury import reconciliation
from rail_deals import TWIN, Deal, key, make_deal
from world import Fields


@pytest.fixture
def deal() -> Iterator[Deal]:
    """A deal about to be paid."""
    made = make_deal()
    yield made
    made.world.close()


def test_a_lock_that_was_answered_late_is_confirmed_by_asking_again(deal: Deal) -> None:
    """The answer is lost and the next one unknown; a look-up by the same key confirms the lock."""
    deal.rail.faults.extend([Fault.LOSE_QUESTION])
    locked = deal.buyer.locks(deal.order, rail=TWIN)
    assert (locked["status"], locked["rail"]) == ("settlement_locking", TWIN)
    deal.world.run_jobs()
    assert deal.stands() == ("order_created", "settlement_locking")
    assert deal.rail.sent == []

    deal.world.pass_time(seconds=2)
    deal.world.run_jobs()

    assert deal.stands() == ("payment_locked", "settlement_locked")
    assert deal.rail.sent == [key(locked, 1, "lock")]
    assert deal.buyer.figures() == ("1000000000", "10000000", "0", "0")
    assert deal.seller.figures() == ("1000000000", "0", "9900000", "0")
    Books(deal.world.store).check()


# What goes wrong with the questions that follow each other: look up, send, look up, …
SPOILT: tuple[tuple[Fault | None, ...], ...] = (
    (Fault.LOSE_ANSWER,),
    (None, Fault.LOSE_QUESTION),
    (None, Fault.LOSE_ANSWER, Fault.LOSE_ANSWER),
    (None, Fault.SAY_REFUSED),
    (None, None, Fault.SAY_REFUSED),
    (None, None, Fault.SAY_UNKNOWN, Fault.SAY_UNKNOWN),
    (Fault.SAY_NONSENSE, None, Fault.SAY_NONSENSE, Fault.SAY_NONSENSE),
    (Fault.SAY_OTHER_KEY, None, None, Fault.SAY_OTHER_AMOUNT),
    (None, Fault.HOLD_BACK, Fault.SAY_UNKNOWN),
)


@pytest.mark.parametrize("faults", SPOILT)
def test_however_answers_are_spoilt_each_key_moves_once(
    deal: Deal, faults: tuple[Fault | None, ...]
) -> None:
    """Lock and release come to the right end, and the rail did each once."""
    deal.rail.faults.extend(faults)
    locked = deal.buyer.locks(deal.order, rail=TWIN)
    deal.asks()
    deal.rail.deliver()
    deal.seller.delivers(deal.seller.begins(deal.order))
    deal.rail.faults.extend(faults)
    deal.buyer.releases(deal.order)
    deal.asks()
    deal.rail.deliver()
    deal.asks()

    assert deal.stands() == ("settlement_completed", "settlement_released")
    assert list(deal.rail.done) == [key(locked, 1, "lock"), key(locked, 2, "release")]
    assert deal.rail.held(key(locked, 1, "lock")) == 0
    assert deal.buyer.figures() == ("1000000000", "0", "0", "0")
    assert deal.seller.figures() == ("1000000000", "0", "0", "9900000")


def test_while_the_rail_is_asked_nobody_can_act_and_no_deadline_runs(deal: Deal) -> None:
    """Release, refund, reject and silence are refused or wait until the answer is there."""
    deal.delivered()
    deal.rail.faults.extend([Fault.SAY_UNKNOWN] * 40)
    deal.buyer.releases(deal.order)
    deal.asks()
    deal.world.pass_time(seconds=90 * 86_400)

    assert deal.world.sweep().due == 0
    assert deal.stands() == ("delivery_completed", "settlement_releasing")
    for act in (deal.buyer.releases, deal.seller.refunds, deal.buyer.contests):
        with pytest.raises(Refused):
            act(deal.order)
    with pytest.raises(RailAskedError):
        deal.buyer.releases(deal.order)
    with pytest.raises(DisputeNotNowError, match="A rail is asked about the money"):
        deal.buyer.contests(deal.order)


def test_a_refused_lock_leaves_the_order_as_it_was(deal: Deal) -> None:
    """The buyer may lock again, elsewhere, until the order's own deadline."""
    deal.rail.refuses.add("lock")
    before = deal.buyer.order(deal.order)
    deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()

    assert deal.buyer.order(deal.order) == before
    assert deal.buyer.locks(deal.order)["status"] == "settlement_locked"
    Books(deal.world.store).check()


def test_an_unpaid_order_expires_once_the_refusal_is_known(deal: Deal) -> None:
    """A deadline that passed while nobody knew applies as soon as somebody does."""
    deal.rail.refuses.add("lock")
    deal.rail.faults.append(Fault.SAY_UNKNOWN)
    deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    deal.world.pass_time(seconds=3_600)
    assert deal.world.sweep().orders_expired == 0
    deal.world.run_jobs()
    assert deal.world.sweep().orders_expired == 1


def test_what_was_locked_for_a_cancelled_order_goes_back(deal: Deal) -> None:
    """The buyer cancels while the rail is asked; the lock that is confirmed later is refunded."""
    deal.rail.faults.append(Fault.SAY_UNKNOWN)
    locked = deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    assert deal.buyer.do("web3.market.order.cancel", orderId=deal.order["orderId"])["status"] == (
        "order_cancelled"
    )
    deal.asks()

    assert deal.stands() == ("order_cancelled", "settlement_refunded")
    assert list(deal.rail.done) == [key(locked, 1, "lock"), key(locked, 2, "refund")]
    assert deal.buyer.figures() == ("1000000000", "0", "0", "0")


def test_a_market_has_the_rails_it_was_given(deal: Deal) -> None:
    """Another name is refused and changes nothing."""
    with pytest.raises(RailUnknownError):
        deal.buyer.locks(deal.order, rail="stripe")
    assert deal.buyer.order(deal.order)["status"] == "order_created"


def test_a_refund_waits_for_the_rail_too(deal: Deal) -> None:
    """The seller gives the order up; the order ends when the rail has paid back."""
    deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    assert deal.seller.refunds(deal.order)["status"] == "settlement_refunding"
    assert deal.stands() == ("payment_locked", "settlement_refunding")
    deal.asks()
    assert deal.stands() == ("settlement_cancelled", "settlement_refunded")
    assert deal.buyer.figures() == ("1000000000", "0", "0", "0")


def reconciled(deal: Deal) -> Fields:
    """Return what the buyer is told about ledger, rail and records."""
    return deal.buyer.do("web3.market.reconciliation.summary", orderId=deal.order["orderId"])


def test_ledger_and_rail_are_held_together_by_order(deal: Deal) -> None:
    """At every stage they agree; the rail's own word stands beside each step."""
    assert reconciled(deal)["agrees"]
    deal.buyer.locks(deal.order, rail=TWIN)
    assert reconciled(deal)["rail"]["steps"][0]["said"] == "never got it"
    deal.world.run_jobs()
    deal.seller.delivers(deal.seller.begins(deal.order))
    assert reconciled(deal)["agrees"]
    deal.buyer.releases(deal.order)
    assert reconciled(deal)["agrees"]
    deal.world.run_jobs()
    summary = reconciled(deal)

    assert (summary["agrees"], summary["differences"], summary["complete"]) == (True, [], True)
    figures = {name: value for name, value in summary["rail"].items() if name != "steps"}
    assert figures == {
        "name": TWIN,
        "held": "0",
        "paid": "9900000",
        "fee": "100000",
        "returned": "0",
    }
    assert [(s["status"], s["said"]) for s in summary["rail"]["steps"]] == [
        ("rail_moved", "moved"),
        ("rail_moved", "moved"),
    ]


def test_what_the_rail_knows_and_the_ledger_does_not_is_named(deal: Deal) -> None:
    """Done and not told, and told and forgotten: both are differences of this order."""
    deal.rail.faults.extend([None, None, Fault.LOSE_ANSWER])
    locked = deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    lock = key(locked, 1, "lock")
    assert reconciled(deal)["differences"] == [
        {"what": f"rail {lock}", "expected": "unknown", "found": "moved"}
    ]
    deal.asks()
    assert reconciled(deal)["agrees"]
    deal.rail.done.clear()
    assert reconciled(deal)["differences"] == [
        {"what": f"rail {lock}", "expected": "moved", "found": "never got it"}
    ]


@dataclass
class HangingRail(MemoryRail):
    """A rail that answers the first key it is asked for only once it was asked for another.

    Attributes:
        enough: How many keys have to be asked for.
    """

    enough: int = 2
    asked: set[str] = field(default_factory=set)
    other: asyncio.Event = field(default_factory=asyncio.Event)

    async def look_up(self, key: str) -> Answer:
        """Say it, late."""
        self.asked.add(key)
        if len(self.asked) >= self.enough:
            self.other.set()
        await self.other.wait()
        return await super().look_up(key)


def test_a_rail_that_hangs_keeps_no_other_waiting() -> None:
    """The steps that are due in one round are asked side by side."""
    deal = make_deal(HangingRail())
    deal.buyer.locks(deal.order, rail=TWIN)
    other = deal.buyer.orders(deal.seller.offers())
    deal.buyer.locks(other, rail=TWIN)
    assert deal.world.run_jobs() == 2
    assert [step.state for step in deal.world.all(RailStep)] == [RailState.MOVED] * 2
    deal.world.close()


def paid_on_a_hanging_rail(enough: int) -> Deal:
    """Return a deal that a rail has locked and paid; from now on it hangs."""
    rail = HangingRail(enough=enough)
    rail.other.set()
    deal = make_deal(rail)
    deal.delivered()
    deal.buyer.releases(deal.order)
    deal.world.run_jobs()
    rail.asked.clear()
    rail.other.clear()
    return deal


def test_the_steps_of_an_order_are_held_against_the_rail_side_by_side() -> None:
    """The answer about the first comes only once the second was asked for."""
    deal = paid_on_a_hanging_rail(2)
    assert [step["said"] for step in reconciled(deal)["rail"]["steps"]] == ["moved", "moved"]
    deal.world.close()


def test_a_rail_that_hangs_is_silent_about_all_steps_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All questions have one question's time; who is silent contradicts nobody."""
    deal = paid_on_a_hanging_rail(3)
    monkeypatch.setattr(reconciliation, "PATIENCE_S", 0.0)
    summary = reconciled(deal)
    assert [step["said"] for step in summary["rail"]["steps"]] == [None, None]
    assert (summary["agrees"], summary["complete"]) == (True, False)
    deal.world.close()


def test_a_round_asks_eight(deal: Deal) -> None:
    """More wait for the next round, so that a round stays short."""
    for _ in range(9):
        deal.buyer.locks(deal.buyer.orders(deal.seller.offers(price="1")), rail=TWIN)
    assert [deal.world.run_jobs(), deal.world.run_jobs(), deal.world.run_jobs()] == [8, 1, 0]


@dataclass
class TalkingRail(MemoryRail):
    """A rail whose words are never the same twice, and not fit to be kept."""

    words: str = ""
    asked: int = 0

    async def look_up(self, key: str) -> Answer:
        """Say the same thing in other words."""
        self.asked += 1
        said = await super().look_up(key)
        if isinstance(said, Declined):
            return Declined(key, f"{self.words} {self.asked}")
        return replace(said, reference=self.words) if isinstance(said, Moved) else said


def test_a_refusal_in_other_words_is_the_same_refusal() -> None:
    """Only its kind is compared; its words are kept without secrets and without what breaks."""
    secret = "sk-" + "a1B2c3D4" * 4
    deal = make_deal(TalkingRail(words=f"\x00No\ud800, {secret} lacks rights."))
    deal.rail.refuses.add("lock")
    deal.buyer.locks(deal.order, rail=TWIN)
    deal.asks()
    (step,) = deal.world.all(RailStep)
    assert (step.state, step.reason[:5]) == (RailState.REFUSED, "No?, ")
    assert secret not in step.reason + deal.explains()[0]
    deal.world.close()


def test_a_reference_is_kept_as_it_can_be() -> None:
    """A lone surrogate and NUL go, and what is too long is cut; the money moved all the same."""
    deal = make_deal(TalkingRail(words="\x00r\ud800" + "e" * 500))
    deal.buyer.locks(deal.order, rail=TWIN)
    deal.asks()
    (step,) = deal.world.all(RailStep)
    assert (step.state, step.reference) == (RailState.MOVED, "r?" + "e" * 198)
    deal.world.close()
