"""The market's methods at the real host's gateway."""

from openclaw.conftest import Key
from openclaw.gateway_client import Client
from real.server import Server


def test_the_gateway_passes_a_summary_on(chat: Client, market: Server, key: Key) -> None:
    """`web3.market.status.summary` answers at the gateway what it answers at the market."""
    method = "web3.market.status.summary"
    answer = chat.call(method)

    assert answer["ok"], answer
    del answer["payload"]["requestId"]
    assert answer["payload"] == market.call(key.value, method)
