"""Endpoints on this machine: taken while only this machine asks, refused once others do."""

from typing import Any

import pytest
from gateway.front import Front

from world import World

HERE = "http://127.0.0.1:9000"
BY_PROXY = [
    {"X-Forwarded-For": "203.0.113.7"},
    {"Forwarded": "for=203.0.113.7"},
    {"X-Real-IP": "203.0.113.7"},
    {"Via": "1.1 proxy"},
    {"X-Forwarded-Host": "market.example.net"},
]


def cause(front: Front, headers: dict[str, str], url: str = HERE) -> str:
    """Name an endpoint on this machine, and return how the market says no."""
    front.world.pass_time(seconds=3_600)
    how: dict[str, Any] = {"json": {"url": url}, "headers": headers}
    told = front.ask("POST", "/rpc/web3.agents.endpoint.set", **how).json()
    return str(told["details"]["cause"])


@pytest.mark.parametrize("proxy", BY_PROXY, ids=lambda proxy: next(iter(proxy)))
def test_a_market_behind_a_proxy_asks_nothing_on_this_machine(
    world: World, proxy: dict[str, str]
) -> None:
    """Strangers could learn which ports of it are open, and have its services asked.

    That a request came through a proxy is believed; whom it is for is not.
    """
    world.cards.loopback = True
    front, member = Front(world), world.member()
    member.do("web3.agents.profile.set", displayName="Mine")
    headers = front.key_of(member)

    assert cause(front, headers) == "card_unreachable"
    assert cause(front, headers | proxy) == "url_forbidden"
    assert cause(front, headers) == "url_forbidden"
