"""What the folder of files looks like, also after things went wrong."""

import asyncio
import hashlib
import os
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clawmarket.adapters.blobs.disk import ABANDONED_S, DiskBlobs
from clawmarket.ports.blobs import BlobsFullError, BlobTooLargeError

MEBIBYTE = 1024 * 1024


async def _stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _files(root: Path) -> list[Path]:
    return sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())


def _place(content: bytes) -> Path:
    name = hashlib.sha256(content).hexdigest()
    return Path("sha256") / name[:2] / name[2:]


def test_a_file_lies_under_its_hash_for_its_owner_only(tmp_path: Path) -> None:
    """One file, mode 0600, in folders of mode 0700, and nothing else."""
    root = tmp_path / "new" / "blobs"
    asyncio.run(DiskBlobs(root, 100).keep(_stream(b"con", b"tent")))
    place = root / _place(b"content")
    assert _files(root) == [_place(b"content")]
    assert place.read_bytes() == b"content"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (place, place.parent, root)]
    assert modes == [0o600, 0o700, 0o700]


def test_the_same_content_takes_its_place_once(tmp_path: Path) -> None:
    """The second copy replaces the first."""
    blobs = DiskBlobs(tmp_path, 100)
    for _ in range(2):
        asyncio.run(blobs.keep(_stream(b"content")))
    assert _files(tmp_path) == [_place(b"content")]


def test_files_outlive_the_process(tmp_path: Path) -> None:
    """A new store over the same folder reads them."""
    blob = asyncio.run(DiskBlobs(tmp_path, 100).keep(_stream(b"content")))

    async def story() -> list[bytes]:
        return [chunk async for chunk in DiskBlobs(tmp_path, 1).read(blob.digest)]

    assert asyncio.run(story()) == [b"content"]


def test_what_a_crash_left_is_removed_at_the_start(tmp_path: Path) -> None:
    """Half-written files go, in a shared folder those of another day; what is stored stays."""
    asyncio.run(DiskBlobs(tmp_path, 100).keep(_stream(b"content")))
    for name, age_s in (("old", ABANDONED_S + 1), ("young", ABANDONED_S - 60)):
        (tmp_path / "incoming" / name).write_bytes(b"con")
        moment = (tmp_path / "incoming" / name).stat().st_mtime - age_s
        os.utime(tmp_path / "incoming" / name, (moment, moment))
    (tmp_path / "quarantine" / "old").write_bytes(b"evidence")
    DiskBlobs(tmp_path, 100, shared=True)
    kept = [Path("quarantine/old"), _place(b"content")]
    assert _files(tmp_path) == [Path("incoming/young"), *kept]
    DiskBlobs(tmp_path, 100)
    assert _files(tmp_path) == kept


def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    """Also when its beginning was on disk already."""
    with pytest.raises(BlobTooLargeError):
        asyncio.run(DiskBlobs(tmp_path, 3 * MEBIBYTE).keep(_stream(*[bytes(MEBIBYTE)] * 4)))
    assert _files(tmp_path) == []


def test_a_sender_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """Its error comes through as it was."""

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(2 * MEBIBYTE)
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError, match="gone"):
        asyncio.run(DiskBlobs(tmp_path, 9 * MEBIBYTE).keep(broken()))
    assert _files(tmp_path) == []


def test_a_cancelled_sender_leaves_nothing(tmp_path: Path) -> None:
    """Cancelled while the market waited for its next chunk."""

    async def story() -> None:
        waiting = asyncio.Event()

        async def stalled() -> AsyncIterator[bytes]:
            yield bytes(2 * MEBIBYTE)
            waiting.set()
            await asyncio.Event().wait()

        keeping = asyncio.create_task(DiskBlobs(tmp_path, 9 * MEBIBYTE).keep(stalled()))
        await waiting.wait()
        assert len(_files(tmp_path)) == 1
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping

    asyncio.run(story())
    assert _files(tmp_path) == []


def test_the_rest_of_the_disk_is_left_free(tmp_path: Path) -> None:
    """A file that would take of the reserve is refused and leaves nothing."""
    blobs = DiskBlobs(tmp_path, 100, reserve_bytes=2**62)
    with pytest.raises(BlobsFullError):
        asyncio.run(blobs.keep(_stream(b"content")))
    assert _files(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_is_full_keeps_nothing_of_a_file(tmp_path: Path) -> None:
    """What the system refuses to write, also at the very end, is a refusal; half a file goes."""
    import resource  # noqa: PLC0415 - not on Windows

    blobs, bounds = DiskBlobs(tmp_path, 3 * MEBIBYTE), resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE + 1_000, bounds[1]))
        for chunks in ([bytes(MEBIBYTE)] * 2, [bytes(MEBIBYTE), bytes(2_000)]):
            with pytest.raises(BlobsFullError):
                asyncio.run(blobs.keep(_stream(*chunks)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, bounds)
    assert _files(tmp_path) == []
