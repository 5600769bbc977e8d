"""Several processes of one market: one home, one PostgreSQL database, started and killed freely."""

import json
import re
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from books import Books
from clawmarket.adapters.store.postgres import open_postgres
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.record import LogEntry, Record
from clawmarket.domain.trust.session import Account, Role
from clawmarket.ports.store import Query
from clawmarket.runtime.app import open_app
from clawmarket.runtime.config import Config
from clawmarket.runtime.home import open_home
from clawmarket.runtime.postgres import DriverMissingError
from postgres_server import PostgresDatabase, PostgresServer
from real.server import Fields, Server, Start, refused_start
from receipts import by_tool

Ask = Callable[..., Fields]


@pytest.fixture
def blank(postgres_server: PostgresServer) -> PostgresDatabase:
    """A database of its own without tables."""
    return PostgresDatabase(postgres_server, postgres_server.database())


def url(database: PostgresDatabase) -> str:
    """Return the URL as an operator writes it, with a password."""
    return database.url.reveal().replace("postgres@", "postgres:correct-horse@")


def pair(start: Start, home: Path, database: PostgresDatabase) -> list[Server]:
    """Start two processes of one market at the same moment."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: start(home, database=url(database)), range(2)))


def deal(one: Server, other: Server, buyer: str, worker: str, number: int) -> str:
    """Close a deal in turns through both processes; return its order."""

    def ask(server: Server, token: str, method: str, **params: object) -> Fields:
        answer = server.call(token, method, f"{number}-{method}", **params)
        assert answer["ok"], answer
        return answer

    task = ask(one, buyer, "web3.market.publishTask", title="Shared", budget="1000001")
    bid = ask(other, worker, "web3.market.placeBid", taskId=task["taskId"], price="777777")
    award = ask(one, buyer, "web3.market.awardBid", bidId=bid["bidId"])
    data = b64encode(f"result {number}".encode()).decode()
    file = ask(one, worker, "web3.files.put", name="a.txt", dataBase64=data)["file"]
    handed = {"orderId": award["orderId"], "artifacts": [file]}
    result = ask(other, worker, "web3.market.submitResult", **handed)
    verdict = {"resultId": result["resultId"], "decision": "accept"}
    ask(other, buyer, "web3.market.reviewResult", **verdict)
    return str(award["orderId"])


def receipt(server: Server, token: str, order: str) -> Fields:
    """Wait for an order's receipt and return what the stand-alone verifier says about it."""
    while True:
        answer = server.call(token, "web3.market.receipt.get", orderId=order)
        if answer["ok"]:
            return by_tool(answer["receipt"], server.call("", "web3.status.summary")["vkey"])
        assert answer["details"]["cause"] in ("receipt_not_ready", "receipt_made_already"), answer
        time.sleep(0.05)  # an account may call only so often


def test_two_processes_are_one_market(
    start: Start, tmp_path: Path, blank: PostgresDatabase
) -> None:
    """Deals go through both; one is killed and the other goes on; all of it is in one log."""
    home = tmp_path / "home"
    one, other = pair(start, home, blank)
    assert (
        one.call("", "web3.status.summary")["vkey"] == other.call("", "web3.status.summary")["vkey"]
    )
    buyer, worker = one.newcomer(), other.newcomer()
    first = deal(one, other, buyer, worker, 1)
    assert receipt(other, buyer, first)["failed"] == []
    one.kill()
    second = deal(other, other, buyer, worker, 2)
    again = start(home, database=url(blank))
    assert receipt(again, worker, second)["failed"] == []
    assert [again.stop(), other.stop()] == [0, 0]

    store = open_postgres(blank.url)
    books = Books(store)
    books.check()
    records = [record.record_id for record in books.rows(Record)]
    assert [entry.record_id for entry in books.rows(LogEntry)] == records[
        : len(books.rows(LogEntry))
    ]
    assert len(books.rows(Task)) == 2
    operators = store.read(lambda rows: rows.find(Query(Account, equal={"role": Role.OPERATOR})))
    assert len(operators) == 1
    store.close()


def test_the_password_of_the_database_is_shown_nowhere(
    start: Start, tmp_path: Path, blank: PostgresDatabase
) -> None:
    """Not by a start that works, nor by starts that fail."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    server = start(home, database=url(blank))
    wrong = ("?host=/none", "?no_such_option=1", ":port/x", " x")
    bare = url(blank).partition("?")[0]
    starts = [
        refused_start(home),
        *(refused_start(elsewhere, database=bare + each) for each in wrong),
        refused_start(elsewhere, database=url(blank).replace("postgresql", "mysql")),
    ]
    said = json.dumps([server.call("", "web3.status.summary"), starts])
    said += (tmp_path / "home.err").read_text()
    assert server.stop() == 0
    assert "correct-horse" not in said
    assert [status for status, _, _ in starts] == [2] * 6
    causes = [re.search(r"error\[(\w+)\]: (.{20})", text) for _, _, text in starts]
    assert [cause and cause.groups() for cause in causes] == [
        ("E_UNAVAILABLE", "Another market runs "),
        ("E_UNAVAILABLE", "The database does no"),
        ("E_INVALID_ARGUMENT", "The URL of the datab"),
        ("E_UNAVAILABLE", "The database does no"),
        ("E_INVALID_ARGUMENT", "The URL of the datab"),
        ("E_INVALID_ARGUMENT", "CLAWMARKET_DATABASE "),
    ]


def test_a_missing_driver_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what installs it; the home is free again."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in [name for name in sys.modules if name.startswith("clawmarket.adapters.store.pos")]:
        monkeypatch.delitem(sys.modules, name)
    config = Config(tmp_path / "home", database=Secret("postgresql://nobody@nowhere/none"))
    with pytest.raises(DriverMissingError) as refused:
        open_app(config)
    assert 'pip install "clawmarket[postgres]"' in refused.value.advice
    open_home(config.home).close()
