"""What everybody who fetches cards promises, and what a hostile address cannot do to the market."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from clawmarket.adapters.cards import fetching
from clawmarket.adapters.cards.http import HttpCards
from clawmarket.adapters.cards.memory import MemoryCards
from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.market.agents.address import UrlForbiddenError
from clawmarket.domain.market.agents.card import MAX_BYTES, CardUnfitError
from clawmarket.ports.cards import Cards, CardUnreachableError

CARD = b'{"name":"Summariser","url":"https://agent.example.net"}'
LIMIT_S = 0.5
HOST = "agent.example.net"

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Place:
    """A real HTTP server on loopback that does what a test wants; it notes what it was asked."""

    behave: Behaviour
    heads: list[str] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it as the test wants."""
        self.tasks.append(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await self.behave(writer)
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()


@asynccontextmanager
async def place(behave: Behaviour, secured: ssl.SSLContext | None = None) -> AsyncIterator[Place]:
    """Run a place on a free port."""
    there = Place(behave)
    server = await asyncio.start_server(there.serve, "127.0.0.1", 0, ssl=secured)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        for task in there.tasks:
            task.cancel()
        await asyncio.gather(*there.tasks, return_exceptions=True)


def answering(body: bytes, head: str = "200 OK", more: str = "") -> Behaviour:
    """Answer with these bytes."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        length = f"content-length: {len(body)}\r\n"
        writer.write(f"HTTP/1.1 {head}\r\n{length}{more}\r\n".encode() + body)
        await writer.drain()

    return behave


@dataclass
class Names:
    """A resolver that says one thing after the other; it notes how often it was asked."""

    said: list[Sequence[str]]
    asked: int = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return what it says this time; at its end the last thing for ever."""
        assert host
        assert port
        self.asked += 1
        return self.said[min(self.asked, len(self.said)) - 1]


def http(*said: Sequence[str], loopback: bool = True) -> HttpCards:
    """Return who fetches by HTTP, from names that stand for these addresses."""
    return HttpCards(
        loopback=loopback, resolve=Names(list(said or [["127.0.0.1"]])), time_limit_s=LIMIT_S
    )


def run(story: Coroutine[Any, Any, Any]) -> Any:
    """Run a story to its end."""
    return asyncio.run(story)


async def fetched(kind: str, body: bytes | None) -> bytes:
    """Fetch what is served at an address; None: nothing is there."""
    if kind == "memory":
        url = f"http://{HOST}/card.json"
        return await MemoryCards({} if body is None else {url: body}).fetch(url)
    behave = answering(b"", "404 Not Found") if body is None else answering(body)
    async with place(behave) as there:
        return await http().fetch(f"http://{HOST}:{there.port}/card.json")


each_kind = pytest.mark.parametrize("kind", ["http", "memory"])


@each_kind
def test_what_is_served_comes_as_it_is(kind: str) -> None:
    """Byte for byte; nobody reads it on the way."""
    assert run(fetched(kind, CARD)) == CARD


@each_kind
def test_a_card_that_is_not_there_is_out_of_reach(kind: str) -> None:
    """Whoever asked learns what came instead."""
    with pytest.raises(CardUnreachableError, match=r"^The address answered 404\.$"):
        run(fetched(kind, None))


@each_kind
def test_a_card_has_a_largest_size(kind: str) -> None:
    """256 KiB is taken, a byte more is not."""
    assert len(run(fetched(kind, b" " * MAX_BYTES))) == MAX_BYTES
    with pytest.raises(CardUnfitError, match="larger"):
        run(fetched(kind, b" " * (MAX_BYTES + 1)))


async def judged(cards: Cards, url: str) -> None:
    """Ask both ways; each has to refuse."""
    for way in (cards.fetch, cards.check):
        with pytest.raises(UrlForbiddenError):
            await way(url)


@each_kind
@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["8.8.8.8", "192.168.0.1"],
        ["2606:4700::1111", "fd00::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%lo"],
        ["0.0.0.0"],  # noqa: S104 - an address like the others; nothing listens
        ["127.0.0.2"],
        ["not an address"],
    ],
    ids=str,
)
@pytest.mark.parametrize("loopback", [False, True])
def test_a_public_name_of_an_inner_address_is_refused(
    kind: str, addresses: list[str], *, loopback: bool
) -> None:
    """Also if only one of its addresses leads inward."""
    memory = MemoryCards(names={HOST: tuple(addresses)}, loopback=loopback)
    cards: Cards = memory if kind == "memory" else http(addresses, loopback=loopback)

    run(judged(cards, f"http://{HOST}/card.json"))


@each_kind
def test_loopback_is_refused_unless_it_is_allowed(kind: str) -> None:
    """By its name, by its address, and by a name that stands for it."""
    memory = MemoryCards(names={HOST: ("127.0.0.1",)})
    cards: Cards = memory if kind == "memory" else http(loopback=False)

    for host in ("localhost", "127.0.0.1", "[::1]", HOST):
        run(judged(cards, f"http://{host}:8080/card.json"))


@each_kind
@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/card.json", f"http://{HOST}/card.json"])
def test_once_left_this_machine_is_asked_nothing(kind: str, url: str) -> None:
    """It was allowed before; then neither its address is asked nor a name that stands for it."""
    memory = MemoryCards(names={HOST: ("127.0.0.1",)}, loopback=True)
    cards: Cards = memory if kind == "memory" else http()
    run(cards.check(url))

    cards.leave_this_machine()

    run(judged(cards, url))


def test_of_several_addresses_one_of_ipv4_is_asked() -> None:
    """A line without IPv6 could not reach the other; all of them are judged."""

    async def story() -> bytes:
        async with place(answering(CARD)) as there:
            return await http(["::1", "127.0.0.1"]).fetch(f"http://{HOST}:{there.port}/")

    assert run(story()) == CARD


def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    """A name that means something else a moment later was asked once, and leads nowhere."""

    async def story() -> tuple[bytes, int, str]:
        names = Names([["127.0.0.1"], ["169.254.169.254"]])
        async with place(answering(CARD)) as there:
            cards = HttpCards(loopback=True, resolve=names, time_limit_s=LIMIT_S)
            body = await cards.fetch(f"http://{HOST}:{there.port}/card.json")
            return body, names.asked, there.heads[0].replace(str(there.port), "PORT")

    body, asked, head = run(story())
    lines = head.lower().split("\r\n")
    assert (body, asked) == (CARD, 1)
    assert lines[0] == "get /card.json http/1.1"
    assert f"host: {HOST}:port" in lines
    assert [line for line in lines if line.startswith(("authorization", "cookie"))] == []


async def hang(_: asyncio.StreamWriter) -> None:
    """Say nothing for longer than anybody waits."""
    await asyncio.sleep(10 * LIMIT_S)


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a card a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
    for _ in range(40):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(LIMIT_S / 4)


async def flood(writer: asyncio.StreamWriter) -> None:
    """Send a card that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()


ELSEWHERE = "location: http://127.0.0.1:1/card.json\r\n"
BAD: dict[str, tuple[Behaviour, type[Exception], str]] = {
    "a redirect inward": (
        answering(b"", "302 Found", ELSEWHERE),
        CardUnreachableError,
        "answered 302",
    ),
    "a lasting redirect": (
        answering(b"", "308 Moved", ELSEWHERE),
        CardUnreachableError,
        "answered 308",
    ),
    "no content": (answering(b"", "204 No Content"), CardUnreachableError, "answered 204"),
    "a failure": (answering(CARD, "500 No"), CardUnreachableError, "answered 500"),
    "something compressed": (
        answering(CARD, more="content-encoding: gzip\r\n"),
        CardUnreachableError,
        "compressed",
    ),
    "silence": (hang, CardUnreachableError, r"did not answer within 0\.5 s"),
    "a byte at a time": (drip, CardUnreachableError, r"did not answer within 0\.5 s"),
    "a card without end": (flood, CardUnfitError, "larger than 256 KiB"),
    "a head without end": (
        answering(b"", more="x: " + "x" * 500_000 + "\r\n"),
        CardUnreachableError,
        "reached",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_place_costs_a_bounded_time_and_size(what: str) -> None:
    """It is asked once, followed nowhere, and told about in words without its address."""
    behave, refusal, why = BAD[what]

    async def story() -> int:
        async with place(behave) as there:
            with pytest.raises(refusal, match=why) as refused:
                await http().fetch(f"http://{HOST}:{there.port}/card.json")
            assert HOST not in str(refused.value)
            return len(there.heads)

    assert run(story()) == 1


def test_a_name_that_nobody_knows_is_out_of_reach() -> None:
    """No address, no connection."""
    with pytest.raises(CardUnreachableError, match=r"^The name is not known\.$"):
        run(http([]).fetch(f"http://{HOST}/card.json"))


def test_this_machines_own_resolver_knows_this_machine() -> None:
    """Without another resolver the system's is asked, and prefers what most servers listen on."""

    async def story() -> bytes:
        async with place(answering(CARD)) as there:
            cards = HttpCards(loopback=True, time_limit_s=30)
            return await cards.fetch(f"http://localhost:{there.port}/card.json")

    assert run(story()) == CARD


def certified(host: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a place serves with a new certificate of a name, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.fromtimestamp(SystemClock().now() // 1_000, UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(chain, secret)
    return server, ssl.create_default_context(cafile=str(chain))


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("host", [HOST, "other.example.net"])
def test_the_certificate_has_to_be_the_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str, *, trusted: bool
) -> None:
    """Over https the name is proven, not the address; and by somebody who is trusted."""
    server, trust = certified(HOST, tmp_path)
    if trusted:
        monkeypatch.setattr(fetching, "_TRUST", trust)

    async def story() -> bytes | None:
        async with place(answering(CARD), server) as there:
            cards = HttpCards(loopback=True, resolve=Names([["127.0.0.1"]]), time_limit_s=30)
            try:
                return await cards.fetch(f"https://{host}:{there.port}/card.json")
            except CardUnreachableError:
                return None

    assert run(story()) == (CARD if trusted and host == HOST else None)
