"""A market on a rail that fails in every way that is not its own books; a seed makes one story."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from books import Books
from clawmarket.adapters.payments.memory import Answer, Fault, MemoryRail
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.treasury.rail import UNKNOWN, RailState, RailStep, Step
from clawmarket.domain.treasury.settlement import Settlement, SettlementState
from clawmarket.ports.payments import Declined, Move, Moved, Unknown, Unseen
from clawmarket.services.treasury.rail_answers import ask_rail
from simulation.chance import Chance
from world import Fields, Member, World

RESOLVE = "market.repair.resolve"
ENDED = (SettlementState.RELEASED, SettlementState.REFUNDED, SettlementState.REFUSED)
FAULTS = list(Fault)
PAUSES = (1, 60, 900, 86_400)
OUTCOMES = ("moved", "not_moved")
WAYS = ("settlement.release", "settlement.refund", "order.cancel", "settlement.lock")
ACTS = {
    "order": 4,
    "deliver": 1,
    "move": 4,
    "contest": 1,
    "ask": 8,
    "ask_at_once": 2,
    "refuse": 2,
    "arrive": 1,
    "work": 2,
    "fall_silent": 1,
    "resolve": 4,
}
MOST_ORDERS = 4
WAITS = {
    Step.LOCK: SettlementState.LOCKING,
    Step.PART: SettlementState.RELEASING,
    Step.RELEASE: SettlementState.RELEASING,
    Step.REFUND: SettlementState.REFUNDING,
}
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


class AnyRail:
    """A buyer and a seller trade, an operator errs, and the market stops wherever it likes."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.acts: list[str] = []
        self.rail = WatchedRail()
        self.world = World(rails={"twin": self.rail})
        self.books = Books(self.world.store)
        self.operator = self.world.operator
        self.buyer, self.seller = self.world.member(), self.world.member()
        whole = self.seller.offers("0.000199", disputeWindowSec=600)
        parts = self.seller.offers_parts(33, 33, 34, price="0.000067", disputeWindowSec=600)
        self.offers = [whole, whole, parts]
        self.orders: list[Fields] = []
        self.stood: dict[str, OrderState] = {}

    def act(self) -> None:
        """Let something happen, and hold everything that has to hold at any moment."""
        self.acts.append(self.chance.weighed(ACTS))
        getattr(self, self.acts[-1])()
        self.the_books_hold()
        self.what_is_known_is_true()
        self.who_is_asked_waits()
        self.who_sends_has_looked()
        self.what_is_stuck_is_refused()
        self.somebody_asks()

    def end(self) -> None:
        """Let the rail be well again: then all is known, ended and divided to the unit."""
        self.recover()
        self.check_known()

    def any_order(self) -> Fields | None:
        """Return one of the last orders."""
        return self.chance.pick(self.orders[-3:]) if self.orders else None

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

    def tries(self, member: Member, method: str, order: Fields, **more: str) -> None:
        """Do something with an order; whatever is refused changes nothing."""
        try:
            member.do(f"web3.{method}", orderId=order["orderId"], **more)
        except Refused:
            return

    def order(self) -> None:
        """Order, and ask the rail to lock; perhaps it does, and the seller delivers."""
        if len(self.orders) == MOST_ORDERS:
            return
        self.orders.append(
            self.buyer.orders(self.chance.pick(self.offers), 1 + self.chance.below(3))
        )
        self.tries(self.buyer, "market.settlement.lock", self.orders[-1], rail="twin")
        if self.chance.happens(600):
            self.rail.faults.clear()
            self.world.run(_together(*map(self.asking, self.asked_keys())))
            self.deliver()

    def deliver(self) -> None:
        """Deliver whatever can be."""
        for order in self.orders:
            try:
                self.seller.delivers(self.seller.begins(order))
            except Refused:
                continue

    def move(self) -> None:
        """Pay, give back, cancel or lock, also twice and what is asked already."""
        way, order = self.chance.pick(WAYS), self.any_order()
        if order is not None:
            member = self.seller if way.endswith("refund") else self.buyer
            more = {"rail": "twin"} if way.endswith("lock") else {}
            self.tries(member, f"market.{way}", order, **more)

    def contest(self) -> None:
        """Open a dispute, also about what is being paid; it ends by silence."""
        if order := self.any_order():
            self.tries(self.buyer, "dispute.open", order, reason="It is not what I ordered.")

    def ask(self) -> None:
        """Ask of a step while an answer goes wrong, or two that follow each other.

        Of the four of a round: look up, send, look up, look up. Several askers are processes whose
        leases overlap; the market stops before the job is noted as done, so it will be run again.
        """
        one, other = self.chance.pick(FAULTS), self.chance.pick([None, None, *FAULTS])
        # A refusal that is no refusal, told twice in a row, is believed: that rail is broken.
        other = None if (one, other) == (Fault.SAY_REFUSED,) * 2 else other
        self.rail.faults.clear()
        self.rail.faults.extend([None] * self.chance.below(4) + [one, other])
        self.ask_one(self.chance.below(3))

    def ask_one(self, askers: int) -> None:
        """Let so many ask of one step at once, or its job if it is due."""
        if askers == 0:
            self.world.run_jobs()
        elif keys := self.asked_keys():
            key = self.chance.pick(keys)
            self.world.run(_together(*(self.asking(key) for _ in range(askers))))

    def ask_at_once(self) -> None:
        """Let several ask of one step while all is well."""
        self.rail.faults.clear()
        self.ask_one(2 + self.chance.below(2))

    def refuse(self) -> None:
        """Let the rail decline whatever comes, for a moment."""
        self.rail.faults.clear()
        self.rail.refuses |= set(Step)
        self.ask_one(1)
        self.rail.refuses.clear()

    def arrive(self) -> None:
        """Let what was held back arrive at last."""
        self.rail.deliver()

    def work(self) -> None:
        """Let time pass, and the market do what is due."""
        self.world.pass_time(seconds=self.chance.pick(PAUSES))
        self.world.run_jobs()
        self.world.sweep()

    def fall_silent(self) -> None:
        """Let the rail say nothing for an evening, longer than any other job is tried."""
        self.rail.faults.extend([Fault.SAY_UNKNOWN] * 200)
        for _ in range(10):
            self.world.run_jobs()
            self.world.pass_time(seconds=900)
            self.world.sweep()
        self.rail.faults.clear()

    def resolve(self) -> None:
        """Let an operator say what is true, or err where the market has to be able to bear it.

        That a payment was not made may be wrong. All else that is untrue is said only while the
        rail can tell: then it is refused.
        """
        if not (found := self.open_steps()):
            return
        step, outcome = self.chance.pick(found), self.chance.pick(OUTCOMES)
        key, done = step["stepKey"], self.rail.done.get(step["stepKey"])
        true = done is not None and (outcome == "moved") == isinstance(done, Moved)
        bearable = true or (step["step"] != Step.LOCK and outcome == "not_moved")
        self.rail.faults.clear()
        if bearable and self.chance.happens(700):
            self.rail.faults.append(Fault.SAY_UNKNOWN)
        asker = [self.asking(key)] if bearable and self.chance.happens(400) else []
        self.world.run(_together(self.finding(key, outcome), *asker))

    def the_books_hold(self) -> None:
        """After every step entries balance and nothing left a lock that was not in it."""
        self.books.check()
        for one in self.world.all(Settlement):
            assert 0 <= self.rail.held(f"{one.settlement_id}.001.lock") <= one.amount

    def what_is_known_is_true(self) -> None:
        """The market never takes a step for moved or refused that the rail has otherwise.

        A payment that a person closed may be moved; then the one after it never is as well.
        """
        orders = {order.order_id: order for order in self.world.all(Order)}
        for step in self.world.all(RailStep):
            moved = [m.key for m in self.rail.moves(f"{step.settlement_id}.001.lock")]
            if step.state is RailState.MOVED:
                assert len(moved) >= (1 if step.step is Step.LOCK else 2)
            if step.state is RailState.REFUSED and step.found is None:
                assert isinstance(self.rail.done.get(step.key), Declined)
            if step.state is RailState.REFUSED and step.step is Step.LOCK:
                assert moved == []
            order = orders[step.order_id]
            assert len(moved) <= 1 + max(1, len(order.milestones))

    def who_is_asked_waits(self) -> None:
        """While a step is open its settlement says so, and its order stays or is cancelled."""
        open_steps = {s.key: s for s in self.world.all(RailStep) if s.state in UNKNOWN}
        asked = {o.asked: o for o in self.world.all(Order) if o.asked is not None}
        assert asked.keys() == open_steps.keys()
        known = {one.settlement_id: one for one in self.world.all(Settlement)}
        for key, order in asked.items():
            step = open_steps[key]
            assert known[step.settlement_id].state is WAITS[step.step]
            stood = self.stood.setdefault(key, order.state)
            assert order.state in (stood, OrderState.CANCELLED)

    def who_sends_has_looked(self) -> None:
        """A key is sent only after the rail said that it never got it, once for each such word."""
        assert self.rail.unasked == []

    def what_is_stuck_is_refused(self) -> None:
        """A payment waits for a person only while the rail refuses it, and falls to nobody else."""
        for step in self.world.all(RailStep):
            if step.state is RailState.STUCK:
                assert isinstance(self.rail.done.get(step.key), Declined)
            if step.state is RailState.REFUSED and step.step is not Step.LOCK:
                assert step.found is False

    def somebody_asks(self) -> None:
        """Every unknown step has a job that will ask, or waits for a person."""
        jobs = {job.job_id: job for job in self.world.all(Job)}
        for step in self.world.all(RailStep):
            if step.state is RailState.ASKED:
                assert jobs[step.job_id].state in (JobState.WAITING, JobState.RUNNING)


async def _together(*works: Any) -> None:
    await asyncio.gather(*works)


def story(seed: int, acts: int) -> None:
    """Tell the story of a seed to its end; a promise that is broken names what happened."""
    told = AnyRail(Chance(seed))
    try:
        for _ in range(acts):
            told.act()
        told.end()
    except BaseException as broken:
        broken.add_note(f"seed {seed}: {', '.join(told.acts)}")
        raise
    finally:
        told.world.close()
