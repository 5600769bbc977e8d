"""Files in this process's memory: for tests and for markets that forget."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator

from clawmarket.adapters.blobs.content import CHUNK_BYTES, Tally, damaged, hex_of, missing
from clawmarket.ports.blobs import Blob


class MemoryBlobs:
    """Keeps files in a dict by their hash; a restart loses them."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: dict[str, bytes] = {}
        self._quarantine: dict[str, bytes] = {}

    async def keep(self, chunks: AsyncIterable[bytes]) -> Blob:
        """Store what comes and return its hash. Raises BlobTooLargeError."""
        tally = Tally(self._max_bytes)
        content = bytearray()
        async for chunk in chunks:
            tally.admit(chunk)
            tally.absorb(chunk)
            content += chunk
        self._kept[tally.hex] = bytes(content)
        return Blob(f"sha256:{tally.hex}", tally.size)

    async def read(self, digest: str) -> AsyncIterator[bytes]:
        """Yield a file's bytes; the last chunk comes only if the hash of all is right.

        Raises BlobMissingError, BlobDamagedError.
        """
        name = hex_of(digest)
        if name not in self._kept:
            raise (damaged if name in self._quarantine else missing)(digest)
        content = self._kept[name]
        last = max(0, len(content) - 1) // CHUNK_BYTES * CHUNK_BYTES
        for start in range(0, last, CHUNK_BYTES):
            yield content[start : start + CHUNK_BYTES]
        if hashlib.sha256(content).hexdigest() != name:
            self._set_aside(name, content)
            raise damaged(digest)
        if content:
            yield content[last:]

    def _set_aside(self, name: str, content: bytes) -> None:
        # Somebody may have sent the file again meanwhile: only the bytes that were read go.
        if self._kept.get(name) is content:
            self._quarantine[name] = self._kept.pop(name)
