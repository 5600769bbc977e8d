"""Listing: pages that a growing table cannot upset, with filters that need no index of their own.

The cursor is the key of the last row that was looked at. Ids sort by the moment they were made,
so walking a list misses nothing that was there at the start and shows nothing twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.ids import noun_of
from clawmarket.ports.store import Query, Snapshot, Value, key_name, key_of

R = TypeVar("R")

# How many rows one page may look at to find those that pass a filter without an index.
MAX_SCANNED = 1_000


class CursorInvalidError(InvalidArgumentError):
    """A cursor is none that this list gave."""

    advice = "Send `nextCursor` of the page before as it came, or no cursor for the first page."
    next_command = "clawmarket explain cursor_invalid"


@dataclass(frozen=True)
class Listing(Generic[R]):
    """What to list: the rows' class, equal columns (None: any), where to go on, how many.

    `prefix` narrows the list to keys that begin with it.
    """

    kind: type[R]
    equal: Mapping[str, Value]
    cursor: str | None
    limit: int
    prefix: str | None = None


@dataclass(frozen=True)
class Rows(Generic[R]):
    """One page of rows and where the next one begins."""

    items: list[R]
    next_cursor: str | None


def scan(rows: Snapshot, listing: Listing[R], wanted: Callable[[R], bool] | None = None) -> Rows[R]:
    """Return a page, newest first.

    A page may hold fewer than `limit` rows and still have a next cursor, when a filter let
    little through. Raises CursorInvalidError for a cursor of another form than the list's keys;
    it would silently show some other page.
    """
    _check_cursor(listing)
    equal = {name: value for name, value in listing.equal.items() if value is not None}
    items: list[R] = []
    cursor, scanned = listing.cursor, 0
    while scanned < MAX_SCANNED:
        size = min(listing.limit + 1, MAX_SCANNED - scanned)
        query = Query(
            listing.kind,
            equal=equal,
            prefix=listing.prefix,
            after=cursor,
            newest_first=True,
            limit=size,
        )
        found = rows.find(query)
        for row in found:
            if len(items) == listing.limit:
                return Rows(items, cursor)
            cursor = str(key_of(row))
            if wanted is None or wanted(row):
                items.append(row)
        scanned += len(found)
        if len(found) < size:
            return Rows(items, None)
    return Rows(items, cursor)


def _check_cursor(listing: Listing[R]) -> None:
    cursor, prefix = listing.cursor, listing.prefix or ""
    if cursor is None:
        return
    noun = noun_of(cursor.removeprefix(prefix))
    # A link's key is its prefix and the id of what it leads to.
    wanted = noun if prefix else key_name(listing.kind).removesuffix("_id")
    if noun is None or noun != wanted or not cursor.startswith(prefix):
        raise CursorInvalidError("The cursor is none of this list.")
