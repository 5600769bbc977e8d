"""A market behind its gateway, and parties that use tools."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from gateway.front import Front

from world import World

Fields = dict[str, Any]


@dataclass(frozen=True)
class Hand:
    """One party that uses tools over HTTP."""

    front: Front
    headers: dict[str, str]

    def uses(self, tool: str, key: str = "", /, **arguments: object) -> Fields:
        """Use a tool and return what it brings back."""
        envelope = self.asks(f"/tools/web3_market_{tool}", key, **arguments)
        assert envelope["ok"], envelope
        result: Fields = envelope["result"]
        return result

    def quotes(self, tool: str, /, **arguments: object) -> Fields:
        """Return what a use would cost."""
        envelope = self.asks(f"/tools/web3_market_{tool}/quote", **arguments)
        assert envelope["ok"], envelope
        result: Fields = envelope["result"]
        return result

    def cause(self, tool: str, /, **arguments: object) -> str:
        """Use a tool, which has to be refused, and return the cause."""
        envelope = self.asks(f"/tools/web3_market_{tool}", **arguments)
        assert not envelope["ok"], envelope
        return str(envelope["details"]["cause"])

    def asks(self, path: str, key: str = "", /, **arguments: object) -> Fields:
        """Return the envelope of one request."""
        named = {"Idempotency-Key": key} if key else {}
        answer = self.front.ask("POST", path, json=arguments, headers=self.headers | named)
        envelope: Fields = answer.json()
        return envelope


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


@pytest.fixture
def buyer(front: Front, world: World) -> Hand:
    """A buyer with an API key."""
    return Hand(front, front.key_of(world.member()))


@pytest.fixture
def worker(front: Front, world: World) -> Hand:
    """A worker with an API key."""
    return Hand(front, front.key_of(world.member()))


@pytest.fixture
def stranger(front: Front) -> Hand:
    """Somebody without a key."""
    return Hand(front, {})
