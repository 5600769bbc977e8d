"""The tool in a turn of the real host, called by a model."""

import json
from collections import Counter

import pytest

from clawmarket.domain.kernel.money import decimal_text
from clawmarket.entry.openclaw.manifest import declarations
from clawmarket.services.discover import discover
from openclaw.conftest import Key
from openclaw.gateway_client import Client
from openclaw.mock_model import Model
from openclaw.test_methods import all_logged, still
from real.server import Server

discover()

TOOL = "web3_market_status"


def test_the_model_gets_a_status(chat: Client, market: Server, key: Key) -> None:
    """A fast status has what the market says in its three summaries."""
    all_logged(market)
    answer = json.loads(chat.say(f"use {TOOL} {{}}"))

    assert answer["ok"]
    result = answer["result"]
    assert (result["profile"], result["errors"]) == ("fast", [])
    methods = {
        "web3": "web3.status.summary",
        "market": "web3.market.status.summary",
        "ledger": "web3.market.ledger.summary",
    }
    found = {name: still(part["value"]) for name, part in result["sections"].items()}
    expected = {name: still(market.call(key.value, m)) for name, m in methods.items()}
    for fields in expected.values():
        del fields["ok"]
    for section, name in (("market", "fees"), ("ledger", "totalCost"), ("ledger", "paid")):
        expected[section][name] = decimal_text(int(str(expected[section][name])))
    assert found == expected


def test_the_model_chooses_what_it_wants(chat: Client, market: Server, key: Key) -> None:
    """`include` and `profile` are heeded, and lists come as numbers and ids only."""
    answer = json.loads(chat.say(f'use {TOOL} {{"profile": "deep", "include": ["orders"]}}'))

    items = market.call(key.value, "web3.market.order.list", limit=50)["items"]
    expected = {
        "count": len(items),
        "more": False,
        "byStatus": dict(Counter(item["status"] for item in items)),
        "newest": [item["orderId"] for item in items[:3]],
    }
    assert answer["result"]["sections"] == {"orders": {"value": expected}}


@pytest.mark.parametrize(
    "arguments",
    [
        '{"profile": "deeper"}',
        '{"timeoutMs": 1}',
        '{"include": []}',
        '{"include": ["secrets"]}',
        '{"url": "http://10.0.0.5"}',
    ],
)
def test_arguments_that_are_not_in_the_schema_are_refused(chat: Client, arguments: str) -> None:
    """The host checks the schema before the plugin is asked."""
    assert chat.say(f"use {TOOL} {arguments}").startswith(f'Validation failed for tool "{TOOL}"')


def test_the_model_is_told_what_was_declared(chat: Client, model: Model) -> None:
    """Name, description and schema reach the model provider as they were generated."""
    chat.say("hello")
    (declared,) = [tool for tool in declarations()["tools"] if tool["name"] == TOOL]
    (told,) = [t["function"] for t in model.asked[-1]["tools"] if t["function"]["name"] == TOOL]

    assert told["description"] == declared["description"]
    assert told["parameters"]["properties"] == declared["parameters"]["properties"]
    assert told["parameters"]["additionalProperties"] is False


@pytest.mark.usefixtures("looking")
def test_a_key_that_may_only_look_is_named_to_the_model(chat: Client) -> None:
    """What helps is another installation; a key made elsewhere would change nothing here."""
    asked = '{"title": "A page", "budget": "1.00", "fund": false}'
    said = chat.say(f"use web3_market_publish_task {asked}")

    assert "The plugin's key may only look, so nothing was done." in said
    assert "clawmarket openclaw uninstall" in said
    assert "keys new" not in said


def test_no_key_reaches_the_model(chat: Client, model: Model, key: Key) -> None:
    """Neither the key nor the gateway's token is in anything that was sent to the provider."""
    chat.say(f'use {TOOL} {{"profile": "deep"}}')

    assert key.value not in json.dumps(model.asked)
