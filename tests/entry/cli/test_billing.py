"""What agents may spend, on the command line, against a real market."""

from collections.abc import Callable
from typing import Any

import pytest

from cli.terminal import Cli, Outcome

Join = Callable[[str], Cli]
SESSION = "5" * 64


def done(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a command that has to succeed."""
    assert outcome.status == 0, outcome.err
    return outcome.document


def test_a_plan_is_set_in_credits_and_shown(join: Join) -> None:
    """Amounts are written as people do; what was set is what is shown."""
    owner = join("owner")
    assert done(owner("billing", "plan", "show", "--json"))["enabled"] is False
    prices = ("--tool-price", "web_search=0.01", "--tool-price", "render=1.5")
    made = done(owner("billing", "plan", "set", "--per-session", "5", *prices, "--json"))
    assert made["toolPrices"] == {"render": "1500000", "web_search": "10000"}
    shown = done(owner("billing", "plan", "show", "--json"))
    assert (shown["perSession"], shown["perDay"]) == ("5000000", None)
    lines = [line.split(maxsplit=1) for line in owner("billing", "plan", "show").out.splitlines()]
    assert ["render", "1.50 credits"] in lines
    assert ["web_search", "0.01 credits"] in lines
    again = owner("billing", "plan", "set", "--per-session", "5", *prices)
    assert "undo: clawmarket help billing plan set (set it anew at any time" in again.out
    wrong = owner("billing", "plan", "set", "--tool-price", "web_search")
    assert (wrong.status, "NAME=AMOUNT" in wrong.err) == (2, True)


def test_a_session_and_its_bills_are_looked_at(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key reserves and settles; the owner sees what was used, and the bill."""
    payee, owner = join("payee"), join("owner")
    who = done(payee("wallet", "show", "--json"))["accountId"]
    price = ("--tool-price", "web_search=0.5", "--payee", who)
    done(owner("billing", "plan", "set", "--per-session", "5", *price, "--json"))
    key = done(owner("keys", "new", "agent", "--json"))["key"]
    monkeypatch.setenv("CLAWMARKET_API_KEY", key)
    call = ("sessionIdHash=" + SESSION, "tool=web_search", "callId=1")
    kept = done(owner("call", "web3.billing.reserve", *call, "--json"))
    reservation = "reservationId=" + kept["reservationId"]
    done(owner("call", "web3.billing.settle", reservation, "--json"))
    refused = owner("billing", "plan", "set", "--json")
    assert (refused.status, refused.document["details"]["cause"]) == (3, "plan_key")
    shown = owner("billing", "status", SESSION)
    assert "0.50 credits" in shown.out
    done(owner("call", "web3.billing.session.end", "sessionIdHash=" + SESSION, "--json"))
    assert [bill["amount"] for bill in done(owner("billing", "bills", "--json"))["items"]] == [
        "500000"
    ]
    assert done(owner("billing", "summary", "--json"))["account"]["creditsUsed"] == "500000"
