"""What every store of files promises."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.adapters.blobs.disk import DiskBlobs
from clawmarket.adapters.blobs.memory import MemoryBlobs
from clawmarket.ports.blobs import (
    Blob,
    BlobDamagedError,
    BlobMissingError,
    Blobs,
    BlobTooLargeError,
)

CHUNK = 64 * 1024
LIMIT = 4 * CHUNK


@dataclass(frozen=True)
class Shelf:
    """A store, and the two things that only the test can do to it."""

    blobs: Blobs
    overwrite: Callable[[str, bytes], None]
    set_aside: Callable[[], list[bytes]]


@pytest.fixture(params=["disk", "memory"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    """Each store in turn."""
    return on_disk(tmp_path) if request.param == "disk" else in_memory()


def on_disk(root: Path) -> Shelf:
    """Make a store in a folder."""

    def overwrite(digest: str, content: bytes) -> None:
        name = digest.removeprefix("sha256:")
        (root / "sha256" / name[:2] / name[2:]).write_bytes(content)

    def set_aside() -> list[bytes]:
        return [path.read_bytes() for path in (root / "quarantine").iterdir()]

    return Shelf(DiskBlobs(root, LIMIT), overwrite, set_aside)


def in_memory() -> Shelf:
    """Make a store in memory."""
    blobs = MemoryBlobs(LIMIT)

    def overwrite(digest: str, content: bytes) -> None:
        blobs._kept[digest.removeprefix("sha256:")] = content

    return Shelf(blobs, overwrite, lambda: list(blobs._quarantine.values()))


def keep(blobs: Blobs, chunks: Iterable[bytes]) -> Blob:
    """Store chunks."""

    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return asyncio.run(blobs.keep(stream()))


def read(blobs: Blobs, digest: str, got: list[bytes] | None = None) -> list[bytes]:
    """Return a file's chunks; `got` keeps what came before a refusal."""
    chunks = [] if got is None else got

    async def collect() -> None:
        async for chunk in blobs.read(digest):
            chunks.append(chunk)

    asyncio.run(collect())
    return chunks


def digest_of(content: bytes) -> str:
    """Return the name of a file."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, LIMIT])
def test_what_is_kept_is_read_back(shelf: Shelf, size: int) -> None:
    """In chunks of 64 KiB, the last one shorter; none for an empty file."""
    content = bytes(index % 251 for index in range(size))
    blob = keep(shelf.blobs, [content])
    assert blob == Blob(digest_of(content), size)
    expected = [content[start : start + CHUNK] for start in range(0, size, CHUNK)]
    assert read(shelf.blobs, blob.digest) == expected


@given(chunks=st.lists(st.binary(max_size=50), max_size=8))
def test_chunks_as_they_come_make_one_file(chunks: list[bytes]) -> None:
    """Empty ones and none at all included: only their concatenation counts."""
    blobs = MemoryBlobs(LIMIT)
    content = b"".join(chunks)
    assert keep(blobs, chunks) == keep(blobs, [content]) == Blob(digest_of(content), len(content))


def test_many_small_chunks_make_one_file(shelf: Shelf) -> None:
    """Also when they come byte by byte."""
    content = bytes(range(256))
    assert keep(shelf.blobs, (bytes([byte]) for byte in content)).digest == digest_of(content)
    assert read(shelf.blobs, digest_of(content)) == [content]


def test_the_same_file_twice_is_one_file(shelf: Shelf) -> None:
    """Both senders get the same name."""
    assert keep(shelf.blobs, [b"same"]) == keep(shelf.blobs, [b"sa", b"me"])
    assert read(shelf.blobs, digest_of(b"same")) == [b"same"]


def test_one_byte_too_many_is_refused(shelf: Shelf) -> None:
    """In one chunk or in several; the file is not kept."""
    content = bytes(LIMIT + 1)
    for chunks in ([content], [content[:-1], content[-1:]]):
        with pytest.raises(BlobTooLargeError) as refused:
            keep(shelf.blobs, chunks)
        assert refused.value.details == {"max_bytes": LIMIT}
    with pytest.raises(BlobMissingError):
        read(shelf.blobs, digest_of(content))


def test_an_endless_sender_is_stopped_at_the_limit(shelf: Shelf) -> None:
    """Nobody waits for the rest."""
    taken: list[int] = []

    def endless() -> Iterable[bytes]:
        while True:
            taken.append(CHUNK)
            yield bytes(CHUNK)

    with pytest.raises(BlobTooLargeError):
        keep(shelf.blobs, endless())
    assert sum(taken) == LIMIT + CHUNK


@pytest.mark.parametrize(
    "digest",
    [
        digest_of(b"never sent"),
        "",
        "sha256:",
        "sha256:../../../../etc/passwd",
        "sha256:" + "g" * 64,
        "sha256:" + "A" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 64 + "\n",
        "sha512:" + "a" * 64,
        "a" * 64,
        "sha256:" + "٣" * 64,
    ],
)
def test_what_is_not_here_is_missing(shelf: Shelf, digest: str) -> None:
    """A name of another form looks like a name that nobody used."""
    with pytest.raises(BlobMissingError):
        read(shelf.blobs, digest)


@pytest.mark.parametrize("size", [1, CHUNK, CHUNK + 1, 3 * CHUNK])
@pytest.mark.parametrize("damage", ["flip first", "flip last", "cut", "empty", "grow"])
def test_a_damaged_file_is_never_given_out_whole(shelf: Shelf, size: int, damage: str) -> None:
    """Its last chunk stays back, and the file is set aside."""
    content = bytes(size)
    bad = {
        "flip first": b"\1" + content[1:],
        "flip last": content[:-1] + b"\1",
        "cut": content[:-1],
        "empty": b"",
        "grow": content + b"\0",
    }[damage]
    digest = keep(shelf.blobs, [content]).digest
    shelf.overwrite(digest, bad)
    got: list[bytes] = []
    with pytest.raises(BlobDamagedError):
        read(shelf.blobs, digest, got)
    assert got == [bad[at : at + CHUNK] for at in range(0, len(bad), CHUNK)][:-1]
    assert shelf.set_aside() == [bad]
    with pytest.raises(BlobDamagedError):  # whoever asks later is told the same
        read(shelf.blobs, digest)


def test_sending_a_damaged_file_again_heals_it(shelf: Shelf) -> None:
    """Before or after the damage was noticed."""
    digest = keep(shelf.blobs, [b"good"]).digest
    shelf.overwrite(digest, b"evil")
    keep(shelf.blobs, [b"good"])
    assert read(shelf.blobs, digest) == [b"good"]
    shelf.overwrite(digest, b"evil")
    with pytest.raises(BlobDamagedError):
        read(shelf.blobs, digest)
    keep(shelf.blobs, [b"good"])
    assert read(shelf.blobs, digest) == [b"good"]


def test_a_replacement_is_not_set_aside_for_its_forerunner(shelf: Shelf) -> None:
    """Who began to read the damaged bytes does not take the good ones away."""
    content = bytes(3 * CHUNK)
    digest = keep(shelf.blobs, [content]).digest
    shelf.overwrite(digest, b"\1" + content[1:])

    async def story() -> None:
        reading = shelf.blobs.read(digest)
        await anext(reading)
        await shelf.blobs.keep(_once(content))
        with pytest.raises(BlobDamagedError):
            await anext(_rest(reading))

    asyncio.run(story())
    assert shelf.set_aside() == []
    assert b"".join(read(shelf.blobs, digest)) == content


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _rest(reading: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for _ in reading:
        pass
    yield b""


def test_senders_and_readers_at_once_do_not_mix(shelf: Shelf) -> None:
    """Twenty files, four of a kind, come out as they went in."""
    contents = [bytes([number % 5]) * (CHUNK + number % 5) for number in range(20)]

    async def story() -> list[Blob]:
        return await asyncio.gather(*(shelf.blobs.keep(_once(c)) for c in contents))

    blobs = asyncio.run(story())
    assert blobs == [Blob(digest_of(content), len(content)) for content in contents]
    assert [b"".join(read(shelf.blobs, blob.digest)) for blob in blobs] == contents
