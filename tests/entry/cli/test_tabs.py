"""Post-pay on the command line, against a real market: quoted before it can cost, shown after."""

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pysqlite3
import pytest

from cli.terminal import Cli, LocalMarket, Outcome

Join = Callable[[str], Cli]
TERMS = ("--unit", "call", "--price", "0.01", "--cap", "5", "--units-per-minute", "60")


def done(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a command that has to succeed."""
    assert outcome.status == 0, outcome.err
    return outcome.document


def trusting(join: Join) -> tuple[Cli, Cli, str]:
    """Return a provider, a consumer and the trust between them."""
    provider, consumer = join("provider"), join("consumer")
    who = done(consumer("wallet", "show", "--json"))["accountId"]
    trust = done(provider("trust", "grant", who, *TERMS, "--json"))
    return provider, consumer, str(trust["trustId"])


def test_a_session_from_the_grant_to_the_statement(join: Join) -> None:
    """Grant, open, write down, look, close: 0.05 go from one to the other, less one percent."""
    provider, consumer, trust_id = trusting(join)
    listed = done(consumer("trust", "list", "--side", "consumer", "--json"))["items"]
    assert [trust["trustId"] for trust in listed] == [trust_id]
    tab_id = done(consumer("tab", "open", trust_id, "--cap", "1", "--yes", "--json"))["tabId"]
    for units in ("3", "2"):
        done(provider("tab", "append", tab_id, units, "--json"))
    shown = consumer("tab", "show", tab_id)
    assert "remaining" in shown.out
    assert "0.95 credits" in shown.out
    assert done(provider("tab", "close", tab_id, "--json"))["status"] == "tab_settled"
    line = done(consumer("ledger", "statement", "--json"))["items"][-1]
    assert (line["tabId"], line["availableChange"]) == (tab_id, "-50000")
    assert done(consumer("tab", "reconcile", tab_id, "--json"))["agrees"]
    assert [use["quantity"] for use in done(consumer("tab", "usage", tab_id, "--json"))["items"]]
    assert done(provider("trust", "revoke", trust_id, "--json"))["status"] == "trust_revoked"


def test_an_opening_says_the_most_that_it_can_cost(join: Join) -> None:
    """The cap, its fee and how to stop; without a yes nothing is opened."""
    _, consumer, trust_id = trusting(join)
    quote = done(consumer("tab", "open", trust_id, "--dry-run", "--json"))["quote"]
    assert [quote[name] for name in ("price", "fee", "total", "what", "undo")] == [
        *("5000000", "50000", "5000000"),
        "at the most, for what is used; paid at the session's end",
        "clawmarket tab close, at any time; what was used until then is paid",
    ]
    unagreed = consumer("tab", "open", trust_id, "--json")
    assert (unagreed.status, unagreed.document["ok"]) == (2, False)
    assert done(consumer("tab", "list", "--json"))["items"] == []


def test_each_step_is_quoted_to_whom_it_concerns(join: Join) -> None:
    """A use earns its provider, a close costs its consumer, a higher cap is the new most."""
    provider, consumer, trust_id = trusting(join)
    tab_id = done(consumer("tab", "open", trust_id, "--cap", "1", "--yes", "--json"))["tabId"]

    def quoted(who: Cli, *words: str) -> dict[str, Any]:
        quote: dict[str, Any] = done(who("tab", *words, "--dry-run", "--json"))["quote"]
        return quote

    assert quoted(provider, "append", tab_id, "3")["earned"] == "29700"
    done(provider("tab", "append", tab_id, "3", "--json"))
    assert quoted(provider, "close", tab_id)["earned"] == "29700"
    assert quoted(consumer, "close", tab_id)["total"] == "30000"
    assert quoted(consumer, "raise", tab_id, "--cap", "2")["total"] == "2000000"
    assert quoted(consumer, "pay", tab_id)["total"] == "30000"


def test_a_prepaid_session_is_quoted_as_a_lock(join: Join) -> None:
    """What is locked comes out of what is available, and more than that is refused before."""
    provider, consumer, _ = trusting(join)
    who = done(consumer("wallet", "show", "--json"))["accountId"]
    terms = (*TERMS, "--prepaid", "--json")
    trust_id = done(provider("trust", "grant", who, *terms))["trustId"]
    quote = done(consumer("tab", "open", trust_id, "--dry-run", "--json"))["quote"]
    assert quote["what"] == "locked; what is not used comes back at the end"
    assert consumer("tab", "open", trust_id, "--cap", "2000", "--yes").status == 7
    assert done(consumer("tab", "open", trust_id, "--yes", "--json"))["prepaid"]
    assert done(consumer("wallet", "show", "--json"))["held"] == "5000000"


def test_a_trust_of_others_is_not_quoted(join: Join) -> None:
    """Who was not granted it is told where to look instead of a price."""
    provider, _, trust_id = trusting(join)
    refused = provider("tab", "open", trust_id, "--yes")

    assert refused.status == 2
    assert "next: clawmarket trust list --side consumer" in refused.err


def test_a_use_is_its_id_in_a_script(join: Join) -> None:
    """-q prints the id of what was written down, not all of it."""
    provider, consumer, trust_id = trusting(join)
    tab_id = done(consumer("tab", "open", trust_id, "--yes", "--json"))["tabId"]
    used = provider("tab", "append", tab_id, "1", "-q").out.strip()
    assert used == done(provider("tab", "usage", tab_id, "--json"))["items"][0]["usageId"]


def test_a_list_of_one_side_says_which(join: Join) -> None:
    """A provider with a tab sees none by default, and how to see it."""
    provider, consumer, trust_id = trusting(join)
    done(consumer("tab", "open", trust_id, "--yes", "--json"))
    head = "Showing 0 tabs, side consumer (the other: --side provider)"
    assert provider("tab", "list").out.splitlines()[0] == head
    assert provider("tab", "list", "--side", "provider").out.startswith("Showing 1 tab, side p")
    head = "Showing 0 disputes, side initiator (the other: --side respondent; arbiters see both)"
    assert provider("dispute", "list").out.splitlines()[0] == head


def test_what_the_market_would_refuse_is_not_quoted(join: Join) -> None:
    """A settled tab, a cap above the provider's, a trust taken back: no price, no question."""
    provider, consumer, trust_id = trusting(join)
    above = consumer("tab", "open", trust_id, "--cap", "6", "--yes")
    assert (above.status, "total" in above.err) == (7, False)
    assert "E_QUOTA_EXCEEDED" in above.err
    opened = ("tab", "open", trust_id, "--cap", "1", "--yes", "--json")
    tab_id = done(consumer(*opened, "--idempotency-key", "once"))["tabId"]
    raised = consumer("tab", "raise", tab_id, "--cap", "6", "--dry-run", "--json")
    assert raised.document["details"]["cause"] == "tab_cap_high"
    done(provider("trust", "revoke", trust_id, "--json"))
    raised = consumer("tab", "raise", tab_id, "--cap", "2", "--dry-run", "--json")
    assert raised.document["details"]["cause"] == "trust_ended"
    done(provider("tab", "close", tab_id, "--json"))
    for verb in ("pay", "close"):
        refused = consumer("tab", verb, tab_id, "--yes")
        assert "E_CONFLICT" in refused.err
        assert "total" not in refused.err
    again = done(consumer(*opened, "--idempotency-key", "once"))
    assert again["tabId"] == tab_id


def test_a_locked_cap_is_not_raised(join: Join) -> None:
    """Of a prepaid tab it stays what it is, and no quote says otherwise."""
    provider, consumer, _ = trusting(join)
    who = done(consumer("wallet", "show", "--json"))["accountId"]
    trust_id = done(provider("trust", "grant", who, *TERMS, "--prepaid", "--json"))["trustId"]
    tab_id = done(consumer("tab", "open", trust_id, "--cap", "1", "--yes", "--json"))["tabId"]
    refused = consumer("tab", "raise", tab_id, "--cap", "2", "--yes", "--json")
    assert refused.document["details"]["cause"] == "tab_prepaid"


def test_forgiving_says_what_is_given_up(join: Join) -> None:
    """What was used so far, and that it is gone for good."""
    provider, consumer, trust_id = trusting(join)
    tab_id = done(consumer("tab", "open", trust_id, "--yes", "--json"))["tabId"]
    done(provider("tab", "append", tab_id, "3", "--json"))
    planned = provider("tab", "forgive", tab_id, "--dry-run")
    assert "given up  0.03 credits: owed to you, and given up" in planned.out


def test_an_operator_is_told_which_tab_differs(
    join: Join, market: LocalMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named with what was expected and found; exits 1, and -q prints the id."""
    provider, consumer, trust_id = trusting(join)
    tab_id = done(consumer("tab", "open", trust_id, "--yes", "--json"))["tabId"]
    done(provider("tab", "append", tab_id, "3", "--json"))
    done(provider("tab", "close", tab_id, "--json"))
    token = (market.folder / "market" / "operator.token").read_text()
    monkeypatch.setenv("CLAWMARKET_API_KEY", token.strip())
    assert done(provider("reconcile", "--limit", "1", "--json"))["tabs"] == 1
    assert re.fullmatch(
        r"All agrees: the latest 0 orders, [0-9]+ tabs? and 0 bills were checked.\n",
        provider("reconcile").out,
    )
    market.stop()
    with closing(pysqlite3.connect(market.folder / "market" / "market.db")) as database:
        database.execute("UPDATE tabs SET owed = 50000, entries = 2 WHERE tab_id = ?", (tab_id,))
        database.commit()
    market.start()

    shown = provider("reconcile")
    lines = [re.split(r"  +", line) for line in shown.out.splitlines()]
    assert (shown.status, lines[1:3]) == (
        1,
        [[tab_id, "entries", "1", "2"], [tab_id, "owed", "0.03 credits", "0.05 credits"]],
    )
    assert shown.out.splitlines()[-1] == f"next: clawmarket tab reconcile {tab_id}"
    assert ", 1 of " in shown.out.splitlines()[-2]
    assert provider("reconcile", "-q").out == f"{tab_id}\n"
    listed = provider("reconcile", "--json").document
    assert ([item["tabId"] for item in listed["items"]], listed["agrees"]) == ([tab_id], False)
