"""A market on a rail that fails in every way that is not its own books, as a machine of rules."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from books import Books
from clawmarket.adapters.payments.memory import Answer, Fault, MemoryRail
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury.rail import RailState, RailStep, Step
from clawmarket.domain.treasury.settlement import Settlement, SettlementState
from clawmarket.ports.payments import Declined, Move, Moved, Unknown, Unseen
from clawmarket.runtime.workers import LEASE_MS
from clawmarket.services.treasury.rail_answers import ask_rail
from world import Fields, World

RESOLVE = "market.repair.resolve"
ENDED = (SettlementState.RELEASED, SettlementState.REFUNDED, SettlementState.REFUSED)
# A refusal that is no refusal has to be told twice in a row to be believed; that rail is broken.
FAULTS = st.lists(st.one_of(st.none(), st.sampled_from(list(Fault))), max_size=6).filter(
    lambda faults: (Fault.SAY_REFUSED,) * 2 not in list(pairwise(faults))
)
PICK = st.integers(0, 3)
PAUSES = st.sampled_from([1, 1, 60, 599, 900, 86_400])
MOST_ORDERS = 6
ROUNDS = 30


@dataclass
class WatchedRail(MemoryRail):
    """A rail that notes who sends it a key without having been told that it never got it.

    Attributes:
        told: How often it said so of a key, less the sendings since.
        unasked: Keys that were sent all the same.
    """

    told: Counter[str] = field(default_factory=Counter)
    unasked: list[str] = field(default_factory=list)

    async def move(self, move: Move) -> Moved | Declined | Unknown:
        """Do it once."""
        self.told[move.key] -= 1
        if self.told[move.key] < 0:
            self.unasked.append(move.key)
        return await super().move(move)

    async def look_up(self, key: str) -> Answer:
        """Say what came of a key."""
        answer = await super().look_up(key)
        self.told[key] += answer == Unseen(key)
        return answer


class AnyRail(RuleBasedStateMachine):
    """A buyer and a seller trade, an operator errs, and the market stops wherever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.rail = WatchedRail()
        self.world = World(rails={"twin": self.rail})
        self.books = Books(self.world.store)
        self.operator = self.world.operator
        self.buyer, self.seller = self.world.member(), self.world.member()
        self.offer = self.seller.offers("0.000199", disputeWindowSec=600)
        self.orders: list[Fields] = []

    def teardown(self) -> None:
        """Let the rail be well again: then all is known, ended and divided to the unit."""
        try:
            self.recover()
            self.check_known()
        finally:
            self.world.close()

    def recover(self) -> None:
        """Let everything arrive and every deadline pass; operators have what is stuck asked anew.

        However many jobs are due, all are done before time goes on; a round can need the next one.
        """
        self.rail.faults.clear()
        self.rail.refuses.clear()
        for _ in range(ROUNDS):
            self.rail.deliver()
            while self.world.run_jobs():
                pass
            for stuck in self.open_steps():
                if stuck["status"] == RailState.STUCK:
                    self.finds(stuck["stepKey"], "not_moved")
            if not [order for order in self.world.all(Order) if not order.is_over]:
                return
            self.world.pass_time(seconds=86_400)
            self.world.sweep()

    def check_known(self) -> None:
        """Ledger and rail agree on every lock, and nothing waits any more."""
        self.books.check_over()
        for one in self.world.all(Settlement):
            moves = self.rail.moves(f"{one.settlement_id}.001.lock")
            assert one.state in ENDED
            assert bool(moves) == (one.state is not SettlementState.REFUSED)
            paid = [sum(m.seller_amount for m in moves), sum(m.fee for m in moves)]
            assert paid == [one.seller_amount, one.fee]
            assert sum(m.refund for m in moves) == one.refund_amount
            divided = one.seller_amount + one.fee + one.refund_amount
            assert divided == (one.amount if moves else 0)
        for order in self.orders:
            said = self.buyer.do("web3.market.reconciliation.summary", orderId=order["orderId"])
            assert (said["agrees"], said["differences"]) == (True, [])

    def open_steps(self) -> list[Fields]:
        """Return what operators see."""
        items: list[Fields] = self.operator.do("market.repair.list")["items"]
        return items

    def asked_keys(self) -> list[str]:
        """Return the key of every step that is asked."""
        return [s.key for s in self.world.all(RailStep) if s.state is RailState.ASKED]

    def finds(self, step: str, outcome: str) -> None:
        """Let an operator say something of a step; what is refused changes nothing."""
        self.world.run(self.finding(step, outcome))

    async def finding(self, step: str, outcome: str) -> None:
        """Say something of a step."""
        asked = {"stepKey": step, "outcome": outcome, "reason": "So they wrote."}
        key = self.world.new_key()
        try:
            await self.world.pipeline.submit(self.operator.caller, RESOLVE, asked, key=key)
        except Refused:
            return

    async def asking(self, step: str) -> None:
        """Ask the rail of a step, as its job does; the market may stop right after."""
        try:
            await ask_rail(self.world.pipeline, step)
        except Refused:
            return

    def tries(self, member: Any, method: str, pick: int) -> None:
        """Do something with one of the orders; whatever is refused changes nothing."""
        if self.orders:
            order = self.orders[-1 - pick % len(self.orders)]
            params = {"orderId": order["orderId"]}
            params |= {"rail": "twin"} if method.endswith("lock") else {}
            params |= {"reason": "It is not what I ordered."} if method == "dispute.open" else {}
            name = method if method.startswith("dispute") else f"market.{method}"
            try:
                member.do(f"web3.{name}", **params)
            except Refused:
                return

    @precondition(lambda self: len(self.orders) < MOST_ORDERS)
    @rule(quantity=st.integers(1, 3))
    def order(self, quantity: int) -> None:
        """Order, and ask the rail to lock."""
        self.orders.append(self.buyer.orders(self.offer, quantity))
        self.tries(self.buyer, "settlement.lock", 0)

    @precondition(lambda self: len(self.orders) < MOST_ORDERS)
    @rule()
    def deliver_an_order(self) -> None:
        """Order, have it locked if the rail likes, and deliver: there is something to pay."""
        self.order(1)
        self.world.run_jobs()
        self.deliver(0)

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

    @rule(pick=PICK)
    def contest(self, pick: int) -> None:
        """Open a dispute, also about what is being paid; it ends by silence."""
        self.tries(self.buyer, "dispute.open", pick)

    @rule(faults=FAULTS)
    def spoil(self, faults: list[Fault | None]) -> None:
        """Let the next questions and answers go wrong."""
        self.rail.faults.clear()
        self.rail.faults.extend(faults)

    @rule(step=st.sampled_from(["lock", "release", "refund"]))
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
    def fall_silent(self) -> None:
        """Let the rail say nothing for an evening, longer than any other job is tried."""
        self.rail.faults.extend([Fault.SAY_UNKNOWN] * 200)
        for _ in range(10):
            self.world.run_jobs()
            self.world.pass_time(seconds=900)
            self.world.sweep()
        self.rail.faults.clear()

    @rule(pick=PICK)
    def stop_between(self, pick: int) -> None:
        """Stop the market after the rail was asked and before its job was finished."""
        if asked := self.asked_keys():
            self.world.run(self.asking(asked[pick % len(asked)]))
            self.world.pass_time(seconds=LEASE_MS // 1000)

    @rule(pick=PICK, askers=st.integers(2, 3))
    def ask_at_once(self, pick: int, askers: int) -> None:
        """Let several processes whose leases overlap ask of one step at once."""
        if asked := self.asked_keys():
            step = asked[pick % len(asked)]
            self.world.run(_together(*(self.asking(step) for _ in range(askers))))

    @rule(pick=PICK, outcome=st.sampled_from(["moved", "not_moved"]), meanwhile=st.booleans())
    def resolve(self, pick: int, outcome: str, meanwhile: bool) -> None:  # noqa: FBT001 - drawn
        """Let an operator say what is true, or err where the market has to be able to bear it.

        That a payment was not made may be wrong; a lock or a payment that is not there is another's
        word against the rail, and only refused where the rail can tell.
        """
        if not (found := self.open_steps()):
            return
        step = found[pick % len(found)]
        key, done = step["stepKey"], self.rail.done.get(step["stepKey"])
        true = outcome == ("moved" if isinstance(done, Moved) else "not_moved")
        payment = step["step"] != Step.LOCK and outcome == "not_moved"
        told = not self.rail.faults and step["status"] == RailState.ASKED
        if (true and done is not None) or payment or told:
            asker = [self.asking(key)] if meanwhile and not told else []
            self.world.run(_together(*asker, self.finding(key, outcome)))

    @invariant()
    def the_books_hold(self) -> None:
        """After every step entries balance and nothing left a lock that was not in it."""
        self.books.check()
        for one in self.world.all(Settlement):
            assert 0 <= self.rail.held(f"{one.settlement_id}.001.lock") <= one.amount

    @invariant()
    def what_is_known_is_true(self) -> None:
        """The market never takes a step for moved or refused that the rail has otherwise.

        A payment that a person closed may be moved; then the one after it never is as well.
        """
        for step in self.world.all(RailStep):
            moved = [m.key for m in self.rail.moves(f"{step.settlement_id}.001.lock")]
            if step.state is RailState.MOVED:
                assert len(moved) >= (1 if step.step is Step.LOCK else 2)
            if step.state is RailState.REFUSED and step.found is None:
                assert isinstance(self.rail.done.get(step.key), Declined)
            if step.state is RailState.REFUSED and step.step is Step.LOCK:
                assert moved == []
            assert len(moved) <= 2

    @invariant()
    def who_sends_has_looked(self) -> None:
        """A key is sent only after the rail said that it never got it, once for each such word."""
        assert self.rail.unasked == []

    @invariant()
    def what_is_stuck_is_refused(self) -> None:
        """A payment waits for a person only while the rail refuses it, and falls to nobody else."""
        for step in self.world.all(RailStep):
            if step.state is RailState.STUCK:
                assert isinstance(self.rail.done.get(step.key), Declined)
            if step.state is RailState.REFUSED and step.step is not Step.LOCK:
                assert step.found is False

    @invariant()
    def somebody_asks(self) -> None:
        """Every unknown step has a job that will ask, or waits for a person."""
        jobs = {job.job_id: job for job in self.world.all(Job)}
        for step in self.world.all(RailStep):
            if step.state is RailState.ASKED:
                assert jobs[step.job_id].state in (JobState.WAITING, JobState.RUNNING)


async def _together(*works: Any) -> None:
    await asyncio.gather(*works)
