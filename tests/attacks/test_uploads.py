"""Uploads in great numbers: what one account and all together may have on their way at once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from gateway.front import Front

from attacks.test_slow_clients import Line, play, rest_of
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.rest.app import rest_routes
from clawmarket.entry.web.routes import web_routes
from clawmarket.services.uploads import (
    UploadRoom,
    Uploads,
    UploadsFullError,
    UploadsTooManyError,
)
from world import World

Connect = Callable[[], Awaitable[Line]]
ROOM = UploadRoom(account=2, account_bytes=100, all=3, all_bytes=150)


def test_an_account_sends_so_many_at_once() -> None:
    """One more is refused until one has ended; another account is not kept waiting."""
    uploads = Uploads(ROOM)
    with uploads.admitted("a", 1):
        with uploads.admitted("a", 1):
            with pytest.raises(UploadsTooManyError) as refused, uploads.admitted("a", 1):
                pass
            assert refused.value.details == {"retryAfterSec": 5}
            with uploads.admitted("b", 1):
                assert len(uploads) == 3
        with uploads.admitted("a", 1):
            assert len(uploads) == 2
    assert len(uploads) == 0


def test_an_account_sends_so_many_bytes_at_once() -> None:
    """The first may be as large as it likes, what comes beside it may not."""
    uploads = Uploads(ROOM)
    with (
        uploads.admitted("a", 1_000),
        pytest.raises(UploadsTooManyError),
        uploads.admitted("a", 1),
    ):
        pass
    with uploads.admitted("a", 60), uploads.admitted("a", 40):
        assert len(uploads) == 2


def test_all_together_send_so_much_at_once() -> None:
    """By number and by bytes; whoever is refused takes no room."""
    uploads = Uploads(ROOM)
    with uploads.admitted("a", 1), uploads.admitted("b", 1), uploads.admitted("c", 1):
        with pytest.raises(UploadsFullError) as refused, uploads.admitted("d", 1):
            pass
        assert refused.value.details == {"retryAfterSec": 5}
    with uploads.admitted("a", 100), uploads.admitted("b", 50):
        with pytest.raises(UploadsFullError), uploads.admitted("c", 1):
            pass
        assert len(uploads) == 2


def _head(token: bytes, size: int) -> bytes:
    return (
        b"POST /files?name=a HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: "
        + token
        + b"\r\nContent-Length: %d\r\n\r\n" % size
    )


async def _until(reached: Callable[[], bool]) -> None:
    while not reached():  # noqa: ASYNC110 - a count has no event
        await asyncio.sleep(0.002)


def test_one_upload_too_many_is_told_when_to_come_again(world: World) -> None:
    """It is refused before its body comes; when one that waited is cut, the next one may."""
    uploads = world.pipeline.limits.uploads = Uploads(replace(ROOM, account=2))
    token = Front(world).key_of(world.member())["Authorization"].encode()

    async def scenario(connect: Connect) -> tuple[bytes, int, bytes]:
        lines = [await connect() for _ in range(2)]
        for _, writer in lines:
            writer.write(_head(token, 10) + b"12345")
        await _until(lambda: len(uploads) == 2)
        reader, writer = await connect()
        writer.write(_head(token, 10))
        refused = await reader.readuntil(b"}")
        writer.close()
        lines[0][1].close()
        await _until(lambda: len(uploads) == 1)
        reader, last = await connect()
        last.write(_head(token, 3) + b"abc")
        stored = await reader.readuntil(b"}")
        last.close()
        lines[1][1].close()
        await _until(lambda: len(uploads) == 0)
        return refused, len(uploads), stored

    refused, left, stored = play(world, scenario)
    head, _, body = refused.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 429 ")
    assert b"\r\nretry-after: 5\r\n" in head
    assert b'"cause":"uploads_too_many"' in body
    assert stored.startswith(b"HTTP/1.1 200 ")
    assert left == 0


def test_a_body_that_does_not_say_its_size_counts_as_the_largest(world: World) -> None:
    """Chunks announce nothing, so that they may bring a whole file."""
    uploads = world.pipeline.limits.uploads = Uploads(replace(ROOM, account_bytes=1_500_000))
    token = Front(world).key_of(world.member())["Authorization"].encode()
    chunked = _head(token, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")

    async def scenario(connect: Connect) -> bytes:
        _, first = await connect()
        first.write(chunked)
        await _until(lambda: len(uploads) == 1)
        reader, writer = await connect()
        writer.write(chunked)
        refused = await reader.readuntil(b"}")
        for each in (first, writer):
            each.close()
        return refused

    assert play(world, scenario).startswith(b"HTTP/1.1 429 ")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/files?name=a", {"content": b"abc"}),
        ("/v1/submissions", {"files": {"file": b"abc"}}),
        ("/act/publish", {"files": {"file": b"abc"}}),
        ("/act/hand_over", {"files": {"file": b"abc"}}),
    ],
)
def test_every_way_in_counts(world: World, path: str, sent: dict[str, Any]) -> None:
    """Files, submissions and forms of pages share one bound; nothing of them is stored."""
    front, member = Front(world), world.member()
    pipeline = world.pipeline
    more = rest_routes(pipeline, max_file_bytes=1_000_000)
    more += web_routes(pipeline, 1_000_000)
    front.app = build_gateway(pipeline, max_file_bytes=1_000_000, more=more)
    headers = front.key_of(member)
    opened = front.call("web3.sessions.open", "{}", headers=headers).json()
    headers["Cookie"] = f"clawmarket_8787_session={opened['token']}"
    before = front.stored()
    pipeline.limits.uploads = Uploads(UploadRoom(account=0))
    answer = front.ask("POST", path, headers=headers, **sent)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    assert front.stored() == before


def test_an_upload_ends_however_well_it_gets_on(world: World) -> None:
    """Enough bytes in each while do not keep its place for ever."""
    uploads = world.pipeline.limits.uploads
    token = Front(world).key_of(world.member())["Authorization"].encode()

    async def scenario(connect: Connect) -> bytes:
        reader, writer = await connect()
        writer.write(_head(token, 900_000))
        answer = asyncio.ensure_future(rest_of(reader))
        while not answer.done():
            writer.write(b"a" * 10)
            await asyncio.sleep(0.002)
        writer.close()
        await _until(lambda: len(uploads) == 0)
        return await answer

    limits: dict[str, Any] = {"stall_s": 0.02, "stall_bytes": 1, "stream_s": 0.1}
    answer = play(world, scenario, **limits)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["details"]["cause"] == "request_late"
