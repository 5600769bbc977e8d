"""Where rows are kept: one transaction per write, one snapshot per read.

Rows are the domain's own frozen dataclasses; the first field is the key. An adapter keeps each
class in a table of its own and gives back equal values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Generic, Protocol, TypeVar

from clawmarket.domain.kernel.errors import (
    ConflictError,
    DeadlineError,
    InternalError,
    InvalidArgumentError,
    UnavailableError,
)

R = TypeVar("R")
T = TypeVar("T")

Key = str | int
Place = tuple[type, Key]
Value = str | int | bool | None


class StoreLostError(UnavailableError):
    """The transaction was lost before it was on disk; nothing of it happened."""


class StoreUnsureError(DeadlineError):
    """The connection broke during the commit, and nobody can be asked what became of it.

    It happened whole or not at all; a repeated request with the same key finds out.
    """


class StoreBusyError(UnavailableError):
    """More commands wait for the store than it takes on."""


class RowExistsError(ConflictError):
    """There is a row with this key or unique value already."""

    next_command = "clawmarket explain row_exists"


class RowMissingError(InternalError):
    """A row was to be replaced that is not there; a defect, never a user's fault."""


class SchemaNewerError(UnavailableError):
    """A newer version of the program wrote this database."""

    advice = "Install the newer version again; data is only ever migrated forward."
    next_command = "clawmarket doctor"
    retryable = False


class DatabaseUrlError(InvalidArgumentError):
    """The database's URL cannot be read."""

    advice = "Write postgresql://user:password@host/database; other characters as %20."
    next_command = "clawmarket help environment"


class DatabaseUnfitError(UnavailableError):
    """The database server is too old, or the database cannot hold all texts."""

    advice = "Use PostgreSQL 14 or later and a database with the encoding UTF8."
    next_command = "clawmarket help environment"
    retryable = False


class DatabaseTakenError(ConflictError):
    """The database has rows or tables already; nothing in it is ever overwritten."""

    advice = "Name an empty database, or unset CLAWMARKET_DATABASE to restore into the home alone."
    next_command = "clawmarket help backup restore"


_KEY_NAMES: dict[type, str] = {}


def key_name(kind: type) -> str:
    """Return the name of a row class's key: its first field."""
    return fields(kind)[0].name


def key_of(row: object) -> Key:
    """Return the key of a row."""
    kind = type(row)
    name = _KEY_NAMES.get(kind) or _KEY_NAMES.setdefault(kind, key_name(kind))
    key: Key = getattr(row, name)
    return key


@dataclass(frozen=True)
class Query(Generic[R]):
    """Which rows of one kind, in which order.

    Args:
        kind: The dataclass of the rows.
        equal: Columns that must equal a value (None: must be empty).
        at_least: A column and its smallest value.
        at_most: A column and its largest value.
        prefix: What the key begins with.
        order_by: The column of the order; the key unless named. Rows of equal order come in the
            order of their keys; rows without a value here are not found.
        after: Only rows behind this value of `order_by`, in the order asked for.
        newest_first: Falling instead of rising order.
        limit: How many rows at the most.
    """

    kind: type[R]
    equal: Mapping[str, Value] = field(default_factory=dict)
    at_least: tuple[str, int] | None = None
    at_most: tuple[str, int] | None = None
    prefix: str | None = None
    order_by: str | None = None
    after: Key | None = None
    newest_first: bool = False
    limit: int = 100


def prefix_end(prefix: str) -> str:
    """Return the first text behind all that begin with a prefix, in the order of bytes."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


class Snapshot(Protocol):
    """A consistent view of all rows."""

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key, or None."""
        ...

    def find(self, query: Query[R]) -> list[R]:
        """Return the rows that a query names."""
        ...


class Transaction(Snapshot, Protocol):
    """A view that can be changed; all of it is kept, or none."""

    def add(self, row: object) -> None:
        """Insert a row. Raises RowExistsError.

        A key that the market draws itself may be found taken only when the transaction ends, and
        then commands of others that were made durable with this one may be lost with it.
        """
        ...

    def save(self, row: object, before: object | None = None) -> None:
        """Replace the row that has the same key.

        Given the row as it was read, only what differs is written: a column that stays costs
        its indexes nothing. Raises RowMissingError, RowExistsError.
        """
        ...

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete the row with a key, if there is one."""
        ...


class Store(Protocol):
    """Reads see what is committed; a write has happened when it returns."""

    def read(self, ask: Callable[[Snapshot], T]) -> T:
        """Run a function on a snapshot and return what it returns."""
        ...

    async def write(self, command: Callable[[Transaction], T], *, seeks: Sequence[Place] = ()) -> T:
        """Run a function in a transaction of its own and return once it is durable.

        Whatever the function raises undoes what it did and is raised here. `seeks` are rows that
        it will look for and hardly find; a database far away is asked once for those of a group.
        Raises StoreLostError, StoreUnsureError, StoreBusyError.
        """
        ...

    def on_group(self, look: Callable[[Snapshot], None]) -> None:
        """Let a function see what other processes wrote before a group of this one's writes.

        It runs inside the group's transaction, before its first command, and nothing that it
        sees can change until the group has ended. It is not called when nobody else wrote since
        the group before; a store that one process alone writes to never calls it.
        """
        ...

    async def checkpoint(self) -> None:
        """Do what the database puts off, so that no commit has to. Raises StoreLostError."""
        ...

    def close(self) -> None:
        """Finish what was accepted and let go of the files."""
        ...
