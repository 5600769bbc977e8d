"""Rows of every stored class, made from nothing but its type hints, and verbs to store them."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from clawmarket.adapters.store.schema import KINDS
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.trust.record import LogEntry
from clawmarket.domain.trust.session import Credential, CredentialKind
from clawmarket.ports.store import Query, Store, Transaction, key_name, key_of

T = TypeVar("T")

Command = Callable[[Any], Any]

ALL_KINDS: tuple[type[Any], ...] = tuple(KINDS.values())

# The smallest, the largest and some other value of each type.
VALUES: dict[object, tuple[object, object, object]] = {
    str: ("", "\U0010ffff\uffff zażółć \0 \n '\";-- %s ? :x", "ord_1"),
    int: (-(2**63), 2**63 - 1, 0),
    bool: (False, True, True),
    bytes: (b"", bytes(range(256)), b"\0"),
}


def rows_of(kind: type[Any]) -> list[Any]:
    """Return three rows that differ in every field: the least, the largest, another one."""
    return [_row(kind, place) for place in range(3)]


def _row(kind: type[Any], place: int) -> object:
    hints = get_type_hints(kind)
    return kind(**{field.name: _value(hints[field.name], place) for field in fields(kind)})


def _value(hint: Any, place: int) -> object:
    parts = get_args(hint)
    if NoneType in parts:
        known = next(part for part in parts if part is not NoneType)
        return None if place == 0 else _value(known, place)
    if get_origin(hint) is tuple:
        return tuple(_value(parts[0], each) for each in ((), (0, 1, 2), (2,))[place])
    if is_dataclass(hint):
        return _row(hint, place)  # type: ignore[arg-type]  # a class, never an instance
    if issubclass(hint, StrEnum):
        return list(hint)[(0, -1, len(hint) // 2)[place]]
    return VALUES[hint][place]


def changed(row: Any) -> Any:
    """Return a row of the same key that differs in its other fields."""
    other = next(each for each in rows_of(type(row)) if key_of(each) != key_of(row))
    return replace(other, **{key_name(type(row)): key_of(row)})


def a_job(job_id: str, acts_at: int | None = 0, attempts: int = 0) -> Job:
    """Make a job that waits."""
    return Job(job_id, "test", "", JobState.WAITING, attempts, 0, "", 0, acts_at)


def a_credential(credential_id: str, lookup: str, revoked_at: int | None = None) -> Credential:
    """Make a key."""
    kind = CredentialKind.KEY
    return Credential(credential_id, "acc_1", kind, lookup, "", "", "", 0, revoked_at)


def adding(*rows: object) -> Callable[[Transaction], None]:
    """Return a command that adds rows."""

    def command(work: Transaction) -> None:
        for row in rows:
            work.add(row)

    return command


def write(store: Store, command: Callable[[Transaction], T]) -> T:
    """Run one command to its end."""
    return asyncio.run(_write(store, command))


async def _write(store: Store, command: Callable[[Transaction], T]) -> T:
    return await store.write(command)


def find(store: Store, query: Query[T]) -> list[T]:
    """Return the rows that a query names."""
    return store.read(lambda rows: rows.find(query))


def every(store: Store, kind: type[T]) -> list[T]:
    """Return all rows of a kind."""
    return find(store, Query(kind, limit=1_000_000))


async def at_once(store: Store, commands: Sequence[Command]) -> list[Any]:
    """Queue all commands before the first one goes on, and return what they answer or raise."""
    queued = threading.Event()

    def first(work: Transaction) -> object:
        queued.wait()
        return commands[0](work)

    waiting = [asyncio.ensure_future(store.write(each)) for each in (first, *commands[1:])]
    if len(waiting) > 1:
        # One turn of the loop takes them, the next hands them over; a lone one is run by the loop.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    queued.set()
    return await asyncio.gather(*waiting, return_exceptions=True)


def numbered(count: int) -> list[Command]:
    """Return commands that each add one row."""
    return [adding(LogEntry(number, f"record {number}")) for number in range(count)]


def numbers(store: Store) -> list[int]:
    """Return the numbers of the rows that are there."""
    return [entry.idx for entry in every(store, LogEntry)]
