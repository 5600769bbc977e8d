"""Files in a folder, named by their SHA-256."""

import asyncio
import errno
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clawmarket.adapters.blobs.content import CHUNK_BYTES, Tally, damaged, hex_of, missing
from clawmarket.adapters.durable import sync_folder
from clawmarket.ports.blobs import Blob, BlobsFullError

# A hop to a thread costs about as much as writing 64 KiB: small chunks share one.
_WRITE_BYTES = 1024 * 1024
ABANDONED_S = 24 * 3_600
# What files leave free on the disk, so that the database beside them can go on.
RESERVE_BYTES = 64 * 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DiskBlobs:
    """Content-addressed files under one folder, which several processes may share.

    `sha256/ab/cdef…` holds the files (mode 0600), `incoming` those on their way in, `quarantine`
    those whose bytes changed. What a crash left in `incoming` is removed at construction; in a
    shared folder once it is too old to be on its way into another process.

    Args:
        root: The folder; made when it is not there.
        max_bytes: The largest file taken, in bytes.
        shared: Whether other processes may be storing files here.
        reserve_bytes: How much of the disk is left free.
    """

    def __init__(
        self,
        root: Path,
        max_bytes: int,
        *,
        shared: bool = False,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self._max_bytes = max_bytes
        self._reserve_bytes = reserve_bytes
        self._files, self._incoming, self._quarantine = (
            root / name for name in ("sha256", "incoming", "quarantine")
        )
        # Held while a name changes hands, so that a damaged file's replacement is never set aside.
        self._naming = threading.Lock()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self._files, self._incoming, self._quarantine):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._tidy(ABANDONED_S if shared else 0)
        for folder in (root, root.parent):
            sync_folder(folder)

    def _tidy(self, oldest_s: int) -> None:
        os.utime(self._incoming)  # the file system's own clock, which gave the files their times
        oldest = self._incoming.stat().st_mtime - oldest_s
        for leftover in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if leftover.stat().st_mtime <= oldest:
                    leftover.unlink()

    async def keep(self, chunks: AsyncIterable[bytes]) -> Blob:
        """Store what comes and return its hash once it is durable.

        Content that is already here replaces itself, which heals a copy that was damaged.
        Raises BlobTooLargeError, BlobsFullError.
        """
        tally = Tally(self._max_bytes)
        with _room_said():
            file, path = await asyncio.to_thread(self._new_file)
            try:
                await self._take(chunks, file, tally)
                await asyncio.to_thread(self._settle, file, path, tally.hex)
            except BaseException:  # cancelled senders leave nothing behind either
                await asyncio.to_thread(_discard, file, path)
                raise
        return Blob(f"sha256:{tally.hex}", tally.size)

    async def _take(self, chunks: AsyncIterable[bytes], file: BinaryIO, tally: Tally) -> None:
        waiting = bytearray()
        async for chunk in chunks:
            tally.admit(chunk)
            waiting += chunk
            if len(waiting) >= _WRITE_BYTES:
                await asyncio.to_thread(self._write, file, bytes(waiting), tally)
                waiting.clear()
        await asyncio.to_thread(self._write, file, bytes(waiting), tally)

    async def read(self, digest: str) -> AsyncIterator[bytes]:
        """Yield a file's bytes; the last chunk comes only if the hash of all is right.

        Raises BlobMissingError, BlobDamagedError.
        """
        name = hex_of(digest)
        try:
            file = await asyncio.to_thread(self._path(name).open, "rb")
        except FileNotFoundError:
            # What was set aside stays known as damaged until somebody sends it again.
            was_damaged = (self._quarantine / name).exists()
            raise (damaged if was_damaged else missing)(digest) from None
        with file:
            sha256 = hashlib.sha256()
            held = b""
            while chunk := await asyncio.to_thread(_read, file, sha256):
                if held:
                    yield held
                held = chunk
            if sha256.hexdigest() != name:
                await asyncio.to_thread(self._set_aside, file, name)
                raise damaged(digest)
            if held:
                yield held

    def _path(self, name: str) -> Path:
        return self._files / name[:2] / name[2:]

    def _new_file(self) -> tuple[BinaryIO, Path]:
        handle, path = tempfile.mkstemp(dir=self._incoming)  # opens with mode 0600
        return os.fdopen(handle, "wb"), Path(path)

    def _write(self, file: BinaryIO, content: bytes, tally: Tally) -> None:
        if shutil.disk_usage(self._incoming).free < self._reserve_bytes + len(content):
            raise OSError(errno.ENOSPC, "the rest of the disk is kept free")
        tally.absorb(content)
        file.write(content)

    def _settle(self, file: BinaryIO, path: Path, name: str) -> None:
        """Give a complete file its name; every step is on disk before the next."""
        with file:
            file.flush()
            os.fsync(file.fileno())
        target = self._path(name)
        with self._naming:
            if not target.parent.exists():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                sync_folder(target.parent.parent)
            path.replace(target)
        sync_folder(target.parent)

    def _set_aside(self, file: BinaryIO, name: str) -> None:
        """Move the file that was read, unless its name already belongs to a newer one."""
        path = self._path(name)
        with self._naming:
            if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
                path.replace(self._quarantine / name)


def _read(file: BinaryIO, sha256: "hashlib._Hash") -> bytes:
    chunk = file.read(CHUNK_BYTES)
    sha256.update(chunk)
    return chunk


def _discard(file: BinaryIO, path: Path) -> None:
    path.unlink(missing_ok=True)
    with suppress(OSError):  # what it still holds has no room on a full disk
        file.close()


@contextmanager
def _room_said() -> Iterator[None]:
    """Say of a full disk that it is one. Raises BlobsFullError."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise BlobsFullError("The market's disk has no room for this file.") from error
