"""Restoring a backup: into a new folder, never in place."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.rollback import Mark
from clawmarket.domain.trust.verification import Outcome
from clawmarket.runtime.backup.files import Progress, building, check_target, copy_file, quiet
from clawmarket.runtime.backup.manifest import BackedFile, BackupDamagedError, Manifest
from clawmarket.runtime.backup.verify import BackupVerdict, verify_backup
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
    key: str | None = None,
    progress: Progress = quiet,
) -> Restored:
    """Check a backup and make a home from it, all of it or nothing.

    Raises:
        BackupUnreadableError: It is no backup.
        BackupDamagedError: A check failed.
        BackupTargetError: There is something at the target already, or it lies in the backup.
        BackupFailedError: The disk did not take it.
    """
    check_target(target, backup)
    verdict = verify_backup(backup, key=key, progress=progress)
    _check_sound(backup, verdict)
    manifest = verdict.manifest
    with building(target) as build:
        for number, file in enumerate(manifest.files):
            _copy(backup, build, file)
            progress("files", number + 1, len(manifest.files))
        facts: dict[str, object] = {
            "backup": str(backup.absolute()),
            "createdAt": manifest.created_at,
            "logSize": manifest.log_size,
            "logRoot": manifest.log_root,
            "restoredAt": iso(now),
        }
        note_restored(build, facts, Mark(manifest.log_size, bytes.fromhex(manifest.log_root)))
    return Restored(target, manifest)


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
