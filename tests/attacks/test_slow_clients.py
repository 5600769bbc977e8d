"""Slowness: clients that say nothing, say it slowly, do not listen, or come in great numbers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from gateway.front import Front

from clawmarket.runtime.serving.http import BoundedHttp
from clawmarket.runtime.serving.patience import Patience
from world import World

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]

POST = b"POST /rpc/web3.status.ping HTTP/1.1\r\nHost: 127.0.0.1\r\n"
# No scenario takes a second; one in which nobody hangs up ends all the same.
MOST_S = 60
PING = POST + b"Content-Length: 2\r\n\r\n{}"
UPLOAD = b"POST /files?name=a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n"


def impatient(**patience: Any) -> type[BoundedHttp]:
    """Return the protocol with other limits."""
    return type("Impatient", (BoundedHttp,), {"patience": Patience(**patience)})


def play(
    world: World,
    scenario: Callable[[Callable[[], Awaitable[Line]]], Awaitable[Any]],
    *,
    ping_s: float | None = None,
    **patience: Any,
) -> Any:
    """Serve the gateway with other limits and let a scenario open connections to it."""

    async def serve() -> Any:
        served = Front(world).served(impatient(**patience), ping_s)
        async with asyncio.timeout(MOST_S), served as place:
            return await scenario(lambda: asyncio.open_connection(*place.split(":")))

    return world.run(serve())


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """Return everything until the server hangs up."""
    came = b""
    try:
        while data := await reader.read(65_536):
            came += data
    except ConnectionError:
        pass  # whoever goes on sending gets a reset
    return came


def sent_and_left(world: World, said: bytes, **patience: Any) -> bytes:
    """Send bytes, then nothing more; return what came until the server hung up."""

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bytes:
        reader, writer = await connect()
        writer.write(said)
        answer = await rest_of(reader)
        writer.close()
        return answer

    answer: bytes = play(world, scenario, **patience)
    return answer


@pytest.mark.parametrize(
    "said",
    [b"P", POST, POST + b"X-Slow: ", b"\r\n", PING + b"POST /rpc/x"],
    ids=["one byte", "some headers", "half a header", "blank lines", "after another request"],
)
def test_a_head_that_does_not_end_is_cut_off(world: World, said: bytes) -> None:
    """The server says so and hangs up."""
    answer = sent_and_left(world, said, head_s=0.01)
    head, _, body = answer.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    assert head.startswith(b"408 ")
    envelope = json.loads(body)
    assert (envelope["ok"], envelope["details"]["cause"]) == (False, "request_late")
    assert envelope["requestId"].startswith("req_")


def test_a_head_that_drips_is_cut_off_too(world: World) -> None:
    """A byte now and then does not start the time anew."""

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bytes:
        reader, writer = await connect()
        answer = asyncio.ensure_future(rest_of(reader))
        writer.write(POST + b"X: ")
        while not answer.done():
            writer.write(b"a")
            await asyncio.sleep(0.005)
        writer.close()
        return await answer

    assert play(world, scenario, head_s=0.05).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "said",
    [POST + b"Content-Length: 2\r\n\r\n{", POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"],
    ids=["announced", "chunked"],
)
def test_a_call_s_body_that_does_not_end_is_cut_off(world: World, said: bytes) -> None:
    """Its call is not made."""
    assert sent_and_left(world, said, body_s=0.01).startswith(b"HTTP/1.1 408 ")


def test_an_upload_that_stalls_is_cut_off(world: World) -> None:
    """Half a file is nothing; who sent it has nothing stored."""
    front = Front(world)
    token = front.key_of(world.member())["Authorization"].encode()
    head = UPLOAD + b"Authorization: " + token + b"\r\n\r\n"
    before = front.stored()
    answer = sent_and_left(world, head + b"a" * 1_000, stall_s=0.01)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert front.stored() == before


def test_an_upload_that_gets_on_takes_its_time(world: World) -> None:
    """Body and stall limits shorter than the whole do not end it while enough comes."""
    front = Front(world)
    token = front.key_of(world.member())["Authorization"].encode()

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bytes:
        reader, writer = await connect()
        writer.write(UPLOAD + b"Authorization: " + token + b"\r\n\r\n")
        for _ in range(90):
            writer.write(b"a" * 10_000)
            await writer.drain()
            await asyncio.sleep(0.002)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return head

    answer = play(world, scenario, stall_s=0.1, body_s=0.01, stall_bytes=1)
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_what_follows_a_refusal_is_not_read_for_ever(world: World) -> None:
    """An upload that was refused before its end is cut off, however briskly it goes on."""

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bytes:
        reader, writer = await connect()
        chunk = b"2710\r\n" + b"a" * 10_000 + b"\r\n"
        writer.write(UPLOAD.replace(b"Content-Length: 900000", b"Transfer-Encoding: chunked"))
        writer.write(b"\r\n" + chunk)
        answer = asyncio.ensure_future(rest_of(reader))
        while not answer.done():
            writer.write(chunk)
            await asyncio.sleep(0.001)
        writer.close()
        return await answer

    assert play(world, scenario, stall_s=0.05).startswith(b"HTTP/1.1 401 ")


def test_silence_between_requests_ends_the_connection(world: World) -> None:
    """Before the first request, and after one that was answered."""
    assert sent_and_left(world, b"", idle_s=0) == b""
    assert sent_and_left(world, PING, idle_s=1).startswith(b"HTTP/1.1 200 ")


def test_who_does_not_read_is_cut_off(world: World) -> None:
    """Answers that nobody takes do not wait in the memory for ever."""

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bool:
        _, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport as well
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        try:
            while True:
                writer.write(ask * 20)
                await asyncio.sleep(0.005)
                if writer.transport.is_closing():
                    return True
        finally:
            writer.transport.abort()

    assert play(world, scenario, unread_s=0.05) is True


def test_connections_are_counted(world: World) -> None:
    """One too many is told so and may come back when another has gone."""

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> tuple[bytes, bytes]:
        lines = [await connect() for _ in range(3)]
        for reader, writer in lines:
            writer.write(PING)
            await reader.readuntil(b"}")
        reader, refused = await connect()
        told = await rest_of(reader)
        refused.close()
        lines[0][1].close()
        await lines[0][1].wait_closed()
        while True:
            reader, writer = await connect()
            writer.write(PING)
            answer = await rest_of_one(reader)
            writer.close()
            if answer:
                break
        for _, line in lines:
            line.close()
        return told, answer

    told, answer = play(world, scenario, connections=3)
    assert told.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in told
    assert answer.startswith(b"HTTP/1.1 200 ")


async def rest_of_one(reader: asyncio.StreamReader) -> bytes:
    """Return an answer's head, or nothing when the server hung up or had no room."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    return head if head.startswith(b"HTTP/1.1 200") else b""


UPGRADE = (
    b" /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def frame(payload: bytes) -> bytes:
    """Return a short client's frame, masked with zeros."""
    return b"\x81" + bytes([0x80 | len(payload)]) + bytes(4) + payload


def test_a_handshake_that_does_not_end_is_cut_off(world: World) -> None:
    """A WebSocket is opened by GET; what is opened by another verb never comes to be."""
    assert sent_and_left(world, b"POST" + UPGRADE, head_s=0.01) == b""


def test_a_handshake_in_time_stays(world: World) -> None:
    """An open WebSocket is not cut by the time of its handshake."""

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bytes:
        reader, writer = await connect()
        writer.write(b"GET" + UPGRADE)
        opened = await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(frame(b'{"type":"req","id":1,"method":"web3.status.ping"}'))
        answer = await reader.readuntil(b"}")
        writer.close()
        return opened[:12] + answer[4:]

    answer = play(world, scenario, head_s=0.05)
    assert answer.startswith(b'HTTP/1.1 101{"type":"res","id":1,"ok":true')


@pytest.mark.parametrize(
    ("ping_s", "unread_s"), [(None, 0.05), (0.7, 60)], ids=["no reading", "no sign of life"]
)
def test_who_does_not_read_a_websocket_is_cut_off(
    world: World, ping_s: float | None, unread_s: float
) -> None:
    """What waits for it bounds the time, and so does the next sign of life, each by itself."""

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bool:
        _, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport as well
        writer.write(b"GET" + UPGRADE)
        ask = frame(b'{"type":"req","id":1,"method":"web3.capabilities.list"}')
        try:
            async with asyncio.timeout(20):
                while not writer.transport.is_closing():
                    writer.write(ask)
                    await asyncio.sleep(0.002)
        except TimeoutError:
            return False
        finally:
            writer.transport.abort()
        return True

    assert play(world, scenario, ping_s=ping_s, unread_s=unread_s) is True


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (b"".join(b"X-%d: a\r\n" % number for number in range(150)), b"200"),
        (b"".join(b"X-%d: a\r\n" % number for number in range(250)), b"400"),
        (b"X: " + b"a" * 60_000 + b"\r\n", b"200"),
        (b"".join(b"X-%d: " % number + b"a" * 10_000 + b"\r\n" for number in range(7)), b"400"),
    ],
    ids=["many", "too many", "large", "too large"],
)
def test_a_head_is_bounded_also_when_it_comes_at_once(
    world: World, more: bytes, status: bytes
) -> None:
    """Two hundred headers and 64 KiB are enough for anybody; beyond that nothing is read."""

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bytes:
        reader, writer = await connect()
        writer.write(POST + more + b"Content-Length: 2\r\n\r\n{}")
        head = await reader.readuntil(b"\r\n")
        writer.close()
        return head

    assert play(world, scenario).split(b" ")[1] == status


@pytest.mark.parametrize("trailer", ["Authorization: Bearer x", "Idempotency-Key: k", "Host: x"])
def test_a_trailer_is_no_header(world: World, trailer: str) -> None:
    """What comes behind a body says nothing of the request (RFC 9110, section 6.5.1)."""
    said = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + trailer.encode()

    async def scenario(connect: Callable[[], Awaitable[Line]]) -> bytes:
        reader, writer = await connect()
        writer.write(said + b"\r\n" + trailer.encode() + b"\r\n\r\n")
        head = await reader.readuntil(b"\r\n")
        writer.close()
        return head

    assert play(world, scenario).startswith(b"HTTP/1.1 200 ")
