"""One gateway for all tests here: the real host, the real market, a model of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from openclaw.gateway_client import Client
from openclaw.host import Host
from openclaw.member import Member
from openclaw.mock_model import Model
from openclaw.programs import OutOfReachError, Programs, installed
from openclaw.relay import Relay
from real.server import Server

READ = ("operator.read", "operator.write")
OWNER = (*READ, "operator.admin")
# What the hosts here have of plugins beside ours.
OTHERS = {"allow": ["memory-core"]}
# A profile that hides the tools of plugins; installing has to make ours visible.
TOOLS = {"toolSearch": False, "profile": "coding"}


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Node and OpenClaw, fetched at the first run."""
    try:
        return installed()
    except OutOfReachError as error:
        pytest.skip(f"npm or PyPI is out of reach: {error}")


@pytest.fixture(scope="session")
def market_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the market keeps what is its own."""
    return tmp_path_factory.mktemp("market") / "home"


@pytest.fixture(scope="session")
def market(market_home: Path) -> Iterator[Server]:
    """The real market in a process of its own."""
    server = Server.start(market_home)
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
def member(
    programs: Programs, model: Model, relay: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Member:
    """The owner of a host, who has put the plugin into it."""
    folder = tmp_path_factory.mktemp("member")
    host = Host.prepare(programs, folder / "openclaw", model.url, OTHERS, TOOLS)
    member = Member.join(folder / "home", host, relay.url)
    member.does("openclaw", "install", "--yes")
    return member


@pytest.fixture(scope="session")
def key(member: Member) -> Key:
    """The key that was made for the plugin."""
    file = member.place / "key"
    return Key(file.read_text().strip(), file)


@pytest.fixture(scope="session")
def host(member: Member) -> Iterator[Host]:
    """The gateway of the member's host."""
    try:
        member.host.start()
        yield member.host
    finally:
        member.host.stop()
    assert member.host.left_behind() == [], "the gateway left processes behind"


@pytest.fixture(scope="session")
def chat(host: Host) -> Iterator[Client]:
    """The chat window of the host's owner."""
    with Client(host.url, host.token, READ) as client:
        yield client


@pytest.fixture(scope="session")
def owner(host: Host) -> Iterator[Client]:
    """The chat window of whoever owns the host, with the administrator's scope."""
    with Client(host.url, host.token, OWNER) as client:
        yield client


@contextmanager
def _another(key: Key, member: Member, scope: str) -> Iterator[str]:
    """Let the plugin have another key for a while."""
    before = key.file.read_text()
    made = member.does("keys", "new", f"chat {scope}", "--scope", scope)
    key.file.write_text(made["key"])
    yield made["key"]
    key.file.write_text(before)
    member.does("keys", "revoke", made["credentialId"])


@pytest.fixture
def writing(key: Key, member: Member) -> Iterator[str]:
    """Let the plugin have a key that may write."""
    with _another(key, member, "write") as value:
        yield value


@pytest.fixture
def looking(key: Key, member: Member) -> Iterator[str]:
    """Let the plugin have a key that may only look."""
    with _another(key, member, "read") as value:
        yield value
