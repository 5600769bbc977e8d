"""Statements: SQLAlchemy Core expressions, compiled once to the driver's own SQL.

A compiled statement is its SQL text and the order in which the driver wants the values, so that
running it costs the driver's time and nothing more. Values are always bound, never spelled out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Insert,
    Integer,
    Select,
    Table,
    TableValuedAlias,
    Text,
    any_,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from clawmarket.adapters.store.codec import Cell, Codec, codec_of, forms_of
from clawmarket.adapters.store.schema import TABLES
from clawmarket.ports.store import Query, prefix_end

R = TypeVar("R")

# Prefixes keep the names of conditions apart from the names of columns.
_LIMIT = "limit"
_AFTER = "after"
_LEAST = "at_least"
_MOST = "at_most"
_FROM = "prefix_from"
_UNTIL = "prefix_until"
_EQUAL = "equal_"


class StatementRefusedError(Exception):
    """A statement cannot be compiled once and run as it is."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled statement: the driver's SQL and the order in which it takes the values."""

    sql: str
    bind: Callable[[Sequence[Cell]], Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Plan(Generic[R]):
    """The statements on one row class that never change, and its codec.

    `get` and `delete` take the key; `insert` and `update` the cells of a row.
    """

    codec: Codec[R]
    get: Prepared
    insert: Prepared
    update: Prepared
    delete: Prepared


class Shape(NamedTuple):
    """What a query asks for, without the values."""

    kind: type
    equal: tuple[str, ...]
    empty: tuple[str, ...]
    at_least: str | None
    at_most: str | None
    prefixed: bool
    order_by: str
    follows: bool
    newest_first: bool


def prepared(statement: ClauseElement, dialect: Dialect, names: Sequence[str]) -> Prepared:
    """Compile a statement for a dialect with positional parameters.

    Args:
        statement: A Core expression whose values are bound parameters.
        dialect: The database to compile for.
        names: The parameters in the order in which a caller gives their values; those it leaves
            out have their value in the statement already.

    Raises:
        StatementRefusedError: The SQL depends on the values, or a value is missing.
    """
    compiled = statement.compile(dialect=dialect)
    if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None:
        raise StatementRefusedError("A statement needs positional parameters.")
    if "POSTCOMPILE" in str(compiled):
        raise StatementRefusedError(f"The SQL would depend on the values: {compiled}")
    order = list(compiled.positiontup)
    return Prepared(str(compiled), _binder(order, _defaults(compiled, names), names))


def _defaults(compiled: SQLCompiler, names: Sequence[str]) -> dict[str, Cell]:
    """Return the values that stand in the statement itself."""
    binds = {name: bind for bind, name in compiled.bind_names.items() if name not in names}
    missing = [name for name, bind in binds.items() if bind.required]
    if missing:
        raise StatementRefusedError(f"No value is given for {missing}.")
    return {name: bind.effective_value for name, bind in binds.items()}


def _binder(
    order: Sequence[str], defaults: Mapping[str, Cell], names: Sequence[str]
) -> Callable[[Sequence[Cell]], Sequence[Cell]]:
    if list(order) == list(names):
        return _as_given
    if not defaults and len(order) > 1:
        return itemgetter(*(names.index(name) for name in order))
    known = [*names, *defaults]
    places = [known.index(name) for name in order]
    values = tuple(defaults.values())

    def bind(cells: Sequence[Cell]) -> Sequence[Cell]:
        every = (*cells, *values)
        return [every[place] for place in places]

    return bind


def _as_given(cells: Sequence[Cell]) -> Sequence[Cell]:
    return cells


_PLANS: dict[tuple[type, str], Plan[Any]] = {}


def plan_of(kind: type[R], dialect: Dialect) -> Plan[R]:
    """Return the statements on one row class, worked out once for each dialect."""
    plan: Plan[R] | None = _PLANS.get((kind, dialect.name))
    if plan is None:
        plan = _PLANS[kind, dialect.name] = _plan(kind, dialect)
    return plan


def _plan(kind: type[R], dialect: Dialect) -> Plan[R]:
    table = TABLES[kind]
    names = [form.name for form in forms_of(kind)]
    key = _key(kind)
    cells = {name: bindparam(name, type_=table.c[name].type) for name in names}
    has_key = table.c[key] == cells[key]
    changes = {name: cell for name, cell in cells.items() if name != key}
    return Plan(
        codec_of(kind),
        prepared(select(table).where(has_key), dialect, [key]),
        prepared(_insert(table, dialect).values(cells), dialect, names),
        prepared(update(table).where(has_key).values(changes), dialect, names),
        prepared(delete(table).where(has_key), dialect, [key]),
    )


def _insert(table: Table, dialect: Dialect) -> Insert:
    # An error would end PostgreSQL's transaction; a row that was not inserted does not.
    if dialect.name == postgresql.dialect.name:
        return postgresql.insert(table).on_conflict_do_nothing()
    return insert(table)


_UPDATES: dict[tuple[type, tuple[int, ...], str], Prepared] = {}


def differing(cells: Sequence[Cell], before: Sequence[Cell]) -> tuple[int, ...]:
    """Return the places of the cells that are not what they were."""
    return tuple([place for place, cell in enumerate(cells) if cell != before[place]])


def update_statement(kind: type, places: tuple[int, ...], dialect: Dialect) -> Prepared:
    """Return the statement that writes some cells of a row; it takes all the row's cells."""
    known = _UPDATES.get((kind, places, dialect.name))
    if known is None:
        known = _UPDATES[kind, places, dialect.name] = _update(kind, places, dialect)
    return known


def _update(kind: type, places: tuple[int, ...], dialect: Dialect) -> Prepared:
    table = TABLES[kind]
    names = [form.name for form in forms_of(kind)]
    key = _key(kind)
    changed = [names[place] for place in places]
    cells = {name: bindparam(name, type_=table.c[name].type) for name in [key, *changed]}
    statement = update(table).where(table.c[key] == cells[key])
    statement = statement.values({name: cells[name] for name in changed})
    few = prepared(statement, dialect, [*changed, key])
    pick = itemgetter(*places, 0)
    return Prepared(few.sql, lambda row: few.bind(pick(row)))


def names_of(kind: type) -> tuple[str, ...]:
    """Return the columns of a row class in the order of its cells."""
    return tuple(form.name for form in forms_of(kind))


@cache
def insert_many(kind: type, dialect: Dialect) -> Prepared:
    """Return the statement that inserts rows given as one JSON list; it fails for a taken key.

    It is PostgreSQL's own: one value of one type, however many rows there are.
    """
    names = names_of(kind)
    statement = insert(TABLES[kind]).from_select(names, select(_given(kind, names)))
    return prepared(statement, dialect, ["rows"])


@cache
def update_many(kind: type, places: tuple[int, ...], dialect: Dialect) -> Prepared:
    """Return the statement that writes some cells of rows given as one JSON list, and their number.

    It fails by a division by zero if it does not find as many rows: nothing else fails for want of
    rows, and a COMMIT may be on its way behind it already.
    """
    table, names, key = TABLES[kind], names_of(kind), _key(kind)
    changed = [names[place] for place in places]
    given = _given(kind, [key, *changed])
    statement = update(table).where(table.c[key] == given.c[key])
    statement = statement.values({name: given.c[name] for name in changed})
    done = statement.returning(literal_column("1")).cte("done")
    wanted = bindparam("wanted", type_=BigInteger())
    is_whole = cast(func.count() == wanted, Integer())
    checked: Select[Any] = select(literal_column("1") // is_whole).select_from(done)
    return prepared(checked, dialect, ["rows", "wanted"])


@cache
def present(kind: type, dialect: Dialect) -> Prepared:
    """Return the statement that names those of some keys that are there; PostgreSQL's own."""
    key = TABLES[kind].c[_key(kind)]
    keys = bindparam("keys", type_=postgresql.ARRAY(key.type))
    return prepared(select(key).where(key == any_(keys)), dialect, ["keys"])


def _given(kind: type, names: Sequence[str]) -> TableValuedAlias:
    """Return the rows of a bound JSON list."""
    columns = [column(name, TABLES[kind].c[name].type) for name in names]
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text()), postgresql.JSON()))
    return rows.table_valued(*columns).render_derived(name="given", with_types=True)


def shape_of(query: Query[Any]) -> Shape:
    """Return what a query asks for, without the values."""
    equal: list[str] = []
    empty: list[str] = []
    for name, value in query.equal.items():
        (empty if value is None else equal).append(name)
    return Shape(
        query.kind,
        tuple(equal),
        tuple(empty),
        query.at_least and query.at_least[0],
        query.at_most and query.at_most[0],
        query.prefix is not None,
        query.order_by or _key(query.kind),
        query.after is not None,
        query.newest_first,
    )


def cells_of(query: Query[Any]) -> list[Cell]:
    """Return the values of a query in the order that `find_statement` takes them."""
    cells = [_cell(value) for value in query.equal.values() if value is not None]
    if query.at_least is not None:
        cells.append(query.at_least[1])
    if query.at_most is not None:
        cells.append(query.at_most[1])
    if query.prefix is not None:
        cells += [query.prefix, prefix_end(query.prefix)]
    if query.after is not None:
        cells.append(query.after)
    cells.append(query.limit)
    return cells


def _key(kind: type) -> str:
    return forms_of(kind)[0].name


def _cell(value: str | int) -> Cell:
    if isinstance(value, StrEnum):
        return value.value
    return int(value) if isinstance(value, bool) else value


@cache
def find_statement(shape: Shape, dialect: Dialect) -> Prepared:
    """Return the statement of all queries of one shape; it takes what `cells_of` gives.

    Rows of equal order come in the order of their keys; rows without a value to order by are
    left out, because databases disagree on where they belong.
    """
    bound = _bounds(shape)
    statement = select(TABLES[shape.kind]).where(*bound.values(), *_blanks(shape))
    # SQLite looks at a bare bound limit when it plans, and so would plan anew for every call.
    limit = bindparam(_LIMIT, type_=BigInteger()) + literal_column("0")
    statement = statement.order_by(*_order(shape)).limit(limit)
    return prepared(statement, dialect, [*bound, _LIMIT])


def _bounds(shape: Shape) -> dict[str, ColumnElement[bool]]:
    """Return the conditions that compare with a value, by the value's name, in binding order."""
    columns = TABLES[shape.kind].c

    def given(name: str, column: str) -> BindParameter[Any]:
        return bindparam(name, type_=columns[column].type)

    bounds = {_EQUAL + name: columns[name] == given(_EQUAL + name, name) for name in shape.equal}
    if shape.at_least is not None:
        bounds[_LEAST] = columns[shape.at_least] >= given(_LEAST, shape.at_least)
    if shape.at_most is not None:
        bounds[_MOST] = columns[shape.at_most] <= given(_MOST, shape.at_most)
    if shape.prefixed:
        key = _key(shape.kind)
        bounds[_FROM] = columns[key] >= given(_FROM, key)
        bounds[_UNTIL] = columns[key] < given(_UNTIL, key)
    if shape.follows:
        column, after = columns[shape.order_by], given(_AFTER, shape.order_by)
        bounds[_AFTER] = column < after if shape.newest_first else column > after
    return bounds


def _blanks(shape: Shape) -> list[ColumnElement[bool]]:
    columns = TABLES[shape.kind].c
    blanks: list[ColumnElement[bool]] = [columns[name].is_(None) for name in shape.empty]
    if columns[shape.order_by].nullable:
        blanks.append(columns[shape.order_by].is_not(None))
    return blanks


def _order(shape: Shape) -> list[ColumnElement[Any]]:
    columns = TABLES[shape.kind].c
    names = dict.fromkeys((shape.order_by, _key(shape.kind)))
    return [columns[name].desc() if shape.newest_first else columns[name] for name in names]
