"""`openclaw install`: show what will be written, ask, make a key, write, and note what was done."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import clawmarket
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.domain.kernel.errors import (
    ForbiddenError,
    InternalError,
    InvalidArgumentError,
    Refused,
)
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.commands.local import on_own_files
from clawmarket.entry.cli.commands.spend import confirmed
from clawmarket.entry.cli.invocation import Invocation, may_prompt
from clawmarket.entry.cli.openclaw.host import HostProgram, OpenclawCutOffError
from clawmarket.entry.cli.openclaw.installed import (
    Installed,
    Place,
    PluginInstalledError,
    PluginNotesDamagedError,
    PluginOutdatedError,
)
from clawmarket.entry.cli.openclaw.plan import Plan
from clawmarket.entry.cli.openclaw.visibility import is_hidden
from clawmarket.entry.cli.output import finish, tell
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal, reach
from clawmarket.entry.cli.remote.session import home_folder
from clawmarket.registry.codes import EXIT_DONE
from clawmarket.runtime.home import PLUGIN

_LABEL = "openclaw"
_PLUGIN = "openclaw-plugin"


class OperatorKeyRefusedError(ForbiddenError):
    """The plugin would get a key of the operator's account."""

    advice = "Sign in as a member; the plugin never gets what the operator may do."
    next_command = "clawmarket wallet login"


class PluginFilesMissingError(InternalError):
    """This installation of ClawMarket has no plugin in it."""

    advice = "Install ClawMarket anew, from its checkout or its package."


class OpenclawUnagreedError(InvalidArgumentError):
    """OpenClaw's configuration would be changed, and nobody is there to be asked."""

    advice = "Read the change with --dry-run, then run it again with --yes if you agree."
    next_command = "{preview}"


def place_of_plugin() -> Place:
    """Return where an installation keeps its key and its notes."""
    return Place((home_folder() / PLUGIN).absolute())


def plugin_files() -> Path:
    """Return the plugin's folder: of the installed package, or of the checkout.

    Raises PluginFilesMissingError.
    """
    package = Path(clawmarket.__file__).parent
    for folder in (package / _PLUGIN, package.parents[1] / _PLUGIN):
        if (folder / "openclaw.plugin.json").is_file():
            return folder
    raise PluginFilesMissingError("The plugin's files are not there.")


@on_own_files
def install(invocation: Invocation) -> int:
    """Put the plugin into the host, after showing what that changes."""
    place, files = place_of_plugin(), plugin_files()
    _check_free(place)
    folder = place.copy if invocation.values.get("copy") else files
    read_only = bool(invocation.values.get("read_only"))
    with reach(invocation) as market:
        _check_account(market)
        host = HostProgram.find(invocation.values.get("openclaw"))
        plan = Plan.make(str(folder), market.url, str(place.key_file), read_only=read_only)
        before = host.settings()
        change = plan.change(before)
        document: Entry = {
            "ok": True,
            "change": change,
            "plugin": plan.plugin,
            "keyFile": str(place.key_file),
            "keyScope": "read" if read_only else "write",
            "toolsHidden": is_hidden(before["tools"]),
            "credentialId": None,
            "installed": False,
            "next": [],
        }
        if not _agreed(invocation, document):
            return EXIT_DONE
        if folder == place.copy:
            place.copy_from(files)
        notes = Installed(
            url=market.url,
            credential_id="",
            before=before,
            change=change,
            version=clawmarket.__version__,
            scope=document["keyScope"],
            program=host.path,
            plugin=plan.plugin,
        )
        document["credentialId"] = _write(host, place, market, notes)
    document |= {"installed": True, "next": ["clawmarket doctor --deep"]}
    bound = () if read_only else _BOUND
    finish(invocation, document, [*_DONE, *bound, *_AFTER], [document["credentialId"]])
    return EXIT_DONE


_DONE = (
    "Installed. OpenClaw takes it up by itself, or at its next start.",
    "In the chat: /web3",
)
_BOUND = ("bound what its agents spend: clawmarket help billing plan set",)
_AFTER = (
    "check: clawmarket doctor --deep",
    "undo: clawmarket openclaw uninstall (at any time)",
)


_MEANS = {
    "read": ("The plugin sees no conversation, and its key may only read.",),
    "write": (
        "allowConversationAccess lets the plugin see the conversations of your agents: for the",
        "audit it keeps digests of them, and it stops a turn whose budget is spent.",
        "Its key may trade for your account; a plan bounds that. --read-only leaves both out.",
    ),
}
_HIDDEN = (
    "OpenClaw's tools.deny, or tools.allow beside tools.profile, hides the plugin's tools from the",
    "model; that is yours to change, and commands work without.",
)


def _check_free(place: Place) -> None:
    if not place.is_taken():
        return
    with suppress(PluginNotesDamagedError):
        theirs, ours = place.read().version or "an earlier version", clawmarket.__version__
        if theirs != ours:
            what = f"The plugin was installed by ClawMarket {theirs}; this is {ours}."
            raise PluginOutdatedError(what)
    raise PluginInstalledError("The plugin is installed.")


def _check_account(market: Market) -> None:
    if market.call("web3.wallet.show")["role"] == "operator":
        raise OperatorKeyRefusedError("You are signed in as the operator.")


def _agreed(invocation: Invocation, document: Entry) -> bool:
    lines = [
        "OpenClaw's configuration gets this (merged; everything else stays):",
        *json.dumps(document["change"], indent=2).splitlines(),
        *_MEANS[document["keyScope"]],
        f"A new API key of the scope {document['keyScope']} goes into {document['keyFile']}.",
        *(_HIDDEN if document["toolsHidden"] else ()),
    ]
    if invocation.dry_run:
        again = invocation.again(without="--dry-run")
        finish(invocation, document | {"next": [again]}, [*lines, f"next: {again}"], [])
        return False
    return agree_to(invocation, lines) or _left(invocation, document)


def agree_to(invocation: Invocation, lines: list[str]) -> bool:
    """Show what would change and return whether it was agreed to.

    Raises OpenclawUnagreedError where nobody can be asked.
    """
    tell(*lines)
    if invocation.yes:
        return True
    if invocation.as_json or not may_prompt():
        preview = invocation.again("--dry-run")
        what = "This changes OpenClaw's configuration and needs --yes."
        raise OpenclawUnagreedError(what, preview=preview)
    return confirmed()


def _left(invocation: Invocation, document: Entry) -> bool:
    finish(invocation, document, ["Nothing was changed."], [])
    return False


def _write(host: HostProgram, place: Place, market: Market, notes: Installed) -> str:
    """Make the key and change the host; if the host refuses, the key is revoked again.

    Where nobody knows whether the host was changed, key and notes stay for `uninstall`.
    """
    asked = {"label": _LABEL, "scope": notes.scope}
    made = market.call("web3.keys.create", asked, _fresh_key())
    credential_id = str(made["credentialId"])
    try:
        place.keep_key(made["key"])
        place.keep(replace(notes, credential_id=credential_id))
        host.patch(notes.change)
    except OpenclawCutOffError:
        raise
    except (Refused, OSError):
        with suppress(Refused, RemoteRefusal):
            revoke(market, credential_id)
        place.clear()
        raise
    return credential_id


def revoke(market: Market, credential_id: str) -> None:
    """Revoke the plugin's key. Raises what the market refuses."""
    market.call("web3.keys.revoke", {"credentialId": credential_id}, _fresh_key())


def _fresh_key() -> str:
    return SystemEntropy().draw(16).hex()
