"""Whatever a rail loses, delays or garbles, and whenever the market stops: each key moves once."""

from itertools import pairwise
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from books import Books
from clawmarket.adapters.payments.memory import Fault, MemoryRail
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury.rail import RailState, RailStep
from clawmarket.domain.treasury.settlement import Settlement, SettlementState
from clawmarket.ports.payments import Moved
from clawmarket.runtime.workers import LEASE_MS
from clawmarket.services.treasury.rail_answers import ask_rail
from world import Fields, World

ENDED = (SettlementState.RELEASED, SettlementState.REFUNDED, SettlementState.REFUSED)
# A refusal that is no refusal has to be told twice in a row to be believed; that rail is broken.
FAULTS = st.lists(st.one_of(st.none(), st.sampled_from(list(Fault))), max_size=6).filter(
    lambda faults: (Fault.SAY_REFUSED,) * 2 not in list(pairwise(faults))
)
PICK = st.integers(0, 3)
PAUSES = st.sampled_from([1, 1, 60, 599, 900, 86_400])


class AnyRail(RuleBasedStateMachine):
    """A buyer and a seller trade on a rail that fails in every way that is not its own books."""

    def __init__(self) -> None:
        super().__init__()
        self.rail = MemoryRail()
        self.world = World(rails={"twin": self.rail})
        self.books = Books(self.world.store)
        self.buyer, self.seller = self.world.member(), self.world.member()
        self.offers = [
            self.seller.offers("0.000199"),
            self.seller.offers_parts(33, 33, 34, price="0.000067"),
        ]
        self.orders: list[Fields] = []

    def teardown(self) -> None:
        """Let the rail be well again: then all is known, ended and divided to the unit."""
        try:
            self.recover()
            self.check_known()
        finally:
            self.world.close()

    def recover(self) -> None:
        """Let everything arrive, every deadline pass, and operators ask what is stuck anew."""
        self.rail.faults.clear()
        self.rail.refuses.clear()
        for _ in range(12):
            self.rail.deliver()
            while self.world.run_jobs():
                pass
            for stuck in self.world.operator.do("market.repair.list")["items"]:
                if stuck["status"] == RailState.STUCK:
                    finding = {"outcome": "not_moved", "reason": "It was closed."}
                    asked = {"stepKey": stuck["stepKey"]} | finding
                    self.world.operator.do("market.repair.resolve", **asked)
            self.world.pass_time(seconds=3 * 86_400)
            self.world.sweep()

    def check_known(self) -> None:
        """Ledger and rail agree on every lock, and nothing waits any more."""
        assert [o for o in self.world.all(Order) if not o.is_over] == []
        for one in self.world.all(Settlement):
            lock = f"{one.settlement_id}.001.lock"
            moves = self.rail.moves(lock)
            assert one.state in ENDED
            assert self.rail.held(lock) == 0
            assert bool(moves) == (one.state is not SettlementState.REFUSED)
            paid = [sum(m.seller_amount for m in moves), sum(m.fee for m in moves)]
            assert paid == [one.seller_amount, one.fee]
            assert sum(m.refund for m in moves) == one.refund_amount
            divided = one.seller_amount + one.fee + one.refund_amount
            assert divided == (one.amount if moves else 0)

    def tries(self, member: Any, method: str, pick: int) -> None:
        """Do something with one of the orders; whatever is refused changes nothing."""
        if self.orders:
            order = self.orders[-1 - pick % len(self.orders)]
            params = {"orderId": order["orderId"]}
            params |= {"rail": "twin"} if method.endswith("lock") else {}
            try:
                member.do(f"web3.market.{method}", **params)
            except Refused:
                return

    @rule(quantity=st.integers(1, 3), offer=st.integers(0, 1))
    def order(self, quantity: int, offer: int) -> None:
        """Order, perhaps in parts, and ask the rail to lock."""
        self.orders.append(self.buyer.orders(self.offers[offer], quantity))
        self.tries(self.buyer, "settlement.lock", 0)

    @rule(pick=PICK)
    def lock(self, pick: int) -> None:
        """Lock once more, also what is locked."""
        self.tries(self.buyer, "settlement.lock", pick)

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        """Cancel, also while the rail is asked."""
        self.tries(self.buyer, "order.cancel", pick)

    @rule(pick=PICK)
    def deliver(self, pick: int) -> None:
        """Deliver whatever can be."""
        if self.orders:
            order = self.orders[-1 - pick % len(self.orders)]
            try:
                self.seller.delivers(self.seller.begins(order))
            except Refused:
                return

    @rule(pick=PICK)
    def release(self, pick: int) -> None:
        """Pay, also twice."""
        self.tries(self.buyer, "settlement.release", pick)

    @rule(pick=PICK)
    def refund(self, pick: int) -> None:
        """Give back, also what is being paid."""
        self.tries(self.seller, "settlement.refund", pick)

    @rule(faults=FAULTS)
    def spoil(self, faults: list[Fault | None]) -> None:
        """Let the next questions and answers go wrong."""
        self.rail.faults.clear()
        self.rail.faults.extend(faults)

    @rule(step=st.sampled_from(["lock", "part", "release", "refund"]))
    def refuse(self, step: str) -> None:
        """Let the rail decline a kind of step, or no longer."""
        self.rail.refuses ^= {step}

    @rule()
    def arrive(self) -> None:
        """Let what was held back arrive at last."""
        self.rail.deliver()

    @rule(seconds=PAUSES)
    def work(self, seconds: int) -> None:
        """Let time pass, and the market do what is due."""
        self.world.pass_time(seconds=seconds)
        self.world.run_jobs()
        self.world.sweep()

    @rule()
    def stop_between(self) -> None:
        """Stop the market after the rail was asked and before its job was finished."""
        waiting = [j for j in self.world.all(Job) if j.kind == "rail" and j.acts_at is not None]
        for job in waiting[:1]:
            try:
                self.world.run(ask_rail(self.world.pipeline, job.ref))
            except Refused:
                self.world.pass_time(seconds=LEASE_MS // 1000)

    @rule(pick=PICK, outcome=st.sampled_from(["moved", "not_moved"]))
    def resolve(self, pick: int, outcome: str) -> None:
        """Let an operator say what is true, or the opposite where the rail can tell."""
        open_steps = self.world.operator.do("market.repair.list")["items"]
        if open_steps:
            step = open_steps[pick % len(open_steps)]["stepKey"]
            truth = "moved" if isinstance(self.rail.done.get(step), Moved) else "not_moved"
            done = step in self.rail.done
            if (outcome == truth and done) or (outcome != truth and not self.rail.faults):
                asked = {"stepKey": step, "outcome": outcome, "reason": "So they wrote."}
                try:
                    self.world.operator.do("market.repair.resolve", **asked)
                except Refused:
                    return

    @invariant()
    def the_books_hold(self) -> None:
        """After every step entries balance and nothing left a lock that was not in it."""
        self.books.check()
        for one in self.world.all(Settlement):
            assert 0 <= self.rail.held(f"{one.settlement_id}.001.lock") <= one.amount

    @invariant()
    def what_is_known_is_true(self) -> None:
        """The market never takes a step for moved or refused that the rail has otherwise."""
        for step in self.world.all(RailStep):
            done = self.rail.done.get(step.key)
            if step.state is RailState.MOVED:
                assert isinstance(done, Moved)
            if step.state is RailState.REFUSED:
                assert done is not None
                assert not isinstance(done, Moved)

    @invariant()
    def somebody_asks(self) -> None:
        """Every unknown step has a job that will ask, or waits for a person."""
        jobs = {job.job_id: job for job in self.world.all(Job)}
        for step in self.world.all(RailStep):
            if step.state is RailState.ASKED:
                assert jobs[step.job_id].state in (JobState.WAITING, JobState.RUNNING)


TestAnyRail = AnyRail.TestCase
TestAnyRail.settings = settings(
    max_examples=20,
    stateful_step_count=20,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)
