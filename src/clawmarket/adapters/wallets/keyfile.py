"""A wallet in a file: for the command line and the tour."""

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from clawmarket.adapters.durable import make_folder, sync_folder
from clawmarket.adapters.wallets.eip191 import ORDER, address_of, sign
from clawmarket.domain.kernel.errors import (
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    UnavailableError,
)
from clawmarket.domain.kernel.own_text import OwnText
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.entropy import Entropy

_VERSION = 1
_KEY = re.compile(r"0x[0-9a-f]{64}")
_MAX_BYTES = 4096


class WalletMissingError(NotFoundError):
    """There is no wallet file."""

    advice = "Make a wallet, or put the file that holds yours there."
    next_command = "clawmarket wallet new"


class WalletExistsError(ConflictError):
    """There is a file already where the wallet would be saved; keys are never overwritten."""

    advice = "Use the wallet that is there, or move the file away first."
    next_command = "clawmarket wallet show"


class WalletUnreadableError(InvalidArgumentError):
    """The wallet file cannot be read or does not hold a wallet."""

    advice = "Restore the file from your backup; nobody else has this key."
    next_command = "clawmarket explain wallet_unreadable"


class WalletUnsavedError(UnavailableError):
    """The disk did not take the wallet file."""

    advice = "Choose a folder that you may write to and that has room."
    next_command = "clawmarket doctor"
    retryable = False


@dataclass(frozen=True, slots=True)
class Wallet:
    """A key pair that signs for one account.

    Attributes:
        key: `0x` and 64 hex digits.
        address: `0x` and 40 lower-case hex digits.
    """

    key: Secret
    address: str

    @classmethod
    def create(cls, entropy: Entropy) -> Self:
        """Return a new wallet; it is lost unless it is saved."""
        key = entropy.draw(32)
        while not 0 < int.from_bytes(key) < ORDER:
            key = entropy.draw(32)
        return cls(Secret(f"0x{key.hex()}"), address_of(key))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the wallet that was saved. Raises WalletMissingError, WalletUnreadableError."""
        fields = _fields(path)
        key = fields.get("key")
        try:
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise _not_a_wallet(path)
            wallet = cls(Secret(key), address_of(bytes.fromhex(key[2:])))
        except ValueError:  # zero, or not below the order of the group
            raise _not_a_wallet(path) from None
        if fields != wallet._fields():
            raise _not_a_wallet(path)
        return wallet

    def save(self, path: Path) -> None:
        """Write the wallet so that only its owner can read it; a file that is there stays.

        Raises WalletExistsError, WalletUnsavedError.
        """
        try:
            make_folder(path.parent)
            _write_new(path, json.dumps(self._fields()).encode())
        except FileExistsError:
            what = f"{path} exists; it may hold another key."
            raise WalletExistsError(what, file=OwnText(path)) from None
        except OSError as error:
            what = f"{path} was not written: {error.strerror}."
            raise WalletUnsavedError(what, file=OwnText(path)) from None

    def sign_message(self, text: str) -> str:
        """Return the EIP-191 signature over a text, as for EIP-4361 sign-ins."""
        return sign(text.encode(), self._raw_key())

    def sign_digest(self, digest: bytes) -> str:
        """Return the EIP-191 signature over the 32 bytes of a statement's digest."""
        return sign(digest, self._raw_key())

    def _raw_key(self) -> bytes:
        return bytes.fromhex(self.key.reveal()[2:])

    def _fields(self) -> dict[str, object]:
        return {"version": _VERSION, "address": self.address, "key": self.key.reveal()}


def _fields(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            fields = json.loads(file.read(_MAX_BYTES))
    except FileNotFoundError:
        what = f"There is no wallet at {path}."
        raise WalletMissingError(what, file=OwnText(path)) from None
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror}."
        raise WalletUnreadableError(what, file=OwnText(path)) from None
    except (ValueError, RecursionError):
        raise _not_a_wallet(path) from None
    if not isinstance(fields, dict):
        raise _not_a_wallet(path)
    return fields


def _not_a_wallet(path: Path) -> WalletUnreadableError:
    what = f"{path} does not hold a wallet of version {_VERSION}."
    return WalletUnreadableError(what, file=OwnText(path))


def _write_new(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises FileExistsError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(temporary)  # a rename would overwrite
    finally:
        temporary.unlink()
    sync_folder(path.parent)
