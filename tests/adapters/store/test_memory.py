"""The memory store is the SQLite store's twin: the same commands leave the same rows."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.adapters.store.schema import DRAWN
from clawmarket.adapters.store.sqlite import SqliteStore
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.trust.record import LogEntry
from clawmarket.domain.trust.session import Credential
from clawmarket.ports.store import Query, RowExistsError, Store, Transaction, key_of
from stored_rows import a_credential, a_job, every

KEYS = st.sampled_from(["", "a", "a\0", "ab", "b", "é", "\uffff", "\U00010000"])
MOMENTS = st.none() | st.integers(-2, 2)
JOBS = st.builds(
    lambda key, acts_at, state: replace(a_job(key, acts_at), state=state),
    KEYS,
    MOMENTS,
    st.sampled_from(JobState),
)
ROWS = st.one_of(
    JOBS,
    st.builds(a_credential, KEYS, KEYS, MOMENTS),
    st.integers(-2, 2).map(lambda index: LogEntry(index, f"{index}")),
)
QUERIES = st.builds(
    lambda **asked: Query(Job, **asked),
    equal=st.fixed_dictionaries(
        {}, optional={"state": st.sampled_from(JobState), "acts_at": MOMENTS}
    ),
    at_least=st.none() | st.tuples(st.just("acts_at"), st.integers(-2, 2)),
    at_most=st.none() | st.tuples(st.sampled_from(["acts_at", "fence"]), st.integers(-2, 2)),
    prefix=st.none() | st.sampled_from(["a", "b", "é"]),
    newest_first=st.booleans(),
    limit=st.integers(0, 5),
) | st.builds(
    lambda after, **asked: Query(Job, order_by="acts_at", after=after, **asked),
    after=MOMENTS,
    newest_first=st.booleans(),
    limit=st.integers(0, 5),
)


WITH_A_ROW = ["add", "add", "save", "save changes", "remove", "get"]


class Step(NamedTuple):
    """One thing that a command does: with a row, or a question about rows."""

    what: str
    about: object


STEPS = st.one_of(
    st.builds(Step, st.sampled_from(WITH_A_ROW), ROWS),
    st.builds(Step, st.just("find"), QUERIES),
    st.builds(Step, st.just("raise"), st.none()),
)


class StoppedError(Exception):
    """What a command raises by itself."""


def _do(work: Transaction, step: Step) -> object:
    row: Any = step.about
    if step.what == "find":
        return work.find(row)
    if step.what == "raise":
        raise StoppedError
    verbs: dict[str, Callable[[], object]] = {
        "add": lambda: _add(work, row),
        "save": lambda: work.save(row),
        "save changes": lambda: work.save(row, work.get(type(row), key_of(row))),
        "remove": lambda: work.remove(type(row), key_of(row)),
        "get": lambda: work.get(type(row), key_of(row)),
    }
    return verbs[step.what]()


def _add(work: Transaction, row: object) -> None:
    # Of keys that the market draws a store need not say at once that they are taken.
    if type(row) in DRAWN and work.get(type(row), key_of(row)) is not None:
        raise RowExistsError("There is a row with this key already.")
    work.add(row)


def _command(work: Transaction, steps: list[Step], *, catches: bool) -> list[object]:
    """Take the steps; a command that catches goes on after a refusal."""
    told: list[object] = []
    for step in steps:
        try:
            told.append(_do(work, step))
        except Refused as refused:
            if not catches:
                raise
            told.append(type(refused))
    return told


def _tell(store: Store, commands: list[tuple[list[Step], bool]]) -> list[object]:
    """Return what each command answers or raises, and all rows after it."""

    async def story() -> list[object]:
        told: list[object] = []
        for steps, catches in commands:
            try:
                told.append(
                    await store.write(lambda w, s=steps, c=catches: _command(w, s, catches=c))  # type: ignore[misc]  # mypy infers no lambda with defaults
                )
            except (Refused, StoppedError) as failure:
                told.append((type(failure), str(failure)))
            told.append([every(store, kind) for kind in (Job, Credential, LogEntry)])
        return told

    return asyncio.run(story())


@given(commands=st.lists(st.tuples(st.lists(STEPS, max_size=8), st.booleans()), max_size=8))
def test_both_stores_tell_the_same_story(
    migrated: Path, commands: list[tuple[list[Step], bool]]
) -> None:
    """Answers, refusals and contents after every command, be it kept or undone."""
    with tempfile.TemporaryDirectory() as folder:
        on_disk = SqliteStore(shutil.copy(migrated, folder))
        try:
            assert _tell(on_disk, commands) == _tell(MemoryStore(), commands)
        finally:
            on_disk.close()
