"""Taking a backup: the database first, then what it names; a market may run meanwhile."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clawmarket import __version__
from clawmarket.adapters.durable import write_private
from clawmarket.adapters.signer.ed25519 import Ed25519Signer, is_signed
from clawmarket.adapters.store.copies.sqlite import copied_revision, copy_database, opened_copy
from clawmarket.adapters.store.migration import plan_file
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.trust.checkpoint import vkey
from clawmarket.domain.trust.record import LogHead
from clawmarket.runtime.backup.files import (
    Progress,
    building,
    check_target,
    copy_file,
    hash_file,
    quiet,
)
from clawmarket.runtime.backup.manifest import (
    PUBLIC,
    BackedFile,
    HomeEmptyError,
    Manifest,
    OtherMarketError,
    RowsElsewhereError,
    is_home_file,
)
from clawmarket.runtime.home import (
    DATABASE,
    FILES,
    LOG_KEY,
    LOG_NAME,
    MANIFEST,
    MARK,
    RESTORED,
)
from clawmarket.runtime.postgres import copy_rows, schema_of_rows
from clawmarket.services.trust.history import is_signed_by, mark_of
from clawmarket.services.trust.log import log_head

# The running process's own, what belongs to this very home, and a session that soon ends.
_LEFT_OUT = frozenset(
    {
        *(DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", FILES, MANIFEST),
        *("lock", "starting", MARK, RESTORED, "session.json"),
    }
)
_STORED_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup.

    Args:
        folder: Where it is.
        manifest: What it holds.
        damaged: Stored files whose bytes had changed in the home; they are not in the backup.
        left_out: What else of the home is not in it: folders of others, keys that were not wanted.
    """

    folder: Path
    manifest: Manifest
    damaged: tuple[str, ...]
    left_out: tuple[str, ...]


def default_target(home: Path, now: int) -> Path:
    """Return where a backup goes unless told otherwise: beside the home, under the moment."""
    stamp = re.sub(r"[-:.]", "", iso(now))
    return home.absolute().with_name(f"{home.absolute().name}-backups") / stamp


def check_home(home: Path, database: Secret | None = None) -> None:
    """Look whether there is a market in a folder, or in a folder and a database.

    Raises HomeEmptyError, RowsElsewhereError, and what `schema_of_rows` raises.
    """
    has_key = any((home / name).is_file() for name in (LOG_KEY, LOG_NAME))
    if database is None and not (home / DATABASE).is_file():
        if has_key:
            raise RowsElsewhereError(f"The rows of the market in {home} are not there.")
        raise HomeEmptyError(f"There is no market in {home}.")
    if database is not None and not has_key:
        raise HomeEmptyError(f"There is no market in {home}.")
    if database is not None and schema_of_rows(database) is None:
        raise HomeEmptyError("There is no market in the database.")


def create_backup(
    home: Path,
    target: Path,
    now: int,
    *,
    database: Secret | None = None,
    with_keys: bool = True,
    progress: Progress = quiet,
) -> Backup:
    """Copy a home into a new folder, also while a market runs in it.

    The database is copied as of one moment; stored files only ever come in before a row names
    them and never go, so those copied afterwards are all that the rows name.

    Args:
        home: What is copied.
        target: Where to.
        now: The moment of the backup.
        database: Where the rows are, if not in the home.
        with_keys: Whether the keys are copied too.
        progress: Told how far it is.

    Raises:
        HomeEmptyError: There is no market in the home.
        RowsElsewhereError: Its rows are in a database that was not named.
        OtherMarketError: The database is another market's.
        BackupTargetError: Something is there already, or it lies inside the home.
        BackupFailedError: The disk did not take it.
        SchemaNewerError, StoreLostError: The database cannot be read.
    """
    check_home(home, database)
    check_target(target, home)
    with building(target) as build:
        _copy_rows(home, database, build / DATABASE, progress)
        own, left_out = _own_files(home, with_keys=with_keys)
        if database is not None and (home / DATABASE).exists():
            left_out.append(DATABASE)
        files = [hash_file(build, DATABASE)]
        files += [copy_file(home / name, build, name) for name in own]
        stored, damaged = _stored_files(home, build, progress)
        manifest = _manifest(home, build, now, with_keys=with_keys, files=(*files, *stored))
        if database is not None:
            _check_pair(home, build, manifest)
        write_private(build / MANIFEST, manifest.text())
    return Backup(target, manifest, tuple(damaged), tuple(left_out))


def _copy_rows(home: Path, database: Secret | None, copy: Path, progress: Progress) -> None:
    if database is not None:
        copy_rows(database, copy, lambda *far: progress("tables of the database", *far))
        return
    plan_file(home / DATABASE)
    copy_database(home / DATABASE, copy, lambda *far: progress("pages of the database", *far))


def _check_pair(home: Path, build: Path, manifest: Manifest) -> None:
    """Refuse a log that this home's key has not signed: one of the two was named wrongly."""
    with opened_copy(build / DATABASE) as rows:
        head = log_head(rows)
    if head is not None and manifest.vkey and not is_signed_by(head, manifest.vkey, is_signed):
        raise OtherMarketError(f"The log in the database is not signed by the key in {home}.")


def _own_files(home: Path, *, with_keys: bool) -> tuple[list[str], list[str]]:
    """Return the names of the home's own files that are taken, and of what is not."""
    taken: list[str] = []
    left_out: list[str] = []
    for path in sorted(home.iterdir()):
        name = path.name
        if name in _LEFT_OUT or name.startswith(".") or name.endswith(".new"):
            continue
        wanted = path.is_file() and is_home_file(name) and (with_keys or name in PUBLIC)
        (taken if wanted else left_out).append(name)
    return taken, left_out


def _stored_files(
    home: Path, build: Path, progress: Progress
) -> tuple[list[BackedFile], list[str]]:
    """Copy all stored files; one whose bytes are not those of its name stays behind."""
    copied, damaged = [], []
    names = sorted(_stored_names(home / FILES / "sha256"))
    for number, name in enumerate(names):
        place = f"{FILES}/sha256/{name}"
        try:
            copy = copy_file(home / place, build, place)
        except FileNotFoundError:  # set aside by the market, which found the damage itself
            copy = None
        if copy is not None and copy.sha256 == name.replace("/", ""):
            copied.append(copy)
        else:
            (build / place).unlink(missing_ok=True)
            damaged.append(f"sha256:{name.replace('/', '')}")
        progress("files", number + 1, len(names))
    return copied, damaged


def _stored_names(root: Path) -> Iterator[str]:
    for path in root.glob("??/*"):
        name = path.relative_to(root).as_posix()
        if _STORED_NAME.fullmatch(name):
            yield name


def _manifest(
    home: Path, build: Path, now: int, *, with_keys: bool, files: tuple[BackedFile, ...]
) -> Manifest:
    with opened_copy(build / DATABASE) as rows:
        head: LogHead | None = log_head(rows)
        mark = mark_of(rows)
    return Manifest(
        program_version=__version__,
        created_at=iso(now),
        schema_revision=copied_revision(build / DATABASE) or "",
        vkey=_vkey(home),
        log_size=mark.size,
        log_root=mark.root.hex(),
        checkpoint=head.checkpoint if head else "",
        with_keys=with_keys,
        files=files,
    )


def _vkey(home: Path) -> str:
    """Return the log's public key; nothing for a home that has lost it."""
    try:
        seed = (home / LOG_KEY).read_text(encoding="ascii").strip()
        name = (home / LOG_NAME).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    return vkey(name, Ed25519Signer.from_seed(name, Secret(seed)).public_key)
