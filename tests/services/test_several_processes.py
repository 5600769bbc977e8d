"""Several processes on one database: one order of records, one log, one truth about money."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from books import Books
from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.market.task import Task
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.trust.record import LogEntry, Record
from clawmarket.runtime.workers import LEASE_MS, run_due, run_due_jobs
from clawmarket.services.market.sweep import sweep
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.log import sequence
from postgres_server import PostgresDatabase
from races.rail_contests import TWIN, SlowRail
from world import Member, World

PUBLISH = "web3.market.publishTask"
EACH = 200


class Processes:
    """A market that two processes run: each has a store and a line to the one rail of its own."""

    def __init__(self, database: PostgresDatabase) -> None:
        rail = SlowRail()
        self.rails = [rail, SlowRail(sent=rail.sent, done=rail.done)]
        self.world = World(store=database.open(), rails={TWIN: rail})
        first = self.world.pipeline
        other = replace(
            first.ports,
            store=database.open(),
            entropy=SeededEntropy(2),
            rails={TWIN: self.rails[1]},
        )
        self.pipelines = [first, Pipeline(other, first.terms)]

    def close(self) -> None:
        """Let go of both connections and of the event loop."""
        self.pipelines[1].ports.store.close()
        self.world.close()

    async def publish(self, pipeline: Pipeline, buyer: Member, key: str, budget: str) -> str:
        """Publish a funded task through one of the processes; return how that ended."""
        asked = buyer.signed(PUBLISH, key, {"title": "A task", "budget": budget})
        try:
            return str((await pipeline.submit(buyer.caller, PUBLISH, asked, key=key))["taskId"])
        except Refused as refusal:
            return refusal.cause

    async def log(self, pipeline: Pipeline) -> int:
        """Let the sequencer of one process take new records in."""
        world = self.world
        return await sequence(pipeline.ports.store, world.signer, world.clock.now())


@pytest.fixture
def both(database: PostgresDatabase) -> Iterator[Processes]:
    """Two processes on an empty database."""
    processes = Processes(database)
    yield processes
    processes.close()


def test_two_processes_write_one_log(both: Processes) -> None:
    """Two hundred commands through each while both sequence: every record once, in order."""
    buyers = [both.world.member(), both.world.member()]

    async def trade(pipeline: Pipeline, number: int) -> list[str]:
        ends = []
        for start in range(0, EACH, 20):
            keys = [f"{number}-{start + each}" for each in range(20)]
            publishing = (both.publish(pipeline, buyers[number], key, "1000000") for key in keys)
            ends += await asyncio.gather(*publishing)
            await both.log(pipeline)
        return ends

    async def story() -> list[list[str]]:
        return await asyncio.gather(*(trade(each, n) for n, each in enumerate(both.pipelines)))

    ends: list[list[str]] = both.world.run(story())
    both.world.log()
    tasks = {task.task_id for task in both.world.all(Task)}
    records = [record.record_id for record in both.world.all(Record)]
    assert {task for each in ends for task in each} == tasks
    assert len(tasks) == 2 * EACH
    assert [(entry.idx, entry.record_id) for entry in both.world.all(LogEntry)] == list(
        enumerate(records)
    )
    assert [buyer.figures()[:2] for buyer in buyers] == [("800000000", "200000000")] * 2
    Books(both.world.store).check()


def test_nobody_spends_more_than_there_is_through_two_processes(both: Processes) -> None:
    """Thirty tasks of a hundred at once through each; ten of them can be paid."""
    buyer = both.world.member()

    async def story() -> list[str]:
        publishing = (
            both.publish(pipeline, buyer, f"{number}-{key}", "100000000")
            for key in range(30)
            for number, pipeline in enumerate(both.pipelines)
        )
        return await asyncio.gather(*publishing)

    ends: list[str] = both.world.run(story())
    assert ends.count(FundsMissingError.cause) == 50
    assert len(both.world.all(Task)) == 10
    assert buyer.figures()[:2] == ("0", "1000000000")
    Books(both.world.store).check()


def test_one_key_through_two_processes_is_one_command(both: Processes) -> None:
    """Fifty equal requests to each have one effect and a hundred equal answers."""
    buyer = both.world.member()

    async def story() -> list[str]:
        publishing = (both.publish(each, buyer, "k", "1") for each in both.pipelines * 50)
        return await asyncio.gather(*publishing)

    ends: list[str] = both.world.run(story())
    (task,) = both.world.all(Task)
    assert ends == [task.task_id] * 100


def test_workers_side_by_side_do_each_thing_once(both: Processes) -> None:
    """Orders that both sweep at once are ended once, and each receipt is made by one of them."""
    hired = [both.world.hired(timeoutSec=60) for _ in range(5)]
    both.world.pass_time(seconds=60)

    async def at_once() -> list[int]:
        swept = await asyncio.gather(*(sweep(each) for each in both.pipelines))
        await asyncio.gather(*(both.log(each) for each in both.pipelines))
        while sum(await asyncio.gather(*(run_due_jobs(each) for each in both.pipelines))):
            pass
        return [each.refunded for each in swept]

    assert sum(both.world.run(at_once())) == 5
    for buyer, _, award in hired:
        receipt = buyer.do("web3.market.receipt.get", orderId=award["orderId"])
        assert receipt["status"] == "receipt_refunded"
    made = [each for each in both.world.all(Record) if each.method == "web3.market.receipt.get"]
    assert len(made) == 5
    Books(both.world.store).check()


def locking(both: Processes) -> Member:
    """Ask the rail to lock an order of 10.00, whose job is due; return the buyer."""
    buyer, _, order = both.world.ordered()
    buyer.locks(order, rail=TWIN)
    return buyer


def test_one_process_leases_the_question_to_a_rail(both: Processes) -> None:
    """Both see that it is due, one gets it; the other does not even ask."""
    buyer = locking(both)

    async def at_once() -> None:
        await asyncio.gather(*(run_due(each, "rail") for each in both.pipelines))

    both.world.run(at_once())
    assert [len(both.rails[0].sent), len(both.rails[0].done)] == [1, 1]
    assert buyer.figures()[:2] == ("1000000000", "10000000")
    Books(both.world.store).check()


@pytest.mark.parametrize("first_to_end", [0, 1])
def test_a_lease_that_ran_out_lets_two_ask_and_one_book(both: Processes, first_to_end: int) -> None:
    """One hangs past its lease, the other asks too: one move, one booking, one says how it ended.

    Whichever is done first: the other finds it done, and may not touch the job without its fence.
    """
    buyer = locking(both)
    late, other = both.pipelines

    async def overlapping() -> None:
        for rail in both.rails:
            rail.hush()
        hanging = asyncio.create_task(run_due(late, "rail"))
        await both.rails[0].reached.wait()
        both.world.clock.advance(LEASE_MS)
        second = asyncio.create_task(run_due(other, "rail"))
        await both.rails[1].reached.wait()
        for number in (first_to_end, 1 - first_to_end):
            both.rails[number].speak()
            await (hanging, second)[number]

    both.world.run(overlapping())
    (job,) = [each for each in both.world.all(Job) if each.kind == "rail"]
    booked = [each for each in both.world.all(Entry) if each.reason == "lock"]
    assert (job.state, job.fence, job.attempts) == (JobState.DONE, 2, 2)
    assert (len(both.rails[0].done), len(booked)) == (1, 1)
    assert buyer.figures()[:2] == ("1000000000", "10000000")
    Books(both.world.store).check()
