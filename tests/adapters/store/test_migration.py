"""A file gets the schema that this version knows, or is left alone."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pysqlite3
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from clawmarket.adapters.store.codec import codec_of
from clawmarket.adapters.store.connection import SqliteUnfitError, check_version, connect
from clawmarket.adapters.store.migration import REVISIONS, SCRIPTS, migrate_file, stored_revision
from clawmarket.adapters.store.rows import SQLITE
from clawmarket.adapters.store.schema import LATER, METADATA, TABLES
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.market.offer import Offer, OfferState
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.task import Task
from clawmarket.domain.treasury.rail import RailStep
from clawmarket.domain.trust.record import Tally
from clawmarket.ports.store import SchemaNewerError, StoreLostError
from stored_rows import adding, every, rows_of, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "market.db"


def execute(path: Path, *statements: str) -> list[Any]:
    """Run statements on a file and return the rows of the last one."""
    connection = connect(path)
    rows: list[Any] = []
    for statement in statements:
        rows = connection.execute(statement).fetchall()
    connection.close()
    return rows


def engine(path: Path) -> Engine:
    """Let SQLAlchemy look at a file."""
    return create_engine(
        "sqlite://", module=pysqlite3, creator=lambda: connect(path), poolclass=NullPool
    )


def plain(sql: str) -> str:
    """Return an SQL text without the freedom of white space and quotes."""
    return re.sub(r"\s+", " ", sql.replace('"', "").replace("( ", "(")).replace(" )", ")").strip()


def test_a_migrated_file_has_the_declared_tables_and_indexes(path: Path) -> None:
    """Alembic finds nothing that it would have to change, by name or by type."""
    migrate_file(path)
    with engine(path).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_migrated_file_is_declared_to_the_letter(path: Path) -> None:
    """Keys, NOT NULL and WITHOUT ROWID too, to which Alembic is blind."""
    migrate_file(path)
    found = execute(path, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    declared = {t.name: str(CreateTable(t).compile(dialect=SQLITE)) for t in METADATA.sorted_tables}
    declared |= {
        str(index.name): str(CreateIndex(index).compile(dialect=SQLITE))
        for table in METADATA.sorted_tables
        for index in table.indexes
    }
    stored = {name: plain(sql) for name, sql in found if name != "alembic_version"}
    assert stored == {name: plain(sql) for name, sql in declared.items()}


def test_the_revisions_are_those_of_the_scripts() -> None:
    """In one line from the first to the last."""
    scripts = ScriptDirectory(str(SCRIPTS)).walk_revisions()
    assert [script.revision for script in scripts][::-1] == list(REVISIONS)


def test_a_file_knows_its_revision(path: Path) -> None:
    """None before the first migration, the newest after it; a second one changes nothing."""
    assert stored_revision(path) is None
    migrate_file(path)
    assert stored_revision(path) == REVISIONS[-1]
    before = path.read_bytes()
    migrate_file(path)
    assert path.read_bytes() == before


def test_rows_outlive_a_second_opening(path: Path) -> None:
    """Migration takes nothing away."""
    first = open_sqlite(path)
    write(first, adding(Tally("a", 1)))
    first.close()
    second = open_sqlite(path)
    assert every(second, Tally) == [Tally("a", 1)]
    second.close()


def test_offers_from_before_consents_ask_for_none(path: Path) -> None:
    """A database of the revision before, with a row, opens and reads an equal value."""
    offer = Offer(
        *("offer_1", "agent_1", "Title", "Text", "service", "service", "credits"),
        *(5, 60, 60, 60, OfferState.PUBLISHED, 1, "rec_1"),
    )
    with engine(path).begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(SCRIPTS))
        command.upgrade(config, "0002")
    before = dict(zip(TABLES[Offer].c.keys(), codec_of(Offer).encode(offer), strict=True))
    for name in (name for kind, name in LATER if kind is Offer):
        del before[name]
    values = ", ".join(repr(value) for value in before.values())
    execute(path, f"INSERT INTO offers ({', '.join(before)}) VALUES ({values})")  # noqa: S608 - our own words
    store = open_sqlite(path)
    assert every(store, Offer) == [offer]
    store.close()


def test_rail_steps_from_before_lose_their_share_and_nothing_else(path: Path) -> None:
    """Rows of the revision before, with a share and without one, open and read equal."""
    migrate_file(path, "0007")
    steps = rows_of(RailStep)
    connection = connect(path)
    for step, share in zip(steps, (None, 0, 2**63 - 1), strict=True):
        cells = [*codec_of(RailStep).encode(step), share]
        names = ", ".join((*TABLES[RailStep].c.keys(), "share"))
        marks = ", ".join("?" * len(cells))
        connection.execute(f"INSERT INTO rail_steps ({names}) VALUES ({marks})", cells)  # noqa: S608 - our own words
    connection.close()
    store = open_sqlite(path)
    assert every(store, RailStep) == sorted(steps, key=lambda step: step.key.encode())
    store.close()


def test_awarded_tasks_from_before_claims_name_their_worker(path: Path) -> None:
    """The worker is the seller of the task's order; a task without one has nobody."""
    migrate_file(path, "0011")
    later = {"deadline_at", "claims", "sealed", "worker", "rating", "attempt", "checks", "inspect"}
    later |= {"ended_at"}
    (order,) = rows_of(Order)[:1]
    task = rows_of(Task)[0]
    task = replace(task, claims=False, sealed=False, checks=(), inspect=False, ended_at=None)
    kept = [
        replace(task, task_id="task_1", order_id=order.order_id),
        replace(task, task_id="task_2", order_id=None),
    ]
    connection = connect(path)
    for row in (replace(order, sealed=False), *kept):
        table = TABLES[type(row)]
        cells = zip(table.c.keys(), codec_of(type(row)).encode(row), strict=True)
        known = {name: cell for name, cell in cells if name not in later}
        names, marks = ", ".join(known), ", ".join("?" * len(known))
        connection.execute(
            f"INSERT INTO {table.name} ({names}) VALUES ({marks})",  # noqa: S608 - our own words
            [*known.values()],
        )
    connection.close()
    store = open_sqlite(path)
    assert every(store, Task) == [
        replace(kept[0], worker=order.seller, deadline_at=None),
        replace(kept[1], worker=None, deadline_at=None),
    ]
    store.close()


OPENING = """
import sys
from clawmarket.adapters.store.sqlite import open_sqlite
open_sqlite(sys.argv[1]).close()
print("alembic" in sys.modules)
"""


def test_a_second_opening_does_not_load_alembic(path: Path) -> None:
    """The first one does; a start on a present schema is not to wait for it."""

    def opening() -> str:
        command = [sys.executable, "-c", OPENING, str(path)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert [opening(), opening()] == ["True", "False"]


def test_a_newer_file_is_left_alone(path: Path) -> None:
    """Down to the last byte; the refusal names both revisions and cannot be retried."""
    migrate_file(path)
    execute(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(SchemaNewerError, match=f"schema 9999; .* knows {REVISIONS[-1]}") as refused:
        open_sqlite(path)
    assert not refused.value.retryable
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def _of_somebody_else(path: Path) -> None:
    execute(path, "CREATE TABLE accounts (name TEXT)", "INSERT INTO accounts VALUES ('x')")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("Notes about a market.\n" * 200),
        lambda path: path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4_080),
        lambda path: path.write_bytes(bytes(4_096)),
        _of_somebody_else,
        lambda path: execute(path, "CREATE TABLE alembic_version (other TEXT)"),
    ],
    ids=["text", "broken header", "zeros", "other tables", "other versions"],
)
def test_what_is_no_market_is_refused_and_left_alone(
    path: Path, make: Callable[[Path], object]
) -> None:
    """With a refusal that has a code; the driver's own words stay inside."""
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreLostError) as refused:
        open_sqlite(path)
    assert refused.value.code == "E_UNAVAILABLE"
    assert "SELECT" not in str(refused.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", [".", "missing/market.db"])
def test_what_cannot_be_a_file_is_refused(tmp_path: Path, name: str) -> None:
    """A folder, and a file in a folder that is not there."""
    with pytest.raises(StoreLostError):
        open_sqlite(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_migration_that_fails_leaves_no_table(path: Path) -> None:
    """A table in the way at the very end takes all the others back."""
    execute(path, "CREATE TABLE used_nonces (mine TEXT)")
    with pytest.raises(StoreLostError):
        open_sqlite(path)
    assert execute(path, "SELECT name FROM sqlite_master") == [("used_nonces",)]


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 52, 9), (3,)])
def test_an_sqlite_that_damages_files_is_refused(version: tuple[int, ...]) -> None:
    """Those before 3.53 reset the write-ahead log unsafely; 3.53 itself is fit."""
    check_version((3, 53, 0))
    with pytest.raises(SqliteUnfitError, match=".".join(map(str, version))):
        check_version(version)
