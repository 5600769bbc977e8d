"""One gateway for all tests here: the real host, the real market, a model of ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from openclaw.gateway_client import Client
from openclaw.host import PLUGIN, Host, OutOfReachError, Programs, installed
from openclaw.mock_model import Model
from openclaw.relay import Relay
from real.server import Server

READ = ("operator.read", "operator.write")


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Node and OpenClaw, fetched at the first run."""
    try:
        return installed()
    except OutOfReachError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real market in a process of its own."""
    server = Server.start(tmp_path_factory.mktemp("market") / "home")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def model() -> Iterator[Model]:
    """A model provider without a model."""
    model = Model()
    yield model
    model.stop()


@pytest.fixture(scope="session")
def relay(market: Server) -> Iterator[Relay]:
    """The way from the plugin to the market."""
    relay = Relay(int(market.url.rpartition(":")[2].strip("/")))
    yield relay
    relay.close()


@dataclass(frozen=True)
class Key:
    """The plugin's key, and the file in which it lies."""

    value: str
    file: Path


@pytest.fixture(scope="session")
def key(market: Server, tmp_path_factory: pytest.TempPathFactory) -> Key:
    """The key of a new account, in the file that the plugin reads."""
    file = tmp_path_factory.mktemp("key") / "openclaw.key"
    value = market.newcomer()
    file.write_text(f"{value}\n")
    file.chmod(0o600)
    return Key(value, file)


@pytest.fixture(scope="session")
def host(
    programs: Programs,
    model: Model,
    relay: Relay,
    key: Key,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Host]:
    """A gateway that loads the plugin from the checkout."""
    config = {"serviceUrl": relay.url, "keyFile": str(key.file), "timeoutMs": 2000}
    plugins = {
        "allow": ["clawmarket"],
        "load": {"paths": [str(PLUGIN)]},
        "entries": {"clawmarket": {"enabled": True, "config": config}},
    }
    home = tmp_path_factory.mktemp("openclaw")
    host = Host.prepare(programs, home, model.url, plugins)
    try:
        host.start()
        yield host
    finally:
        host.stop()


@pytest.fixture(scope="session")
def chat(host: Host) -> Iterator[Client]:
    """The chat window of the host's owner."""
    with Client(host.url, host.token, READ) as client:
        yield client
