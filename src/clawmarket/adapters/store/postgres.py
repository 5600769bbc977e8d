"""Rows in one PostgreSQL database that several processes share."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection as Migrating
from sqlalchemy import Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from clawmarket.adapters.store.migration import REVISIONS, known, migrate
from clawmarket.adapters.store.postgresql.connection import (
    LOCK,
    PostgresWriting,
    connect,
)
from clawmarket.adapters.store.postgresql.rows import (
    PostgresRows,
    control,
    refusal,
)
from clawmarket.adapters.store.postgresql.transaction import PostgresTransaction
from clawmarket.adapters.store.postgresql.turns import Connection
from clawmarket.adapters.store.writing.groups import GroupWriter
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.store import DatabaseUnfitError, Place, Snapshot, StoreLostError, Transaction

T = TypeVar("T")

OLDEST_SERVER = 140_000

_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HAS_REVISION = "SELECT to_regclass('alembic_version')::text"
_REVISION = "SELECT version_num FROM alembic_version"
# A migration may take long, and the one of another process is waited for.
_BEGIN_MIGRATING = f"SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; {LOCK}"


class PostgresStore:
    """A store in a database whose schema is present; `open_postgres` makes sure of that.

    `read` may be called from any thread, `write` from any event loop; other processes may have
    stores on the same database.

    Args:
        url: The database's URL, with its password if it needs one.
    """

    def __init__(self, url: Secret) -> None:
        self._url = url
        self._writer = GroupWriter(PostgresWriting(lambda: connect(url)), fast_commit_s=0.0)
        self._free: deque[Connection] = deque()
        self._closed = False

    def read(self, ask: Callable[[Snapshot], T]) -> T:
        """Run a function on a snapshot and return what it returns. Raises StoreLostError."""
        if self._closed:
            raise StoreLostError("The store is closed.")
        try:
            connection = self._begun()
        except psycopg.Error as error:
            raise refusal(error) from error
        try:
            return ask(PostgresRows(connection.cursor(binary=True).execute))
        finally:
            self._give_back(connection)

    async def write(self, command: Callable[[Transaction], T], *, seeks: Sequence[Place] = ()) -> T:
        """Run a function in a transaction of its own and return once it is durable.

        Raises StoreLostError, StoreUnsureError, StoreBusyError, and whatever the function raises.
        """
        outcome = await self._writer.submit(lambda rows: whole(command, rows), seeks)
        if outcome.failure is not None:
            raise outcome.failure
        return cast("T", outcome.value)

    def on_group(self, look: Callable[[Snapshot], None]) -> None:
        """Let a function see what others wrote before each group of this process's writes."""
        self._writer.on_group(look)

    async def checkpoint(self) -> None:
        """The server does so by itself."""

    def close(self) -> None:
        """Finish what was accepted and let go of the server."""
        self._closed = True
        self._writer.close()
        self._let_go()

    def _begun(self) -> Connection:
        """Return a connection with a snapshot; those that broke while they were idle go."""
        with suppress(IndexError):
            while True:
                connection = self._free.pop()
                try:
                    control(connection, _BEGIN_READING)
                except psycopg.OperationalError:
                    connection.close()
                else:
                    return connection
        connection = connect(self._url)
        control(connection, _BEGIN_READING)
        return connection

    def _give_back(self, connection: Connection) -> None:
        try:
            if connection.info.transaction_status is not TransactionStatus.IDLE:
                # Nothing was written. After a ROLLBACK the driver would let go of all it prepared.
                control(connection, "COMMIT")
        except psycopg.Error:
            connection.close()
            return
        self._free.append(connection)
        if self._closed:
            self._let_go()

    def _let_go(self) -> None:
        with suppress(IndexError):
            while True:
                self._free.pop().close()


def whole(command: Callable[[Transaction], T], rows: Transaction) -> T:
    """Run a command with all that it changes, and return what it returns."""
    # A command that passed over a failed statement would be undone without a word.
    value = command(rows)
    cast("PostgresTransaction", rows).check()
    return value


def open_postgres(url: Secret) -> PostgresStore:
    """Open the store in a database, after making or migrating its tables.

    Raises DatabaseUrlError, DatabaseUnfitError, SchemaNewerError, StoreLostError.
    """
    with answering():
        connection = connect(url)
        try:
            check_server(connection)
            revision = revision_in(connection)
        finally:
            connection.close()
        if revision != REVISIONS[-1]:
            _migrate(url)
    return PostgresStore(url)


@contextmanager
def answering() -> Iterator[None]:
    """Turn the driver's errors on the way to a database into a refusal. Raises StoreLostError."""
    try:
        yield
    except psycopg.Error as error:
        reason = error.sqlstate or type(error).__name__
        raise StoreLostError("The database does not answer.", reason=reason) from error


def stored_revision(url: Secret) -> str | None:
    """Return the schema of a database, or None if it has no tables of ours.

    Raises DatabaseUrlError, DatabaseUnfitError, SchemaNewerError, StoreLostError.
    """
    with answering(), connect(url) as connection:
        check_server(connection)
        return revision_in(connection)


def check_server(connection: Connection) -> None:
    """Raise DatabaseUnfitError for a server or a database that cannot hold a market."""
    found = control(connection, "SHOW server_encoding")
    if connection.info.server_version < OLDEST_SERVER or found != ("UTF8",):
        raise DatabaseUnfitError(
            f"The server has version {connection.info.server_version // 10_000}, and the "
            f"database the encoding {found and found[0]}."
        )


def revision_in(connection: Connection) -> str | None:
    """Return the schema of an opened database, or None. Raises SchemaNewerError."""
    if control(connection, _HAS_REVISION) == (None,):
        return None
    found = control(connection, _REVISION)
    return known(None if found is None else str(found[0]))


def migrating(url: Secret) -> Engine:
    """Return what opens transactions that hold the write lock and may take as long as they need."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: _plain(url), poolclass=NullPool)
    event.listen(engine, "begin", _begin_migrating)
    return engine


def _migrate(url: Secret) -> None:
    try:
        migrate(migrating(url), REVISIONS[-1])
    except DBAPIError as error:
        reason = getattr(error.orig, "sqlstate", None) or "unknown"
        raise StoreLostError("The tables could not be migrated.", reason=reason) from error


def _plain(url: Secret) -> Connection:
    connection = connect(url)
    connection.autocommit = False
    connection.cursor_factory = psycopg.Cursor
    connection.prepare_threshold = None
    return connection


def _begin_migrating(connection: Migrating) -> None:
    connection.exec_driver_sql(_BEGIN_MIGRATING)
