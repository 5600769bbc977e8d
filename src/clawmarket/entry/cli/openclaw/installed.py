"""What an installation leaves in our home: the key's file, and what has to be taken back."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from clawmarket.adapters.durable import write_private
from clawmarket.domain.kernel.errors import ConflictError, InternalError, NotFoundError
from clawmarket.entry.cli.openclaw.host import Config

_NOTES, _KEY, _COPY = "installed.json", "key", "plugin"


class PluginInstalledError(ConflictError):
    """The plugin was installed from this home before."""

    advice = "Uninstall it first; then it can be installed anew."
    next_command = "clawmarket openclaw uninstall"


class PluginOutdatedError(ConflictError):
    """The plugin was installed by another version of ClawMarket."""

    advice = "Uninstall it and install it anew; your account and its records stay."
    next_command = "clawmarket openclaw uninstall"


class PluginNotInstalledError(NotFoundError):
    """The plugin was not installed from this home."""

    advice = "Only what `openclaw install` wrote can be undone."
    next_command = "clawmarket openclaw install"


class PluginNotesDamagedError(InternalError):
    """The notes about the installation cannot be read."""

    advice = "Remove the plugin's entry from OpenClaw's configuration and revoke its key by hand."
    next_command = "clawmarket keys list"


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done.

    Args:
        url: The market that gave the key.
        credential_id: The key.
        before: How the host's plugins and tools were configured.
        change: The patch that was written.
        version: Of ClawMarket, which did it; none before there was more than reading.
        scope: What the key may do.
        program: The host's command.
        plugin: The folder that the host loads.
    """

    url: str
    credential_id: str
    before: Config
    change: Config
    version: str = ""
    scope: str = "read"
    program: str = ""
    plugin: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of an installation."""

    folder: Path

    @property
    def key_file(self) -> Path:
        """The file with the plugin's key."""
        return self.folder / _KEY

    @property
    def copy(self) -> Path:
        """The plugin's copy, if it is not linked."""
        return self.folder / _COPY

    def is_taken(self) -> bool:
        """Return whether the plugin was installed from here."""
        return (self.folder / _NOTES).exists()

    def keep_key(self, key: str) -> None:
        """Write the key for its owner only."""
        self._write(_KEY, key)

    def keep(self, installed: Installed) -> None:
        """Write down what was done."""
        self._write(_NOTES, json.dumps(asdict(installed), indent=1))

    def read(self) -> Installed:
        """Return what was done. Raises PluginNotInstalledError, PluginNotesDamagedError."""
        try:
            notes = json.loads((self.folder / _NOTES).read_bytes())
            # The first notes held plugins only.
            before = notes["before"] if "version" in notes else {"plugins": notes["before"]}
            return Installed(**notes | {"before": before})
        except FileNotFoundError:
            raise PluginNotInstalledError("The plugin is not installed from this home.") from None
        except (OSError, ValueError, TypeError, KeyError):
            raise PluginNotesDamagedError("The notes of the installation are damaged.") from None

    def copy_from(self, plugin: Path) -> None:
        """Copy the plugin here."""
        shutil.copytree(plugin, self.copy, dirs_exist_ok=True)

    def clear(self) -> None:
        """Remove everything that an installation keeps here."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, text: str) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.folder / name, text)
