"""Statements compile once, for SQLite and for PostgreSQL, and bind what they are given."""

import re
from collections.abc import Sequence
from typing import Any

import pysqlite3
import pytest
from sqlalchemy import BigInteger, bindparam, insert, literal, select, update
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import CreateTable

from clawmarket.adapters.store.codec import forms_of
from clawmarket.adapters.store.postgresql.connection import connect
from clawmarket.adapters.store.postgresql.rows import POSTGRES
from clawmarket.adapters.store.rows import SQLITE
from clawmarket.adapters.store.schema import METADATA, TABLES
from clawmarket.adapters.store.statements import (
    Prepared,
    StatementRefusedError,
    cells_of,
    differing,
    find_statement,
    plan_of,
    prepared,
    shape_of,
    update_many,
    update_statement,
)
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.kernel.replay import KeptAnswer
from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.offer import Offer
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.record import LogEntry, Record, RecordParty, Tally
from clawmarket.domain.trust.session import Credential, CredentialKind, Session, UsedNonce
from clawmarket.ports.store import Query
from postgres_server import PostgresDatabase
from stored_rows import ALL_KINDS, rows_of

each_dialect = pytest.mark.parametrize("dialect", [SQLITE, POSTGRES], ids=lambda d: str(d.name))
each_kind = pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: str(kind.__name__))

LATE: dict[str, Any] = {"at_most": ("acts_at", 9), "order_by": "acts_at", "limit": 3}
OLD: dict[str, Any] = {"at_most": ("expires_at", 9), "order_by": "expires_at", "limit": 3}
LIVE: dict[str, Any] = {"account_id": "a", "kind": CredentialKind.KEY, "revoked_at": None}

# What services, runtime and entry ask for, one of each shape.
QUERIES: list[Query[Any]] = [
    *(Query(kind, **LATE) for kind in (Order, Task)),
    Query(Job, equal={"kind": "rail"}, **LATE),
    Query(Job, equal={"kind": "rail"}, at_least=("acts_at", 0), order_by="acts_at", limit=3),
    *(Query(kind, **OLD) for kind in (Session, UsedNonce)),
    Query(Credential, equal={"lookup": "x"}, limit=1),
    Query(Credential, equal=LIVE),
    Query(Job, equal={"state": JobState.DEAD}),
    Query(Job, equal={"state": JobState.DONE}, after="job_1"),
    Query(KeptAnswer, after="x"),
    Query(LogEntry, at_least=("idx", 256), limit=256),
    Query(LogEntry, equal={"record_id": "x"}, limit=1),
    Query(Record, after=""),
    Query(Record, newest_first=True, limit=1),
    Query(RecordParty, prefix="acc_1|", newest_first=True),
    Query(RecordParty, prefix="acc_1|", after="acc_1|rec_1", newest_first=True),
    Query(Bid, equal={"task_id": "t", "state": BidState.SUBMITTED}),
    Query(Bid, equal={"task_id": "t", "bidder": "b", "state": BidState.SUBMITTED}, limit=1),
    *(
        Query(kind, equal=dict.fromkeys(names, "x"), after=after, newest_first=True)
        for after in (None, "x")
        for kind, names in (
            (Record, ()),
            *((Job, names) for names in ((), ("state",))),
            *((Task, names) for names in ((), ("state",), ("buyer",), ("state", "buyer"))),
            *((Offer, names) for names in ((), ("state",), ("seller",), ("state", "seller"))),
            *((Bid, names) for names in (("bidder",), ("task_id",), ("task_id", "bidder"))),
            *((Order, names) for names in (("buyer",), ("seller",))),
        )
    ),
]


def marks(sql: str, dialect: Dialect) -> int:
    """Count the parameters of an SQL text."""
    return sql.count("?") if dialect is SQLITE else len(set(re.findall(r"\$\d+", sql)))


@each_dialect
@each_kind
def test_every_statement_on_a_kind_binds_all_it_has(kind: type[Any], dialect: Dialect) -> None:
    """A cell for each parameter, in the order of the SQL: an update ends with the key."""
    plan = plan_of(kind, dialect)
    names = [form.name for form in forms_of(kind)]
    cells = list(plan.codec.encode(rows_of(kind)[1]))
    bound = [list(plan.insert.bind(cells)), list(plan.update.bind(cells))]
    assert bound == [cells, [*cells[1:], cells[0]]]
    assert [list(each.bind(["key"])) for each in (plan.get, plan.delete)] == [["key"], ["key"]]
    counts = [
        marks(each.sql, dialect) for each in (plan.insert, plan.update, plan.get, plan.delete)
    ]
    assert counts == [len(names), len(names), 1, 1]
    shown = plan.get.sql.partition(" \nFROM ")[0].removeprefix("SELECT ").split(", ")
    assert [column.rpartition(".")[2].strip('"') for column in shown] == names


@each_dialect
@each_kind
def test_an_update_of_some_columns_binds_those_and_the_key(
    kind: type[Any], dialect: Dialect
) -> None:
    """Out of all the row's cells; each column alone, and all of them."""
    cells = [f"cell {place}" for place in range(len(forms_of(kind)))]
    for places in (*((place,) for place in range(1, len(cells))), tuple(range(1, len(cells)))):
        statement = update_statement(kind, places, dialect)
        assert list(statement.bind(cells)) == [*(cells[place] for place in places), cells[0]]
        assert marks(statement.sql, dialect) == len(places) + 1


def test_cells_differ_by_their_value() -> None:
    """None is no value; nothing differs between equal rows."""
    assert differing(["k", 1, None, b"a", "x"], ["k", 2, 0, b"a", None]) == (1, 2, 4)
    assert differing(["k", None, b""], ["k", None, b""]) == ()


@each_dialect
@pytest.mark.parametrize("query", QUERIES)
def test_every_query_in_use_binds_all_it_has(query: Query[Any], dialect: Dialect) -> None:
    """The limit comes last, and SQLite wants to hear that nothing is skipped."""
    statement = find_statement(shape_of(query), dialect)
    bound = list(statement.bind(cells_of(query)))
    assert bound == [*cells_of(query), *([0] if dialect is SQLITE else [])]
    assert marks(statement.sql, dialect) == len(bound)
    assert "'" not in statement.sql


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_in_use_with_a_condition_uses_an_index(query: Query[Any]) -> None:
    """No look-up, sweep or page reads a whole table; without a condition the key leads."""
    connection = pysqlite3.connect(":memory:")
    for table in METADATA.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=SQLITE)))
        for index in table.indexes:
            unique = "UNIQUE " if index.unique else ""
            names = ", ".join(column.name for column in index.columns)
            connection.execute(f"CREATE {unique}INDEX {index.name} ON {table.name} ({names})")
    statement = find_statement(shape_of(query), SQLITE)
    rows = connection.execute(
        f"EXPLAIN QUERY PLAN {statement.sql}", statement.bind(cells_of(query))
    )
    steps = " | ".join(row[3] for row in rows)
    connection.close()
    assert "USING" in steps
    assert ("SCAN" in steps) == (not cells_of(query)[:-1])


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_in_use_uses_an_index_of_postgresql_too(
    query: Query[Any], migrated_database: PostgresDatabase
) -> None:
    """Before anybody gathered statistics; and the server takes statement and values as they are."""
    statement = find_statement(shape_of(query), POSTGRES)
    with connect(migrated_database.url) as connection:
        explained = f"EXPLAIN {statement.sql}"
        rows = connection.execute(explained, statement.bind(cells_of(query)), prepare=False)
        steps = " | ".join(row[0] for row in rows)
    assert "Index" in steps
    assert "Seq Scan" not in steps


@each_kind
def test_rows_that_a_group_changed_are_found_one_by_one(
    kind: type, migrated_database: PostgresDatabase
) -> None:
    """By their keys; a join that first reads all keys of a table slows down as the market grows."""
    places = tuple(range(1, len(forms_of(kind))))
    with connect(migrated_database.url) as connection:
        statement = update_many(kind, places, POSTGRES)
        explained = f"EXPLAIN {statement.sql}"
        rows = connection.execute(explained, statement.bind(("[]", 0)), prepare=False)
        steps = " | ".join(row[0] for row in rows)
    assert "Nested Loop" in steps
    assert "Join" not in steps
    assert "Index Cond" in steps


def test_a_query_says_what_it_asks_for() -> None:
    """For each database in its own words, with the bytes of text as the order."""
    query = Query(
        Job,
        equal={"state": JobState.DEAD, "last_failure": None, "attempts": True},
        at_least=("created_at", 1),
        at_most=("acts_at", 2),
        prefix="job_",
        order_by="acts_at",
        after=3,
        newest_first=True,
        limit=4,
    )
    sql = find_statement(shape_of(query), SQLITE).sql
    assert " ".join(sql.partition("WHERE ")[2].replace("jobs.", "").split()) == (
        "state = ? AND attempts = ? AND created_at >= ? AND acts_at <= ? AND job_id >= ? "
        "AND job_id < ? AND acts_at < ? AND last_failure IS NULL AND acts_at IS NOT NULL "
        "ORDER BY acts_at DESC, job_id DESC LIMIT ? + 0 OFFSET ?"
    )
    cells = cells_of(query)
    assert cells == ["job_dead", 1, 1, 2, "job_", "job`", 3, 4]
    assert [type(cell) for cell in cells] == [str, int, int, int, str, str, int, int]


def test_queries_of_one_shape_share_a_statement() -> None:
    """Values, among them the limit, do not make another one; None and the order do."""
    first, same, other, turned = (
        shape_of(query)
        for query in (
            Query(Job, equal={"ref": "a"}, limit=1),
            Query(Job, equal={"ref": "b"}, limit=2),
            Query(Job, equal={"ref": None}, limit=1),
            Query(Job, equal={"ref": "a"}, limit=1, newest_first=True),
        )
    )
    statement = find_statement(first, SQLITE)
    assert find_statement(same, SQLITE) is statement
    assert find_statement(other, SQLITE).sql != statement.sql != find_statement(turned, SQLITE).sql


TALLIES = TABLES[Tally]


@each_dialect
@pytest.mark.parametrize("amounts", [[], [1], [1, 2]])
def test_a_statement_that_depends_on_its_values_is_refused(
    dialect: Dialect, amounts: Sequence[int]
) -> None:
    """As IN does: its SQL has as many marks as there are values."""
    statement = select(TALLIES).where(TALLIES.c.amount.in_(amounts))
    with pytest.raises(StatementRefusedError, match="depend on the values"):
        prepared(statement, dialect, ["amount_1"])


@pytest.mark.parametrize("style", ["named", "pyformat"])
def test_a_dialect_that_binds_by_name_is_refused(style: Any) -> None:
    """Values are given by place."""
    dialect = SQLiteDialect_pysqlite(paramstyle=style)
    with pytest.raises(StatementRefusedError, match="positional"):
        prepared(select(TALLIES), dialect, [])


def test_what_is_no_query_is_refused() -> None:
    """Statements about tables have no parameters to bind."""
    with pytest.raises(StatementRefusedError, match="positional"):
        prepared(CreateTable(TALLIES), SQLITE, [])


def test_a_value_that_nobody_gives_is_refused() -> None:
    """When the statement is prepared, not when it runs."""
    wanted = select(TALLIES).where(TALLIES.c.amount == bindparam("least", type_=BigInteger()))
    with pytest.raises(StatementRefusedError, match="least"):
        prepared(wanted, SQLITE, [])


def _bound(statement: Prepared, *cells: str | int) -> list[object]:
    return list(statement.bind(cells))


@each_dialect
def test_values_of_the_statement_itself_are_bound_beside_the_given(dialect: Dialect) -> None:
    """Wherever they stand: before, between and behind, one value twice if it has no number."""
    amount, key = TALLIES.c.amount, TALLIES.c.tally_id
    moved = update(TALLIES).values(amount=amount + literal(7)).where(key == bindparam("key"))
    capped = moved.where(amount < bindparam("cap")).where(amount != literal(9))
    assert _bound(prepared(capped, dialect, ["cap", "key"]), 5, "a") == [7, "a", 5, 9]
    twice = moved.where(key != bindparam("key"))
    again = ["a"] if dialect is SQLITE else []
    assert _bound(prepared(twice, dialect, ["key"]), "a") == [7, "a", *again]
    fixed = insert(TALLIES).values(tally_id="b", amount=3)
    assert _bound(prepared(fixed, dialect, [])) == ["b", 3]
