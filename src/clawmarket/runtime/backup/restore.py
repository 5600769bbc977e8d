"""Restoring a backup: into a new folder, never in place."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.trust.rollback import Mark
from clawmarket.domain.trust.verification import Outcome
from clawmarket.runtime.backup.files import Progress, building, check_target, copy_file, quiet
from clawmarket.runtime.backup.manifest import (
    BackedFile,
    BackupDamagedError,
    BackupFailedError,
    Manifest,
    RestoreHalfwayError,
)
from clawmarket.runtime.backup.verify import BackupVerdict, verify_backup
from clawmarket.runtime.home import DATABASE
from clawmarket.runtime.postgres import check_free, load_rows
from clawmarket.runtime.rollback import note_restored


@dataclass(frozen=True, slots=True)
class Restored:
    """A home made from a backup; it serves once its operator accepts that it is older."""

    folder: Path
    manifest: Manifest


def restore_backup(
    backup: Path,
    target: Path,
    now: int,
    *,
    database: Secret | None = None,
    key: str | None = None,
    progress: Progress = quiet,
) -> Restored:
    """Check a backup and make a home from it, all of it or nothing.

    Args:
        backup: The backup.
        target: The new home.
        now: The moment of the restoring.
        database: Where the rows go, if not into the home; it has to be empty.
        key: The log's key, if the caller knows it.
        progress: Told how far it is.

    Raises:
        BackupUnreadableError: It is no backup.
        BackupDamagedError: A check failed.
        BackupTargetError: There is something at the target already, or it lies in the backup.
        BackupFailedError: The disk did not take it.
        RestoreHalfwayError: The database took the rows, and then the disk not the home.
        DatabaseTakenError: There is something in the database already.
        StoreLostError, StoreUnsureError: It does not answer.
    """
    check_places(backup, target, database)
    verdict = verify_backup(backup, key=key, progress=progress)
    _check_sound(backup, verdict)
    manifest = verdict.manifest
    loaded = False
    try:
        with building(target) as build:
            # First of all: whatever is there when this is ended early must not serve as it is.
            _note(build, backup, manifest, now)
            for number, file in enumerate(manifest.files):
                _copy(backup, build, file)
                progress("files", number + 1, len(manifest.files))
            if database is not None:
                _load(build, database, progress)
                loaded = True
    except BackupFailedError as error:
        if loaded:
            raise RestoreHalfwayError(error.what) from error
        raise
    return Restored(target, manifest)


def check_places(backup: Path, target: Path, database: Secret | None) -> None:
    """Refuse places at which there is anything. Raises see `restore_backup`."""
    check_target(target, backup)
    if database is not None:
        check_free(database)


def _load(build: Path, database: Secret, progress: Progress) -> None:
    """Bring the rows from the home that is being made into its database, last of all.

    A database whose home is missing can be emptied; a home whose rows are missing would look
    like a market that lost everything.
    """
    copy = build / DATABASE
    load_rows(copy, database, lambda *far: progress("tables of the database", *far))
    copy.unlink()


def _note(build: Path, backup: Path, manifest: Manifest, now: int) -> None:
    facts: dict[str, object] = {
        "backup": str(backup.absolute()),
        "createdAt": manifest.created_at,
        "logSize": manifest.log_size,
        "logRoot": manifest.log_root,
        "restoredAt": iso(now),
    }
    note_restored(build, facts, Mark(manifest.log_size, bytes.fromhex(manifest.log_root)))


def _check_sound(backup: Path, verdict: BackupVerdict) -> None:
    for check in verdict.checks:
        if check.outcome is Outcome.FAILED:
            raise BackupDamagedError(
                f"The check `{check.name}` of {backup} failed: {check.sentence}",
                backup=shlex.quote(str(backup)),
            )


def _copy(backup: Path, build: Path, file: BackedFile) -> None:
    # Hashed again on its way: it may have been exchanged since it was checked.
    if copy_file(backup / file.path, build, file.path) != file:
        raise BackupDamagedError(
            f"{file.path} has other bytes than were written.", backup=shlex.quote(str(backup))
        )
