"""The home: one folder with everything of one market, used by one process at a time."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clawmarket.domain.kernel.errors import UnavailableError
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.entropy import Entropy

_SEED_BYTES = 32


class HomeUnusableError(UnavailableError):
    """The market's folder cannot be made or written to."""

    advice = "Choose a folder that you can write to with CLAWMARKET_HOME."
    next_command = "clawmarket doctor"
    retryable = False


class HomeInUseError(UnavailableError):
    """Another process runs a market in this folder."""

    advice = "Stop the other one, or choose another folder with CLAWMARKET_HOME."
    next_command = "clawmarket status"
    retryable = False


@dataclass(frozen=True)
class Home:
    """An opened home; the lock lives as long as the object is open."""

    folder: Path
    lock: IO[str]

    @property
    def database(self) -> Path:
        """Where all rows are."""
        return self.folder / "market.db"

    @property
    def files(self) -> Path:
        """Where stored files are."""
        return self.folder / "files"

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

    def close(self) -> None:
        """Let another process use the folder."""
        self.lock.close()


def open_home(folder: Path) -> Home:
    """Make and lock a home.

    Raises:
        HomeUnusableError: The folder cannot be made or written to.
        HomeInUseError: Another process holds it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = (folder / "lock").open("w", encoding="ascii")
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        raise HomeUnusableError(f"The home {folder} cannot be used: {reason}.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise HomeInUseError(f"Another market runs in the home {folder}.") from None
    return Home(folder, lock)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, completely or not at all."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
