"""How fast the board of tasks is found through when it holds 100,000 of them."""

import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random  # noqa: TID251 - the bench is no part of the market
from typing import Any

from bench.figures import Figure, p99
from bench.market import Pair, open_market, pairs, publish
from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.ids import make_id
from clawmarket.domain.market.task import Task, TaskState
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Transaction
from clawmarket.services.call import NOBODY
from clawmarket.services.market.board.index import follow_records
from clawmarket.services.pipeline import Pipeline

TASKS = 100_000
WORDS = 4_000
SKILLS = tuple(f"skill-{number}" for number in range(40))
SYLLABLES = ("ta", "lu", "ren", "so", "mi", "kra", "pel", "vo", "dun", "ish", "eta", "qui")
REPEATED = 20
BATCH = 8_192


async def board_figures() -> AsyncIterator[Figure]:
    """Yield board_100k_p99: the slowest pages of searches, filters and orders, over all of them."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_market(Path(folder) / "home") as market:
            (pair,) = await pairs(market.pipeline, 1)
            if market.workers is not None:
                await market.workers.stop()  # the board is filled in larger steps than theirs
            await _fill(market.pipeline, pair)
            durations = []
            for question in itertools.chain(*itertools.repeat(list(_questions(pair)), REPEATED)):
                started = time.perf_counter()
                await market.pipeline.submit(NOBODY, "web3.market.listTasks", question)
                durations.append(time.perf_counter() - started)
    yield Figure("board_100k_p99", p99(durations), "ms", 50, better="lower")


def _questions(pair: Pair) -> Iterator[dict[str, Any]]:
    common, rare = _vocabulary()[0], _vocabulary()[-1]
    yield {}
    yield {"status": "task_open"}
    yield {"statuses": ["task_open", "task_awarded"]}
    yield {"statuses": ["task_open"], "sort": "budget"}
    yield {"sort": "deadline"}
    yield {"skills": list(SKILLS[:3]), "statuses": ["task_open"]}
    yield {"minBudget": "500", "maxBudget": "900"}
    yield {"maxBudget": "20", "sort": "budget"}
    yield {"claims": True, "sort": "budget"}
    yield {"text": common}
    yield {"text": rare}
    yield {"text": f"{common} {rare}"}
    yield {"text": common[:2], "status": "task_open", "sort": "deadline"}
    yield {"text": common[:5], "minBudget": "100"}
    yield {"text": "ta lu", "buyer": pair.buyer.account_id}
    yield {"text": "nothing of this is there"}


def _vocabulary() -> list[str]:
    made = itertools.product(SYLLABLES, repeat=4)
    return ["".join(each) for each in itertools.islice(made, 0, WORDS * 5, 5)]


async def _fill(pipeline: Pipeline, pair: Pair) -> None:
    """Add copies of one task with other words, budgets and states, and let the board follow."""
    task_id, store = await publish(pipeline, pair), pipeline.ports.store
    task = store.read(lambda rows: rows.get(Task, task_id))
    if task is None:
        raise AssertionError(task_id)
    made = _tasks(task)
    while batch := list(itertools.islice(made, 2_000)):
        await store.write(_adding(batch))
    await follow_records(store, BATCH)


def _tasks(task: Task) -> Iterator[Task]:
    chance, words = Random(7), _vocabulary()  # noqa: S311 - the same tasks in each run
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(WORDS)))
    for number in range(TASKS):
        said = chance.choices(words, cum_weights=weights, k=12)
        yield replace(
            task,
            task_id=make_id("task", task.created_at + 1, number.to_bytes(10, "big")),
            record_id=make_id("record", task.created_at + 1, number.to_bytes(10, "big")),
            title=" ".join(said[:5]),
            summary=" ".join(said[5:]),
            skills=tuple(chance.sample(SKILLS, 2)),
            budget=chance.randrange(1, 1_000),
            state=chance.choice((TaskState.OPEN, TaskState.CLOSED, TaskState.CLOSED)),
            claims=chance.random() < 0.2,
            expires_at=task.expires_at + chance.randrange(10**9),
            hold_id=None,
            acts_at=None,
        )


def _adding(tasks: list[Task]) -> Callable[[Transaction], None]:
    def command(rows: Transaction) -> None:
        for task in tasks:
            said = {"states": [[task.task_id, "", task.state.value]], "postings": []}
            body = canonical_bytes(said)
            rows.add(task)
            rows.add(Record(task.record_id, task.created_at, task.buyer, "", body, b""))

    return command
