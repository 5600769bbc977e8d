"""The guard against going on from an older log than the one that was given out.

The home keeps one line outside the database: size and root of the newest head. The sequencer
writes it before it stores the head, and only stored heads are served, so no checkpoint leaves
that the line does not cover: never after a crash of the process, and at most `SYNC_EVERY_S` of
them after a power cut, since the line is forced to the disk that often.
"""

import asyncio
import fcntl
import json
import os
import shlex
import threading
import time
from pathlib import Path

from clawmarket.adapters.durable import write_private
from clawmarket.domain.kernel.ids import MARKET_ACCOUNT
from clawmarket.domain.trust.merkle import Frontier
from clawmarket.domain.trust.record import LogHead
from clawmarket.domain.trust.rollback import (
    MARK_BYTES,
    LogRolledBackError,
    Mark,
    MarkDamagedError,
    NothingRolledBackError,
    RollbackAccepted,
)
from clawmarket.ports.store import Store
from clawmarket.runtime.home import MARK, RESTORED
from clawmarket.services.trust.history import begins_with, mark_of

SYNC_EVERY_S = 1.0


class GivenOut:
    """The line with the newest head, written in place by one call that a crash cannot tear."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MARK
        self._door = threading.Lock()
        self._handle: int | None = None
        self._synced = 0.0

    @property
    def is_new(self) -> bool:
        """Whether the home has no line yet."""
        return not self._path.exists()

    def read(self) -> Mark | None:
        """Return the mark, or None in a home that has none yet. Raises MarkDamagedError."""
        try:
            with self._path.open("rb") as file:
                return Mark.parse(file.read(MARK_BYTES + 1))
        except FileNotFoundError:
            return None

    async def announce(self, head: LogHead) -> None:
        """Note a head before it is stored. Raises OSError; the head may not be stored then."""
        mark = Mark(head.size, Frontier.from_bytes(head.frontier).root())
        await asyncio.to_thread(self.keep, mark)

    def keep(self, mark: Mark, *, lower: bool = False) -> None:
        """Note a head, unless a newer one is noted and may not be lowered. Raises OSError."""
        with self._door:
            if self._handle is None or not self._is_current(self._handle):
                self._let_go()
                self._handle = self._opened(mark)
            # In a shared home the process whose head came second must not have the last word.
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            try:
                if lower or self._noted(self._handle) <= mark.size:
                    os.pwrite(self._handle, mark.line(), 0)
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)
            if time.monotonic() - self._synced >= SYNC_EVERY_S:
                os.fsync(self._handle)
                self._synced = time.monotonic()

    @staticmethod
    def _noted(handle: int) -> int:
        """Return the size that stands in the file; nothing counts less than any head."""
        try:
            return Mark.parse(os.pread(handle, MARK_BYTES + 1, 0)).size
        except MarkDamagedError:
            return -1

    def _is_current(self, handle: int) -> bool:
        """Return whether the file has its name still; another process may have been first."""
        try:
            return os.path.samestat(os.fstat(handle), self._path.stat())
        except FileNotFoundError:
            return False

    def _opened(self, mark: Mark) -> int:
        """Open the file; a new one is whole from the beginning, so that there is never half one.

        One that is there is not replaced: in a shared home other processes have it open.
        """
        if self.is_new or self._path.stat().st_size != MARK_BYTES:
            write_private(self._path, mark.line().decode("ascii").rstrip("\n"))
        return os.open(self._path, os.O_RDWR)

    def close(self) -> None:
        """Force the line to the disk and let go of the file."""
        with self._door:
            if self._handle is not None:
                os.fsync(self._handle)
            self._let_go()

    def _let_go(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def check_history(folder: Path, store: Store, *, accept: bool) -> RollbackAccepted | None:
    """Refuse a log that is older than what was given out, unless that is accepted.

    Returns what has to be recorded, or None when there is nothing to accept.

    Raises:
        LogRolledBackError: The log is older, or another one, or was restored from a backup.
        NothingRolledBackError: It is neither, and yet it was to be accepted.
    """
    kept = store.read(mark_of)
    restored = _restored_at(folder)
    given_out, why = _doubt(folder, store, kept, restored)
    home = shlex.quote(str(folder))
    if not why and accept:
        raise NothingRolledBackError(f"The log in {folder} was not rolled back.", home=home)
    if not why:
        return None
    if not accept:
        raise LogRolledBackError(why, home=home)
    return RollbackAccepted(MARKET_ACCOUNT, kept.size, given_out, restored)


def _doubt(folder: Path, store: Store, kept: Mark, restored: str | None) -> tuple[int | None, str]:
    """Return the size that was given out, as far as it is known, and what speaks against it."""
    try:
        mark = GivenOut(folder).read()
    except MarkDamagedError:
        where = folder / MARK
        return None, f"{where} is damaged, so nobody can tell which log was given out."
    if mark is not None and not store.read(lambda rows: begins_with(rows, mark)):
        return mark.size, _older(folder, kept, mark)
    if restored is not None:
        return None, (
            f"{folder} was restored from a backup of {restored} with {kept.size} records; "
            "whatever the market did after that is not in it."
        )
    return None, ""


def _older(folder: Path, kept: Mark, mark: Mark) -> str:
    if kept.size < mark.size:
        return (
            f"The log in {folder} has {kept.size} records; "
            f"a checkpoint with {mark.size} was given out."
        )
    return f"The log in {folder} is not the one whose first {mark.size} records were given out."


def accept_history(folder: Path, given_out: GivenOut, store: Store) -> None:
    """Take the log as it stands for the newest, once its record says so."""
    given_out.keep(store.read(mark_of), lower=True)
    (folder / RESTORED).unlink(missing_ok=True)


def note_restored(folder: Path, facts: dict[str, object], mark: Mark) -> None:
    """Mark a home as restored: it has to be accepted before it serves.

    Args:
        folder: The home.
        facts: What a person may want to know later; `createdAt` is the moment of the backup.
        mark: The newest head of the backup.
    """
    write_private(folder / RESTORED, json.dumps(facts))
    given_out = GivenOut(folder)
    given_out.keep(mark)
    given_out.close()


def _restored_at(folder: Path) -> str | None:
    try:
        facts = json.loads((folder / RESTORED).read_text(encoding="ascii"))
        return str(facts["createdAt"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return "an unknown moment"
