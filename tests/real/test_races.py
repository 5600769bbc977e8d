"""Sixteen clients at two processes of one market: one order of all effects, nothing done twice."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from books import Books
from clawmarket.adapters.store.postgres import open_postgres
from postgres_server import PostgresDatabase, PostgresServer
from real.server import Fields, Server, Start

CLIENTS = 16
TURNS = 6
PURSE = 1_000_000_000
SHARE = 300_000_000


@dataclass(frozen=True)
class Seen:
    """One call as its client saw it: when it was sent and answered, and what came back."""

    sent: float
    answered: float
    answer: Fields

    @property
    def done(self) -> bool:
        """Whether it was done, not refused."""
        return self.answer["ok"] is True


@dataclass(frozen=True)
class Pair:
    """A database and the two processes on it."""

    database: PostgresDatabase
    servers: tuple[Server, Server]

    def call(self, number: int, token: str, method: str, **params: object) -> Seen:
        """Make a call at one of the processes; no refusal but a rule's, and no defect."""
        sent = time.monotonic()
        answer = self.servers[number % 2].call(token, f"web3.{method}", **params)
        told = Seen(sent, time.monotonic(), answer)
        rules = ("E_PAYMENT_REQUIRED", "E_CONFLICT")
        assert told.done or answer["error"].partition(":")[0] in rules, answer
        return told

    def done(self, number: int, token: str, method: str, **params: object) -> Fields:
        """Make a call that has to be done; return its answer."""
        told = self.call(number, token, method, **params)
        assert told.done, told.answer
        return told.answer

    def at_once(self, work: Callable[[int], Any], count: int = CLIENTS) -> list[Any]:
        """Let sixteen clients work at the same time."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(work, range(count)))

    def books(self) -> Books:
        """End both processes and return the books that they left, which hold."""
        assert [server.stop() for server in self.servers] == [0, 0]
        books = Books(open_postgres(self.database.url))
        books.check()
        return books


@pytest.fixture
def pair(start: Start, tmp_path: Path, postgres_server: PostgresServer) -> Pair:
    """Two processes of one market on a database of their own."""
    database = PostgresDatabase(postgres_server, postgres_server.database())
    settings = {"database": database.url.reveal(), "calls_per_s": "0"}
    one, other = (start(tmp_path / "home", **settings) for _ in range(2))
    return Pair(database, (one, other))


def test_a_shared_purse_is_linearizable(pair: Pair) -> None:
    """Whatever each client saw fits one order of all commands that real time does not contradict.

    The records are that order. What an account shows says after which record it holds, so each
    answer has its place in it, and none may stand before what was answered before it was asked.
    """
    token = pair.servers[0].newcomer()
    owner = pair.done(0, token, "wallet.show")["accountId"]

    def client(number: int) -> list[Seen]:
        calls = []
        for at in range(number, number + TURNS):
            task = pair.call(at, token, "market.publishTask", title="Mine", budget=str(SHARE))
            calls += [task, pair.call(at + 1, token, "wallet.show")]
            if task.done:
                named = {"taskId": task.answer["taskId"]}
                calls.append(pair.call(at, token, "market.cancelTask", **named))
        return calls

    calls = [call for calls in pair.at_once(client) for call in calls]
    books = pair.books()
    story = Story.told(books, owner)
    assert min(story.available.values()) == PURSE % SHARE
    story.check(calls)
    books.store.close()


@dataclass(frozen=True)
class Story:
    """What was available after each record of an account, and which record made what."""

    available: dict[str, int]
    made: dict[tuple[str, str], str]

    @classmethod
    def told(cls, books: Books, owner: str) -> "Story":
        """Return what the records tell, from the account's first money on."""
        after, purse = 0, f"{owner}/available"
        made: dict[tuple[str, str], str] = {}
        available: dict[str, int] = {}
        for record in books.told():
            after += sum(int(n) for account, _, n in record["postings"] if account == purse)
            made |= {(thing, state): record["id"] for thing, _, state in record["states"]}
            available |= {record["id"]: after} if after or available else {}
        return cls(available, made)

    def place(self, answer: Fields) -> str:
        """Return the record after which an answer holds."""
        return str(answer.get("asOf") or self.made[answer["taskId"], answer["status"]])

    def check(self, calls: list[Seen]) -> None:
        """Assert that each call has a place behind all that was answered before it was sent."""
        answered = deque(sorted((c for c in calls if c.done), key=lambda call: call.answered))
        known = ""
        for call in sorted(calls, key=lambda call: call.sent):
            while answered and answered[0].answered < call.sent:
                known = max(known, self.place(answered.popleft().answer))
            self.fits(call, known)

    def fits(self, call: Seen, known: str) -> None:
        """Assert that a call that was sent when a record was known is true behind it."""
        answer = call.answer
        if "asOf" in answer:
            assert self.place(answer) >= known
            assert self.available[answer["asOf"]] == int(answer["available"])
        elif call.done:
            assert self.place(answer) > known
        else:
            short = int(answer["details"]["available"])
            assert short < SHARE
            assert short in {left for at, left in self.available.items() if at >= known}


def test_thirty_two_of_each_step_are_one(pair: Pair) -> None:
    """An order is paid, begun, delivered and released once each, whichever process was asked."""
    buyer, seller = pair.servers[0].newcomer(), pair.servers[1].newcomer()
    draft = pair.done(0, seller, "market.offer.create", title="A page", price="10000001")
    offer = {"offerId": draft["offerId"]}
    pair.done(1, seller, "market.offer.publish", **offer)
    order = {"orderId": pair.done(0, buyer, "market.order.create", **offer)["orderId"]}

    def once(token: str, method: str, **named: object) -> Fields:
        ends = pair.at_once(lambda n: pair.call(n, token, f"market.{method}", **named), 32)
        (answer,) = [each.answer for each in ends if each.done]
        return dict(answer)

    once(buyer, "settlement.lock", **order)
    begun = once(seller, "delivery.issue", **order)
    once(seller, "delivery.complete", deliveryId=begun["deliveryId"])
    once(buyer, "settlement.release", **order)
    assert pair.done(0, seller, "wallet.show")["earned"] == "9900001"
    pair.books().store.close()
