"""What every store of files agrees on: names, chunk size, limit and refusals."""

import hashlib
import re

from clawmarket.ports.blobs import BlobDamagedError, BlobMissingError, BlobTooLargeError

CHUNK_BYTES = 64 * 1024

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def hex_of(digest: str) -> str:
    """Return the 64 hex digits of a digest, safe to use in a path. Raises BlobMissingError."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise BlobMissingError("A file is named by sha256: and 64 lower-case hex digits.")
    return match[1]


def missing(digest: str) -> BlobMissingError:
    """Return the refusal for a file that is not here."""
    return BlobMissingError(f"There is no file {digest}.")


def damaged(digest: str) -> BlobDamagedError:
    """Return the refusal for a file whose bytes have changed."""
    return BlobDamagedError(f"The stored bytes of {digest} have changed; they were set aside.")


class Tally:
    """Counts and hashes what streams past, up to a limit in bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self.size = 0

    def admit(self, chunk: bytes) -> None:
        """Count a chunk before anything keeps it. Raises BlobTooLargeError."""
        self.size += len(chunk)
        if self.size > self._max_bytes:
            raise BlobTooLargeError(
                f"The file is larger than {self._max_bytes} bytes.", max_bytes=self._max_bytes
            )

    def absorb(self, chunk: bytes) -> None:
        """Hash a chunk that was admitted."""
        self._hash.update(chunk)

    @property
    def hex(self) -> str:
        """SHA-256 of all that was absorbed, 64 lower-case hex digits."""
        return self._hash.hexdigest()
