"""The home: one folder with everything of one market, but for rows in a PostgreSQL database.

One process uses it at a time; several may where the rows are elsewhere.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clawmarket.adapters.durable import make_folder, write_private
from clawmarket.domain.kernel.errors import InvalidArgumentError, UnavailableError
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.entropy import Entropy

# What lies in a home; docs/guide/run-a-market.md says what each of them is.
DATABASE = "market.db"
FILES = "files"
LOG_KEY = "log.key"
LOG_NAME = "log.name"
MARK = "log.mark"
RESTORED = "restored-from"
TEST_MONEY_MARK = "test-money"
# What lies in a backup, and never in a home.
MANIFEST = "backup.json"
# How the names of hidden folders end that are being written.
PARTIAL = ".partial"

_SEED_BYTES = 32
_MAX_PORT_DIGITS = 5
# A folder with one of these is a home; one with nothing but what a home holds becomes one.
_MARKS = frozenset({DATABASE, LOG_KEY})
# What `openclaw install` keeps in its user's home, which may become a market's later.
PLUGIN = "openclaw"
_PLAIN = frozenset({"lock", "starting", FILES, PLUGIN})
_NAMED = (
    *(DATABASE, LOG_KEY, LOG_NAME, MARK, RESTORED, TEST_MONEY_MARK),
    *("challenge.key", "operator.token", "wallet.json", "session.json"),
    "api.key",
)


class HomeUnusableError(UnavailableError):
    """The market's folder cannot be made or written to."""

    advice = "Choose a folder that you can write to with CLAWMARKET_HOME."
    next_command = "clawmarket doctor"
    retryable = False


class NotAHomeError(InvalidArgumentError):
    """The folder holds other things; a market there would mix with them and close them to others.

    Its mode is not touched.
    """

    advice = "Name a folder that is not there yet, or an empty one."
    next_command = "clawmarket help serve"


class HomeIsBackupError(UnavailableError):
    """The folder is a backup; a market that ran in it would spoil it."""

    advice = "Restore it into a new folder and start the market there."
    next_command = "clawmarket help backup restore"
    retryable = False


class HomeUnfinishedError(UnavailableError):
    """The folder is what a backup or a restore had made when it was ended before it was done."""

    advice = "Run that command again, then remove this folder."
    next_command = "clawmarket help backup"
    retryable = False


class HomeInUseError(UnavailableError):
    """Another process runs a market in this folder."""

    advice = "Stop the other one, or choose another folder with CLAWMARKET_HOME."
    next_command = "clawmarket status --url {url}"
    retryable = False

    @property
    def next_step(self) -> str:
        """Ask the other market, if it said where it listens."""
        return super().next_step if "url" in self.details else "clawmarket status"


@dataclass(frozen=True)
class Home:
    """An opened home; the lock lives as long as the object is open.

    While `starting` is open, no other process starts in a shared home: what a first start makes
    is made once.
    """

    folder: Path
    lock: IO[str]
    starting: IO[str] | None = None

    @property
    def database(self) -> Path:
        """Where all rows are."""
        return self.folder / DATABASE

    @property
    def files(self) -> Path:
        """Where stored files are."""
        return self.folder / FILES

    @property
    def operator_token(self) -> Path:
        """Where the operator's token is."""
        return self.folder / "operator.token"

    def secret(self, name: str, entropy: Entropy) -> Secret:
        """Return a secret of the market in hexadecimal, made at the first start."""
        path = self.folder / name
        if not path.exists():
            write_private(path, entropy.draw(_SEED_BYTES).hex())
        return Secret(path.read_text(encoding="ascii").strip())

    def announce(self, port: int) -> None:
        """Say in the lock where this market listens, for whoever finds the home in use.

        A shared home says nothing: several markets listen.
        """
        if self.starting is None:
            os.pwrite(self.lock.fileno(), f"{port}\n".encode(), 0)

    def started(self) -> None:
        """Let other processes start in a shared home."""
        if self.starting is not None:
            self.starting.close()

    def close(self) -> None:
        """Let another process use the folder."""
        self.started()
        self.lock.close()


def open_home(folder: Path, *, shared: bool = False) -> Home:
    """Make and lock a home.

    Args:
        folder: Where it is.
        shared: Whether other processes may use it too, if all of them say so; they start one
            after the other, each until it calls `started`.

    Raises:
        HomeUnusableError: The folder cannot be made or written to.
        HomeIsBackupError: It is a backup.
        HomeUnfinishedError: A backup or a restored home was not done.
        NotAHomeError: It holds other things.
        HomeInUseError: Another process holds it.
    """
    name = folder.absolute().name
    if name.startswith(".") and name.endswith(PARTIAL):
        raise HomeUnfinishedError(f"{folder} is not finished.")
    if (folder / MANIFEST).exists():
        raise HomeIsBackupError(f"{folder} is a backup.")
    try:
        _prepare(folder)
        lock = _open_private(folder / "lock")
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        raise HomeUnusableError(f"The home {folder} cannot be used: {reason}.") from None
    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        with lock:
            raise _in_use(folder, lock.read(_MAX_PORT_DIGITS)) from None
    lock.truncate(0)
    if not shared:
        return Home(folder, lock)
    starting = _open_private(folder / "starting")
    fcntl.flock(starting, fcntl.LOCK_EX)
    return Home(folder, lock, starting)


def _prepare(folder: Path) -> None:
    """Make a home, or close one to others; a folder of somebody else's things is left alone."""
    held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    is_home = bool(held & _MARKS)
    if not (is_home or all(map(_is_ours, held))):
        raise NotAHomeError(f"{folder} holds other things and no market.")
    if not is_home:
        make_folder(folder)
    if held:
        folder.chmod(0o700)


def _is_ours(name: str) -> bool:
    return name in _PLAIN or name.lstrip(".").startswith(_NAMED)


def _open_private(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii")


def _in_use(folder: Path, port: str) -> HomeInUseError:
    what = f"Another market runs in the home {folder}"
    if not port.strip().isdecimal():
        return HomeInUseError(f"{what}.")
    url = f"http://127.0.0.1:{port.strip()}"
    return HomeInUseError(f"{what}; it listens at {url}.", url=url)
