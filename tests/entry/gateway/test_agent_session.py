"""The agent's session that a call belongs to: a header over HTTP, a field of a frame."""

from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection

from gateway.front import Front
from gateway.test_socket import exchange, over_socket
from world import Member, World

SESSION = "a" * 64
TASK = {"title": "Digest", "budget": "30"}


@pytest.fixture
def owner(world: World) -> Member:
    """Somebody whose agents may spend 50 minor units a session."""
    member = world.member()
    member.do("web3.billing.plan.set", perSession="50")
    return member


def traded(owner: Member) -> str:
    """Return what the session traded."""
    seen = owner.do("web3.billing.status", sessionIdHash=SESSION)["usage"]
    return str(seen["creditsTraded"]) if seen else "0"


def test_a_header_names_the_session_whose_quota_a_trade_counts_against(
    front: Front, owner: Member
) -> None:
    """The second trade would exceed it: 429, and nothing of it happened."""
    headers = front.key_of(owner) | {"Clawmarket-Session": SESSION}
    body = orjson.dumps(TASK)
    first, second = (front.call("web3.market.publishTask", body, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.json()["details"]["cause"] == "budget_spent"
    assert (traded(owner), owner.figures()[1]) == ("30", "30")


def test_a_frame_names_the_session(front: Front, owner: Member) -> None:
    """Each call of a connection may belong to another session, or to none."""
    frame = {"type": "req", "id": 1, "method": "web3.market.publishTask", "params": TASK}

    async def scenario(client: ClientConnection) -> Any:
        frames = (frame | {"session": SESSION}, frame, frame | {"session": SESSION})
        return [(await exchange(client, each))[0]["ok"] for each in frames]

    assert over_socket(front, scenario, front.key_of(owner)) == [True, True, False]
    assert (traded(owner), owner.figures()[1]) == ("30", "60")


@pytest.mark.parametrize("session", ["A" * 64, "a" * 63, "agent:main:main"])
def test_a_session_that_is_no_hash_is_refused(front: Front, owner: Member, session: str) -> None:
    """A key sent in clear, or mistyped, is answered as a mistake."""
    headers = front.key_of(owner) | {"Clawmarket-Session": session}
    answer = front.call("web3.market.publishTask", orjson.dumps(TASK), headers=headers)
    assert (answer.status_code, answer.json()["details"]["cause"]) == (400, "session_invalid")
    assert owner.figures()[1] == "0"
