"""What every test of the gateway stands on."""

from collections.abc import Iterator

import pytest

from gateway.front import Front
from world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own for each test."""
    market = World()
    yield market
    market.close()


@pytest.fixture
def front(world: World) -> Front:
    """The gateway of that market."""
    return Front(world)
