"""`openclaw uninstall`: take back exactly what was written, and revoke the key."""

import json

from clawmarket.domain.kernel.errors import Refused
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.commands.local import on_own_files
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.openclaw.host import HostProgram
from clawmarket.entry.cli.openclaw.install import agree_to, place_of_plugin, revoke
from clawmarket.entry.cli.openclaw.installed import Installed
from clawmarket.entry.cli.openclaw.plan import undoing
from clawmarket.entry.cli.output import finish
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal
from clawmarket.entry.cli.remote.session import credential_for
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE


@on_own_files
def uninstall(invocation: Invocation) -> int:
    """Take the plugin out of the host, after showing what that changes."""
    place = place_of_plugin()
    installed = place.read()
    host = HostProgram.find(invocation.values.get("openclaw"), installed.program)
    change = undoing(installed.before, installed.change, host.settings())
    document: Entry = {
        "ok": True,
        "change": change,
        "credentialId": installed.credential_id,
        "keyRevoked": False,
        "installed": True,
        "next": [],
    }
    lines = [
        "OpenClaw's configuration gets this (null removes; everything else stays):",
        *json.dumps(change, indent=2).splitlines(),
        f"The key {installed.credential_id} will be revoked, and {place.folder} removed.",
    ]
    if invocation.dry_run:
        again = invocation.again(without="--dry-run")
        finish(invocation, document | {"next": [again]}, [*lines, f"next: {again}"], [])
        return EXIT_DONE
    if not agree_to(invocation, lines):
        finish(invocation, document, ["Nothing was changed."], [])
        return EXIT_DONE
    if change:
        host.patch(change)
    left = _still_good(installed)
    place.clear()
    return _told(invocation, document, left)


def _still_good(installed: Installed) -> str:
    """Revoke the key; return why it is still good, or nothing."""
    market = Market(installed.url, credential_for(installed.url))
    try:
        revoke(market, installed.credential_id)
    except RemoteRefusal as refusal:
        cause = refusal.envelope.get("details", {}).get("cause")
        return "" if cause == "credential_revoked" else str(refusal)
    except Refused as refusal:
        return refusal.what
    finally:
        market.close()
    return ""


def _told(invocation: Invocation, document: Entry, left: str) -> int:
    document |= {"installed": False, "keyRevoked": not left}
    if not left:
        finish(invocation, document, ["Uninstalled; its key is revoked."], [])
        return EXIT_DONE
    following = f"clawmarket keys revoke {document['credentialId']}"
    lines = [f"Uninstalled, but its key is still good: {left}", f"next: {following}"]
    finish(invocation, document | {"ok": False, "next": [following]}, lines, [])
    return EXIT_NEGATIVE
