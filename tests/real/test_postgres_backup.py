"""A market in PostgreSQL under trade: backed up, restored to both kinds of home, and moved."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from books import Books
from clawmarket.adapters.store.postgres import open_postgres
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.entry.cli.main import run
from clawmarket.ports.store import Store
from clawmarket.runtime.backup.manifest import RestoreHalfwayError
from clawmarket.runtime.backup.restore import restore_backup
from clawmarket.services.trust.history import mark_of
from postgres_server import PostgresDatabase, PostgresServer
from real.server import STARTED, Server, Start, refused_start
from real.test_backup import backed_up, head_of
from real.test_postgres import deal, receipt, url
from stored_rows import ALL_KINDS

TRADERS = 4
Ran = Callable[..., tuple[int, str, str]]

CHECKS = ("files", "database", "stored", "ledger", "log", "checkpoint")


@pytest.fixture
def blanks(postgres_server: PostgresServer) -> list[PostgresDatabase]:
    """Two databases of their own without tables."""
    return [PostgresDatabase(postgres_server, postgres_server.database()) for _ in range(2)]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ran:
    """Run a command with a database or none; return its exit status and all that it said."""

    def run_one(database: PostgresDatabase | None, *argv: str | Path) -> tuple[int, str, str]:
        monkeypatch.setenv("CLAWMARKET_DATABASE", url(database) if database else "")
        status = run(list(map(str, argv)))
        monkeypatch.delenv("CLAWMARKET_DATABASE")
        said = capsys.readouterr()
        assert "correct-horse" not in said.out + said.err
        return status, said.out, said.err

    return run_one


def rows(store: Store) -> dict[str, list[Any]]:
    """Return all rows by their kind, and let go of the store; its books are in order."""
    books = Books(store)
    books.check()
    found = {kind.__name__: books.rows(kind) for kind in ALL_KINDS}
    store.close()
    return found


def traded(start: Start, home: Path, **settings: str) -> tuple[Server, list[str], list[str]]:
    """Start a market with four members, of whom two have closed two deals."""
    server = start(home, calls_per_s="0", **settings)
    keys = [server.newcomer() for _ in range(TRADERS)]
    orders = [deal(server, server, keys[0], keys[1], number) for number in range(2)]
    for order in orders:
        assert receipt(server, keys[0], order)["failed"] == []
    return server, keys, orders


def goes_on(server: Server, keys: list[str], orders: list[str]) -> None:
    """See that a restored market has its orders and closes a new deal."""
    assert [receipt(server, keys[1], order)["failed"] for order in orders] == [[], []]
    assert receipt(server, keys[0], deal(server, server, keys[0], keys[1], 7))["failed"] == []
    told = server.call("", "web3.status.summary", deep=True)
    assert [probe["ok"] for probe in told["probes"]] == [True] * len(told["probes"])


def reconciled(server: Server, home: Path) -> None:
    """Ask the market for its differences, as its operator."""
    token = (home / "operator.token").read_text().strip()
    env = os.environ | {"CLAWMARKET_API_KEY": token, "CLAWMARKET_URL": server.url}
    line = [sys.executable, "-m", "clawmarket", "reconcile"]
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_busy_market_is_backed_up_and_restored_both_ways(
    start: Start,
    ran: Ran,
    tmp_path: Path,
    blanks: list[PostgresDatabase],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every check holds; both homes have the same rows and the same head; both go on."""
    home, folder = tmp_path / "home", tmp_path / "backup"
    server, keys, orders = traded(start, home, database=url(blanks[0]))
    argv = ("--verify", "--home", str(home), "--to", str(folder))
    monkeypatch.setenv("CLAWMARKET_DATABASE", url(blanks[0]))
    status, document = asyncio.run(backed_up(server, keys, *argv))
    assert status == 0, document
    outcomes = {check["name"]: check["outcome"] for check in document["checks"]}
    assert outcomes == dict.fromkeys(CHECKS, "passed") | {"checkpoint": "unpinned"}
    assert 0 < document["logSize"] <= head_of(server).size
    assert "correct-horse" not in (folder / "backup.json").read_text() + json.dumps(document)
    key = server.call("", "web3.status.summary")["vkey"]
    server.stop()

    filed, based = tmp_path / "filed", tmp_path / "based"
    restore = ("backup", "restore", folder, "--key", key, "--target")
    for database, copy in ((None, filed), (blanks[1], based)):
        status, said, _ = ran(database, *restore, copy, "--json")
        assert status == 0, said
        assert json.loads(said)["rowsIn"] == ("home" if database is None else "database")
    assert sorted({path.name for path in filed.iterdir()} - {"market.db"}) == sorted(
        path.name for path in based.iterdir()
    )
    held = rows(open_sqlite(folder / "market.db"))
    assert rows(open_sqlite(filed / "market.db")) == held
    assert rows(open_postgres(blanks[1].url)) == held

    for copy, settings in ((filed, {}), (based, {"database": url(blanks[1])})):
        status, said, line = refused_start(copy, **settings)
        assert (status, said) == (2, "")
        assert line.startswith(f"error[E_CONFLICT]: {copy} was restored from a backup of 2")
        assert line.endswith(f"next: {STARTED} serve --home {copy} --accept-rollback\n")
        second = start(copy, flags="--accept-rollback", **settings)
        goes_on(second, keys, orders)
        reconciled(second, copy)
        assert second.stop() == 0


def test_a_market_moves_to_postgresql_and_back(
    start: Start, ran: Ran, tmp_path: Path, blanks: list[PostgresDatabase]
) -> None:
    """With every row and one log, which grows by the record of each restoring."""
    home, over, back = (tmp_path / name for name in ("home", "over", "back"))
    server, keys, orders = traded(start, home)
    server.stop()
    assert ran(None, "backup", "create", "--verify", "--home", home, "--to", tmp_path / "1")[0] == 0
    assert ran(blanks[0], "backup", "restore", tmp_path / "1", "--target", over)[0] == 0
    with closing(open_postgres(blanks[0].url)) as store:
        marks = [store.read(mark_of)]
    assert rows(open_postgres(blanks[0].url)) == rows(open_sqlite(home / "market.db"))
    server = start(over, flags="--accept-rollback", database=url(blanks[0]))
    goes_on(server, keys, orders)
    server.stop()

    assert ran(blanks[0], "backup", "create", "--home", over, "--to", tmp_path / "2")[0] == 0
    assert ran(None, "backup", "restore", tmp_path / "2", "--target", back)[0] == 0
    assert rows(open_sqlite(back / "market.db")) == rows(open_postgres(blanks[0].url))
    with closing(open_sqlite(back / "market.db")) as store:
        marks.append(store.read(mark_of))
    assert marks[0].size < marks[1].size
    server = start(back, flags="--accept-rollback")
    assert receipt(server, keys[0], deal(server, server, keys[0], keys[1], 8))["failed"] == []
    reconciled(server, back)


def test_wrong_steps_change_nothing(
    start: Start, ran: Ran, tmp_path: Path, blanks: list[PostgresDatabase]
) -> None:
    """The market's own database, one with rows, none at all: each with a code and a next step."""
    home, folder = tmp_path / "home", tmp_path / "backup"
    start(home, database=url(blanks[0])).stop()
    assert ran(blanks[0], "backup", "create", "--home", home, "--to", folder)[0] == 0
    before = rows(open_postgres(blanks[0].url))
    restore = ("backup", "restore", folder, "--target", tmp_path / "new")
    create = ("backup", "create", "--to", tmp_path / "other", "--home")
    gone = PostgresDatabase(blanks[0].server, "no_such_database")
    for line, database, code in (
        (restore, blanks[0], "E_CONFLICT"),
        ((*restore, "--dry-run"), blanks[0], "E_CONFLICT"),
        (restore, gone, "E_UNAVAILABLE"),
        ((*create, home), gone, "E_UNAVAILABLE"),
        ((*create, home, "--dry-run"), gone, "E_UNAVAILABLE"),
        ((*create, home), blanks[1], "E_NOT_FOUND"),
        ((*create, home), None, "E_NOT_FOUND"),
        ((*create, tmp_path / "nowhere"), blanks[0], "E_NOT_FOUND"),
    ):
        status, said, told = ran(database, *line)
        assert (status != 0, said) == (True, "")
        assert told.startswith(f"error[{code}]: "), told
        assert "\nnext: " in told
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"home", "home.err", "backup"}
    assert rows(open_postgres(blanks[0].url)) == before


def test_a_home_that_cannot_get_its_name_is_said(
    ran: Ran, home: Path, tmp_path: Path, blanks: list[PostgresDatabase]
) -> None:
    """The rows are there by then; the refusal says what to do, and no half home is left."""
    folder, target = tmp_path / "backup", tmp_path / "new"
    assert ran(None, "backup", "create", "--home", home, "--to", folder)[0] == 0

    def taken(what: str, _done: int, _total: int) -> None:
        if what.startswith("tables"):
            (target / "theirs").mkdir(parents=True, exist_ok=True)

    with pytest.raises(RestoreHalfwayError, match="was not written"):
        restore_backup(folder, target, 1, database=blanks[0].url, progress=taken)
    assert [path.name for path in target.iterdir()] == ["theirs"]
    assert {path.name for path in tmp_path.iterdir()} == {"home", "backup", "new"}
    again = ran(blanks[0], "backup", "restore", folder, "--target", tmp_path / "other")
    assert again[2].startswith("error[E_CONFLICT]: The database holds rows of a market.")


def test_a_home_and_a_database_of_two_markets_make_no_backup(
    start: Start, ran: Ran, tmp_path: Path, blanks: list[PostgresDatabase]
) -> None:
    """The log says whose it is; without that the backup would be no market's."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, database in ((one, blanks[0]), (other, blanks[1])):
        server = start(folder, database=url(database))
        while not server.call("", "web3.status.summary")["logSize"]:
            pass
        server.stop()
    status, _, told = ran(blanks[1], "backup", "create", "--home", one, "--to", tmp_path / "b")
    assert (status, told.split(":")[0]) == (6, "error[E_CONFLICT]")
    assert not (tmp_path / "b").exists()
