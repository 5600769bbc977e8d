"""Which tools the host shows to the model: the least that lets it see the plugin's.

Tried with the real host: without a profile, or with `full`, a plugin's tools are seen; every other
profile hides them unless `tools.alsoAllow` names the plugin, and a list `tools.allow` hides what it
does not name. The host refuses both lists together. Tool search only changes how tools are found.
"""

from clawmarket.entry.cli.openclaw.host import Config
from clawmarket.entry.openclaw.declared import PLUGIN_ID

_ALL = frozenset({PLUGIN_ID, "group:plugins", "*"})
_OPEN = "full"


def widening(tools: Config) -> Config:
    """Return what is written into `tools`; nothing where our tools are seen, or cannot be."""
    allow, restricted = tools.get("allow") or [], _is_restricted(tools)
    if allow and not restricted and not _ALL & {*allow}:
        return {"allow": [*allow, PLUGIN_ID]}
    also = tools.get("alsoAllow") or []
    if restricted and not allow and not _ALL & {*also}:
        return {"alsoAllow": [*also, PLUGIN_ID]}
    return {}


def is_hidden(tools: Config) -> bool:
    """Return whether the model cannot see our tools whatever is added: that is its owner's wish."""
    denied = _ALL & {*(tools.get("deny") or ())}
    return bool(denied or (tools.get("allow") and _is_restricted(tools)))


def narrowing(before: Config, written: Config, now: Config) -> Config:
    """Return what takes `written` back. An emptied `allow` would allow all, so it is left."""
    undone: Config = {}
    for field in written:
        names = now.get(field) or []
        left = [name for name in names if name != PLUGIN_ID]
        if left == names or (field == "allow" and not left):
            continue
        undone[field] = left if left or field in before else None
    return undone


def _is_restricted(tools: Config) -> bool:
    return (tools.get("profile") or _OPEN) != _OPEN
