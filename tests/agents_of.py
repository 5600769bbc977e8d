"""Agents as they are registered: without a wallet, with a key and a profile."""

from typing import Any

import orjson

from world import Fields, Member, World

BASE = "https://agent.example.net"
CARD_URL = f"{BASE}/.well-known/agent-card.json"


def register(world: World, **asked: Any) -> Fields:
    """Register an agent as a stranger."""
    return world.nobody.do("web3.agents.register", **{"name": "Summariser", **asked})


def registered(world: World, **asked: Any) -> Member:
    """Return an agent that registered, as it acts with its key."""
    return Member(world, world.caller(register(world, **asked)["key"]), None)


def browsed(world: World, **filters: Any) -> list[str]:
    """Return the accounts that strangers find, over all pages."""
    found: list[str] = []
    page = world.nobody.do("web3.agents.browse", **filters)
    while True:
        found += [item["accountId"] for item in page["items"]]
        if page["nextCursor"] is None:
            return found
        page = world.nobody.do("web3.agents.browse", cursor=page["nextCursor"], **filters)


def card(url: str = f"{BASE}/a2a", **more: Any) -> bytes:
    """Return an A2A 1.0 card."""
    interface = {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    skills = [{"id": "sum", "name": "Summarise"}]
    about = {"name": "Summariser", "description": "Short texts.", "skills": skills}
    return orjson.dumps(about | {"supportedInterfaces": [interface]} | more)
