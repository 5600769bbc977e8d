"""Taking a task: what a worker makes of an award that comes while it looks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.remote.client import Market
from clawmarket.entry.daemon.handlers.choice import Handler
from clawmarket.entry.daemon.line import Line
from clawmarket.entry.daemon.progress import Progress
from clawmarket.entry.daemon.storage import Workspace
from clawmarket.entry.daemon.worker.job import Job, Phase
from clawmarket.entry.daemon.worker.rules import Rules
from clawmarket.entry.daemon.worker.taking import await_award
from clawmarket.entry.daemon.worker.workplace import Workplace
from world import Fields, Member, World


@dataclass(frozen=True)
class _AwardedMeanwhile(Line):
    """A line to a market in which the buyer awards a bid right behind the first answer."""

    worker: Member
    buyer: Member
    bids: list[Fields] = field(default_factory=list)

    def ask(self, method: str, params: Fields | None = None, key: str = "") -> Fields:
        answer = self.worker.do(method, key, **(params or {}))
        if self.bids:
            self.buyer.awards(self.bids.pop())
        return answer


@pytest.fixture
def world() -> Iterator[World]:
    """An empty market that ends with the test."""
    market = World()
    yield market
    market.close()


def test_an_award_between_two_looks_is_not_lost(world: World, tmp_path: Path) -> None:
    """The task is no longer open because it is ours: the order is taken up, not left lying."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes()
    bid = worker.bids(task)
    job = Job(task["taskId"], task["title"], "bid", 40_000_000, Phase.BIDDING, bid_id=bid["bidId"])
    line = _AwardedMeanwhile(Market("http://127.0.0.1:9", None), worker, buyer, [bid])
    progress = Progress(Invocation("worker run", (), None, {}, quiet=True))
    handler, rules = Handler("command", ()), Rules()
    place = Workplace(line, Workspace(tmp_path), progress, handler, rules, worker.id, 100, 60.0)

    await_award(place, job)
    if job.phase is Phase.BIDDING:
        await_award(place, job)

    assert (job.phase, job.order_id) == (Phase.WORKING, worker.task(task)["orderId"])
