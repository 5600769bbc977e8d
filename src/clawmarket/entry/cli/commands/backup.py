"""`backup create|verify|restore`: the operator's own files, without a market to ask."""

import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.trust.verification import Check, Outcome
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.commands.local import on_own_files
from clawmarket.entry.cli.invocation import PROGRAM, Invocation, may_colour
from clawmarket.entry.cli.labels import counted
from clawmarket.entry.cli.output import finish, tell
from clawmarket.entry.cli.remote.session import home_folder
from clawmarket.entry.cli.tables import pairs
from clawmarket.entry.cli.verify import check_pin
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE
from clawmarket.runtime.backup.create import Backup, check_home, create_backup, default_target
from clawmarket.runtime.backup.files import Progress, check_target, quiet
from clawmarket.runtime.backup.manifest import Manifest, read_manifest
from clawmarket.runtime.backup.restore import check_places, restore_backup
from clawmarket.runtime.backup.verify import BackupVerdict, verify_backup
from clawmarket.runtime.config import database_url

_SILENT_S = 1.0
_SECRETS = "SECRETS: whoever has this folder can sign as this market and act as its operator."
_WITHOUT = "It holds no keys; `serve` on a restored copy needs log.key from elsewhere."
_WORDS = {
    Outcome.PASSED: "PASS",
    Outcome.FAILED: "FAIL",
    Outcome.UNPINNED: "NOT PINNED",
    Outcome.SKIPPED: "SKIPPED",
}


class Teller:
    """Tells on stderr how far something is, once a second and not in its first second."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tell it, if it is time."""
        now = time.monotonic()
        if now - self._told >= _SILENT_S:
            self._told = now
            tell(f"{what}: {done:,} of {total:,}")


def progress_of(invocation: Invocation) -> Progress:
    """Return who tells how far it is: nobody where no person looks."""
    return Teller() if may_colour(sys.stderr) and not invocation.as_json else quiet


def chosen_home(invocation: Invocation) -> Path:
    """Return the home that the command is about."""
    home: Path = invocation.values.get("home") or home_folder()
    return home


@on_own_files
def create(invocation: Invocation) -> int:
    """Take a backup, and check it if that is wanted."""
    home, now = chosen_home(invocation), SystemClock().now()
    target: Path = invocation.values.get("target") or default_target(home, now)
    keys, database = not invocation.values.get("without_keys"), database_url(os.environ)
    if invocation.dry_run:
        check_home(home, database)
        return _planned(invocation, home, target, keys=keys)
    progress = progress_of(invocation)
    made = create_backup(home, target, now, database=database, with_keys=keys, progress=progress)
    verdict = verify_backup(target, progress=progress) if invocation.values.get("verify") else None
    document, ok = _created(made, verdict), not made.damaged and (verdict is None or verdict.ok)
    document["ok"] = ok
    finish(invocation, document, _creation_lines(made, verdict), [document["path"]])
    return EXIT_DONE if ok else EXIT_NEGATIVE


def _planned(invocation: Invocation, home: Path, target: Path, *, keys: bool) -> int:
    check_target(target, home)
    following = invocation.again(without="--dry-run")
    document = {
        "ok": True,
        "path": str(target.absolute()),
        "home": str(home.absolute()),
        "withKeys": keys,
        "dryRun": True,
        "next": [following],
    }
    rows = [("would copy", str(home)), ("to", str(target)), ("keys", "yes" if keys else "no")]
    finish(invocation, document, [*pairs(rows), f"next: {following}"])
    return EXIT_DONE


def _created(made: Backup, verdict: BackupVerdict | None) -> Entry:
    document: Entry = {"ok": True, "path": str(made.folder.absolute())}
    document |= _facts(made.manifest)
    document |= {"damaged": list(made.damaged), "leftOut": list(made.left_out)}
    document["checks"] = (
        None if verdict is None else [_check_entry(each) for each in verdict.checks]
    )
    document["warning"] = _SECRETS if made.manifest.with_keys else _WITHOUT
    document["next"] = [_step("verify", made.folder)]
    return document


def _facts(manifest: Manifest) -> Entry:
    return {
        "createdAt": manifest.created_at,
        "schemaRevision": manifest.schema_revision,
        "logSize": manifest.log_size,
        "logRoot": manifest.log_root,
        "vkey": manifest.vkey,
        "files": len(manifest.files),
        "bytes": manifest.byte_count,
        "withKeys": manifest.with_keys,
    }


def _fact_rows(folder: Path, manifest: Manifest) -> list[tuple[str, str]]:
    return [
        ("backup", str(folder.absolute())),
        ("created", manifest.created_at),
        ("log", f"{counted(manifest.log_size, 'record')}, root {manifest.log_root}"),
        ("files", f"{len(manifest.files):,} with {counted(manifest.byte_count, 'byte')}"),
        ("keys", "yes" if manifest.with_keys else "no"),
    ]


def _creation_lines(made: Backup, verdict: BackupVerdict | None) -> Iterator[str]:
    yield from pairs(_fact_rows(made.folder, made.manifest))
    if made.left_out:
        yield f"left out: {', '.join(made.left_out)}"
    yield from (f"damaged in the home, and left out: {digest}" for digest in made.damaged)
    if verdict is not None:
        yield from _verdict_lines(verdict, made.folder)
    yield _SECRETS if made.manifest.with_keys else _WITHOUT
    yield f"next: {_step('verify', made.folder)}"


@on_own_files
def verify(invocation: Invocation) -> int:
    """Check a backup; exits 1 when a check fails."""
    folder: Path = invocation.values["backup"]
    key = invocation.values.get("market_key")
    check_pin(key)
    verdict = verify_backup(folder, key=key, progress=progress_of(invocation))
    document: Entry = {"ok": verdict.ok, "path": str(folder.absolute())}
    document |= _facts(verdict.manifest)
    document["checks"] = [_check_entry(each) for each in verdict.checks]
    document["failed"] = list(verdict.failed)
    document["next"] = [_restore_step(folder)] if verdict.ok else []
    lines = [*pairs(_fact_rows(folder, verdict.manifest)), *_verdict_lines(verdict, folder)]
    lines += [f"next: {step}" for step in document["next"]]
    finish(invocation, document, lines, list(_verdict_lines(verdict, folder))[-1:])
    return EXIT_DONE if verdict.ok else EXIT_NEGATIVE


def _check_entry(check: Check) -> Entry:
    return {"name": check.name, "outcome": str(check.outcome), "sentence": check.sentence}


def _verdict_lines(verdict: BackupVerdict, folder: Path) -> Iterator[str]:
    for check in verdict.checks:
        yield f"{_WORDS[check.outcome]:<11} {check.name:<11} {check.sentence}"
    failed = ", ".join(verdict.failed)
    yield f"FAIL: {folder} ({failed})" if failed else f"OK: {folder}"


@on_own_files
def restore(invocation: Invocation) -> int:
    """Make a new home from a backup."""
    folder: Path = invocation.values["backup"]
    target: Path = invocation.values["target"]
    database = database_url(os.environ)
    if invocation.dry_run:
        check_places(folder, target, database)
        manifest, following = read_manifest(folder), invocation.again(without="--dry-run")
    else:
        key, progress = invocation.values.get("market_key"), progress_of(invocation)
        check_pin(key)
        now = SystemClock().now()
        made = restore_backup(folder, target, now, database=database, key=key, progress=progress)
        manifest = made.manifest
        following = f"{PROGRAM} serve --home {shlex.quote(str(target))} --accept-rollback"
    document: Entry = {"ok": True, "path": str(target.absolute())}
    document |= {"backup": str(folder.absolute()), **_facts(manifest)}
    document |= {"rowsIn": "home" if database is None else "database"}
    document |= {"dryRun": invocation.dry_run, "next": [following]}
    said = "would become" if invocation.dry_run else "restored to"
    rows = [*_fact_rows(folder, manifest), (said, str(target.absolute()))]
    if database is not None:
        rows.append(("rows", "in the database that CLAWMARKET_DATABASE names"))
    since = "Whatever the market did after the backup is not in it; make sure that no other"
    lines = [*pairs(rows), since, "copy of this market goes on.", f"next: {following}"]
    finish(invocation, document, lines)
    return EXIT_DONE


def _step(verb: str, folder: Path) -> str:
    return f"{PROGRAM} backup {verb} {shlex.quote(str(folder.absolute()))}"


def _restore_step(folder: Path) -> str:
    return f"{_step('restore', folder)} --target NEW_HOME"
