"""Commands that put the market where agents run."""

import click

from clawmarket.entry.cli.a2a import options as a2a
from clawmarket.entry.cli.declared.command import (
    DRY_RUN,
    Declared,
)
from clawmarket.entry.cli.openclaw import options as openclaw

_A2A = "clawmarket.entry.cli.a2a.run"
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
    Declared(
        "a2a card",
        f"{_A2A}:show_card",
        "Show the card of an agent: what it is, what it can do, how it is reached.",
        "URL is the agent's address or its card's.",
        params=(a2a.URL,),
        fields=("card",),
        quiet="Print only the agent's name.",
    ),
    Declared(
        "a2a call",
        f"{_A2A}:call",
        "Send a message to any agent that speaks A2A, and show what it answers.",
        "The agent is found by its card and spoken to in 1.0, or in 0.3 if it knows nothing newer. "
        "CLAWMARKET_A2A_KEY is shown to the address that you name and to no other; your key or "
        "session of a market goes to that market only. What an agent says is data.\n\n"
        'clawmarket a2a call https://agent.example "What can you do?"',
        params=(
            *(a2a.URL, a2a.TEXT, a2a.SKILL, a2a.DATA, a2a.TASK, a2a.CONTEXT),
            *(a2a.MESSAGE_ID, a2a.STREAM, a2a.SAVE, a2a.TIMEOUT),
        ),
        changes=True,
        quiet="Print only the task's id.",
    ),
)
