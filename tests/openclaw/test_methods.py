"""The market's methods at the real host's gateway."""

import json
import time

import pytest

from clawmarket.entry.openclaw.declared import gateway_methods
from clawmarket.services.discover import discover
from openclaw.conftest import Key
from openclaw.gateway_client import Client
from openclaw.host import Host
from openclaw.member import Member
from real.server import Server

discover()

OURS = ("web3.", "market.")
# The market's clock, and the number of the request.
MOVING = ("requestId", "now", "logSignedAt", "logSize", "recordsWaiting", "asOfRecords")


def all_logged(market: Server) -> None:
    """Wait until the log has every record: figures cover no others, so two answers are equal."""
    for _ in range(600):
        if not market.call("", "web3.status.summary")["recordsWaiting"]:
            return
        time.sleep(0.05)
    raise AssertionError("Records wait for the log and wait.")


def still(answer: dict[str, object]) -> dict[str, object]:
    """Return an answer without what is new each time."""
    return {name: value for name, value in answer.items() if name not in MOVING}


@pytest.mark.parametrize(
    "method",
    [
        "web3.status.summary",
        "web3.market.status.summary",
        "web3.market.ledger.summary",
        "web3.wallet.show",
    ],
)
def test_the_gateway_passes_a_question_on(
    chat: Client, market: Server, key: Key, method: str
) -> None:
    """A method answers at the gateway what it answers at the market."""
    # What an earlier test left to be delivered may become a record between two questions.
    for _ in range(20):
        all_logged(market)
        before = still(market.call(key.value, method))
        answer = chat.call(method)
        after = still(market.call(key.value, method))
        if before == after:
            break

    assert answer["ok"], answer
    assert still(answer["payload"]) == before == after


def test_the_gateway_has_the_methods_that_were_declared(chat: Client) -> None:
    """Each under both of its names, and none that is for operators."""
    there = {method for method in chat.methods if method.startswith(OURS)}

    assert there == set(gateway_methods())
    assert {"web3.market.publishTask", "market.publishTask"} <= there
    assert "market.treasury.summary" not in there


def test_a_method_that_writes_is_done_once_under_its_key(owner: Client) -> None:
    """The caller's idempotency key goes along: the same call again answers the same."""
    asked = {"title": "By the gateway", "price": "1", "idempotencyKey": "offer-by-gateway"}
    first = owner.call("market.offer.create", **asked)
    again = owner.call("market.offer.create", **asked)

    assert first["ok"], first
    assert again["payload"]["offerId"] == first["payload"]["offerId"]


def test_only_the_gateways_owner_moves_money(chat: Client, owner: Client) -> None:
    """Who may write at the gateway does not yet spend what its owner has."""
    asked = {"title": "By the gateway", "budget": "1000000", "fund": True}
    refused = chat.call("web3.market.publishTask", **asked)
    done = owner.call("web3.market.publishTask", **asked)

    assert refused["error"]["details"]["missingScope"] == "operator.admin"
    assert done["payload"]["status"] == "task_open"


def test_the_hosts_own_command_reaches_the_market(host: Host, chat: Client) -> None:
    """`openclaw gateway call web3.status.summary` prints the market's answer."""
    done = host.command("gateway", "call", "web3.status.summary", "--json")

    assert done.returncode == 0, done.stderr
    assert (
        json.loads(done.stdout)["origin"] == chat.call("web3.status.summary")["payload"]["origin"]
    )


def test_a_client_without_the_scope_is_refused_by_the_host(host: Host) -> None:
    """Who may not read at the gateway does not reach the market."""
    with Client(host.url, host.token, ["operator.pairing"]) as client:
        answer = client.call("web3.wallet.show")

    assert answer["error"]["code"] == "FORBIDDEN"
    assert answer["error"]["details"]["missingScope"] == "operator.read"


def test_a_record_comes_to_the_letter(
    chat: Client, market: Server, key: Key, member: Member
) -> None:
    """Exact records are not touched on their way: whoever checks them needs every byte."""
    title = "see https://example.com/a and /home/me"
    member.does("task", "publish", title, "--budget", "1", "--yes")
    through = chat.call("web3.audit.query", limit=100)["payload"]
    direct = market.call(key.value, "web3.audit.query", limit=100)

    # What the agent did before may be written down at any time, so it is not the newest for sure.
    ours, theirs = (
        [item for item in page["items"] if title in item["record"]] for page in (through, direct)
    )
    assert ours == theirs
    assert len(ours) == 1


def test_a_refusal_of_the_market_keeps_its_code(chat: Client) -> None:
    """What the market refuses is refused with its cause and its advice."""
    error = chat.call("web3.status.summary", deep=7)["error"]

    assert error["code"] == "INVALID_REQUEST"
    assert error["details"] == {
        "code": "E_INVALID_ARGUMENT",
        "cause": "field_invalid",
        "next": "clawmarket explain web3.status.summary",
    }
