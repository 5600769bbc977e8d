"""Connections to a PostgreSQL server, each opened the same way, and the one that writes."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper

from clawmarket.adapters.store.migration import known
from clawmarket.adapters.store.postgresql.rows import (
    TextDumper,
    TextLoader,
    control,
)
from clawmarket.adapters.store.postgresql.transaction import PostgresTransaction, Sought
from clawmarket.adapters.store.postgresql.turns import PREPARED, Connection, Given, Step, Turns
from clawmarket.adapters.store.writing.marking import Marking
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.store import DatabaseUrlError, Place, StoreLostError, StoreUnsureError

# Whoever writes or migrates holds this advisory lock of the database until the transaction ends.
LOCK = "SELECT pg_advisory_xact_lock(7164208272803721835)"

# Silence of the network or of the server ends as a lost connection within about half a minute.
PATIENCE: dict[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "clawmarket",
    "client_encoding": "UTF8",
}

# A process that was stopped in the middle of a group is not waited for. Every look-up has an
# index (a test says so), so no plan may depend on statistics that nobody has gathered yet: on a
# table that was empty when it was planned, a hash join reads every key there is by now.
SETTINGS = """
SET synchronous_commit = on;
SET lock_timeout = '10s';
SET statement_timeout = '30s';
SET idle_in_transaction_session_timeout = '30s';
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET jit = off;
SET plan_cache_mode = force_generic_plan
"""

# The last fact counts the turns of all writers, also of those that came to nothing.
_FACTS = (
    "SELECT pg_current_xact_id()::text, (SELECT version_num FROM alembic_version), "
    "nextval('writer_turns')"
)
_BEGIN = (
    Step("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", lasts=False),
    Step(LOCK),
    Step(_FACTS),
)
_WAIT = f"BEGIN READ WRITE; {LOCK}"

_OPEN = {TransactionStatus.INTRANS, TransactionStatus.INERROR}


def connect(url: Secret) -> Connection:
    """Open a connection in autocommit mode. Raises DatabaseUrlError, psycopg.Error."""
    given = _parts(url)
    connection: Connection = psycopg.connect(
        **PATIENCE | given,
        autocommit=True,
        prepare_threshold=0,
        cursor_factory=psycopg.RawCursor,
    )
    connection.prepared_max = PREPARED
    connection.adapters.register_dumper(str, TextDumper)
    connection.adapters.register_loader("text", TextLoader)
    # One type for all numbers: the statement of another would be prepared once more.
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    control(connection, SETTINGS)
    return connection


def _parts(url: Secret) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(url.reveal()))
    except (psycopg.Error, UnicodeError):
        pass
    # Outside of the handler: the driver's words repeat the whole URL with its password.
    raise DatabaseUrlError("The URL of the database cannot be read.")


class PostgresWriting(Marking[PostgresTransaction]):
    """The writing connection of a process, opened anew after it was lost.

    Transactions of several processes follow one another: each holds the database's write lock
    from its beginning to its COMMIT, so a command sees all that was written before it.

    Args:
        open_connection: Opens a connection. May raise psycopg.Error.
    """

    def __init__(self, open_connection: Callable[[], Connection]) -> None:
        super().__init__()
        self._open_connection = open_connection
        self._turns: Turns | None = None
        self._transaction_id = ""
        # Turns count from one, so the first one never follows a turn of ours.
        self._turn = -1
        self.others_wrote = True

    @property
    def is_open(self) -> bool:
        """Whether the transaction is still there, perhaps with a statement that failed."""
        if self._turns is None:
            return False
        return self._status() in _OPEN and not self._at_work().is_lost

    def begin(self, *, alone: bool, seeks: Sequence[Place] = ()) -> PostgresTransaction:  # noqa: ARG002 - one turn is less than ten, alone or not
        """Begin a transaction that holds the write lock.

        Raises SchemaNewerError when a newer version migrated the tables meanwhile.
        """
        sought = Sought(seeks)
        turns, (_, _, facts, *found) = self._begun([*_BEGIN, *sought.steps()])
        before = self._turn
        ((self._transaction_id, revision, self._turn),) = facts.fetchall()
        known(revision)
        self.others_wrote = self._turn != before + 1
        self._known.begin(others_wrote=self.others_wrote)
        self._rows = PostgresTransaction(turns, self._known)
        self._rows.learn(sought, found)
        return self._rows

    def _begun(self, steps: Sequence[Step]) -> tuple[Turns, list[Given]]:
        # One that is still in a transaction, because its ROLLBACK failed, would go on with that.
        if self._turns is not None and self._status() == TransactionStatus.IDLE:
            try:
                return self._turns, self._turns.take(steps)
            except psycopg.Error:
                # Nothing was done yet, so a connection that broke while it was idle is no loss.
                if not self._turns.connection.broken:
                    raise
        turns = self._renewed()
        return turns, turns.take(steps)

    def _renewed(self) -> Turns:
        self.close()
        self._turns = Turns(self._open_connection())
        return self._turns

    def foresee(self, places: Sequence[Place]) -> None:
        """Find out at once which of the rows that commands will look for are not there."""
        self._at_work().foresee(Sought(places))

    def commit(self) -> None:
        """Write what waits and make the transaction durable, in one turn.

        When the connection breaks before the answer, the server is asked what became of it.
        Raises StoreLostError when it was rolled back, StoreUnsureError when nobody answers.
        """
        connection = self._connected()
        try:
            self._at_work().write_all("COMMIT")
        except Exception:
            # Whatever came between, the COMMIT may have been on its way.
            if not (connection.broken and self._happened()):
                raise
        self._known.commit()

    def _happened(self) -> bool:
        try:
            connection = self._renewed().connection
            # The lock is free once the transaction has ended, one way or the other.
            control(connection, _WAIT)
            asked = "SELECT pg_xact_status($1::text::xid8)"
            found = connection.execute(asked, (self._transaction_id,), prepare=False).fetchone()
            control(connection, "ROLLBACK")
        except psycopg.Error as error:
            raise StoreUnsureError("The connection broke during the commit.") from error
        return found == ("committed",)

    def rollback(self) -> None:
        """Take the whole transaction back."""
        control(self._connected(), "ROLLBACK")
        self._known.rollback()

    def close(self) -> None:
        """Let go of the server."""
        if self._turns is not None:
            self._turns.connection.close()
            self._turns = None

    def _status(self) -> int:
        return self._connected().pgconn.transaction_status

    def _connected(self) -> Connection:
        if self._turns is None:
            raise StoreLostError("There is no connection to the store.")
        return self._turns.connection
