"""Rows of every stored class, made from nothing but its type hints."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from clawmarket.adapters.store.schema import KINDS
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.trust.session import Credential, CredentialKind

R = TypeVar("R")

ALL_KINDS = tuple(KINDS.values())

# The smallest, the largest and some value between of each type.
VALUES: dict[Any, tuple[Any, Any, Any]] = {
    str: ("", "\U0010ffff\uffff zażółć \0 \n '\";-- %s ? :x", "ord_1"),
    int: (-(2**63), 2**63 - 1, 0),
    bool: (False, True, True),
    bytes: (b"", bytes(range(256)), b"\0"),
}


def rows_of(kind: type[R]) -> list[R]:
    """Return three rows that differ in every field: the least, the largest, one between."""
    return [_make(kind, place) for place in range(3)]


def _make(kind: type[R], place: int) -> R:
    hints = get_type_hints(kind)
    return kind(**{field.name: _value(hints[field.name], place) for field in fields(kind)})  # type: ignore[arg-type]


def _value(hint: Any, place: int) -> Any:  # noqa: ANN401 - any value that a hint allows
    parts = get_args(hint)
    if NoneType in parts:
        known = next(part for part in parts if part is not NoneType)
        return None if place == 0 else _value(known, place)
    if get_origin(hint) is tuple:
        return tuple(_value(parts[0], each) for each in ((), (0, 1, 2), (2,))[place])
    if is_dataclass(hint):
        return _make(hint, place)  # type: ignore[arg-type]
    if issubclass(hint, StrEnum):
        return list(hint)[(0, -1, len(hint) // 2)[place]]
    return VALUES[hint][place]


def changed(row: R) -> R:
    """Return a row of the same key that differs in every other field, as far as it can."""
    kind = type(row)
    key = fields(kind)[0].name  # type: ignore[arg-type]
    other = next(each for each in rows_of(kind) if getattr(each, key) != getattr(row, key))
    return replace(other, **{key: getattr(row, key)})  # type: ignore[type-var]


def a_job(job_id: str, acts_at: int | None = 0, **rest: Any) -> Job:  # noqa: ANN401 - any field
    """Make a job."""
    known = {"kind": "test", "ref": "", "state": JobState.QUEUED, "attempts": 0, "fence": 0}
    known |= {"last_failure": "", "created_at": 0} | rest
    return Job(job_id=job_id, acts_at=acts_at, **known)  # type: ignore[arg-type]


def a_credential(credential_id: str, lookup: str, revoked_at: int | None = None) -> Credential:
    """Make a credential."""
    return Credential(
        credential_id=credential_id,
        account_id="acc_1",
        kind=CredentialKind.KEY,
        lookup=lookup,
        label="",
        prefix="",
        scope="",
        created_at=0,
        revoked_at=revoked_at,
    )


Adder = Callable[[Any], None]


def adding(*rows: object) -> Adder:
    """Return a command that adds rows."""

    def command(work: Any) -> None:  # noqa: ANN401 - any store's transaction
        for row in rows:
            work.add(row)

    return command
