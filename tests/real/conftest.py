"""Markets in processes of their own, which end with the test that started them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from real.server import Server, Start


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a market in a home; whatever still runs at the end is killed."""
    started: list[Server] = []

    def start_one(home: Path, **settings: str) -> Server:
        started.append(Server.start(home, **settings))
        return started[-1]

    yield start_one
    for server in started:
        server.kill()
