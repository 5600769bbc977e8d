"""Idempotency: a request happens once, however often it is sent and whatever came between."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from books import Books
from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.replay import KEPT_MS, KeptAnswer, KeyReusedError
from clawmarket.domain.market.task import Task
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Place, Store, Transaction
from clawmarket.services.operate.tidying import Tidier
from clawmarket.services.pipeline import KeyInvalidError
from postgres_server import PostgresDatabase
from world import Fields, Member, World

T = TypeVar("T")

PUBLISH = "web3.market.publishTask"
ALL = {"title": "All I have", "budget": "1000000000"}


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def any_world(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Iterator[World]:
    """A market on each kind of store."""
    store: Store = MemoryStore()
    if request.param == "sqlite":
        store = open_sqlite(shutil.copy(migrated, tmp_path / "market.db"))
    if request.param == "postgres":
        database: PostgresDatabase = request.getfixturevalue("database")
        store = database.open()
    market = World(store=store)
    yield market
    market.close()


def at_once(member: Member, requests: list[tuple[str, Fields]]) -> list[Fields | BaseException]:
    """Publish with these keys and parameters, all at the same moment."""

    async def send() -> list[Fields | BaseException]:
        pipeline = member.world.pipeline
        calls = (
            pipeline.submit(member.caller, PUBLISH, member.signed(PUBLISH, key, params), key=key)
            for key, params in requests
        )
        return await asyncio.gather(*calls, return_exceptions=True)

    answers: list[Fields | BaseException] = member.world.run(send())
    return answers


def test_a_hundred_times_at_once_is_once(any_world: World) -> None:
    """A hundred equal requests with one key have one effect and a hundred equal answers."""
    buyer = any_world.member()
    before = len(any_world.all(Record))
    answers = at_once(buyer, [("k", ALL)] * 100)

    (task,) = any_world.all(Task)
    assert [answer["taskId"] for answer in answers if isinstance(answer, dict)] == [
        task.task_id
    ] * 100
    assert all(answer == answers[0] for answer in answers)
    assert len(any_world.all(Record)) == before + 1
    assert buyer.figures() == ("0", "1000000000", "0", "0")


class SoughtStore(MemoryStore):
    """A store that notes what commands will look for."""

    def __init__(self) -> None:
        super().__init__()
        self.sought: list[Place] = []

    async def write(self, command: Callable[[Transaction], T], *, seeks: Sequence[Place] = ()) -> T:
        """Run a command."""
        self.sought += seeks
        return await super().write(command, seeks=seeks)


def test_a_request_says_what_it_will_look_for() -> None:
    """The kept answer of its key, where it has one, so that a server is asked once for many."""
    store = SoughtStore()
    world = World(store=store)
    buyer = world.member()
    store.sought.clear()
    at_once(buyer, [("k", ALL), ("", ALL)])
    assert store.sought == [(KeptAnswer, f"{buyer.caller.account_id}|{PUBLISH}|k")]
    assert [kept.scope for kept in world.all(KeptAnswer)][-1:] == [store.sought[0][1]]
    world.close()


def test_a_hundred_keys_at_once_spend_what_is_there(any_world: World) -> None:
    """Of a hundred requests that each take a fifth of the money, five are done."""
    buyer = any_world.member()
    fifth = {"title": "A fifth", "budget": "200000000"}
    answers = at_once(buyer, [(f"k{number}", fifth) for number in range(100)])

    assert sum(isinstance(answer, dict) for answer in answers) == 5
    assert sum(isinstance(answer, FundsMissingError) for answer in answers) == 95
    assert len(any_world.all(Task)) == 5
    Books(any_world.store).check()


def test_the_answer_stays_when_the_money_is_gone(world: World) -> None:
    """Whoever asks again gets the first answer, though the request could not be done now."""
    buyer = world.member()
    task = buyer.do(PUBLISH, "k", **ALL)
    with pytest.raises(FundsMissingError):
        buyer.do(PUBLISH, "other", **ALL)

    assert buyer.do(PUBLISH, "k", **ALL) == task


def test_the_answer_stays_when_the_thing_moved_on(world: World) -> None:
    """An award that is sent again says what it said, though its order is over by then."""
    buyer, worker = world.member(), world.member()
    bid = worker.bids(buyer.publishes())
    award = buyer.do("web3.market.awardBid", "k", bidId=bid["bidId"])
    buyer.accepts(worker.submits(award))

    assert buyer.do("web3.market.awardBid", "k", bidId=bid["bidId"]) == award


@pytest.mark.parametrize(
    "other", [{"budget": "999999999"}, {"title": "Other"}, {"summary": ""}, {"fund": True}]
)
def test_another_request_needs_another_key(world: World, other: Fields) -> None:
    """A key that was used is refused for anything but the very same parameters."""
    buyer = world.member()
    buyer.do(PUBLISH, "k", **ALL)

    with pytest.raises(KeyReusedError) as refused:
        buyer.do(PUBLISH, "k", **(ALL | other))
    assert (refused.value.code, refused.value.cause) == ("E_CONFLICT", "key_reused")


def test_a_refusal_is_not_kept(world: World) -> None:
    """What was refused can be sent again with the same key once it is possible."""
    buyer = world.member()
    more = {"title": "More than I have", "budget": "1000000001"}
    with pytest.raises(FundsMissingError):
        buyer.do(PUBLISH, "k", **more)
    world.operator.do("market.credits.grant", accountId=buyer.id, amount="1")

    assert buyer.do(PUBLISH, "k", **more)["status"] == "task_open"


def test_a_key_belongs_to_one_account_and_one_method(world: World) -> None:
    """The same key means different requests of different accounts or methods."""
    ann, bob = world.member(), world.member()
    first, second = ann.do(PUBLISH, "k", **ALL), bob.do(PUBLISH, "k", **ALL)
    cancelled = ann.do("web3.market.cancelTask", "k", taskId=first["taskId"])

    assert first["taskId"] != second["taskId"]
    assert cancelled["status"] == "task_cancelled"


def test_without_a_key_each_request_is_its_own(world: World) -> None:
    """An API key's calls need no idempotency key, and then nothing is remembered."""
    buyer = world.member()
    key = world.with_key(buyer)
    terms = {"title": "Again", "budget": "1"}

    assert key.do(PUBLISH, "", **terms)["taskId"] != key.do(PUBLISH, "", **terms)["taskId"]


def test_the_same_statement_signed_otherwise_is_the_same_request(world: World) -> None:
    """The signature is no part of what has to be equal: wallets may write it in two ways."""
    buyer = world.member()
    signed = buyer.signed(PUBLISH, "k", ALL)
    loud = signed | {"signature": "0x" + signed["signature"][2:].upper()}

    assert world.submit(buyer.caller, PUBLISH, loud, "k") == world.submit(
        buyer.caller, PUBLISH, signed, "k"
    )


def test_a_key_is_remembered_for_seven_days(world: World) -> None:
    """Tidying forgets an answer only when its seven days are over."""
    buyer = world.member()
    buyer.do(PUBLISH, "k", title="Once", budget="1")
    tidier = Tidier(world.store)
    last = world.clock.now() + KEPT_MS
    world.run(tidier.bite(last))
    world.pass_time(seconds=KEPT_MS // 1000)
    buyer.do(PUBLISH, "k", title="Once", budget="1")
    once = len(world.all(Task))
    world.run(tidier.bite(last + 1))
    buyer.do(PUBLISH, "k", title="Once", budget="1")

    assert (once, len(world.all(Task))) == (1, 2)


@pytest.mark.parametrize("key", ["k" * 201, "caf\u00e9", "a\nb", "\u0661"])
def test_a_key_is_short_and_printable(world: World, key: str) -> None:
    """A key that no header could carry is refused before anything happens."""
    buyer = world.member()
    with pytest.raises(KeyInvalidError):
        buyer.do(PUBLISH, key, **ALL)
    assert world.all(Task) == []


def test_the_longest_key_is_taken(world: World) -> None:
    """Two hundred printable characters are a key."""
    assert world.member().do(PUBLISH, "~" * 200, **ALL)["status"] == "task_open"


def test_a_refused_request_leaves_no_trace(world: World) -> None:
    """No record, no row, no kept answer: the next id is all that is lost."""
    buyer = world.member()
    before = [world.all(Record), world.all(Task)]
    with pytest.raises(Refused):
        buyer.do(PUBLISH, "k", title="Too dear", budget="1000000001")
    assert [world.all(Record), world.all(Task)] == before
