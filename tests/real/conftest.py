"""Markets in processes of their own, which end with the test that started them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from real.server import Server, Start


@pytest.fixture(scope="session")
def _opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a market that was opened once and stopped; every test gets a copy."""
    home = tmp_path_factory.mktemp("opened") / "home"
    assert Server.start(home).stop() == 0
    return home


@pytest.fixture
def home(_opened: Path, tmp_path: Path) -> Path:
    """A home whose market was opened and stopped, for whoever looks at a later start only."""
    return Path(shutil.copytree(_opened, tmp_path / "home"))


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
