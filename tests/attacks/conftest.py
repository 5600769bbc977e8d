"""What every attack starts from."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawmarket.adapters.store.sqlite import open_sqlite
from world import World

# The gateway's tests have the client that speaks to it.
sys.path.append(str(Path(__file__).parents[1] / "entry"))


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own for each test."""
    market = World()
    yield market
    market.close()


@pytest.fixture
def stored_world(tmp_path: Path, migrated: Path) -> Iterator[World]:
    """The same on a database in a file, whose writer takes many commands at once."""
    market = World(store=open_sqlite(shutil.copy(migrated, tmp_path / "market.db")))
    yield market
    market.close()
