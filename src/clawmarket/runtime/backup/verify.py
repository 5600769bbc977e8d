"""Checking a backup: each file, the database, the money, the log, the signature."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from clawmarket.adapters.signer.ed25519 import is_signed
from clawmarket.adapters.store.copies.sqlite import copied_revision, file_faults, opened_copy
from clawmarket.adapters.store.migration import REVISIONS
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.trust.verification import Check, Outcome
from clawmarket.ports.store import Snapshot
from clawmarket.runtime.backup.files import Progress, hash_file, quiet
from clawmarket.runtime.backup.manifest import (
    BackedFile,
    BackupUnreadableError,
    Manifest,
    read_manifest,
)
from clawmarket.runtime.home import DATABASE
from clawmarket.services.operate.soundness import ledger_faults, log_faults, missing_files
from clawmarket.services.trust.history import is_signed_by, mark_of
from clawmarket.services.trust.log import log_head

_SHOWN_FAULTS = 5
# What a stranger's rows may raise on their way through codecs, hashes and JSON.
_UNREADABLE = (Refused, ValueError, KeyError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class BackupVerdict:
    """What a backup holds, and every check of it in order."""

    manifest: Manifest
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that failed."""
        return tuple(check.name for check in self.checks if check.outcome is Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class _Case:
    folder: Path
    manifest: Manifest
    key: str | None

    @property
    def database(self) -> Path:
        return self.folder / DATABASE


def verify_backup(
    folder: Path, *, key: str | None = None, progress: Progress = quiet
) -> BackupVerdict:
    """Check a backup and change nothing in it.

    Args:
        folder: The backup.
        key: The log's key, if the caller knows it; without it the backup vouches for itself.
        progress: Told how far it is.

    Raises:
        BackupUnreadableError: It is no backup, or one of a newer version.
    """
    manifest = read_manifest(folder)
    if manifest.schema_revision > REVISIONS[-1]:
        raise BackupUnreadableError(
            f"{folder} holds schema {manifest.schema_revision}; "
            f"this version knows {REVISIONS[-1]} at the latest."
        )
    case = _Case(folder, manifest, key)
    damaged = list(_damaged(folder, manifest.files, progress))
    checks = [_verdict("files", f"All {len(manifest.files)} files are as written.", damaged)]
    if any(fault.startswith(f"{DATABASE} ") for fault in damaged):
        checks += [_skipped(name, f"{DATABASE} is damaged.") for name in ("database", *_NAMES)]
    else:
        progress("checks of the database", 0, 1 + len(_NAMES))
        checks.append(_database(case))
        checks += _rows(case, progress, sound=checks[-1].outcome is Outcome.PASSED)
    return BackupVerdict(manifest, tuple(checks))


def _damaged(folder: Path, files: Iterable[BackedFile], progress: Progress) -> Iterator[str]:
    listed = list(files)
    for number, file in enumerate(listed):
        try:
            found = hash_file(folder, file.path)
        except FileNotFoundError:
            yield f"{file.path} is missing."
        except OSError:
            yield f"{file.path} is no file that can be read."
        else:
            if found != file:
                yield f"{file.path} has other bytes than were written."
        progress("files", number + 1, len(listed))


def _database(case: _Case) -> Check:
    faults = file_faults(case.database)
    if not faults and (copied_revision(case.database) or "") != case.manifest.schema_revision:
        faults = ["The schema is not the one that backup.json names."]
    return _verdict("database", "SQLite finds nothing wrong with the database.", faults)


def _rows(case: _Case, progress: Progress, *, sound: bool) -> Iterator[Check]:
    why = "The database is not sound."
    if sound and case.manifest.schema_revision != REVISIONS[-1]:
        sound, why = False, f"Its schema is older than {REVISIONS[-1]}; a start migrates it."
    if not sound:
        yield from (_skipped(name, why) for name in _NAMES)
        return
    with opened_copy(case.database) as rows:
        for number, (name, check) in enumerate(_CHECKS):
            try:
                yield check(case, rows)
            except _UNREADABLE as error:
                yield _verdict(name, "", [f"A row cannot be read ({type(error).__name__})."])
            progress("checks of the database", number + 2, 1 + len(_NAMES))


def _stored(case: _Case, rows: Snapshot) -> Check:
    faults = missing_files(rows, case.manifest.digests)
    return _verdict("stored", "Every file that a row names is in the backup.", faults)


def _ledger(_case: _Case, rows: Snapshot) -> Check:
    sentence = "Entries sum to zero per asset; balances and records agree with them."
    return _verdict("ledger", sentence, ledger_faults(rows))


def _log(case: _Case, rows: Snapshot) -> Check:
    mark, manifest = mark_of(rows), case.manifest
    faults = list(log_faults(rows))
    if (mark.size, mark.root.hex()) != (manifest.log_size, manifest.log_root):
        faults.append("The log's head is not the one that backup.json names.")
    return _verdict("log", f"{mark.size} records give the root {mark.root.hex()}.", faults)


def _checkpoint(case: _Case, rows: Snapshot) -> Check:
    head, manifest = log_head(rows), case.manifest
    vkey = case.key or manifest.vkey
    if head is None and not manifest.checkpoint and not manifest.log_size:
        return _skipped("checkpoint", "The log was empty.")
    if not vkey:
        return _skipped("checkpoint", "The home had lost its log key; name the key with --key.")
    faults = []
    if head is None or head.checkpoint != manifest.checkpoint:
        faults.append("The checkpoint is not the one that backup.json names.")
    elif not is_signed_by(head, vkey, is_signed):
        faults.append(f"The checkpoint is not signed by {vkey}.")
    if faults or case.key:
        return _verdict("checkpoint", f"The head is signed by {vkey}.", faults)
    sentence = f"The head is signed by {vkey}, the backup's own word; pin it with --key."
    return Check("checkpoint", Outcome.UNPINNED, sentence)


def _verdict(name: str, sentence: str, faults: Iterable[str]) -> Check:
    """Return a check that passed, or failed with its first faults; the rest is counted."""
    faults = iter(faults)
    shown = list(islice(faults, _SHOWN_FAULTS))
    more = sum(1 for _ in faults)
    if not shown:
        return Check(name, Outcome.PASSED, sentence)
    return Check(name, Outcome.FAILED, " ".join(shown) + (f" And {more} more." if more else ""))


def _skipped(name: str, why: str) -> Check:
    return Check(name, Outcome.SKIPPED, why)


_CHECKS: tuple[tuple[str, Callable[[_Case, Snapshot], Check]], ...] = (
    ("stored", _stored),
    ("ledger", _ledger),
    ("log", _log),
    ("checkpoint", _checkpoint),
)
_NAMES = tuple(name for name, _ in _CHECKS)
