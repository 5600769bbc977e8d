"""What a commit puts off is done beside it, and nobody who reads loses anything by that."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from clawmarket.adapters.store.sqlite import SqliteStore, open_sqlite
from clawmarket.domain.trust.record import Tally
from clawmarket.ports.store import Query, Snapshot, StoreLostError
from stored_rows import adding, every, write

FIRST, SECOND = Tally("a", 1), Tally("b", 2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store with one row."""
    store = open_sqlite(tmp_path / "market.db")
    asyncio.run(store.checkpoint())
    write(store, adding(FIRST))
    yield store
    store.close()


def in_the_file(folder: Path) -> list[Tally]:
    """Return the rows of the file without its log."""
    alone = shutil.copy(folder / "market.db", folder / "alone.db")
    with closing(SqliteStore(alone)) as found:
        return every(found, Tally)


def test_a_checkpoint_brings_everything_into_the_file(store: SqliteStore, tmp_path: Path) -> None:
    """What is committed was only in the log before; no commit has to bring it any more."""
    assert in_the_file(tmp_path) == []
    asyncio.run(store.checkpoint())
    assert in_the_file(tmp_path) == [FIRST]


def test_a_checkpoint_takes_nothing_from_who_reads(store: SqliteStore) -> None:
    """A snapshot stays what it was; what it does not see waits in the log until it ends."""

    def look(rows: Snapshot) -> list[Tally]:
        rows.get(Tally, "a")
        write(store, adding(SECOND))
        asyncio.run(store.checkpoint())
        return rows.find(Query(Tally))

    assert store.read(look) == [FIRST]
    assert every(store, Tally) == [FIRST, SECOND]


def test_a_checkpoint_does_not_begin_the_log_anew(store: SqliteStore, tmp_path: Path) -> None:
    """It would have to keep readers and the writer out for that."""
    log = tmp_path / "market.db-wal"
    size = log.stat().st_size
    asyncio.run(store.checkpoint())
    assert (size > 0, log.stat().st_size) == (True, size)


def test_a_closed_store_makes_no_checkpoint(store: SqliteStore) -> None:
    """It has let go of the file."""
    store.close()
    with pytest.raises(StoreLostError):
        asyncio.run(store.checkpoint())
