"""One gateway for all tests here: the real host, the real market, a model of ours."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # ships no types

from openclaw.gateway_client import Client
from openclaw.host import Config, Host
from openclaw.member import Member
from openclaw.mock_model import Model
from openclaw.plugins import OTHERS
from openclaw.programs import OutOfReachError, Programs, installed
from openclaw.relay import Relay
from real.server import Server

READ = ("operator.read", "operator.write")
OWNER = (*READ, "operator.admin")
# These have a host of their own, or none.
APART = frozenset(
    f"test_{name}.py"
    for name in ("attacks", "audit", "connection", "guard", "skills", "spool", "tools")
)
LOG_SHOWN = 4_000
# A profile that hides the tools of plugins; installing has to make ours visible.
TOOLS = {"toolSearch": False, "profile": "coding"}


class OneHost(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """Gives one worker all tests of the member's host, which costs 25 s of a processor to have."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0]).name
        return file if file in APART else "member"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneHost | None:
    """Spread these tests by the hosts they need."""
    return OneHost(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have those tests that end a host come last in their module."""
    modules = {item.path: number for number, item in enumerate(items)}
    items.sort(key=lambda item: (modules[item.path], "ends_host" in item.keywords))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show beside a failure what the host said, which nobody can ask for afterwards."""
    report = yield
    for given in item.funcargs.values() if report.failed and call.when == "call" else ():
        host = getattr(given, "host", given)
        if isinstance(host, Host):
            report.sections.append(("What the host said", host.log[-LOG_SHOWN:]))
    return report


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
    """The plugin's key, which may write, and the file in which it lies."""

    value: str
    file: Path

    @contextmanager
    def replaced(self, text: str) -> Iterator[None]:
        """Let something else lie in the file for a while."""
        self.file.write_text(text)
        try:
            yield
        finally:
            self.file.write_text(f"{self.value}\n")


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
def inspected(host: Host) -> Config:
    """What the host's own command says of the plugin that it loaded; asking takes it seconds."""
    done = host.command("plugins", "inspect", "clawmarket", "--runtime", "--json")
    assert done.returncode == 0, done.stderr
    found: Config = json.loads(done.stdout)
    return found


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


@pytest.fixture(scope="session")
def reading_key(member: Member) -> str:
    """A key of the same account that may only look."""
    return str(member.does("keys", "new", "looks", "--scope", "read")["key"])


@pytest.fixture
def looking(key: Key, reading_key: str) -> Iterator[None]:
    """Let the plugin have a key that may only look."""
    with key.replaced(reading_key):
        yield
