"""One turn to a PostgreSQL server for several statements: sent together, answered together.

The driver's own pipeline mode makes a cursor and a query for each statement, which costs as much as
the turns that it saves. Here is what remains: the pipeline of the wire protocol (PostgreSQL's
manual, section 34.5), with the driver's adapters for the values.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import psycopg
from psycopg import abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import execute, fetch_many, send
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
    command: Callable[[], None]
    adapter: abc.Transformer
    prepares: str | None = None
    name: bytes = b""


class Turns:
    """Takes turns to the server behind a connection.

    Args:
        connection: In autocommit mode, so that nothing else is sent than the steps.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._prepared: dict[str, bytes] = {}
        self._numbers = count()

    def take(self, steps: Sequence[Step]) -> list[Given]:
        """Send statements and return what each gave.

        Those behind one that fails are not done, also if one of them is a COMMIT.
        Raises psycopg.Error.
        """
        sent = [each for step in steps for each in self._sent(step)]
        with self.connection.lock:
            try:
                given = self._answered([each.command for each in sent])
            except BaseException:
                # What nobody read must not be taken for the answer of the next turn.
                self.connection.pgconn.finish()
                raise
        for each, result in zip(sent, given, strict=False):
            if result.status == ExecStatus.FATAL_ERROR:
                raise self._failure(result)
            if each.prepares is not None:
                self._prepared[each.prepares] = each.name
        both = zip(sent, given, strict=False)
        return [Given(result, each.adapter) for each, result in both if each.prepares is None]

    def _failure(self, result: PGresult) -> psycopg.Error:
        error = psycopg.errors.error_from_result(result, encoding="utf-8")
        if isinstance(error, psycopg.errors.InvalidSqlStatementName):
            # Somebody let go of what was prepared, such as a pooler: only a new connection helps.
            self.connection.pgconn.finish()
        return error

    def _sent(self, step: Step) -> list[_Sent]:
        """Return what sends a step, behind what prepares it if it comes for the first time."""
        server = self.connection.pgconn
        adapter = Transformer(self.connection)
        sql, values, types = step.sql.encode(), None, None
        if step.values:
            values = adapter.dump_sequence(step.values, [PyFormat.AUTO] * len(step.values))
            types = adapter.types
        formats = adapter.formats
        name = self._prepared.get(step.sql)
        if name is not None:
            send = partial(server.send_query_prepared, name, values, formats, Format.BINARY)
            return [_Sent(send, adapter)]
        if not step.lasts or len(self._prepared) >= PREPARED:
            send = partial(server.send_query_params, sql, values, types, formats, Format.BINARY)
            return [_Sent(send, adapter)]
        # A name is never used again: after a failure nobody knows which of them stand.
        name = f"turn_{next(self._numbers)}".encode()
        return [
            _Sent(partial(server.send_prepare, name, sql, types), adapter, step.sql, name),
            _Sent(
                partial(server.send_query_prepared, name, values, formats, Format.BINARY), adapter
            ),
        ]

    def _answered(self, commands: list[Callable[[], None]]) -> list[PGresult]:
        server = self.connection.pgconn
        if len(commands) == 1:
            commands[0]()
            return self.connection.wait(execute(server))
        return self.connection.wait(self._together([*commands, server.pipeline_sync]))

    def _together(self, commands: Sequence[Callable[[], None]]) -> abc.PQGen[list[PGresult]]:
        """Send everything and collect one result for each command."""
        server = self.connection.pgconn
        server.enter_pipeline_mode()
        for command in commands:
            command()
        yield from send(server)
        answers: list[PGresult] = []
        try:
            for _ in commands:
                answers += yield from fetch_many(server)
            server.exit_pipeline_mode()
        except psycopg.OperationalError:
            # A server that says why it hangs up says nothing more.
            if not any(answer.status == ExecStatus.FATAL_ERROR for answer in answers):
                raise
        return answers
