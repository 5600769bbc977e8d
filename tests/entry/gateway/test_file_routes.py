"""Files over HTTP and within a call: rights, limits, damage."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator

import orjson
import pytest

from clawmarket.adapters.blobs.memory import MemoryBlobs
from clawmarket.domain.trust.file import FileRight, right_id
from clawmarket.domain.trust.record import Record
from gateway.front import Front
from world import World

LARGE = bytes(range(256)) * 1024


def digest_of(content: bytes) -> str:
    """Return the name that a content has."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def test_stored_file_comes_back(front: Front, world: World) -> None:
    """What was streamed in is streamed out, byte for byte, as a download."""
    headers = front.key_of(world.member())
    stored = front.ask("POST", "/files?name=a.bin", content=LARGE, headers=headers)
    file = stored.json()["file"]
    assert file == {"name": "a.bin", "digest": digest_of(LARGE), "size": len(LARGE)}
    read = front.ask("GET", f"/files/{file['digest']}", headers=headers)
    assert (read.status_code, read.content) == (200, LARGE)
    assert read.headers["Content-Type"] == "application/octet-stream"
    assert read.headers["Content-Disposition"] == "attachment"
    assert read.headers["X-Content-Type-Options"] == "nosniff"
    assert read.headers["Content-Length"] == str(len(LARGE))


def test_head_tells_the_size(front: Front, world: World) -> None:
    """HEAD answers like GET without a body."""
    headers = front.key_of(world.member())
    front.ask("POST", "/files?name=a", content=b"abc", headers=headers)
    answer = front.ask("HEAD", f"/files/{digest_of(b'abc')}", headers=headers)
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "3", b"")


def test_empty_file_is_a_file(front: Front, world: World) -> None:
    """Nothing has a hash too."""
    headers = front.key_of(world.member())
    stored = front.ask("POST", "/files?name=empty", content=b"", headers=headers).json()
    read = front.ask("GET", f"/files/{stored['file']['digest']}", headers=headers)
    assert (read.status_code, read.content) == (200, b"")


def test_storing_leaves_one_record_and_one_right(front: Front, world: World) -> None:
    """The same content again, by either way, changes nothing and leaves no record."""
    member = world.member()
    headers = front.key_of(member)
    before = len(world.all(Record))
    answers = [
        front.ask("POST", "/files?name=a", content=b"x", headers=headers).json()["file"],
        front.ask("POST", "/files?name=a", content=b"x", headers=headers).json()["file"],
        member.stores(b"x", "a"),
    ]
    assert answers == [{"name": "a", "digest": digest_of(b"x"), "size": 1}] * 3
    digest = digest_of(b"x")
    right = FileRight(right_id(digest, member.id), digest, member.id, 1, world.clock.now())
    assert world.all(FileRight) == [right]
    [record] = sorted(world.all(Record), key=lambda r: r.record_id)[before:]
    facts = orjson.loads(record.body)
    assert (facts["actor"], facts["method"]) == (member.id, "web3.files.put")
    assert facts["events"] == [
        {"kind": "file_stored", "digest": digest, "accountId": member.id, "size": 1}
    ]


def test_foreign_file_is_like_none(front: Front, world: World) -> None:
    """A file of somebody else and one that never was get the same answer."""
    world.member().stores(b"theirs")
    headers = front.key_of(world.member())
    told = []
    for digest in (digest_of(b"theirs"), digest_of(b"never")):
        answer = front.ask("GET", f"/files/{digest}", headers=headers)
        body = answer.json()
        del body["requestId"]
        told.append((answer.status_code, orjson.dumps(body).decode().replace(digest, "DIGEST")))
    assert told[0] == told[1]
    assert told[0][0] == 404


def test_attachment_is_for_every_account(front: Front, world: World) -> None:
    """What a task shows is read by any account, but by nobody without one."""
    buyer = world.member()
    buyer.publishes(attachments=[buyer.stores(b"the document")])
    path = f"/files/{digest_of(b'the document')}"
    read = front.ask("GET", path, headers=front.key_of(world.member(), scope="read"))
    assert (read.status_code, read.content) == (200, b"the document")
    assert front.ask("GET", path).status_code == 401


def test_storing_needs_the_scope(front: Front, world: World) -> None:
    """Nobody and a reading key are refused before a byte is read."""
    reading = front.key_of(world.member(), scope="read")
    for headers, status in (({}, 401), (reading, 403)):
        answer = front.ask("POST", "/files?name=a", content=_never_read(), headers=headers)
        assert answer.status_code == status
    assert world.all(FileRight) == []


@pytest.mark.parametrize(
    "query", ["", "?name=", "?name=a/b", "?name=a%00", "?name=a&name=b", "?name=" + "n" * 201]
)
def test_bad_names_are_refused(front: Front, world: World, query: str) -> None:
    """A file has one name, without any folder."""
    headers = front.key_of(world.member())
    answer = front.ask("POST", f"/files{query}", content=_never_read(), headers=headers)
    details = answer.json()["details"]
    assert (answer.status_code, details["cause"], details["path"]) == (
        400,
        "field_invalid",
        "$.name",
    )


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_is_refused(front: Front, world: World, *, announced: bool) -> None:
    """A file over the limit is refused with 413, announced or not, and nothing stays."""
    headers = front.key_of(world.member())
    content = b"x" * 1_000_001 if announced else _stream(b"x" * 500_000, 3)
    answer = front.ask("POST", "/files?name=a", content=content, headers=headers)
    assert (answer.status_code, answer.json()["details"]["cause"]) == (413, "blob_too_large")
    assert world.all(FileRight) == []


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        ("no base64!", "file_data_invalid"),
        ("YQ", "file_data_invalid"),
        ("YQ==\n", "file_data_invalid"),
        ("é", "file_data_invalid"),
        (b64encode(bytes(512 * 1024 + 1)).decode(), "blob_too_large"),
        ("A" * 700_000, "field_invalid"),
    ],
)
def test_bad_data_is_refused(front: Front, world: World, data: str, cause: str) -> None:
    """Within a call a file is strict Base64 of at most 512 KiB."""
    body = orjson.dumps({"name": "a", "dataBase64": data})
    answer = front.call("web3.files.put", body, headers=front.key_of(world.member()))
    assert answer.json()["details"]["cause"] == cause
    assert world.all(FileRight) == []


def test_damage_at_the_start_is_told(front: Front, world: World) -> None:
    """A damaged file of one chunk is refused, and so it is to whoever asks later."""
    member = world.member()
    digest = member.stores(b"small")["digest"]
    headers = front.key_of(member)
    _damage(world, digest, b"smalL")
    answers = [front.ask("GET", f"/files/{digest}", headers=headers) for _ in range(2)]
    told = [(a.status_code, a.json()["details"]["cause"]) for a in answers]
    assert told == [(503, "blob_damaged")] * 2


def test_damage_later_breaks_the_connection(front: Front, world: World) -> None:
    """A client of a damaged large file sees a body that is shorter than announced."""
    headers = front.key_of(world.member())
    front.ask("POST", "/files?name=a", content=LARGE, headers=headers)
    _damage(world, digest_of(LARGE), LARGE[:-1] + b"?")

    async def play() -> tuple[str, bytes]:
        async with front.served() as place:
            reader, writer = await asyncio.open_connection(*place.split(":"))
            lines = (
                f"GET /files/{digest_of(LARGE)} HTTP/1.1",
                f"Host: {place}",
                f"Authorization: {headers['Authorization']}",
            )
            writer.write("\r\n".join([*lines, "", ""]).encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            writer.close()
            return head.decode().lower(), body

    head, body = world.run(play())
    assert f"content-length: {len(LARGE)}" in head.splitlines()
    assert 0 < len(body) < len(LARGE)
    assert LARGE.startswith(body)


def _damage(world: World, digest: str, content: bytes) -> None:
    blobs = world.pipeline.ports.blobs
    assert isinstance(blobs, MemoryBlobs)
    blobs._kept[digest.removeprefix("sha256:")] = content


async def _stream(chunk: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield chunk


async def _never_read() -> AsyncIterator[bytes]:
    raise AssertionError("the body was asked for")
    yield b""
