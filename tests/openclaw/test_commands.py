"""Slash commands in the real host's chat: they answer themselves, the model hears of none."""

from openclaw.conftest import Key
from openclaw.gateway_client import Client
from openclaw.mock_model import Model
from real.server import Server


def test_credits_are_the_four_figures(chat: Client, market: Server, key: Key, model: Model) -> None:
    """`/credits` says what the market says about the key's account."""
    asked = len(model.asked)

    assert chat.say("/credits").splitlines() == [
        "available: 1,000.00 credits",
        "held: 0.00 credits",
        "on its way: 0.00 credits",
        "earned: 0.00 credits",
        "money: TEST MONEY",
    ]
    assert market.call(key.value, "web3.wallet.show")["available"] == "1000000000"
    assert len(model.asked) == asked
