"""What a query names among rows that are in memory."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from clawmarket.ports.store import Query, key_name, key_of, prefix_end

R = TypeVar("R")


def chosen(query: Query[R], rows: Iterable[R]) -> list[R]:
    """Return the rows that a query names, in its order."""
    order_by, key = query.order_by or key_name(query.kind), key_name(query.kind)
    found = [row for row in rows if _matches(row, query, order_by)]
    found.sort(
        key=lambda row: (getattr(row, order_by), getattr(row, key)),
        reverse=query.newest_first,
    )
    return found[: query.limit]


def _matches(row: object, query: Query[Any], order_by: str) -> bool:
    place = getattr(row, order_by)
    if place is None or not all(getattr(row, n) == v for n, v in query.equal.items()):
        return False
    if query.prefix is not None and not query.prefix <= str(key_of(row)) < prefix_end(query.prefix):
        return False
    if query.after is not None:
        behind = place < query.after if query.newest_first else place > query.after
        return behind and _within(row, query)
    return _within(row, query)


def _within(row: object, query: Query[Any]) -> bool:
    least, most = query.at_least, query.at_most
    if least is not None and not _holds(getattr(row, least[0]), lambda value: value >= least[1]):
        return False
    return most is None or _holds(getattr(row, most[0]), lambda value: value <= most[1])


def _holds(value: int | None, condition: Callable[[int], bool]) -> bool:
    return value is not None and condition(value)
