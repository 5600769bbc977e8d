"""What the host's configuration gets, and how exactly that is taken back."""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.entry.cli.openclaw.host import Config
from clawmarket.entry.openclaw.declared import PLUGIN_ID


class PluginEntryTakenError(ConflictError):
    """Somebody else has configured the plugin in OpenClaw."""

    advice = (
        "What others wrote is not replaced; remove it first with "
        f"`openclaw config unset plugins.entries.{PLUGIN_ID}`."
    )
    next_command = "clawmarket help openclaw install"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be in the host's configuration.

    Args:
        plugin: The folder that the host loads the plugin from.
        entry: The plugin's own part.
    """

    plugin: str
    entry: Config

    @classmethod
    def make(cls, plugin: str, service_url: str, key_file: str) -> "Plan":
        """Return the least that the host needs; no key stands in it."""
        config = {"serviceUrl": service_url, "keyFile": key_file}
        return cls(plugin, {"enabled": True, "config": config})

    def change(self, before: Config) -> Config:
        """Return the patch for a host whose plugins are configured as `before`.

        Raises PluginEntryTakenError.
        """
        if PLUGIN_ID in (before.get("entries") or {}):
            raise PluginEntryTakenError("OpenClaw's configuration has an entry for the plugin.")
        paths = _paths(before)
        wanted: Config = {"entries": {PLUGIN_ID: self.entry}}
        if self.plugin not in paths:
            wanted["load"] = {"paths": [*paths, self.plugin]}
        # A list that is not there allows all; one of ours alone would shut the others out.
        if isinstance(before.get("allow"), list) and PLUGIN_ID not in before["allow"]:
            wanted["allow"] = [*before["allow"], PLUGIN_ID]
        return {"plugins": wanted}


def undoing(before: Config, change: Config, now: Config) -> Config:
    """Return the patch that takes a change back; empty when nothing of it is left.

    Args:
        before: How plugins were configured before the change.
        change: What was written.
        now: How they are configured at present; what others wrote since stays.
    """
    written: Config = change["plugins"]
    undone: Config = {}
    if PLUGIN_ID in (now.get("entries") or {}):
        undone["entries"] = {PLUGIN_ID: None}
    if "allow" in written and PLUGIN_ID in (now.get("allow") or ()):
        undone["allow"] = [name for name in now["allow"] if name != PLUGIN_ID]
    if "load" in written and (ours := _added(before, written)) & {*_paths(now)}:
        undone["load"] = _without(ours, before, now)
    return {"plugins": undone} if undone else {}


def _without(ours: set[str], before: Config, now: Config) -> Config | None:
    left = [path for path in _paths(now) if path not in ours]
    load: Config = before.get("load") or {}
    if left or "paths" in load:
        return {"paths": left}
    return {"paths": None} if "load" in before or len(now["load"]) > 1 else None


def _added(before: Config, written: Config) -> set[str]:
    return {*written["load"]["paths"]} - {*_paths(before)}


def _paths(plugins: Config) -> list[str]:
    paths: list[str] = (plugins.get("load") or {}).get("paths") or []
    return paths
