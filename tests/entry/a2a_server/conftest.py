"""What every test of the A2A surface stands on."""

from collections.abc import Iterator

import pytest

pytest.importorskip("a2a", reason="the A2A SDK is missing; it comes with the extra `a2a`")

from a2a_server.front import AgentFront
from world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own for each test."""
    market = World()
    yield market
    market.close()


@pytest.fixture
def front(world: World) -> AgentFront:
    """The A2A surface of that market."""
    return AgentFront(world)
