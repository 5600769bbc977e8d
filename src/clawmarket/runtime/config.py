"""Configuration: one frozen tree from flags and environment; flags win."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clawmarket.domain.kernel.errors import InvalidArgumentError

DEFAULT_PORT = 8787
FAUCET_MINOR = 1_000_000_000
MAX_FILE_BYTES = 50 * 1024 * 1024


class ConfigError(InvalidArgumentError):
    """A setting cannot be used."""

    advice = "Correct the setting that the message names."
    next_command = "clawmarket help environment"


class FaucetInProductionError(ConfigError):
    """A market that takes real money cannot hand out test credits."""

    advice = "Start without --faucet, or without CLAWMARKET_PRODUCTION."
    next_command = "clawmarket serve"


@dataclass(frozen=True, slots=True)
class Config:
    """How one market is run.

    Args:
        home: The folder with all of the market's data.
        port: The TCP port on the loopback address; 0 for a free one.
        faucet: Whether new accounts get test credits; the market is test money then, for ever.
        production: Whether real money is meant; refuses everything that is for tests.
        max_file_bytes: The largest file.
    """

    home: Path
    port: int = DEFAULT_PORT
    faucet: bool = False
    production: bool = False
    max_file_bytes: int = MAX_FILE_BYTES

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        home: Path | None = None,
        port: int | None = None,
        faucet: bool = False,
    ) -> "Config":
        """Return the configuration of this process.

        Raises ConfigError for a setting that cannot be read, FaucetInProductionError.
        """
        env = os.environ if environ is None else environ
        production = _flag(env, "CLAWMARKET_PRODUCTION")
        faucet = faucet or _flag(env, "CLAWMARKET_FAUCET")
        if faucet and production:
            raise FaucetInProductionError("--faucet and CLAWMARKET_PRODUCTION exclude each other.")
        return cls(
            home=home or home_folder(env),
            port=_port(env) if port is None else port,
            faucet=faucet,
            production=production,
        )


def home_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of `CLAWMARKET_HOME`, or `.clawmarket` in the user's home."""
    named = environ.get("CLAWMARKET_HOME")
    return Path(named).expanduser() if named else Path.home() / ".clawmarket"


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").lower()
    if text not in ("", "0", "1", "false", "true"):
        raise ConfigError(f"{name} is 0 or 1.")
    return text in ("1", "true")


def _port(env: Mapping[str, str]) -> int:
    text = env.get("CLAWMARKET_PORT", str(DEFAULT_PORT))
    if not (text.isascii() and text.isdigit() and int(text) < 65536):  # noqa: PLR2004 - TCP
        raise ConfigError("CLAWMARKET_PORT is a number from 0 to 65535.")
    return int(text)
