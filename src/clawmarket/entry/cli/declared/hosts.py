"""Commands that put the market where agents run."""

import click

from clawmarket.entry.cli.declared.command import (
    DRY_RUN,
    Declared,
)
from clawmarket.entry.cli.openclaw import options as openclaw

_OPENCLAW = "clawmarket.entry.cli.openclaw"
_YES = click.Option(["--yes", "yes"], is_flag=True, help="Agree to it beforehand.")

HOSTS: tuple[Declared, ...] = (
    Declared(
        "openclaw install",
        f"{_OPENCLAW}.install:install",
        "Put the plugin into OpenClaw on this machine, with a key of its own.",
        "Shows what OpenClaw's configuration gets, and asks. OpenClaw's own command writes it; "
        "the key lies in a file of your home and is no part of it.",
        params=(openclaw.COPY, openclaw.READ_ONLY, openclaw.HOST, DRY_RUN, _YES),
        remote=True,
        changes=True,
        fields=(
            *("change", "plugin", "keyFile", "keyScope", "toolsHidden", "credentialId"),
            *("installed", "next"),
        ),
        quiet="Print only the key's id.",
    ),
    Declared(
        "openclaw uninstall",
        f"{_OPENCLAW}.uninstall:uninstall",
        "Take back what `openclaw install` wrote, and revoke the plugin's key.",
        "What others wrote into OpenClaw's configuration since then stays.",
        params=(openclaw.HOST, DRY_RUN, _YES),
        changes=True,
        fields=("change", "credentialId", "keyRevoked", "installed", "next"),
        quiet="Print nothing.",
    ),
    Declared(
        "mcp",
        "clawmarket.entry.cli.mcp.serve:serve",
        "Serve the agent tools over stdio, for programs that speak MCP.",
        "It acts as you, with your session or CLAWMARKET_API_KEY; the market has them at /mcp too.",
        remote=True,
        changes=True,
    ),
)
