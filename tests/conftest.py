"""How property tests run everywhere: bounded, never judged by the clock; and a real PostgreSQL."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from clawmarket.adapters.store.sqlite import open_sqlite
from postgres_server import PostgresDatabase, PostgresServer

# A slow machine is no failure; how long an example takes says nothing about what is right.
settings.register_profile(
    "clawmarket",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("clawmarket")


@pytest.fixture(scope="session", autouse=True)
def _programs_hear_ctrl_c() -> Iterator[None]:
    """A shell starts what runs in its background deaf to Ctrl+C; what tests start is not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables and no rows, to be copied: making the tables takes ten times as long.

    For whoever needs a database, not how it comes about.
    """
    path = tmp_path_factory.mktemp("migrated") / "market.db"
    open_sqlite(path).close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for all tests of this process, started by the first that wants it."""
    server = PostgresServer.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated_database(postgres_server: PostgresServer) -> PostgresDatabase:
    """A database with the tables, and rows of whichever test was last."""
    return PostgresDatabase.make(postgres_server)


@pytest.fixture
def database(migrated_database: PostgresDatabase) -> PostgresDatabase:
    """A database with the tables and no rows."""
    migrated_database.server.empty(migrated_database.name)
    return migrated_database
