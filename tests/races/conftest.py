"""Every race runs on a file with one process, and on PostgreSQL with two."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawmarket.adapters.store.sqlite import open_sqlite
from postgres_server import PostgresDatabase
from races.ring import Ring


@pytest.fixture(params=["sqlite", "postgres"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ring]:
    """An empty market that many can move in at once."""
    if request.param == "sqlite":
        made = Ring(lambda: open_sqlite(tmp_path / "market.db"), processes=1)
    else:
        database: PostgresDatabase = request.getfixturevalue("database")
        made = Ring(database.open, processes=2)
    yield made
    made.close()
