"""A home of its own for every test, and one real market for those that need one."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clawmarket.entry.cli.main import run
from cli.terminal import NOBODY_THERE, Cli, LocalMarket, Outcome


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, a host without skills, and no setting that could change an answer."""
    for name in [*os.environ]:
        if name.startswith("CLAWMARKET_") or name in ("CI", "NO_COLOR", "OPENCLAW_SHELL"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("CLAWMARKET_HOME", str(folder))
    monkeypatch.setenv("CLAWMARKET_URL", NOBODY_THERE)
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(tmp_path / "openclaw"))
    return folder


@pytest.fixture
def cli(home: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """Run one command in this process, as whoever lives in the home."""
    assert home

    def execute(*argv: str) -> Outcome:
        status = run(list(argv))
        out, err = capfdbinary.readouterr()
        return Outcome(status, out.decode(), err.decode())

    return execute


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalMarket]:
    """A market with a faucet, one for all tests of a module."""
    local = LocalMarket(tmp_path_factory.mktemp("market"))
    local.start()
    yield local
    local.stop()


@pytest.fixture
def join(
    cli: Cli, market: LocalMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Cli]:
    """Sign a new party in to the market and return its command line."""

    def party(name: str) -> Cli:
        def execute(*argv: str) -> Outcome:
            monkeypatch.setenv("CLAWMARKET_HOME", str(tmp_path / name))
            monkeypatch.setenv("CLAWMARKET_URL", market.url)
            return cli(*argv)

        assert execute("wallet", "new").status == 0
        assert execute("wallet", "login").status == 0
        return execute

    return party
