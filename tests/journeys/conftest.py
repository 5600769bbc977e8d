"""A market of its own for each test."""

from collections.abc import Iterator

import pytest

from world import World


@pytest.fixture
def world() -> Iterator[World]:
    """An empty market that ends with the test."""
    market = World()
    yield market
    market.close()
