"""What agents, models, hosts and strangers send through the agents' surfaces, meant to do harm."""

import pytest
from gateway.front import Front

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


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "null", "http://evil.example", "//"])
def test_no_stranger_s_page_reaches_the_mcp_server(world: World, origin: str) -> None:
    """An Origin that is no address is a stranger's too, and no defect that fills the log."""
    front = Front(world)
    front.app = build_gateway(
        world.pipeline, max_file_bytes=1_000_000, more=[mcp_route(world.pipeline)]
    )
    answer = front.ask("POST", "/mcp", json={}, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["details"]["cause"]) == (403, "host_refused")
