"""The tables are what the row classes ask for, and nothing that only one database knows."""

from dataclasses import FrozenInstanceError, fields
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import CreateTable

from clawmarket.adapters.store.rows import SQLITE
from clawmarket.adapters.store.schema import INDEXES, KEYED, KINDS, TABLES, UNIQUE, unique_names
from clawmarket.domain.trust.record import LogEntry
from clawmarket.domain.trust.session import Account, Credential
from clawmarket.ports.store import key_name
from stored_rows import ALL_KINDS, rows_of

POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # theirs
each_kind = pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: str(kind.__name__))


@each_kind
def test_a_stored_row_cannot_be_changed(kind: type[Any]) -> None:
    """None of its fields: its class is frozen."""
    row = rows_of(kind)[0]
    for field in fields(kind):
        with pytest.raises(FrozenInstanceError):
            setattr(row, field.name, "changed")
    assert row == rows_of(kind)[0]


@each_kind
def test_a_table_has_the_fields_of_its_class(kind: type[Any]) -> None:
    """In their order, the key first and alone; empty may be what may be None."""
    columns = list(TABLES[kind].columns)
    hints = get_type_hints(kind)
    assert [column.name for column in columns] == [field.name for field in fields(kind)]
    assert [column.primary_key for column in columns] == [True] + [False] * (len(columns) - 1)
    optional = [name for name, hint in hints.items() if NoneType in get_args(hint)]
    assert [column.name for column in columns if column.nullable] == optional


@each_kind
@pytest.mark.parametrize(
    ("dialect", "types"),
    [
        (SQLITE, {"TEXT", "BIGINT", "BLOB"}),
        (POSTGRES, {'TEXT COLLATE "C"', "BIGINT", "BYTEA"}),
    ],
    ids=["sqlite", "postgresql"],
)
def test_columns_are_text_bigint_and_blob(
    kind: type[Any], dialect: Dialect, types: set[str]
) -> None:
    """And their like on PostgreSQL, where text is told to keep to its bytes."""
    columns = TABLES[kind].columns
    assert {column.type.compile(dialect=dialect) for column in columns} - types == set()


def test_every_class_has_one_table() -> None:
    """Names are told apart, and every index, key tree and unique value is of a known class."""
    assert len(set(ALL_KINDS)) == len(KINDS)
    assert {TABLES[kind].name: kind for kind in ALL_KINDS} == KINDS
    named = {kind for kind, _ in (*INDEXES, *UNIQUE)} | KEYED
    assert named - set(ALL_KINDS) == set()


def test_no_index_is_there_twice() -> None:
    """Nor one that another one begins with, nor one on the key alone."""
    wanted = [(kind, names) for kind, names in INDEXES] + [(kind, (name,)) for kind, name in UNIQUE]
    wanted += [(kind, (key_name(kind),)) for kind in ALL_KINDS]
    for kind, names in wanted:
        longer = [each for of, each in wanted if of is kind and each[: len(names)] == names]
        assert longer == [names]


def test_small_rows_lie_in_the_tree_of_their_key() -> None:
    """Those that are named, and no others."""
    sql = {kind: str(CreateTable(TABLES[kind]).compile(dialect=SQLITE)) for kind in ALL_KINDS}
    assert {kind for kind in ALL_KINDS if "WITHOUT ROWID" in sql[kind]} == KEYED


def test_unique_values_are_known_by_their_class() -> None:
    """Beside the key, which needs no mention."""
    known = {kind: unique_names(kind) for kind in (Account, Credential, LogEntry)}
    assert known == {Account: (), Credential: ("lookup",), LogEntry: ("record_id",)}
