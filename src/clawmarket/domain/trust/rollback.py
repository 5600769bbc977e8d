"""Rollback: a log that is older than what it has given out, and who agreed to go on from it.

A signed head binds whoever signed it: going on from older data tells a second history, which
every receipt and checkpoint from in between contradicts. Nothing can mend that afterwards, so it
is found before anything new is signed.
"""

import hashlib
from dataclasses import dataclass
from typing import Self

from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.trust.merkle import HASH_BYTES, MAX_SIZE

# Twenty digits, 64 hex digits, the check and the gaps between them, and room.
MARK_BYTES = 128

_CHECK_DIGITS = 8
_PARTS = 3


class LogRolledBackError(ConflictError):
    """The log in this home is older than a checkpoint that it has already given out."""

    advice = (
        "Bring the newer data back; or, if nothing newer is left, start it once with "
        "--accept-rollback, which the log will record."
    )
    next_command = "clawmarket serve --home {home} --accept-rollback"


class NothingRolledBackError(InvalidArgumentError):
    """A rollback was accepted where there is none; the flag must not stay in a start script."""

    advice = "Start it without --accept-rollback."
    next_command = "clawmarket serve --home {home}"


class LogKeyLostError(ConflictError):
    """The home lacks the key that signed its log."""

    advice = "Put log.key and log.name of this market back into the home, from a backup with keys."
    next_command = "clawmarket help backup restore"


class MarkDamagedError(ValueError):
    """The line is none that `Mark.line` wrote."""


@event
@dataclass(frozen=True, slots=True)
class RollbackAccepted(Event):
    """The operator let the market go on from an older log.

    `given_out_size` is the size of the newest head that was known to be given out; None when
    nobody knows. `restored_from` is the moment of the backup, None when it was no backup.
    """

    account_id: str
    kept_size: int
    given_out_size: int | None
    restored_from: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest head that was given out: the tree's size and root."""

    size: int
    root: bytes

    def line(self) -> bytes:
        """Return the mark as one line of fixed length that shows by itself if it was damaged."""
        facts = f"{self.size} {self.root.hex()}"
        return f"{facts} {_check(facts)}".ljust(MARK_BYTES - 1).encode("ascii") + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Return the mark that `line` wrote. Raises MarkDamagedError."""
        parts = line.decode("ascii", "replace").split()
        if len(line) != MARK_BYTES or len(parts) != _PARTS:
            raise MarkDamagedError("not a line with size, root and check")
        size, root, check = parts
        if check != _check(f"{size} {root}"):
            raise MarkDamagedError("the check does not fit")
        mark = cls(int(size), bytes.fromhex(root))
        if not 0 <= mark.size <= MAX_SIZE or len(mark.root) != HASH_BYTES:
            raise MarkDamagedError("not a size and a root")
        return mark


def _check(facts: str) -> str:
    return hashlib.sha256(facts.encode()).hexdigest()[:_CHECK_DIGITS]
