"""The manifest: what a backup holds, in `backup.json`, and the refusals about backups."""

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from clawmarket.domain.kernel.errors import (
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    UnavailableError,
)
from clawmarket.domain.trust.merkle import MAX_SIZE
from clawmarket.registry.fields import Wire
from clawmarket.runtime.home import (
    DATABASE,
    FILES,
    LOG_KEY,
    LOG_NAME,
    MANIFEST,
    TEST_MONEY_MARK,
)

FORMAT_VERSION = 1

# What may be shown to anybody, and what may not. Nothing else right in a home can be in a backup:
# a log that SQLite replays, or somebody's session, would come back with it and never be checked.
PUBLIC = frozenset({DATABASE, LOG_NAME, TEST_MONEY_MARK})
SECRET = frozenset(
    {LOG_KEY, "challenge.key", "operator.token", "wallet.json", "api.key", "api.key.next"}
)

_STORED_FILE = re.compile(rf"{FILES}/sha256/([0-9a-f]{{2}})/([0-9a-f]{{62}})")


class HomeEmptyError(NotFoundError):
    """There is no market in this home."""

    advice = "Name the folder with --home or CLAWMARKET_HOME, or start a market there."
    next_command = "clawmarket serve --faucet"


class RowsElsewhereError(NotFoundError):
    """The home has a market's keys and no rows: those lie in a database that was not named."""

    advice = "Set CLAWMARKET_DATABASE to that database, as it is set where the market runs."
    next_command = "clawmarket help environment"


class OtherMarketError(ConflictError):
    """The home and the database belong to different markets."""

    advice = "Name the home with --home, and its own database with CLAWMARKET_DATABASE."
    next_command = "clawmarket help environment"


class RestoreHalfwayError(UnavailableError):
    """The rows are in the database, and the home that belongs to them could not be written."""

    advice = "Make room, empty the database, and restore again."
    next_command = "clawmarket help backup restore"
    retryable = False


class BackupTargetError(InvalidArgumentError):
    """A backup or a restored home cannot be put there; nothing that is there is overwritten."""

    advice = "Name a folder that does not exist yet, or one that is empty."
    next_command = "clawmarket help backup"


class BackupUnreadableError(InvalidArgumentError):
    """The folder is no backup, or one that this version cannot read."""

    advice = "Name the folder that `clawmarket backup create` printed."
    next_command = "clawmarket help backup verify"


class BackupDamagedError(InvalidArgumentError):
    """The backup is not what was written; nothing was restored."""

    advice = "Restore another backup; `backup verify` shows everything that is wrong with this one."
    next_command = "clawmarket backup verify {backup}"


class BackupFailedError(UnavailableError):
    """The disk did not take the files; nothing was left behind."""

    advice = "Make room, or name another folder."
    next_command = "clawmarket doctor"
    retryable = False


def is_home_file(name: str) -> bool:
    """Return whether a file of this name, right in a home, can be in a backup."""
    return name in PUBLIC | SECRET


def _check_place(path: str) -> str:
    """Keep a stranger's manifest from naming anything outside of its folder."""
    if not is_home_file(path) and not _STORED_FILE.fullmatch(path):
        raise ValueError("is no place in a home")
    return path


class BackedFile(Wire):
    """One file of a backup."""

    model_config = ConfigDict(strict=True)

    path: Annotated[str, AfterValidator(_check_place)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]

    @property
    def digest(self) -> str | None:
        """The digest by which rows name it; None for what is no stored file."""
        match = _STORED_FILE.fullmatch(self.path)
        return f"sha256:{match[1]}{match[2]}" if match else None


class Manifest(Wire):
    """What `backup.json` says.

    The log's facts are those of the copied database. `checkpoint` is its signed head and `vkey`
    the key that should have signed it; both are empty where there is none.
    """

    model_config = ConfigDict(strict=True)

    format: Literal["clawmarket-backup"] = "clawmarket-backup"
    format_version: Literal[1] = 1
    program_version: str
    created_at: str
    schema_revision: str
    vkey: str
    log_size: Annotated[int, Field(ge=0, le=MAX_SIZE)]
    log_root: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    checkpoint: str
    with_keys: bool
    files: tuple[BackedFile, ...]

    def text(self) -> str:
        """Return the manifest as it stands in the file, ASCII only."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1)

    @property
    def digests(self) -> frozenset[str]:
        """The digests of all stored files."""
        return frozenset(file.digest for file in self.files if file.digest)

    @property
    def byte_count(self) -> int:
        """How many bytes the files have together."""
        return sum(file.size for file in self.files)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup. Raises BackupUnreadableError."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        raise BackupUnreadableError(f"{folder} is no backup: {MANIFEST}: {reason}.") from None
    try:
        _check_version(folder, json.loads(text))
        manifest = Manifest.model_validate_json(text)
    except (ValidationError, ValueError, RecursionError):
        what = f"{folder}/{MANIFEST} is not what `backup create` writes."
        raise BackupUnreadableError(what) from None
    paths = [file.path for file in manifest.files]
    if len(set(paths)) != len(paths) or DATABASE not in paths:
        raise BackupUnreadableError(f"{folder}/{MANIFEST} does not list each file once.")
    return manifest


def _check_version(folder: Path, document: object) -> None:
    version = document.get("formatVersion") if isinstance(document, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise BackupUnreadableError(
            f"{folder} was written by a newer version (backup format {version})."
        )
