"""What every test of the pages' border stands on."""

from collections.abc import Iterator

import pytest

from web_server.browser import Pages
from world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own for each test."""
    market = World()
    yield market
    market.close()


@pytest.fixture
def pages(world: World) -> Pages:
    """The pages of that market."""
    return Pages(world)
