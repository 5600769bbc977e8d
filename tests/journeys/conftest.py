"""A market of its own for each test, in memory and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from postgres_server import PostgresDatabase
from world import World


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """An empty market that ends with the test."""
    market = World()
    if request.param == "postgres":
        database: PostgresDatabase = request.getfixturevalue("database")
        market.close()
        market = World(store=database.open())
    yield market
    market.close()
