"""A new key for the one in use: made here, on the disk before the market is asked.

A lost answer is harmless: the key lies in a file beside the one that it will be, and the same
command sends the same hash again.
"""

import hashlib
import re
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clawmarket.adapters.durable import make_folder, sync_folder, write_private
from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import finish
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal
from clawmarket.entry.cli.remote.session import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    Credential,
    credential_for,
    home_folder,
    key_file,
    market_url,
)
from clawmarket.entry.cli.tables import pairs

KEY_FILE = "api.key"
_KEY = re.compile(r"cmk_[0-9A-Za-z_-]{43,100}")
_PREFIX_CHARS = 8
_UNCERTAIN = ("E_TIMEOUT", "E_UNAVAILABLE", "E_INTERNAL")


class KeyNeededError(InvalidArgumentError):
    """Only a key can be rotated, and this command came with none."""

    advice = f"Set {KEY_VARIABLE}, or {KEY_FILE_VARIABLE} to the file that holds the key."
    next_command = "clawmarket keys list"


class KeyFileTakenError(ConflictError):
    """The file for the new key holds something else than the key in use."""

    advice = "Name another file with --file; what is there may be somebody's only copy."
    next_command = "clawmarket help keys rotate"


class KeyFileUnwritableError(InvalidArgumentError):
    """The new key cannot be kept on the disk, so the market was not asked."""

    advice = "Name a file with --file in a folder of yours."
    next_command = "clawmarket help keys rotate"


def rotate(invocation: Invocation) -> None:
    """Replace the key in use by a new one in a file.

    Raises KeyNeededError, KeyFileTakenError, KeyFileUnwritableError before anything is sent, and
    what the market refuses.
    """
    url = market_url(invocation.url)
    credential = credential_for(url)
    if credential is None or credential.session is not None:
        raise KeyNeededError("This command came with no API key.")
    place = _place(invocation)
    with _kept_on_disk():
        _check_place(place, credential)
        key, is_new = _next_key(_waiting(place))
    market = Market(url, credential)
    try:
        answer = _ask(market, key, invocation.key or f"cli-{secrets.token_hex(16)}")
    except RemoteRefusal as refusal:
        # A key of an attempt before may be the account's only one: it stays, whatever is said.
        if is_new and refusal.code not in _UNCERTAIN:
            _waiting(place).unlink(missing_ok=True)
        if is_new or _cause(refusal) != "key_unchanged":
            raise
        answer = {"prefix": key[:_PREFIX_CHARS]}
    finally:
        market.close()
    with _kept_on_disk():
        _waiting(place).rename(place)
        sync_folder(place.parent)
    _show(invocation, answer, place)


def _ask(market: Market, key: str, idempotency_key: str) -> Entry:
    hashed = hashlib.sha256(key.encode()).hexdigest()
    asked = {"keyHash": hashed, "keyPrefix": key[:_PREFIX_CHARS]}
    return market.call("web3.keys.rotate", asked, idempotency_key)


def _place(invocation: Invocation) -> Path:
    """Return the file that is to hold the key: the named one, the one in use, or the home's."""
    named: Path | None = invocation.values.get("file")
    return (named or key_file() or home_folder() / KEY_FILE).expanduser().absolute()


def _waiting(place: Path) -> Path:
    return place.with_name(place.name + ".next")


def _check_place(place: Path, credential: Credential) -> None:
    """Raise KeyFileTakenError where a file is that holds another key, or none."""
    try:
        held = place.read_bytes().strip()
    except FileNotFoundError:
        return
    if held != credential.token.reveal().encode():
        raise KeyFileTakenError("The file for the new key holds something else.")


def _next_key(waiting: Path) -> tuple[str, bool]:
    """Return the key of an attempt that was not finished, else a new one that is on the disk."""
    try:
        key = waiting.read_bytes().decode("ascii", "replace").strip()
    except FileNotFoundError:
        key = f"cmk_{secrets.token_hex(32)}"
        make_folder(waiting.parent)
        write_private(waiting, key)
        return key, True
    if not _KEY.fullmatch(key):
        raise KeyFileTakenError("The file beside it, with .next behind its name, is no key.")
    return key, False


@contextmanager
def _kept_on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = (error.strerror or "no such path").lower()
        raise KeyFileUnwritableError(f"The key's file cannot be used: {why}.") from None


def _cause(refusal: RemoteRefusal) -> str:
    return str((refusal.envelope.get("details") or {}).get("cause"))


def _show(invocation: Invocation, answer: Entry, place: Path) -> None:
    steps = [] if key_file() == place else [_switch(place)]
    document: Entry = {
        "ok": True,
        "credentialId": answer.get("credentialId"),
        "prefix": answer["prefix"],
        "file": str(place),
        "next": steps,
    }
    rows = [("key", f"{answer['prefix']}…"), ("file", str(place))]
    lines = [*pairs(rows), "The old key has ended.", *(f"next: {step}" for step in steps)]
    finish(invocation, document, lines, [str(place)])


def _switch(place: Path) -> str:
    return f"unset {KEY_VARIABLE}; export {KEY_FILE_VARIABLE}={shlex.quote(str(place))}"
