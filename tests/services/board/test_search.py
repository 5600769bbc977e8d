"""The board against a plain model: every filter, word, order and page, on each store."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.adapters.store.sqlite import SqliteStore
from clawmarket.domain.kernel.moment import from_iso
from clawmarket.ports.store import Store
from clawmarket.services.market.board.index import follow_records
from postgres_server import PostgresDatabase
from world import Fields, Member, World

WORDS = ("translate", "translation", "trans", "tra", "python", "c", "re", "R2D2", "Übersetzen")
HAN = ("翻译文档", "翻译", "文档", "译", "総和")
SKILLS = ("python", "c++", "translate", "seo", "c")
STATES = ("task_open", "task_cancelled", "task_expired")

texts = st.lists(st.sampled_from(WORDS + HAN), max_size=4).map(" ".join)
skills = st.lists(st.sampled_from(SKILLS), max_size=3)
budgets = st.integers(1, 6).map(str)
publications = st.fixed_dictionaries(
    {
        "title": texts.map(lambda text: f"T {text}"),
        "summary": texts,
        "skills": skills,
        "budget": budgets,
        "claims": st.booleans(),
        "expirySec": st.integers(1, 5).map(lambda number: number * 3600),
    }
)
deeds = st.lists(
    st.one_of(publications, st.sampled_from(["cancel", "sweep", "follow"])), max_size=14
)
questions = st.fixed_dictionaries(
    {"limit": st.integers(1, 4)},
    optional={
        "status": st.sampled_from(STATES),
        "statuses": st.lists(st.sampled_from(STATES), max_size=2),
        "skill": st.sampled_from(SKILLS),
        "skills": skills,
        "minBudget": budgets,
        "maxBudget": budgets,
        "claims": st.booleans(),
        "text": st.lists(
            st.sampled_from((*WORDS, *HAN, "tr", "tran", "transl", "t")), max_size=2
        ).map(" ".join),
        "sort": st.sampled_from(["newest", "budget", "deadline"]),
    },
)


Fresh = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> Fresh:
    """Each kind of store in turn: what opens one without a row."""
    count = itertools.count()

    def open_postgres() -> Store:
        database: PostgresDatabase = request.getfixturevalue("migrated_database")
        database.server.empty(database.name)
        return database.open()

    kinds: dict[str, Fresh] = {
        "memory": MemoryStore,
        "sqlite": lambda: SqliteStore(shutil.copy(migrated, tmp_path / f"{next(count)}.db")),
        "postgres": open_postgres,
    }
    return kinds[request.param]


class Model:
    """A market and, beside it, the list of its tasks as its answers showed them."""

    def __init__(self, store: Store) -> None:
        self.world = World(store=store, faucet=10**9)
        self.buyer = self.world.with_key(self.world.member())
        self.tasks: list[Fields] = []

    def does(self, deed: Any) -> None:
        """Do one of the deeds."""
        self.world.clock.advance(1)
        if isinstance(deed, dict):
            self.tasks.append(self.buyer.do("web3.market.publishTask", **deed))
        elif deed == "follow":
            self.world.run(follow_records(self.world.store))
        elif deed == "sweep":
            self.world.pass_time(seconds=7200)
            self.world.sweep()
            self.refresh()
        elif self.open:
            self.buyer.cancels(self.open[len(self.open) // 2])
            self.refresh()

    @property
    def open(self) -> list[Fields]:
        """The open tasks."""
        return [task for task in self.tasks if task["status"] == "task_open"]

    def refresh(self) -> None:
        """Look at all tasks again."""
        ask = self.world.nobody.do
        self.tasks = [ask("web3.market.getTask", taskId=task["taskId"]) for task in self.tasks]

    def expected(self, question: Fields) -> list[str]:
        """Return the ids of what a question asks for, in its order."""
        newest = [task for task in reversed(self.tasks) if matches(task, question)]
        order = question.get("sort", "newest")
        if order == "budget":
            newest.sort(key=lambda task: -int(task["budget"]))
        if order == "deadline":
            newest.sort(key=lambda task: from_iso(task["expiresAt"]))
        return [task["taskId"] for task in newest]


def matches(task: Fields, question: Fields) -> bool:
    """Say the plain way whether a task is asked for."""
    budget = int(task["budget"])
    return (
        question.get("status", task["status"]) == task["status"]
        and (not question.get("statuses") or task["status"] in question["statuses"])
        and question.get("claims", task["claims"]) == task["claims"]
        and question.get("skill", "") in (*task["skills"], "")
        and (not question.get("skills") or bool(set(question["skills"]) & set(task["skills"])))
        and int(question.get("minBudget", 0)) <= budget <= int(question.get("maxBudget", 10**9))
        and all(says(task, word) for word in question.get("text", "").split())
    )


def says(task: Fields, word: str) -> bool:
    """Say the plain way whether a task has a word, or one that begins so."""
    said = " ".join([task["title"], *task["skills"], task["summary"]]).replace("+", " ").casefold()
    if word in HAN:
        pairs = [word[at : at + 2] for at in range(len(word) - 1)] or [word]
        return all(pair in said for pair in pairs)
    words = said.split()
    if len(word) == 1:
        return word.casefold() in words
    return any(each.startswith(word.casefold()) for each in words)


def pages(who: Member, question: Fields) -> tuple[list[str], set[int]]:
    """Walk all pages of a list; return the ids and the totals that they name."""
    ids: list[str] = []
    totals: set[int] = set()
    cursor = None
    while True:
        page = who.do("web3.market.listTasks", **question, cursor=cursor)
        assert page["totalIsCapped"] is False
        ids += [task["taskId"] for task in page["items"]]
        totals.add(page["total"])
        cursor = page["nextCursor"]
        if cursor is None:
            return ids, totals


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deeds, st.lists(questions, min_size=1, max_size=6))
def test_a_search_finds_what_a_plain_look_finds(
    fresh: Fresh, deeds: list[Any], questions: list[Fields]
) -> None:
    """Whatever was published, moved or followed, and whatever is asked: the same, in order."""
    model = Model(fresh())
    try:
        for deed in deeds:
            model.does(deed)
        for question in questions:
            expected = model.expected(question)
            assert pages(model.world.nobody, question) == (expected, {len(expected)})
    finally:
        model.world.close()
