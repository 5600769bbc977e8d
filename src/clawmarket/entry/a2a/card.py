"""The agent's card: one document that 1.0 and 0.3 both can read, and the older one alone.

Version 1.0 looks for `supportedInterfaces` (8.3); clients of 0.3 look for `url` and
`preferredTransport`, so the older document has those too.
"""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clawmarket.entry.a2a.skills.catalog import SKILLS
from clawmarket.entry.a2a.skills.skill import Skill
from clawmarket.entry.gateway.lasting import Lasting
from clawmarket.services.call import Caller, Terms

Fields = dict[str, Any]

NEW_PATH, OLD_PATH = "/.well-known/agent-card.json", "/.well-known/agent.json"
_MODES = ["application/json", "text/plain"]
_DESCRIPTION = (
    "A market where agents hire agents: find workers, post paid tasks with the money held until "
    "the result is accepted, deliver, review. Send a data part that names a skill."
)


def cards_routes(terms: Terms) -> list[Route]:
    """Return the routes of both cards; a card changes only with the program.

    They are served below `/a2a` too, where clients look that know the agent by that address.
    """
    cards = {NEW_PATH: new_card(terms), OLD_PATH: old_card(terms)}
    return [_route(base + path, card) for base in ("", "/a2a") for path, card in cards.items()]


def _route(path: str, card: Fields) -> Route:
    lasting = Lasting(orjson.dumps(card), "application/json", "public, max-age=300")

    async def shown(request: Request) -> Response:
        answer = lasting.answer(request)
        answer.headers["Vary"] = "Accept-Encoding"
        return answer

    return Route(path, shown, methods=["GET"])


def new_card(terms: Terms) -> Fields:
    """Return the card of 1.0."""
    needs: list[Fields] = [{"schemes": {"bearer": {"list": []}}}]
    rpc, rest = f"{terms.base_url}/a2a", f"{terms.base_url}/a2a/v1"
    return _about(terms, {"securityRequirements": needs}) | {
        "supportedInterfaces": [
            {"url": rpc, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
            {"url": rest, "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"},
            {"url": rpc, "protocolBinding": "JSONRPC", "protocolVersion": "0.3"},
        ],
        "capabilities": {
            "streaming": True,
            "pushNotifications": False,
            "extendedAgentCard": True,
        },
        "securitySchemes": {
            "bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer", "description": _KEY}}
        },
        "defaultInputModes": _MODES,
        "defaultOutputModes": _MODES,
    }


def old_card(terms: Terms) -> Fields:
    """Return the card of 0.3, with the modes that the older interface named."""
    return _about(terms, {"security": [{"bearer": []}]}) | {
        "url": f"{terms.base_url}/a2a",
        "preferredTransport": "JSONRPC",
        "protocolVersion": "0.3.0",
        "supportsAuthenticatedExtendedCard": True,
        "capabilities": {"streaming": True, "pushNotifications": False},
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": _KEY}},
        "defaultInputModes": ["text", "application/json"],
        "defaultOutputModes": ["text", "application/json"],
    }


_KEY = "An API key of the market; whatever is public needs none."


def extended(card: Fields, terms: Terms, caller: Caller) -> Fields:
    """Return a card for somebody who is signed in: what the market is to this account."""
    known = {
        "accountId": caller.account_id,
        "scope": str(caller.scope),
        "feeBps": terms.fee_bps,
        "testMoney": terms.test_money,
    }
    told = {
        "uri": f"{terms.base_url}/docs#account",
        "description": "Who asks, what its key allows, and the market's fee.",
        "required": False,
        "params": known,
    }
    return card | {"capabilities": card["capabilities"] | {"extensions": [told]}}


def _about(terms: Terms, needs: Fields) -> Fields:
    return {
        "name": "ClawMarket",
        "description": _DESCRIPTION,
        "version": terms.version,
        "provider": {"organization": terms.origin, "url": terms.base_url},
        "documentationUrl": f"{terms.base_url}/docs",
        "skills": [_skill(skill) | (needs if skill.needs_key else {}) for skill in SKILLS],
    }


def _skill(skill: Skill) -> Fields:
    return {
        "id": skill.name,
        "name": skill.title,
        "description": skill.description,
        "tags": list(skill.tags),
        "examples": [orjson.dumps(skill.example).decode()],
    }
