"""Credentials of the command line: an API key from the environment, or a wallet's session file.

The home holds `wallet.json` (the key pair) and `session.json` (the token), both for their owner
only. A session's token goes to the market that gave it and to no other.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from clawmarket.adapters.durable import write_private
from clawmarket.domain.kernel.errors import AuthRequiredError, InvalidArgumentError
from clawmarket.domain.kernel.secret import Secret

DEFAULT_PORT = 8787
MAX_PORT = 65535
KEY_VARIABLE = "CLAWMARKET_API_KEY"
KEY_FILE_VARIABLE = "CLAWMARKET_API_KEY_FILE"
SESSION_FILE = "session.json"
WALLET_FILE = "wallet.json"


class SessionFileInvalidError(AuthRequiredError):
    """The session file cannot be read."""

    advice = "Sign in again; the file is replaced."


class KeyFileUnreadableError(AuthRequiredError):
    """The file that holds the API key cannot be read, or holds none."""

    advice = f"Correct {KEY_FILE_VARIABLE}; the file holds the key and nothing else."
    next_command = "clawmarket help environment"


class AddressInvalidError(InvalidArgumentError):
    """The market's address is no http or https URL."""

    advice = "Write it like http://127.0.0.1:8787, without a path."
    next_command = "clawmarket help environment"


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in left behind.

    Args:
        url: The market that gave the token.
        origin: The market's name in its log; statements name it.
        account_id: Whose session it is.
        address: The wallet that opened it.
        token: What proves it.
        expires_at: ISO 8601, as the market said it.
    """

    url: str
    origin: str
    account_id: str
    address: str
    token: Secret
    expires_at: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What a call proves itself with; `session` is None for an API key, which `source` gave."""

    token: Secret
    session: Session | None
    source: str = KEY_VARIABLE


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of `CLAWMARKET_HOME`, or `.clawmarket` in the user's home."""
    named = environ.get("CLAWMARKET_HOME")
    return Path(named).expanduser() if named else Path.home() / ".clawmarket"


def market_url(named: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """Return where the market is: what was named, or this machine's port.

    Raises AddressInvalidError.
    """
    url = (named or f"http://127.0.0.1:{_port(environ)}").rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.path or parts.query:
        raise AddressInvalidError("The market's address, --url or CLAWMARKET_URL, cannot be used.")
    return url


def is_default(url: str) -> bool:
    """Return whether this is where the market is when no address is named."""
    try:
        return url == market_url(None)
    except AddressInvalidError:
        return False


def _port(environ: Mapping[str, str]) -> int:
    text = environ.get("CLAWMARKET_PORT", str(DEFAULT_PORT))
    short = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PORT))
    if not (short and 0 < int(text) <= MAX_PORT):
        raise AddressInvalidError(f"CLAWMARKET_PORT is a number from 1 to {MAX_PORT}.")
    return int(text)


def credential_for(url: str, environ: Mapping[str, str] = os.environ) -> Credential | None:
    """Return what to show to a market: the environment's key or key file wins over the session.

    Raises KeyFileUnreadableError, SessionFileInvalidError.
    """
    held = key_held(environ)
    if held is not None:
        return held
    session = stored_session(home_folder(environ))
    if session is None or session.url != url:
        return None
    return Credential(session.token, session)


def key_held(environ: Mapping[str, str] = os.environ) -> Credential | None:
    """Return the API key of the environment or of its file. Raises KeyFileUnreadableError."""
    key, file = environ.get(KEY_VARIABLE, "").strip(), key_file(environ)
    if key:
        return Credential(Secret(key), None)
    return None if file is None else Credential(_key_in(file), None, KEY_FILE_VARIABLE)


def key_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file of `CLAWMARKET_API_KEY_FILE` if it is the one in use, or None."""
    named = environ.get(KEY_FILE_VARIABLE, "")
    in_use = named and not environ.get(KEY_VARIABLE, "").strip()
    return Path(named).expanduser().absolute() if in_use else None


def _key_in(file: Path) -> Secret:
    try:
        key = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        key = ""
    if not key:
        raise KeyFileUnreadableError(f"The file of {KEY_FILE_VARIABLE} cannot be read.")
    return Secret(key)


def stored_session(home: Path) -> Session | None:
    """Return the session of a home, or None. Raises SessionFileInvalidError."""
    try:
        fields = json.loads((home / SESSION_FILE).read_bytes())
        return Session(**(fields | {"token": Secret(fields["token"])}))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        raise SessionFileInvalidError("The session file cannot be read.") from None


def forget_session(home: Path) -> None:
    """Remove the session file; the wallet stays."""
    (home / SESSION_FILE).unlink(missing_ok=True)


def save_session(home: Path, session: Session) -> None:
    """Write the session file whole, for its owner only."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    fields = {name: getattr(session, name) for name in Session.__slots__}
    fields["token"] = session.token.reveal()
    write_private(home / SESSION_FILE, json.dumps(fields))
