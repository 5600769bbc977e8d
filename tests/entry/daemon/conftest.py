"""One market for all daemons here; whatever still runs at the end of a test is ended."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon_stage import Daemon, Party
from real.server import Server

Start = Callable[..., Daemon]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real market in a process of its own."""
    server = Server.start(tmp_path_factory.mktemp("market") / "home")
    yield server
    server.stop()


@pytest.fixture
def buyer(market: Server) -> Party:
    """Somebody with money."""
    return Party.join(market)


@pytest.fixture
def other(market: Server) -> Party:
    """Somebody else."""
    return Party.join(market)


@pytest.fixture
def worker(market: Server) -> Party:
    """Somebody who works."""
    return Party.join(market)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Start]:
    """Start a daemon."""
    assert tmp_path
    started: list[Daemon] = []

    def start(*words: object, **settings: str) -> Daemon:
        started.append(Daemon.start(*words, **settings))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for daemon in started:
        daemon.kill()
        if daemon.process.stdout is not None:
            daemon.process.stdout.close()
