"""What every test of `/v1` stands on."""

from collections.abc import Iterator

import pytest

from rest.shop import Shop
from world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own for each test."""
    market = World()
    yield market
    market.close()


@pytest.fixture
def shop(world: World) -> Shop:
    """`/v1` of that market."""
    return Shop(world)
