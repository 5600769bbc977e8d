"""The host's own command: it alone reads and writes the host's configuration."""

import json
import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from clawmarket.domain.kernel.errors import DeadlineError, NotFoundError, UnavailableError
from clawmarket.domain.trust.redaction import redact_text

Config = dict[str, Any]

_PROGRAM = "openclaw"
_TIMEOUT_S = 90
# What an installation looks at under `tools`; there may be secrets of others beside it.
SETTINGS = ("profile", "allow", "alsoAllow", "deny")
_SAID = 300


class OpenclawMissingError(NotFoundError):
    """OpenClaw's command is not on this machine, or not where it was named."""

    advice = "Install OpenClaw, or name its command with --openclaw."
    next_command = "clawmarket help openclaw install"


class OpenclawFailedError(UnavailableError):
    """OpenClaw's command failed, or did not accept the configuration."""

    advice = "Nothing was changed; `openclaw doctor` says what is wrong with its configuration."
    next_command = "clawmarket help openclaw install"
    retryable = False


class OpenclawCutOffError(DeadlineError):
    """OpenClaw's command was ended before it was done; its configuration may be changed or not."""

    advice = "Uninstall the plugin: that takes back whatever was changed. Then try again."
    next_command = "clawmarket openclaw uninstall"


@dataclass(frozen=True, slots=True)
class HostProgram:
    """OpenClaw's command."""

    path: str

    @classmethod
    def find(cls, named: str | None, known: str = "") -> "HostProgram":
        """Return the named command, or the one on PATH, or a known one.

        Raises OpenclawMissingError.
        """
        found = shutil.which(named or _PROGRAM) or (shutil.which(known) if not named else None)
        if found is None:
            raise OpenclawMissingError(f"There is no command {named or _PROGRAM!r}.")
        return cls(found)

    def settings(self, within_s: int = _TIMEOUT_S) -> Config:
        """Return what the configuration says about plugins, and which tools it allows.

        Raises OpenclawFailedError.
        """
        # Each look starts the host's program anew, which takes seconds.
        with ThreadPoolExecutor(2) as looks:
            names = ("plugins", "tools")
            plugins, tools = looks.map(lambda name: self.section(name, within_s), names)
        shown = {name: tools[name] for name in SETTINGS if name in tools}
        return {"plugins": plugins, "tools": shown}

    def section(self, name: str, within_s: int = _TIMEOUT_S) -> Config:
        """Return one part of the configuration. Raises OpenclawFailedError."""
        done = self._run(("config", "get", name, "--json"), within_s=within_s)
        answer = _read(done.stdout)
        if done.returncode == 0:
            return answer
        # A host that was never told anything about it fails with these words.
        if "valid but unset" in str(answer.get("error", {})):
            return {}
        raise _refused(done)

    def asked(self, *words: str, within_s: int) -> Config:
        """Return what a command that only reads answers as JSON. Raises OpenclawFailedError."""
        done = self._run(words, within_s=within_s)
        if done.returncode:
            raise _refused(done)
        return _read(done.stdout)

    def patch(self, change: Config) -> None:
        """Merge a change into the configuration, null removing; all of it or nothing.

        Raises OpenclawFailedError, OpenclawCutOffError.
        """
        done = self._run(("config", "patch", "--stdin"), json.dumps(change))
        if done.returncode < 0:
            raise OpenclawCutOffError("OpenClaw's command was ended before it was done.")
        if done.returncode:
            raise _refused(done)

    def _run(
        self, words: tuple[str, ...], said: str = "", within_s: int = _TIMEOUT_S
    ) -> "subprocess.CompletedProcess[str]":
        env = os.environ | {"NO_COLOR": "1", "CI": "1"}
        try:
            return subprocess.run(  # noqa: S603 - the command that the user named, with our words
                [self.path, *words],
                input=said,
                env=env,
                capture_output=True,
                text=True,
                timeout=within_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(words, -signal.SIGKILL, "", "It took too long.")
        except OSError:
            raise OpenclawFailedError("OpenClaw's command could not be run.") from None


def _read(text: str) -> Config:
    try:
        value = json.loads(text[text.index("{") :])
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _refused(done: "subprocess.CompletedProcess[str]") -> OpenclawFailedError:
    said = " ".join((done.stderr or done.stdout).split())[-_SAID:]
    return OpenclawFailedError(f"OpenClaw's command failed: {redact_text(said)}.")
