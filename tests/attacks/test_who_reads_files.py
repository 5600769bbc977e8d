"""Who may read a file in which state, by every surface that serves one: a row for each state.

The surfaces are the gateway's `/files`, the pages' `/download`, `/v1`, agents' tools over HTTP and
over MCP. A2A names a file by its `/files` address and serves none itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from gateway.front import Front
from web_server.browser import Browser, Pages

from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.mcp.http import mcp_route
from clawmarket.entry.rest.app import rest_routes
from clawmarket.entry.web.routes import web_routes
from world import Fields, Member, World

BYTES = b"S-the bytes of the deliverable"
SELLER = frozenset({"worker"})
PARTIES = SELLER | {"buyer", "reader"}
JUDGES = frozenset({"operator", "arbiter"})
MAX = 1_000_000


class Deal:
    """One task and its file; the bidder bid too, the reader has a key of the buyer's."""

    def __init__(self, world: World, **terms: Any) -> None:
        self.world = world
        self.buyer, self.worker, self.bidder = (world.member() for _ in range(3))
        self.arbiter = world.arbiter()
        self.file: Fields = self.worker.stores(BYTES)
        self.task = self.buyer.publishes(**terms)
        self.bidder.bids(self.task)
        self.bid = self.worker.bids(self.task)
        self.award: Fields = {}
        self.result: Fields = {}

    def hired(self) -> "Deal":
        """Award the task."""
        self.award = self.buyer.awards(self.bid)
        return self

    def handed_in(self) -> "Deal":
        """Hand the file in."""
        self.result = self.hired().worker.submits(self.award, BYTES)
        return self

    def contested(self) -> Fields:
        """Open a dispute about what was handed in."""
        return self.handed_in().buyer.contests(self.award)

    def ruled(self, resolution: str) -> "Deal":
        """Have the operator rule."""
        dispute = self.contested()
        self.worker.shows(dispute)
        self.world.operator.rules(dispute, resolution)
        return self


def sent_back(world: World) -> Deal:
    """Reject what was handed in."""
    deal = Deal(world, sealed=True).handed_in()
    deal.buyer.rejects(deal.result)
    return deal


def accepted(world: World) -> Deal:
    """Accept what was handed in."""
    deal = Deal(world, sealed=True).handed_in()
    deal.buyer.accepts(deal.result)
    return deal


def silent(world: World) -> Deal:
    """Let the time to review go by."""
    deal = Deal(world, sealed=True).handed_in()
    world.pass_time(seconds=40 * 86_400)
    world.sweep()
    return deal


def contested(world: World, *, sealed: bool) -> Deal:
    """Open a dispute."""
    deal = Deal(world, sealed=sealed)
    deal.contested()
    return deal


def dismissed(world: World) -> Deal:
    """Let a claim fall: what was handed in is paid for, and so it is opened."""
    deal = Deal(world, sealed=True)
    dispute = deal.contested()
    deal.worker.shows(dispute)
    world.operator.dismisses(dispute)
    return deal


def attached(world: World) -> Deal:
    """Attach the file to a task of the worker's own."""
    deal = Deal(world)
    deal.worker.publishes(attachments=[deal.file])
    return deal


ANYBODY = PARTIES | JUDGES | {"bidder"}
STATES: dict[str, tuple[Callable[[World], Deal], frozenset[str]]] = {
    "stored, nothing locked": (Deal, SELLER),
    "locked": (lambda world: Deal(world).hired(), SELLER),
    "handed in": (lambda world: Deal(world).handed_in(), PARTIES),
    "sealed": (lambda world: Deal(world, sealed=True).handed_in(), SELLER),
    "sealed, sent back": (sent_back, SELLER),
    "sealed, accepted": (accepted, PARTIES),
    "sealed, accepted by silence": (silent, PARTIES),
    "contested": (lambda world: contested(world, sealed=False), PARTIES | JUDGES),
    "sealed, contested": (lambda world: contested(world, sealed=True), SELLER | JUDGES),
    "sealed, the claim fell": (dismissed, PARTIES | {"operator"}),
    "sealed, refunded": (
        lambda world: Deal(world, sealed=True).ruled("refund"),
        SELLER | {"operator"},
    ),
    "sealed, released": (
        lambda world: Deal(world, sealed=True).ruled("release"),
        PARTIES | {"operator"},
    ),
    "attached to a task": (attached, ANYBODY | {"stranger"}),
}


class Everything(Pages):
    """A market with every surface that serves files."""

    def __post_init__(self) -> None:
        """Put all of them within one border."""
        pipeline = self.world.pipeline
        more = [mcp_route(pipeline), *rest_routes(pipeline, max_file_bytes=MAX)]
        more += web_routes(pipeline, MAX)
        self.app = build_gateway(pipeline, max_file_bytes=MAX, more=more)


@dataclass(frozen=True)
class Reader:
    """Somebody with a key, and a browser in which they signed in by it."""

    headers: dict[str, str]
    browser: Browser


def readers(front: Everything, deal: Deal) -> dict[str, Reader]:
    """Return everybody who could want the file; the revoked one had a key of the worker's."""
    named = {name: getattr(deal, name) for name in ("buyer", "worker", "bidder", "arbiter")}
    named["stranger"] = deal.world.member()
    keys = {name: _key(each)["key"] for name, each in named.items()}
    lost = _key(deal.worker)
    keys |= {"reader": _key(deal.buyer, "read")["key"], "revoked": lost["key"]}
    keys["operator"] = deal.world.operator_token
    found = {
        name: Reader({"Authorization": f"Bearer {key}"}, front.browser().by_key(key))
        for name, key in keys.items()
    }
    deal.worker.do("web3.keys.revoke", credentialId=lost["credentialId"])
    return found | {"nobody": Reader({}, front.browser())}


def _key(member: Member, scope: str = "write") -> Fields:
    return member.do("web3.keys.create", label="x", scope=scope)


@pytest.mark.parametrize("state", STATES)
def test_a_file_is_read_by_whom_its_state_says(world: World, state: str) -> None:
    """By its hash; and by the surfaces that lead there from a task or a result."""
    make, may = STATES[state]
    deal, front = make(world), Everything(world)
    path = deal.file["digest"]
    for who, reader in readers(front, deal).items():
        answers = {
            "files": front.ask("GET", f"/files/{path}", headers=reader.headers).content,
            "page": reader.browser.get(f"/download/{path}").content,
        }
        read = {name: BYTES in told for name, told in answers.items()}
        assert read == dict.fromkeys(read, who in may), who
        # What leads there from a result is for its parties alone, and leads no further.
        leads = who in may & PARTIES and bool(deal.result)
        read = {name: BYTES in told for name, told in led(front, deal, reader.headers).items()}
        assert read == dict.fromkeys(read, leads), who


def led(front: Front, deal: Deal, headers: dict[str, str]) -> dict[str, bytes]:
    """Return what the tools, MCP and `/v1` answer about the result."""
    task, tool = {"taskId": deal.task["taskId"]}, "web3_market_task_status"
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    call |= {"params": {"name": tool, "arguments": task}}
    more = headers | {"Accept": "application/json, text/event-stream"}
    answers = {
        "tools": front.ask("POST", f"/tools/{tool}", json=task, headers=headers).content,
        "mcp": front.ask("POST", "/mcp", json=call, headers=more).content,
    }
    if deal.result:
        path = f"/v1/submissions/{deal.result['resultId']}/download"
        answers["rest"] = front.ask("GET", path, headers=headers).content
    return answers
