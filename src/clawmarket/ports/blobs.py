"""Where files are kept, named by what is in them."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from clawmarket.domain.kernel.errors import (
    InvalidArgumentError,
    NotFoundError,
    UnavailableError,
)


class BlobTooLargeError(InvalidArgumentError):
    """The file is larger than the market takes."""

    advice = "Send a smaller file, or split it."
    next_command = "clawmarket explain blob_too_large"


class BlobsFullError(UnavailableError):
    """The market's disk takes no more files; nothing was stored."""

    advice = "Send it again later; the market's operator has to make room first."
    next_command = "clawmarket doctor"


class BlobMissingError(NotFoundError):
    """There is no such file, or it is not yours to see."""

    advice = "A sealed file opens to its buyer when the result is accepted; see your orders."
    next_command = "clawmarket order list"


class BlobDamagedError(UnavailableError):
    """The stored bytes no longer have the hash they are named by; they were set aside."""

    advice = "Ask whoever sent the file to send it again."
    next_command = "clawmarket doctor"
    retryable = False


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file: its content hash and its size in bytes."""

    digest: str
    size: int


class Blobs(Protocol):
    """Content-addressed files."""

    async def keep(self, chunks: AsyncIterable[bytes]) -> Blob:
        """Store what comes and return its hash once it is durable.

        Raises BlobTooLargeError, BlobsFullError.
        """
        ...

    def read(self, digest: str) -> AsyncIterator[bytes]:
        """Yield a file's bytes; the last chunk comes only if the hash of all is right.

        Raises BlobMissingError, BlobDamagedError.
        """
        ...
