"""What one round with a rail asks, in which order, and what of its answers is believed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from books import Books
from clawmarket.adapters.payments.memory import Answer, MemoryRail
from clawmarket.domain.treasury.rail import RailStep
from clawmarket.ports.payments import Declined, Move, Moved, RailSilentError, Unknown, Unseen
from clawmarket.services.call import THE_MARKET
from clawmarket.services.treasury.rail_answers import METHOD, carry_out, question
from clawmarket.services.treasury.rails import move_of
from rail_deals import TWIN, Deal, make_deal
from world import World

LOCK = Move("s.001.lock", "s.001.lock", "lock", "ann", "bob", "credits", 10, 0, 0, 0)
MOVED, REFUSED = Moved(LOCK, "ref-1"), Declined(LOCK.key, "No.")
UNSEEN = Unseen(LOCK.key)
LOOK, MOVE = "look_up", "move"


@dataclass
class ToldRail:
    """A rail that answers look-ups as it is told, and notes what it was asked."""

    answers: list[Answer | None]
    asked: list[str] = field(default_factory=list)

    async def look_up(self, _key: str) -> Answer:
        """Answer the next thing; None is silence."""
        self.asked.append(LOOK)
        answer = self.answers.pop(0)
        if answer is None:
            raise RailSilentError("Nobody is there.")
        return answer

    async def move(self, _move: Move) -> Moved:
        """Claim to have done it, which nobody believes."""
        self.asked.append(MOVE)
        return MOVED


@pytest.mark.parametrize(
    ("answers", "asked", "known"),
    [
        ([MOVED], [LOOK], MOVED),
        ([UNSEEN, MOVED], [LOOK, MOVE, LOOK], MOVED),
        ([REFUSED, REFUSED], [LOOK, LOOK], REFUSED),
        ([UNSEEN, REFUSED, REFUSED], [LOOK, MOVE, LOOK, LOOK], REFUSED),
    ],
)
def test_a_key_is_sent_only_once_the_rail_has_said_that_it_never_got_it(
    answers: Sequence[Answer], asked: list[str], known: Answer
) -> None:
    """What was done or refused before is not sent again."""
    rail = ToldRail([*answers])
    assert asyncio.run(question(rail, LOCK)) == known
    assert (rail.asked, rail.answers) == (asked, [])


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([None], [LOOK]),
        ([Unknown("Wait.")], [LOOK]),
        ([Unseen("s.002.release")], [LOOK]),
        ([Declined("s.002.release", "No.")], [LOOK]),
        ([Moved(replace(LOCK, locked=11), "ref-1")], [LOOK]),
        ([Moved(replace(LOCK, payee="eve"), "ref-1")], [LOOK]),
        ([REFUSED, MOVED], [LOOK, LOOK]),
        ([REFUSED, None], [LOOK, LOOK]),
        ([UNSEEN, UNSEEN], [LOOK, MOVE, LOOK]),
        ([UNSEEN, None], [LOOK, MOVE, LOOK]),
    ],
)
def test_whatever_does_not_fit_is_unknown_and_nothing_is_sent_for_it(
    answers: Sequence[Answer | None], asked: list[str]
) -> None:
    """Another key, another amount, another payee, a refusal said once: ask again later."""
    rail = ToldRail([*answers])
    with pytest.raises(RailSilentError):
        asyncio.run(question(rail, LOCK))
    assert rail.asked == asked


@dataclass
class MutedRail(MemoryRail):
    """A rail that says nothing of some keys."""

    muted: set[str] = field(default_factory=set)

    async def look_up(self, key: str) -> Answer:
        """Answer, or not."""
        if key in self.muted:
            raise RailSilentError("Nothing is said of this key.")
        return await super().look_up(key)


def in_parts(rail: MutedRail) -> Deal:
    """Return a locked deal in three parts of 5.00, 2.50 and 2.50, the first of them delivered."""
    world = World(rails={TWIN: rail})
    buyer, seller = world.member(), world.member()
    deal = Deal(
        world, rail, buyer, seller, buyer.orders(seller.offers_parts(50, 25, 25), quantity=2)
    )
    deal.delivered()
    return deal


def test_a_part_waits_while_nothing_is_said_of_its_closed_key() -> None:
    """The lock goes on, so the rail could pay the part twice; once it is done, nobody asks."""
    rail = MutedRail(refuses={"part"})
    deal = in_parts(rail)
    deal.buyer.releases(deal.order)
    deal.world.run_jobs()
    (stuck,) = deal.world.operator.do("market.repair.list")["items"]
    finding = {"outcome": "not_moved", "reason": "Their desk wrote so."}
    deal.world.operator.do("market.repair.resolve", stepKey=stuck["stepKey"], **finding)
    rail.refuses.clear()
    rail.muted.add(stuck["stepKey"])
    deal.asks()
    assert [key.split(".", 1)[1] for key in rail.sent] == ["001.lock", "002.part"]

    rail.muted.clear()
    deal.asks()
    rail.muted.add(stuck["stepKey"])
    deal.seller.delivers(deal.seller.begins(deal.order))
    deal.buyer.releases(deal.order)
    deal.asks()
    assert [key.split(".", 1)[1] for key in rail.sent] == [
        *("001.lock", "002.part", "003.part", "004.part")
    ]
    assert deal.seller.figures()[3] == "7425000"
    deal.world.close()


def test_an_answer_that_two_processes_heard_is_carried_out_once() -> None:
    """The second finds the step answered, and changes nothing."""
    deal = make_deal()
    deal.buyer.locks(deal.order, rail=TWIN)
    deal.world.run_jobs()
    (step,) = deal.world.all(RailStep)
    before = deal.stands(), deal.world.all(RailStep), deal.buyer.figures()
    pipeline = deal.world.pipeline
    for answer in (Moved(move_of(step), "ref-2"), Declined(step.key, "No.")):
        again = partial(carry_out, key=step.key, answer=answer)
        deal.world.run(pipeline.write(pipeline.call(THE_MARKET, METHOD), again))
    assert (deal.stands(), deal.world.all(RailStep), deal.buyer.figures()) == before
    Books(deal.world.store).check()
    deal.world.close()
