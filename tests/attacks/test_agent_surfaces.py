"""What agents, models, hosts and strangers send through the agents' surfaces, meant to do harm."""

from typing import Any

import pytest
from gateway.front import Front

from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.redaction import redact_text
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.mcp.http import mcp_route
from world import World

# A text that begins like a token at every fourth letter, and is none at any of them.
NEARLY_TOKENS = "eyJ-" * 30_000


def test_a_text_of_beginnings_of_tokens_is_read_once() -> None:
    """What a worker hands in must not be read again at each place where a token could begin.

    Reading it so took the whole market seven seconds, at each look at the task.
    """
    assert redact_text(f"see {NEARLY_TOKENS} here") == "see [TOKEN] here"


def test_a_short_name_that_begins_like_a_token_stays() -> None:
    """Only what is far longer than any name goes without a dot in it."""
    assert redact_text("see eyJ-eyJ-eyJ-eyJ here") == "see eyJ-eyJ-eyJ-eyJ here"


def mcp_front(world: World) -> Front:
    """Return a market's gateway with its MCP server."""
    front = Front(world)
    more = [mcp_route(world.pipeline)]
    front.app = build_gateway(world.pipeline, max_file_bytes=1_000_000, more=more)
    return front


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "null", "http://evil.example", "//"])
def test_no_stranger_s_page_reaches_the_mcp_server(world: World, origin: str) -> None:
    """An Origin that is no address is a stranger's too, and no defect that fills the log."""
    front = mcp_front(world)
    answer = front.ask("POST", "/mcp", json={}, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["details"]["cause"]) == (403, "host_refused")


@pytest.mark.parametrize("key", ["", 0, False, ["once"], {"once": 1}, "\u00e9", "k" * 201])
@pytest.mark.parametrize("beside", [True, False])
def test_what_is_no_key_is_not_taken_for_none(world: World, key: object, *, beside: bool) -> None:
    """A client that means to do a thing once, with a key that is none, does it not at all."""
    pytest.importorskip("mcp")
    front, member = mcp_front(world), world.member()
    named = {"idempotencyKey": key}
    asked = {"title": "x", "budget": "1"}
    params: dict[str, Any] = {"name": "web3_market_publish_task", "arguments": asked}
    params |= {"_meta": named} if beside else {"arguments": asked | named}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {**front.key_of(member), "Accept": "application/json, text/event-stream"}
    answer = front.ask("POST", "/mcp", json=call, headers=headers).json()
    assert answer["result"]["structuredContent"]["ok"] is False
    assert world.all(Task) == []
