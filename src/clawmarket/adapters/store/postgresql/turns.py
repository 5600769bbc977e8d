"""One turn to a PostgreSQL server for several statements: sent together, answered together.

The driver's own pipeline mode makes a cursor and a query for each statement, which costs as much as
the turns that it saves. Here is what remains: the pipeline of the wire protocol (PostgreSQL's
manual, section 34.5), with the driver's adapters for the values.
"""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, NamedTuple

import psycopg
from psycopg import abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

Connection = psycopg.Connection[tuple[Any, ...]]

# How many statements a connection keeps prepared; all others are planned each time.
PREPARED = 1_000


class Step(NamedTuple):
    """A statement with its values for $1, $2, …; `lasts` says that it comes again and again."""

    sql: str
    values: tuple[object, ...] = ()
    lasts: bool = True


class Given:
    """What a statement gave.

    Args:
        result: As the server sent it, in binary form.
        adapter: Of the connection; it knows what the values are.
    """

    def __init__(self, result: PGresult, adapter: abc.Transformer) -> None:
        self._result = result
        self._adapter = adapter

    @property
    def said(self) -> str:
        """What was done, such as COMMIT."""
        return (self._result.command_status or b"").decode()

    @property
    def rowcount(self) -> int:
        """How many rows a change touched."""
        return self._result.command_tuples or 0

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the first row, or None."""
        found = self.fetchall()
        return found[0] if found else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        self._adapter.set_pgresult(self._result)
        return self._adapter.load_rows(0, self._result.ntuples, tuple)


class _Sent(NamedTuple):
    prepares: str | None = None
    name: bytes = b""


class Turns:
    """Takes turns to the server behind a connection.

    Args:
        connection: In autocommit mode, so that nothing else is sent than the steps.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._adapter = Transformer(connection)
        self._prepared: dict[str, bytes] = {}
        self._numbers = count()

    def take(self, steps: Iterable[Step]) -> list[Given]:
        """Send statements and return what each gave.

        The server is at work on the first while the next are made. Those behind one that fails, or
        that cannot be made, are not done, also if one of them is a COMMIT.
        Raises psycopg.Error, and whatever making a step raises.
        """
        sent: list[_Sent] = []
        with self.connection.lock:
            try:
                unmade = self._send_all(steps, sent)
                results = self.connection.wait(self._results(len(sent)))
            except BaseException:
                # What nobody read must not be taken for the answer of the next turn.
                self.connection.pgconn.finish()
                raise
        if unmade is not None:
            raise unmade
        given = []
        for each, result in zip(sent, results, strict=False):
            if result.status == ExecStatus.FATAL_ERROR:
                raise self._failure(result)
            if each.prepares is None:
                given.append(Given(result, self._adapter))
            else:
                self._prepared[each.prepares] = each.name
        return given

    def _failure(self, result: PGresult) -> psycopg.Error:
        error = psycopg.errors.error_from_result(result, encoding="utf-8")
        if isinstance(error, psycopg.errors.InvalidSqlStatementName):
            # Somebody let go of what was prepared, such as a pooler: only a new connection helps.
            self.connection.pgconn.finish()
        return error

    def _send_all(self, steps: Iterable[Step], sent: list[_Sent]) -> Exception | None:
        """Send steps as they are made; return what was raised where one could not be made."""
        server = self.connection.pgconn
        server.enter_pipeline_mode()
        try:
            for step in steps:
                sent += self._send(step)
                server.flush()
        except Exception as failure:  # noqa: BLE001 - whoever asked gets it
            return failure
        finally:
            server.pipeline_sync()
        return None

    def _results(self, commands: int) -> abc.PQGen[list[PGresult]]:
        """Collect the result of each command that was sent."""
        server = self.connection.pgconn
        yield from send(server)
        results: list[PGresult] = []
        try:
            for _ in range(commands + 1):  # the last one ends the turn
                results += yield from fetch_many(server)
            server.exit_pipeline_mode()
        except psycopg.OperationalError:
            # A server that says why it hangs up says nothing more.
            if not any(result.status == ExecStatus.FATAL_ERROR for result in results):
                raise
        return results

    def _send(self, step: Step) -> Iterator[_Sent]:
        """Send a step, behind what prepares it if it comes for the first time."""
        server, adapter = self.connection.pgconn, self._adapter
        sql, values, types, formats = step.sql.encode(), None, None, None
        if step.values:
            values = adapter.dump_sequence(step.values, [PyFormat.AUTO] * len(step.values))
            types, formats = adapter.types, adapter.formats
        name = self._prepared.get(step.sql)
        if name is None and step.lasts and len(self._prepared) < PREPARED:
            # A name is never used again: after a failure nobody knows which of them stand.
            name = f"turn_{next(self._numbers)}".encode()
            server.send_prepare(name, sql, types)
            yield _Sent(step.sql, name)
        if name is None:
            server.send_query_params(sql, values, types, formats, Format.BINARY)
        else:
            server.send_query_prepared(name, values, formats, Format.BINARY)
        yield _Sent()
