"""What every receiver of notices promises, and what a bad one cannot do to the market."""

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from clawmarket.adapters.notices.memory import MemoryNotices
from clawmarket.adapters.notices.webhook import WebhookNotices
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.notices import Notice, NoticeLostError, Notices

NOW = 1_790_000_000_000
NOTICE = Notice("revocation_1", NOW, b'{"reason":"Not any more.\xc3\xa9"}')
LIMIT_S = 0.3
OK = b"HTTP/1.1 204 No Content\r\n\r\n"

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Endpoint:
    """A real HTTP server on loopback that does what a test wants; it notes what came."""

    behave: Behaviour
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it as the test wants."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(self.header(head, "content-length"))
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(length))
        try:
            await self.behave(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    @staticmethod
    def header(head: bytes, name: str) -> str:
        """Return the value of a request's header."""
        lines = head.decode().split("\r\n")[1:]
        pairs = (line.split(": ", 1) for line in lines if line)
        return {key.lower(): value for key, value in pairs}[name]


@asynccontextmanager
async def listening(behave: Behaviour) -> AsyncIterator[Endpoint]:
    """Run an endpoint on a free port."""
    endpoint = Endpoint(behave)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/revoked"
    try:
        yield endpoint
    finally:
        server.close()


def answering(data: bytes) -> Behaviour:
    """Answer with these bytes."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return behave


async def hang(_: asyncio.StreamWriter) -> None:
    """Say nothing for longer than anybody waits."""
    await asyncio.sleep(10 * LIMIT_S)


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send an answer's head that never ends, a line at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(40):
        writer.write(b"x-more: 1\r\n")
        await writer.drain()
        await asyncio.sleep(LIMIT_S / 4)


async def flood(writer: asyncio.StreamWriter) -> None:
    """Confirm, and then send a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


@pytest.mark.parametrize("kind", ["webhook", "memory"])
def test_a_confirmed_notice_was_received_as_it_is(kind: str) -> None:
    """Id and body arrive unchanged, and again if it is sent again."""

    async def story() -> list[tuple[str, bytes]]:
        if kind == "memory":
            memory = MemoryNotices()
            await twice(memory)
            return [(notice.notice_id, notice.body) for notice in memory.got]
        async with listening(answering(OK)) as endpoint:
            await twice(WebhookNotices(endpoint.url, secret()))
            ids = [endpoint.header(head, "x-market-notice-id") for head in endpoint.heads]
            return list(zip(ids, endpoint.bodies, strict=True))

    assert asyncio.run(story()) == [("revocation_1", NOTICE.body)] * 2


async def twice(notices: Notices) -> None:
    """Send the notice, and send it again."""
    await notices.send(NOTICE)
    await notices.send(NOTICE)


@pytest.mark.parametrize("kind", ["webhook", "memory"])
def test_a_notice_that_is_not_confirmed_is_lost(kind: str) -> None:
    """Whoever sends it learns that, and why."""

    async def story() -> None:
        if kind == "memory":
            await MemoryNotices("The receiver answered 503.").send(NOTICE)
        async with listening(answering(b"HTTP/1.1 503 Down\r\n\r\n")) as endpoint:
            await WebhookNotices(endpoint.url, secret()).send(NOTICE)

    with pytest.raises(NoticeLostError, match=r"^The receiver answered 503\.$"):
        asyncio.run(story())


def secret() -> Secret:
    """Return a signing secret."""
    return Secret(hashlib.sha256(b"test").hexdigest())


def test_a_notice_proves_where_it_comes_from() -> None:
    """Moment, hash of the body, and the HMAC over `timestamp.body` that the reference demands."""

    async def story() -> Endpoint:
        async with listening(answering(OK)) as endpoint:
            await WebhookNotices(endpoint.url, secret()).send(NOTICE)
            return endpoint

    endpoint = asyncio.run(story())
    (head,) = endpoint.heads
    signed = f"{iso(NOW)}.".encode() + endpoint.bodies[0]
    key = secret().reveal().encode()
    wanted = {
        "x-market-timestamp": iso(NOW),
        "x-market-payload-hash": "0x" + hashlib.sha256(NOTICE.body).hexdigest(),
        "x-market-signature": hmac.new(key, signed, hashlib.sha256).hexdigest(),
        "content-type": "application/json",
    }
    assert {name: endpoint.header(head, name) for name in wanted} == wanted
    assert head.startswith(b"POST /revoked HTTP/1.1\r\n")
    assert key not in head + endpoint.bodies[0]


MOVED = b"HTTP/1.1 307 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
BAD: dict[str, tuple[Behaviour, str]] = {
    "a failure": (answering(b"HTTP/1.1 500 No\r\n\r\n"), "answered 500"),
    "a refusal": (answering(b"HTTP/1.1 404 No\r\n\r\n"), "answered 404"),
    "a redirect": (answering(MOVED), "answered 307"),
    "no HTTP": (answering(b"hello\r\n\r\n"), "could not be reached"),
    "half an answer": (answering(b"HTTP/1.1 20"), "could not be reached"),
    "nothing": (answering(b""), "could not be reached"),
    "a head without end": (answering(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 500_000), "reached"),
    "silence": (hang, "did not answer within 0.3 s"),
    "one line at a time": (drip, "did not answer within 0.3 s"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_receiver_confirms_nothing(kind: str) -> None:
    """Whatever it does, the notice counts as lost in time, and it was asked once."""
    behave, why = BAD[kind]

    async def story() -> int:
        async with listening(behave) as endpoint:
            with pytest.raises(NoticeLostError, match=why):
                await WebhookNotices(endpoint.url, secret(), LIMIT_S).send(NOTICE)
            return len(endpoint.heads)

    assert asyncio.run(story()) == 1


def test_an_answer_without_end_is_not_read() -> None:
    """The status is enough."""

    async def story() -> None:
        async with listening(flood) as endpoint:
            await WebhookNotices(endpoint.url, secret()).send(NOTICE)

    asyncio.run(story())


def test_a_receiver_that_is_away_is_named_without_its_address() -> None:
    """The address may hold a secret path; it stands in no refusal."""

    async def story() -> str:
        async with listening(answering(OK)) as endpoint:
            url = endpoint.url
        with pytest.raises(NoticeLostError) as lost:
            await WebhookNotices(url, secret(), LIMIT_S).send(NOTICE)
        return lost.value.what

    assert asyncio.run(story()) == "The receiver could not be reached (ConnectError)."


def test_an_address_that_is_none_loses_the_notice() -> None:
    """The client refuses it; the market goes on."""
    with pytest.raises(NoticeLostError, match="could not be reached"):
        asyncio.run(WebhookNotices("http://☃.example/", secret()).send(NOTICE))


def test_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the receiver, and not for each notice."""

    async def story() -> None:
        async with listening(answering(OK)) as endpoint:
            notices = WebhookNotices(endpoint.url, secret())
            monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", None)
            await twice(notices)
            assert len(endpoint.bodies) == 2

    asyncio.run(story())
