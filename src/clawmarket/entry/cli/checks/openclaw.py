"""What can be wrong with the plugin for OpenClaw; nothing where it was not installed from here."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.own_text import OwnText
from clawmarket.domain.kernel.secret import Secret
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.checks.check import Check
from clawmarket.entry.cli.openclaw.host import Config, HostProgram
from clawmarket.entry.cli.openclaw.install import place_of_plugin
from clawmarket.entry.cli.openclaw.installed import Installed, Place
from clawmarket.entry.cli.openclaw.visibility import is_hidden, widening
from clawmarket.entry.cli.output import tell
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal
from clawmarket.entry.cli.remote.session import Credential
from clawmarket.entry.openclaw.declared import PLUGIN_ID

_FILES = ("index.js", "declared.json", "openclaw.plugin.json", "package.json")
_ANEW = "clawmarket openclaw uninstall"
_SHOW_ENTRY = f"openclaw config get plugins.entries.{PLUGIN_ID}"
_CONFIG_S, _INSPECT_S, _GATEWAY_S = 20, 60, 20
_OTHERS = 0o077


def plugin_checks(*, deep: bool) -> Iterator[Check]:
    """Check files, key, versions and configuration; `deep` asks OpenClaw what it loaded too."""
    place = place_of_plugin()
    if not place.is_taken():
        return
    try:
        installed = place.read()
    except Refused as refused:
        yield Check("openclaw/notes", "error", refused.what, fix_hint=refused.advice)
        return
    yield _files(installed)
    yield _key_file(place)
    yield from _market(place, installed)
    tell("Asking OpenClaw for its configuration ...")
    yield from _host(installed, deep=deep)


def _files(installed: Installed) -> Check:
    folder = Path(installed.plugin)
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing or not installed.plugin:
        said = f"The plugin lacks {', '.join(missing) or 'its folder in the notes'}."
        return Check("openclaw/files", "error", said, fix_hint=_ANEW)
    return Check("openclaw/files", "ok", "The plugin's files are there.")


def _key_file(place: Place) -> Check:
    name = f"{place.folder.name}/{place.key_file.name}"
    try:
        mode = stat.S_IMODE(place.key_file.stat().st_mode)
    except OSError:
        said = "The file with the plugin's key is not there."
        return Check("openclaw/key-file", "error", said, name, _ANEW)
    if mode & _OTHERS:
        said = f"Others may read the plugin's key: mode {mode:04o}."
        return Check("openclaw/key-file", "error", said, name, "clawmarket doctor --fix")
    return Check("openclaw/key-file", "ok", "Only you can read the plugin's key.", name)


def _market(place: Place, installed: Installed) -> Iterator[Check]:
    """Ask the market with the plugin's own key; its version without, which a bad one would bar."""
    try:
        status = _answer(installed, None, "web3.status.summary")
        yield _versions(status, installed)
        yield _key(_answer(installed, _credential(place), "web3.keys.list"), installed)
    except RemoteRefusal as refusal:
        # Its advice is for whoever asked with a key of their own.
        why = str(refusal).partition(". ")[0].rstrip(".")
        yield Check("openclaw/key", "error", f"The key is refused: {why}.", fix_hint=_ANEW)
    except Refused as refused:
        said = f"The key was not tried: {refused.what}"
        own = tuple(each for each in refused.details.values() if isinstance(each, OwnText))
        yield Check("openclaw/key", "info", said, fix_hint=refused.next_step, own=own)


def _answer(installed: Installed, credential: Credential | None, method: str) -> Entry:
    market = Market(installed.url, credential)
    try:
        return market.call(method)
    finally:
        market.close()


def _credential(place: Place) -> Credential | None:
    try:
        key = place.key_file.read_text().strip()
    except (OSError, ValueError):
        return None
    return Credential(Secret(key), None) if key else None


def _versions(status: Entry, installed: Installed) -> Check:
    name, theirs = "openclaw/versions", status["version"]
    ours = _fields(Path(installed.plugin) / "package.json").get("version")
    if ours == theirs == installed.version:
        return Check(name, "ok", f"Plugin and market are of version {theirs}.")
    said = f"The plugin is of version {ours}, the market of {theirs}."
    if ours == theirs:
        said = f"The plugin is of version {ours} and was installed by an earlier one."
    hint = f"{_ANEW}, then install it with the market's version"
    return Check(name, "warning", said, fix_hint=hint)


def _key(page: Entry, installed: Installed) -> Check:
    scopes = {key["credentialId"]: key["scope"] for key in page["items"]}
    scope = scopes.get(installed.credential_id)
    if scope == installed.scope:
        return Check("openclaw/key", "ok", f"The market accepts the key; its scope is {scope}.")
    said = f"The key in the file is not the one that was made, of the scope {installed.scope}."
    return Check("openclaw/key", "warning", said, fix_hint=_ANEW)


def _host(installed: Installed, *, deep: bool) -> Iterator[Check]:
    try:
        host = HostProgram.find(None, installed.program)
        now = host.settings(_CONFIG_S)
    except Refused as refused:
        yield Check("openclaw/config", "error", refused.what, fix_hint=refused.advice)
        return
    yield _config(now["plugins"], installed)
    yield _tools(now["tools"])
    if not deep:
        hint = "clawmarket doctor --deep"
        yield Check("openclaw/runtime", "info", "Not asked what it loaded.", fix_hint=hint)
        return
    tell(f"Asking OpenClaw what it loaded (up to {_INSPECT_S} s) ...")
    yield _runtime(host, installed)
    tell(f"Asking OpenClaw's gateway (up to {_GATEWAY_S} s) ...")
    yield _gateway(host)


def _config(plugins: Config, installed: Installed) -> Check:
    """Hold OpenClaw's configuration against what was written."""
    written: Config = installed.change["plugins"]["entries"][PLUGIN_ID]
    entry = (plugins.get("entries") or {}).get(PLUGIN_ID)
    if entry is None:
        said = "OpenClaw's configuration has no entry of the plugin any more."
        return Check("openclaw/config", "error", said, fix_hint=_ANEW)
    changed = [name for name in written if not _holds(entry.get(name), written[name])]
    if installed.plugin not in ((plugins.get("load") or {}).get("paths") or []):
        changed.append("load.paths")
    if plugins.get("allow") and PLUGIN_ID not in plugins["allow"]:
        changed.append("allow")
    if changed:
        said = f"OpenClaw's configuration is not what was installed: {', '.join(changed)}."
        return Check("openclaw/config", "warning", said, fix_hint=_SHOW_ENTRY)
    return Check("openclaw/config", "ok", "OpenClaw's configuration is what was installed.")


def _holds(shown: object, written: object) -> bool:
    """Return whether what was written is there; the host adds defaults, and its owner may."""
    if isinstance(written, dict) and isinstance(shown, dict):
        return all(_holds(shown.get(name), value) for name, value in written.items())
    return shown == written


def _tools(tools: Config) -> Check:
    if is_hidden(tools) or widening(tools):
        said = "OpenClaw's tool policy hides the plugin's tools from the model."
        return Check("openclaw/tools", "info", said, fix_hint="openclaw config get tools")
    return Check("openclaw/tools", "ok", "The model may see the plugin's tools.")


def _runtime(host: HostProgram, installed: Installed) -> Check:
    """Compare what OpenClaw registered with what the plugin declares."""
    name = "openclaw/runtime"
    words = ("plugins", "inspect", PLUGIN_ID, "--runtime", "--json")
    try:
        found = host.asked(*words, within_s=_INSPECT_S)
    except Refused as refused:
        return Check(name, "error", refused.what, fix_hint="openclaw plugins list")
    said = [entry.get("message", "") for entry in found.get("diagnostics") or ()]
    if installed.scope != "read" and any("allowConversationAccess" in text for text in said):
        what = "OpenClaw refuses the plugin's hooks: no audit, and no stop at a spent budget."
        return Check(name, "error", what, fix_hint=_SHOW_ENTRY)
    lacking = _lacking(found, _fields(Path(installed.plugin) / "declared.json"))
    if lacking or (found.get("plugin") or {}).get("status") != "loaded":
        what = f"OpenClaw did not load all of the plugin; it lacks {', '.join(lacking) or 'it'}."
        return Check(name, "error", what, fix_hint=f"openclaw plugins inspect {PLUGIN_ID}")
    commands, hooks = len(found.get("commands") or ()), len(found.get("typedHooks") or ())
    return Check(name, "ok", f"OpenClaw loaded it: {commands} commands, {hooks} hooks.")


def _lacking(found: Config, declared: Config) -> list[str]:
    there = {*(found.get("commands") or ())}
    there |= {name for tool in found.get("tools") or () for name in tool.get("names") or ()}
    wanted = [part["name"] for kind in ("commands", "tools") for part in declared.get(kind) or ()]
    return [name for name in wanted if name not in there]


def _gateway(host: HostProgram) -> Check:
    try:
        host.asked("gateway", "call", "web3.status.ping", "--json", within_s=_GATEWAY_S)
    except Refused as refused:
        hint = "openclaw gateway status"
        return Check("openclaw/gateway", "warning", refused.what, fix_hint=hint)
    return Check("openclaw/gateway", "ok", "OpenClaw's gateway reaches the market.")


def _fields(path: Path) -> Config:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
