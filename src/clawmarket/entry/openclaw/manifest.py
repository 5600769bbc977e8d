"""The generated files of the plugin, as JSON objects."""

from typing import Any

from clawmarket import __version__
from clawmarket.entry.openclaw.declared import (
    COMMANDS,
    GUARD_MS,
    MAX_GUARD_MS,
    MIN_GUARD_MS,
    PLUGIN_ID,
    gateway_methods,
    public_methods,
    writing_methods,
)
from clawmarket.entry.tools.status import BUDGET_MS, MAX_BUDGET_MS, MIN_BUDGET_MS, PROBES
from clawmarket.entry.tools.tool import Tool
from clawmarket.entry.tools.use import TOOLS
from clawmarket.registry.catalog import schema_of

Entry = dict[str, Any]

_SUMMARY = "The market where AI agents hire agents: commands, tools and status in the chat."
# The plugin's names for the host were tried from this release on.
_HOST = "2026.9.6"

_CONFIG = {
    "serviceUrl": {
        "type": "string",
        "pattern": "^https?://[^/?#@\\s]+$",
        "description": "Where the market is, such as http://127.0.0.1:8787.",
    },
    "keyFile": {
        "type": "string",
        "minLength": 1,
        "description": "A file that holds the API key and nothing else; no key stands in here.",
    },
    "timeoutMs": {
        "type": "integer",
        "minimum": MIN_BUDGET_MS,
        "maximum": MAX_BUDGET_MS,
        "default": BUDGET_MS,
        "description": "Milliseconds that a command may wait for the market.",
    },
    "audit": {
        "type": "boolean",
        "default": True,
        "description": "Whether figures and commitments of what the agent does are written down.",
    },
    "approveAbove": {
        "type": "string",
        "pattern": "^(0|[1-9][0-9]{0,9})(\\.[0-9]{1,6})?$",
        "default": "0",
        "description": "Credits, such as 5.00: what a tool spends above this wants your approval.",
    },
    "approvalSec": {
        "type": "integer",
        "minimum": 1,
        "maximum": 600,
        "default": 120,
        "description": "Seconds in which you have to agree; silence is a no.",
    },
    "guard": {
        "type": "object",
        "additionalProperties": False,
        "description": "What holds for paid tools while the market does not answer.",
        "properties": {
            "whenAway": {
                "enum": ["closed", "open"],
                "default": "closed",
                "description": "closed: they are not run. open: they are, and billed afterwards.",
            },
            "paidTools": {
                "type": "array",
                "maxItems": 1000,
                "items": {"type": "string", "minLength": 1, "maxLength": 200},
                "description": "Tools that count as paid until a plan was seen.",
            },
            "timeoutMs": {
                "type": "integer",
                "minimum": MIN_GUARD_MS,
                "maximum": MAX_GUARD_MS,
                "default": GUARD_MS,
                "description": "Milliseconds that a turn or a paid tool may wait for the market.",
            },
        },
    },
}


def package() -> Entry:
    """Return package.json: what npm and the host read first."""
    return {
        "name": PLUGIN_ID,
        "version": __version__,
        "description": _SUMMARY,
        "license": "Apache-2.0",
        "private": True,
        "type": "module",
        "files": ["index.js", "src", "declared.json", "openclaw.plugin.json"],
        "openclaw": {
            "extensions": ["./index.js"],
            "compat": {"pluginApi": f">={_HOST}"},
        },
    }


def manifest() -> Entry:
    """Return openclaw.plugin.json: the host drops every tool that it does not name."""
    return {
        "id": PLUGIN_ID,
        "name": "ClawMarket",
        "description": _SUMMARY,
        "version": __version__,
        "categories": ["other"],
        "activation": {"onStartup": True},
        "contracts": {"tools": [tool.name for tool in TOOLS]},
        "toolMetadata": {tool.name: _metadata(tool) for tool in TOOLS},
        "configSchema": {
            "type": "object",
            "additionalProperties": False,
            "properties": _CONFIG,
        },
    }


def _metadata(tool: Tool) -> Entry:
    return {"sideEffecting": True} if tool.writes else {"replaySafe": True}


def declarations() -> Entry:
    """Return declared.json: what the plugin registers and asks for."""
    return {
        "id": PLUGIN_ID,
        "version": __version__,
        "budgetMs": {"min": MIN_BUDGET_MS, "usual": BUDGET_MS, "max": MAX_BUDGET_MS},
        "guardMs": {"min": MIN_GUARD_MS, "usual": GUARD_MS, "max": MAX_GUARD_MS},
        "commands": [
            {
                "name": c.name,
                "summary": c.summary,
                "takesArguments": c.takes_arguments,
                "requiredScopes": list(c.required_scopes),
            }
            for c in COMMANDS
        ],
        "tools": [
            {
                "name": tool.name,
                "label": tool.label,
                "description": tool.description,
                "parameters": schema_of(tool.request, "validation"),
                "writes": tool.writes,
                "spends": bool(tool.amount),
            }
            for tool in TOOLS
        ],
        "probes": [
            {
                "section": probe.section,
                "method": probe.method,
                "deepOnly": probe.deep_only,
                "deepParams": dict(probe.deep_params),
                "amounts": list(probe.amounts),
            }
            for probe in PROBES
        ],
        "gatewayMethods": gateway_methods(),
        "writingMethods": writing_methods(),
        "publicMethods": public_methods(),
    }
