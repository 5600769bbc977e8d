"""What the host's configuration gets, and how exactly that is taken back."""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.entry.cli.openclaw.host import Config
from clawmarket.entry.cli.openclaw.visibility import narrowing, widening
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
    def make(
        cls, plugin: str, service_url: str, key_file: str, *, read_only: bool = False
    ) -> "Plan":
        """Return the least that the host needs; no key stands in it.

        Without access to conversations the host refuses the hooks that keep the audit and stop a
        turn whose budget is spent; `read_only` does without.
        """
        config = {"serviceUrl": service_url, "keyFile": key_file}
        entry: Config = {"enabled": True, "config": config}
        if not read_only:
            entry["hooks"] = {"allowConversationAccess": True}
        return cls(plugin, entry)

    def change(self, before: Config) -> Config:
        """Return the patch for a host whose `plugins` and `tools` are configured as `before`.

        Raises PluginEntryTakenError.
        """
        plugins: Config = before.get("plugins") or {}
        if PLUGIN_ID in (plugins.get("entries") or {}):
            raise PluginEntryTakenError("OpenClaw's configuration has an entry for the plugin.")
        paths = _paths(plugins)
        wanted: Config = {"entries": {PLUGIN_ID: self.entry}}
        if self.plugin not in paths:
            wanted["load"] = {"paths": [*paths, self.plugin]}
        # No list, or an empty one, allows all; ours alone would shut the others out.
        if plugins.get("allow") and PLUGIN_ID not in plugins["allow"]:
            wanted["allow"] = [*plugins["allow"], PLUGIN_ID]
        tools = widening(before.get("tools") or {})
        return {"plugins": wanted} | ({"tools": tools} if tools else {})


def undoing(before: Config, change: Config, now: Config) -> Config:
    """Return the patch that takes a change back; empty when nothing of it is left.

    Args:
        before: How `plugins` and `tools` were configured before the change.
        change: What was written.
        now: How they are configured at present; what others wrote since stays.
    """
    parts = {
        "plugins": _undone(*(part.get("plugins") or {} for part in (before, change, now))),
        "tools": narrowing(*(part.get("tools") or {} for part in (before, change, now))),
    }
    return {name: part for name, part in parts.items() if part}


def _undone(before: Config, written: Config, now: Config) -> Config:
    undone: Config = {}
    if PLUGIN_ID in (now.get("entries") or {}):
        undone["entries"] = {PLUGIN_ID: None}
    others = [name for name in now.get("allow") or () if name != PLUGIN_ID]
    # A list that others have emptied would allow all without our name.
    if "allow" in written and others and others != now["allow"]:
        undone["allow"] = others
    if "load" in written and (ours := _added(before, written)) & {*_paths(now)}:
        undone["load"] = _without(ours, before, now)
    return undone


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
