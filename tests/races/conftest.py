"""Every race runs on a file with one process, and on PostgreSQL with two."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.ports.payments import Rail
from postgres_server import PostgresDatabase
from races.rail_contests import TWIN, SlowRail
from races.ring import Ring


@pytest.fixture
def rail() -> SlowRail:
    """A rail that answers late when it is told to."""
    return SlowRail()


@pytest.fixture(params=["sqlite", "postgres"])
def ring(
    request: pytest.FixtureRequest, tmp_path: Path, migrated: Path, rail: SlowRail
) -> Iterator[Ring]:
    """An empty market that many can move in at once."""
    rails: dict[str, Rail] = {TWIN: rail}
    if request.param == "sqlite":
        path = shutil.copy(migrated, tmp_path / "market.db")
        made = Ring(lambda: open_sqlite(path), 1, rails)
    else:
        database: PostgresDatabase = request.getfixturevalue("database")
        made = Ring(database.open, 2, rails)
    yield made
    made.close()
