"""Weight: clients that bring much of what never comes whole, which has to wait in the memory."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from gateway.front import Front

from attacks.test_slow_clients import PING, POST, UPGRADE, UPLOAD, Line, play, rest_of
from clawmarket.domain.market.offer import Offer
from clawmarket.runtime.serving.sockets import MAX_FRAGMENTS
from world import World

MOST = 250_000
PART = 100_000
LARGE = POST + b"Content-Length: 150000\r\n\r\n{" + b" " * (PART - 1)
END = b" " * 49_999 + b"}"
CALL = b'{"type":"req","id":1,"method":"web3.status.ping"}'
# A text frame whose payload has 150,000 bytes, masked with zeros (RFC 6455, section 5.2).
LONG_FRAME = b"\x81\xff" + (150_000).to_bytes(8, "big") + bytes(4) + b" " * PART
# The first 100,000 bytes of a message as a piece that is whole.
LONG_PIECE = b"\x01\xff" + PART.to_bytes(8, "big") + bytes(4) + b" " * PART

Connect = Callable[[], Awaitable[Line]]


def fragment(opcode: int, payload: bytes, *, last: bool) -> bytes:
    """Return a piece of a message, masked with zeros."""
    return bytes([(0x80 if last else 0) | opcode, 0x80 | len(payload)]) + bytes(4) + payload


async def opened(connect: Connect) -> Line:
    """Open a WebSocket."""
    reader, writer = await connect()
    writer.write(b"GET" + UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def answer_to(connect: Connect, said: bytes) -> bytes:
    """Say something on a connection of its own and return the answer's first line."""
    reader, writer = await connect()
    writer.write(said)
    line = await reader.readline()
    writer.close()
    return line


async def half_said(connect: Connect, times: int) -> list[Line]:
    """Bring so many calls of which half is missing, and see that the market has read them."""
    lines = [await connect() for _ in range(times)]
    for _, writer in lines:
        writer.write(LARGE)
        await writer.drain()
    await asyncio.sleep(0.1)
    return lines


def test_calls_that_do_not_end_fill_no_memory(world: World) -> None:
    """One too many is told so and hung up on; small calls go on, and what was there ends well."""

    async def scenario(connect: Connect) -> tuple[bytes, bytes, bytes, bytes]:
        lines = await half_said(connect, 2)
        reader, writer = await connect()
        writer.write(LARGE)
        told = await rest_of(reader)
        writer.close()
        small = await answer_to(connect, PING)
        lines[0][1].write(END)
        ended = await lines[0][0].readline()
        # What was answered waits no more, though its connection stays.
        after = await answer_to(connect, LARGE + END)
        for _, line in lines:
            line.close()
        return told, small, ended, after

    told, small, ended, after = play(world, scenario, held_bytes=MOST)
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1" in head
    assert json.loads(body)["details"]["cause"] == "bodies_full"
    assert [small, ended, after] == [b"HTTP/1.1 200 OK\r\n"] * 3


def test_a_call_that_was_refused_for_its_weight_is_not_made(world: World) -> None:
    """What had come by then would be a call by itself; it comes at once with what is too much."""
    front = Front(world)
    key = front.key_of(world.member())["Authorization"].encode()
    line = b"POST /rpc/web3.market.offer.create HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    line += b"Idempotency-Key: heavy\r\nAuthorization: " + key
    body = b'{"title":"Heavy","price":"1"}' + b" " * 69_971

    async def scenario(connect: Connect) -> bytes:
        lines = await half_said(connect, 2)
        reader, writer = await connect()
        writer.write(line + b"\r\nContent-Length: 70000\r\n\r\n" + body)
        told = await rest_of(reader)
        for _, other in lines:
            other.close()
        writer.close()
        return told

    assert play(world, scenario, held_bytes=MOST).startswith(b"HTTP/1.1 503 ")
    assert world.all(Offer) == []


def test_files_do_not_count(world: World) -> None:
    """They go to the disk as they come, and have bounds of their own."""
    key = Front(world).key_of(world.member())["Authorization"].encode()

    async def scenario(connect: Connect) -> bytes:
        said = UPLOAD + b"Authorization: " + key + b"\r\n\r\n" + b"a" * 900_000
        return await answer_to(connect, said)

    assert play(world, scenario, held_bytes=MOST) == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("begun", "end"),
    [(LONG_FRAME, b" " * 50_000), (LONG_PIECE, fragment(0, b" ", last=True))],
    ids=["half a frame", "pieces"],
)
def test_a_message_that_does_not_end_fills_no_memory(
    world: World, begun: bytes, end: bytes
) -> None:
    """Frames of WebSockets and bodies share the room; the one too many is sent away (1013)."""

    async def scenario(connect: Connect) -> tuple[bytes, bytes]:
        lines = await half_said(connect, 1)
        lines.append(await opened(connect))
        lines[-1][1].write(begun)
        await asyncio.sleep(0.1)
        reader, writer = await opened(connect)
        lines.append((reader, writer))
        writer.write(begun)
        told = await rest_of(reader)
        lines[1][1].write(end)
        ended = await lines[1][0].readuntil(b"}")
        for _, line in lines:
            line.close()
        return told, ended

    told, ended = play(world, scenario, held_bytes=MOST)
    assert (told[0], told[2:4]) == (0x88, (1013).to_bytes(2, "big"))
    assert b"body_invalid" in ended


@pytest.mark.parametrize("pieces", [MAX_FRAGMENTS, MAX_FRAGMENTS + 1])
def test_a_message_of_many_pieces_is_sent_away(world: World, pieces: int) -> None:
    """Each piece costs many times its bytes; one in few pieces is answered."""
    padding = b" " * (pieces - 1)
    parts = [fragment(1, CALL, last=False), *(fragment(0, b" ", last=False) for _ in padding)]

    async def scenario(connect: Connect) -> bytes:
        reader, writer = await opened(connect)
        writer.write(b"".join(parts))
        await asyncio.sleep(0.05)
        writer.write(fragment(0, b"", last=True))
        answer: bytes = await reader.read(60)
        writer.close()
        return answer

    answer = play(world, scenario)
    if pieces > MAX_FRAGMENTS:
        assert (answer[0], answer[2:4]) == (0x88, (1009).to_bytes(2, "big"))
    else:
        assert b'"id":1,"ok":true' in answer


def test_who_sends_small_calls_only_is_never_sent_away(world: World) -> None:
    """However full it is, and were there no room at all: by HTTP, and in pieces by WebSocket."""

    async def scenario(connect: Connect) -> tuple[bytes, bytes]:
        reader, writer = await opened(connect)
        writer.write(fragment(1, CALL, last=False))
        small = await answer_to(connect, PING)
        writer.write(fragment(0, b"", last=True))
        answer = await reader.readuntil(b"}")
        writer.close()
        return small, answer

    small, answer = play(world, scenario, held_bytes=0)
    assert small == b"HTTP/1.1 200 OK\r\n"
    assert b'"ok":true' in answer
