"""Contests about money on a rail that answers late: one question of each kind, one move."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from books import Books
from clawmarket.adapters.payments.memory import Answer, MemoryRail
from clawmarket.domain.treasury.rail import RailState, RailStep
from clawmarket.domain.treasury.settlement import Settlement, SettlementState
from clawmarket.ports.payments import Declined, Move, Moved, RailSilentError, Unknown
from clawmarket.runtime.workers import run_due
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.rail_answers import ask_rail
from races.contests import CONTEST, REFUND, RELEASE, RESOLVE, Contest, ends, names
from races.ring import Move as Try
from world import Fields, World

TWIN = "twin"
LOCK = "web3.market.settlement.lock"
RETRY, FIND = "market.repair.retry", "market.repair.resolve"
ROUNDS = 12


@dataclass
class SlowRail(MemoryRail):
    """A rail that does at once what it is asked, and says so only when it is let.

    Attributes:
        late: Whether it keeps its answers back.
        reached: Whether a question waits for its answer.
    """

    late: bool = False
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    async def move(self, move: Move) -> Moved | Declined | Unknown:
        """Do it, and say so late."""
        done = await super().move(move)
        await self._wait()
        return done

    async def look_up(self, key: str) -> Answer:
        """Say late what had come of a key when it was asked."""
        said = await super().look_up(key)
        await self._wait()
        return said

    async def _wait(self) -> None:
        if self.late:
            self.reached.set()
            await self._told.wait()

    def speak(self) -> None:
        """Let every answer go."""
        self.late = False
        self._told.set()

    def hush(self) -> None:
        """Keep every answer back from now on."""
        self.late = True
        self._told = asyncio.Event()


@dataclass(frozen=True)
class RailContest:
    """Rivals on a slow rail; `last` may be done instead of them, or after one of them."""

    contest: Contest
    last: str = ""


def jobs() -> Try:
    """Run whatever job of the rail is due, as the loop of each process does."""

    async def run(pipeline: Pipeline) -> int:
        await pipeline.ports.store.write(lambda _: None)
        await run_due(pipeline, "rail")
        return 0

    return Try("job", deed=run)


def answers(rail: SlowRail) -> Try:
    """Let the rail say what it did, in the middle of it all."""

    async def speak(pipeline: Pipeline) -> int:
        await pipeline.ports.store.write(lambda _: None)
        rail.speak()
        return 0

    return Try("the rail answers", deed=speak)


def asks(key: str) -> Try:
    """Ask of one step, though somebody else may be asking."""

    async def ask(pipeline: Pipeline) -> int:
        with suppress(RailSilentError):
            await ask_rail(pipeline, key)
        return 0

    return Try("ask", deed=ask)


def an_unpaid_order(world: World, rail: SlowRail) -> RailContest:
    """It is locked on the rail or in credits, or given up, or its time ends."""
    buyer, seller, order = world.ordered()
    named = names("order", order)
    rail.hush()
    rivals = [
        Try("lock on the rail", buyer, LOCK, {**named, "rail": TWIN}),
        Try("lock on the rail too", buyer, LOCK, {**named, "rail": TWIN}),
        Try("lock in credits", buyer, LOCK, named),
        ends(order["dueAt"]),
    ]
    others = [
        Try("cancel", buyer, "web3.market.order.cancel", named),
        Try("begin", seller, "web3.market.delivery.issue", named),
        *_asked(rail),
    ]
    return RailContest(Contest(rivals, others), last="cancel")


def a_begun_delivery(world: World, rail: SlowRail) -> RailContest:
    """It is finished, or the money goes back; what is finished may be paid."""
    buyer, seller, order = world.ordered(timeoutSec=600, disputeWindowSec=900)
    buyer.locks(order, rail=TWIN)
    world.run_jobs()
    begun, named = names("delivery", seller.begins(order)), names("order", order)
    rail.hush()
    rivals = [
        Try("finish", seller, "web3.market.delivery.complete", begun),
        Try("seller gives up", seller, REFUND, named),
        ends(seller.order(order)["dueAt"]),
    ]
    return RailContest(Contest(rivals, [Try("release", buyer, RELEASE, named), *_asked(rail)]))


def a_delivered_result(world: World, rail: SlowRail) -> RailContest:
    """It is paid for or contested, or the buyer is silent; while the rail is asked nobody may."""
    buyer, seller, order = world.ordered(disputeWindowSec=600)
    buyer.locks(order, rail=TWIN)
    world.run_jobs()
    seller.delivers(seller.begins(order))
    named = names("order", order)
    rail.hush()
    rivals = [
        Try("release", buyer, RELEASE, named),
        Try("contest", buyer, CONTEST, {**named, "reason": "No."}),
        ends(buyer.order(order)["dueAt"]),
    ]
    return RailContest(Contest(rivals, [Try("refund", seller, REFUND, named), *_asked(rail)]))


def a_dispute(world: World, rail: SlowRail) -> RailContest:
    """It is ruled one way of four, or its time ends; the rail is asked for one of them."""
    buyer, seller, order = world.ordered()
    buyer.locks(order, rail=TWIN)
    world.run_jobs()
    seller.delivers(seller.begins(order))
    dispute, arbiter = buyer.contests(order), world.arbiter()
    buyer.shows(dispute)
    seller.shows(dispute)
    rail.hush()

    def ruling(resolution: str, **more: str) -> Fields:
        return names("dispute", dispute, resolution=resolution, reason="So.", **more)

    dismissal = names("dispute", dispute, reason="No.")
    rivals = [
        Try("all", arbiter, RESOLVE, ruling("release")),
        Try("nothing", arbiter, RESOLVE, ruling("refund")),
        Try("a part", arbiter, RESOLVE, ruling("partial", sellerShare="3333333")),
        Try("dismiss", arbiter, "web3.dispute.reject", dismissal),
        ends(buyer.order(order)["dueAt"]),
    ]
    return RailContest(Contest(rivals, _asked(rail)))


def _asked(rail: SlowRail) -> list[Try]:
    return [jobs(), answers(rail)]


RAIL_CONTESTS: tuple[Callable[[World, SlowRail], RailContest], ...] = (
    an_unpaid_order,
    a_begun_delivery,
    a_delivered_result,
    a_dispute,
)


def settle(world: World, rail: SlowRail) -> None:
    """Let the rail be well and time pass until nothing waits, and hold ledger and rail together."""
    rail.speak()
    rail.faults.clear()
    rail.deliver()
    for _ in range(ROUNDS):
        while world.run_jobs():
            pass
        for step in world.all(RailStep):
            if step.state is RailState.STUCK:
                found: Fields = {"outcome": "not_moved", "reason": "It was closed."}
                world.operator.do(FIND, stepKey=step.key, **found)
        world.pass_time(seconds=4 * 86_400)
        world.sweep()
    Books(world.store).check_over()
    for one in world.all(Settlement):
        if one.rail != TWIN:
            continue
        moves = rail.moves(f"{one.settlement_id}.001.lock")
        assert max(Counter(move.key for move in moves).values(), default=1) == 1
        assert len(moves) == (0 if one.state is SettlementState.REFUSED else 2)
        parts = (sum(m.seller_amount for m in moves), sum(m.fee for m in moves))
        assert parts == (one.seller_amount, one.fee)
        assert sum(m.refund for m in moves) == one.refund_amount
    assert {step.state for step in world.all(RailStep)} <= {RailState.MOVED, RailState.REFUSED}
