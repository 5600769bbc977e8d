"""How a worker sees that its bid was chosen, also when that happens between two of its looks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawmarket.domain.kernel.secret import Secret
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.remote.client import Market
from clawmarket.entry.cli.remote.session import Credential
from clawmarket.entry.daemon.handlers.choice import chosen
from clawmarket.entry.daemon.line import Line
from clawmarket.entry.daemon.progress import Progress
from clawmarket.entry.daemon.storage import Workspace
from clawmarket.entry.daemon.worker import taking
from clawmarket.entry.daemon.worker.job import Job, Phase
from clawmarket.entry.daemon.worker.rules import BID, Rules
from clawmarket.entry.daemon.worker.workplace import Workplace
from daemon_stage import Party

PRICE = 40_000_000


class Awarding(Market):
    """The way to the market of a worker whose bid is chosen right after its next look."""

    def __init__(self, worker: Party, buyer: Party) -> None:
        super().__init__(worker.market.url, Credential(Secret(worker.key), None))
        self.buyer = buyer
        self.bid_id = ""

    def call(self, method: str, params: Entry | None = None, key: str = "") -> Entry:
        """Ask, and let the buyer award what there is to award."""
        answer = super().call(method, params, key)
        if self.bid_id:
            bid_id, self.bid_id = self.bid_id, ""
            self.buyer.does("awardBid", "award", bidId=bid_id)
        return answer


@pytest.fixture
def market_of_worker(worker: Party, buyer: Party) -> Iterator[Awarding]:
    """The worker's way to the market."""
    way = Awarding(worker, buyer)
    yield way
    way.close()


def test_an_award_between_two_looks_is_not_lost(
    buyer: Party, worker: Party, market_of_worker: Awarding, tmp_path: Path
) -> None:
    """The worker goes on waiting, and finds its order the next time it looks."""
    invocation = Invocation("worker run", (), None, {}, as_json=True)
    workspace, handler = Workspace(tmp_path), chosen("true")
    line, rules = Line(market_of_worker), Rules(amount=PRICE)
    place = Workplace(
        line, workspace, Progress(invocation), handler, rules, worker.account, 100, 60.0
    )
    job = Job(buyer.publishes("Chosen in between"), "Chosen in between", BID, PRICE)
    taking.take(place, job)
    market_of_worker.bid_id = job.bid_id

    phases = []
    for _ in range(2):
        taking.await_award(place, job)
        phases.append(job.phase)

    (order,) = worker.asks("order.list", side="seller", taskId=job.task_id)["items"]
    assert (phases, job.outcome) == ([Phase.BIDDING, Phase.WORKING], "")
    assert job.order_id == order["orderId"]
