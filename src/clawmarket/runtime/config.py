"""Configuration: one frozen tree from flags and environment; flags win."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.loopback import LOOPBACK
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.market.terms import OPEN_TASKS
from clawmarket.runtime.public_url import public_url

DEFAULT_PORT = 8787
MAX_PORT = 65535
FAUCET_MINOR = 1_000_000_000
MAX_FILE_BYTES = 50 * 1024 * 1024
LOG_LEVELS = ("debug", "info", "warning", "error")
CALLS_PER_S = 100
SHORTEST_SECRET = 16
MAX_CALLS_PER_S = 10_000
MAX_OPEN_TASKS = 1_000_000
ACCOUNTS_PER_DAY = 1_000
MAX_ACCOUNTS_PER_DAY = 1_000_000


class ConfigError(InvalidArgumentError):
    """A setting cannot be used."""

    advice = "Correct the setting that the message names."
    next_command = "clawmarket help environment"


class FaucetInProductionError(ConfigError):
    """A market that takes real money cannot hand out test credits."""

    advice = "Start without --faucet, or without CLAWMARKET_PRODUCTION."
    next_command = "clawmarket serve"


class RehearsalRefusedError(ConfigError):
    """The answers to the A2A conformance kit are for test money only."""

    advice = "Start without CLAWMARKET_A2A_REHEARSAL, or a market of test money with --faucet."
    next_command = "clawmarket serve --faucet"


@dataclass(frozen=True, slots=True)
class Receiver:
    """An endpoint that takes revocation notices, and the secret that signs them."""

    url: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class Config:
    """How one market is run.

    Args:
        home: The folder with all of the market's data.
        port: The TCP port on the loopback address; 0 for a free one.
        faucet: Whether new accounts get test credits; the market is test money then, for ever.
        production: Whether real money is meant; refuses everything that is for tests.
        max_file_bytes: The largest file.
        database: The URL of a PostgreSQL database for the rows; None keeps them in the home.
        log: The least serious level that is logged, one of `LOG_LEVELS`.
        receiver: Who is told of revocations; None tells nobody.
        calls_per_s: How many calls a second an account may make, four times as many at once; 0
            for any number.
        open_tasks: How many open tasks an account may have at once; 0 for any number.
        accounts_per_day: How many accounts one address may open a day; 0 for any number.
        public_url: Where others reach the market, such as `https://market.example`; None where it
            is only this machine.
        a2a_rehearsal: Whether the public A2A conformance kit is answered; refused for real money.
    """

    home: Path
    port: int = DEFAULT_PORT
    faucet: bool = False
    production: bool = False
    max_file_bytes: int = MAX_FILE_BYTES
    database: Secret | None = None
    log: str = "warning"
    calls_per_s: int = CALLS_PER_S
    open_tasks: int = OPEN_TASKS
    accounts_per_day: int = ACCOUNTS_PER_DAY
    receiver: Receiver | None = None
    public_url: str | None = None
    a2a_rehearsal: bool = False

    @property
    def own_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What it calls its own address, on every surface."""
        return self.public_url or self.own_url

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        home: Path | None = None,
        port: int | None = None,
        faucet: bool = False,
        public: str | None = None,
    ) -> "Config":
        """Return the configuration of this process.

        Raises ConfigError for a setting that cannot be read, FaucetInProductionError,
        PublicUrlError.
        """
        env = os.environ if environ is None else environ
        production = _flag(env, "CLAWMARKET_PRODUCTION")
        faucet = faucet or _flag(env, "CLAWMARKET_FAUCET")
        if faucet and production:
            raise FaucetInProductionError("--faucet and CLAWMARKET_PRODUCTION exclude each other.")
        return cls(
            home=home or home_folder(env),
            port=_number(env, "CLAWMARKET_PORT", DEFAULT_PORT, MAX_PORT) if port is None else port,
            faucet=faucet,
            production=production,
            database=database_url(env),
            log=_log(env),
            calls_per_s=_number(env, "CLAWMARKET_CALLS_PER_S", CALLS_PER_S, MAX_CALLS_PER_S),
            open_tasks=_number(env, "CLAWMARKET_OPEN_TASKS", OPEN_TASKS, MAX_OPEN_TASKS),
            accounts_per_day=_number(
                env, "CLAWMARKET_ACCOUNTS_PER_DAY", ACCOUNTS_PER_DAY, MAX_ACCOUNTS_PER_DAY
            ),
            receiver=_receiver(env, production=production),
            public_url=public_url(public or env.get("CLAWMARKET_PUBLIC_URL", "")),
            a2a_rehearsal=_flag(env, "CLAWMARKET_A2A_REHEARSAL"),
        )


def home_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of `CLAWMARKET_HOME`, or `.clawmarket` in the user's home."""
    named = environ.get("CLAWMARKET_HOME")
    return Path(named).expanduser() if named else Path.home() / ".clawmarket"


def _log(env: Mapping[str, str]) -> str:
    level = (env.get("CLAWMARKET_LOG") or "warning").lower()
    if level not in LOG_LEVELS:
        raise ConfigError(f"CLAWMARKET_LOG is one of {', '.join(LOG_LEVELS)}.")
    return level


def database_url(environ: Mapping[str, str]) -> Secret | None:
    """Return where `CLAWMARKET_DATABASE` says that the rows are. Raises ConfigError."""
    url = environ.get("CLAWMARKET_DATABASE", "")
    if not url:
        return None
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("CLAWMARKET_DATABASE begins with postgresql:// or is empty.")
    return Secret(url)


def _receiver(env: Mapping[str, str], *, production: bool) -> Receiver | None:
    url = env.get("CLAWMARKET_REVOCATION_URL", "")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
        _check_sendable(url)
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise ConfigError("CLAWMARKET_REVOCATION_URL is an http or https URL without a user name.")
    if production and parts.scheme == "http" and host not in LOOPBACK:
        raise ConfigError("CLAWMARKET_REVOCATION_URL is https in production, unless on loopback.")
    return Receiver(url, _signing_secret(env))


def _check_sendable(url: str) -> None:
    """Raise ValueError unless the client that sends notices takes an address."""
    import httpx  # noqa: PLC0415 - most markets tell nobody

    try:
        httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError from error


def _signing_secret(env: Mapping[str, str]) -> Secret:
    text, path = (env.get(f"CLAWMARKET_REVOCATION_SECRET{end}", "") for end in ("", "_FILE"))
    if path:
        try:
            text = Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError("CLAWMARKET_REVOCATION_SECRET_FILE cannot be read.") from None
    if len(text) < SHORTEST_SECRET:
        raise ConfigError(
            "CLAWMARKET_REVOCATION_URL needs CLAWMARKET_REVOCATION_SECRET, or the same with _FILE, "
            f"of at least {SHORTEST_SECRET} characters."
        )
    return Secret(text)


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").lower()
    if text not in ("", "0", "1", "false", "true"):
        raise ConfigError(f"{name} is 0 or 1.")
    return text in ("1", "true")


def _number(env: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = env.get(name, str(default))
    short = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not (short and int(text) <= most):
        raise ConfigError(f"{name} is a number from 0 to {most}.")
    return int(text)
