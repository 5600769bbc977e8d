"""Uploads on their way in: how many, and how many bytes, of one account and of all together.

Each one keeps a connection, a temporary file and room on the disk until it ends. Counted is what
a body announces, or the most that it may bring, so that a refusal comes before the first byte.
The counts lie in this process alone: what they guard is this process's files and this disk.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clawmarket.domain.kernel.errors import RateLimitedError, UnavailableError

RETRY_S = 5
_MIB = 2**20


class UploadsTooManyError(RateLimitedError):
    """An account sends as many files at once, or as many bytes, as one account may."""

    advice = "Send files one after the other; this one may come when another has ended."
    next_command = "clawmarket explain uploads_too_many"


class UploadsFullError(UnavailableError):
    """As many files are being sent at once as the market takes."""

    advice = "Send it again when the answer says."
    next_command = "clawmarket explain uploads_full"


@dataclass(frozen=True, slots=True)
class UploadRoom:
    """How many uploads, and how many bytes of them, may be on their way at once."""

    account: int = 8
    account_bytes: int = 128 * _MIB
    all: int = 64
    all_bytes: int = 1024 * _MIB


class Uploads:
    """The uploads that are on their way into one process."""

    def __init__(self, room: UploadRoom | None = None) -> None:
        self._room = room or UploadRoom()
        self._counts: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many are on their way."""
        return self._counts.total()

    @contextmanager
    def admitted(self, account_id: str, size: int) -> Iterator[None]:
        """Let an upload of at most `size` bytes come in; it counts until it has ended.

        One alone always may, however large. Raises UploadsTooManyError, UploadsFullError.
        """
        self._check(account_id, size)
        self._counts[account_id] += 1
        self._bytes[account_id] += size
        try:
            yield
        finally:
            self._counts[account_id] -= 1
            self._bytes[account_id] -= size
            if not self._counts[account_id]:
                del self._counts[account_id], self._bytes[account_id]

    def _check(self, account_id: str, size: int) -> None:
        room, own, total = self._room, self._counts[account_id], len(self)
        own_bytes, all_bytes = self._bytes[account_id] + size, self._bytes.total() + size
        if own >= room.account or (own and own_bytes > room.account_bytes):
            what = f"This account sends {own} files at once already."
            raise UploadsTooManyError(what, retryAfterSec=RETRY_S)
        if total >= room.all or (total and all_bytes > room.all_bytes):
            raise UploadsFullError("Too many files are being sent.", retryAfterSec=RETRY_S)
