"""`ledger` and `reconcile` against a real market: the same figures in every form."""

import io
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from clawmarket.domain.kernel.ids import ULID_PATTERN
from clawmarket.entry.cli.books import ledger
from cli.terminal import Cli, LocalMarket, Outcome

Join = Callable[[str], Cli]
ID = re.compile(rf"(agent|order|rec|task)_{ULID_PATTERN}")
MOMENT = re.compile(r"20[0-9]{2}-[0-9-]{5}T[0-9:.]{12}Z")

STATEMENT = """\
line,at,record,log_index,method,order,task,tab,bill,available_change,held_change,available,held,asset
opening,,,,,,,,,,,0.00,0.00,credits
entry,MOMENT,rec,N,web3.siwe.verify,,,,,1000.00,0.00,1000.00,0.00,credits
entry,MOMENT,rec,N,web3.market.publishTask,,task,,,-50.25,50.25,949.75,50.25,credits
entry,MOMENT,rec,N,web3.market.awardBid,order,task,,,10.25,-10.25,960.00,40.00,credits
closing,,,,,,,,,,,960.00,40.00,credits
"""
ENTRIES = """\
at,record,log_index,method,order,task,tab,bill,account,amount,asset
MOMENT,rec,N,web3.market.awardBid,order,task,,,agent/held,-10.25,credits
MOMENT,rec,N,web3.market.awardBid,order,task,,,agent/available,10.25,credits
"""
BALANCES = """\
account,asset,available,held,on_its_way,earned,record,log_index
agent,credits,960.00,40.00,0.00,0.00,rec,N
"""


def done(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a command that has to succeed."""
    assert outcome.status == 0, outcome.err
    return outcome.document


def general(text: str) -> str:
    """Return a sheet with everything that differs from run to run in words."""
    text = MOMENT.sub("MOMENT", ID.sub(r"\1", text))
    text = re.sub(r"(?<=MOMENT,rec,)[0-9]*(?=,)", "N", text)
    return re.sub(r"(?<=,rec,)[0-9]*$", "N", text, flags=re.MULTILINE)


@pytest.fixture
def buyer(join: Join) -> tuple[Cli, str]:
    """Somebody who has hired a worker, and the order."""
    buyer, worker = join("buyer"), join("worker")
    task = done(buyer("task", "publish", "Digest", "--budget", "50.25", "--yes", "--json"))
    bid = done(worker("task", "bid", task["taskId"], "--price", "40", "--json"))
    order = done(buyer("task", "award", bid["bidId"], "--yes", "--json"))
    return buyer, str(order["orderId"])


def test_the_sheets_are_these(buyer: tuple[Cli, str]) -> None:
    """Each as CSV, byte for byte."""
    me, _ = buyer
    assert general(me("ledger", "statement", "--csv").out) == STATEMENT
    entries = general(me("ledger", "entries", "--format", "csv").out).splitlines(keepends=True)
    assert "".join([entries[0], *entries[-2:]]) == ENTRIES
    assert general(me("ledger", "--csv").out) == BALANCES


def test_every_form_has_the_same_figures_at_the_same_record(buyer: tuple[Cli, str]) -> None:
    """Wallet, balances, statement and both tables, to the digit."""
    me, _ = buyer
    wallet = done(me("wallet", "show", "--json"))
    balances = done(me("ledger", "--json"))
    statement = done(me("ledger", "statement", "--json"))
    names = ("available", "held", "onItsWay", "earned")
    figures = {name: wallet[name] for name in names}

    assert {name: balances[name] for name in names} == figures == statement["balance"]
    assert wallet["asOf"] == balances["asOf"] == statement["asOf"]
    assert statement["closing"] == {name: wallet[name] for name in ("available", "held")}
    assert statement["items"][-1]["recordId"] == statement["asOf"]
    shown = me("ledger").out
    assert [line.split()[-2] for line in shown.splitlines()[:4]] == ["960.00", "40.00"] + [
        "0.00"
    ] * 2
    assert wallet["asOf"] in shown
    closing = me("ledger", "statement").out.splitlines()[-2].split()
    assert (closing[0], closing[-2:]) == ("closing", ["960.00", "40.00"])
    assert me("ledger", "statement", "-q").out.split()[-1] == wallet["asOf"]


def test_small_pages_are_one_statement(
    buyer: tuple[Cli, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages are walked, with a word on the terminal about how far that is."""
    me, _ = buyer
    whole = general(me("ledger", "statement", "--csv").out)
    monkeypatch.setattr(ledger, "_PAGE", 1)
    monkeypatch.setattr(ledger, "_PATIENCE_S", -1.0)
    quiet = me("ledger", "statement", "--csv")
    assert (general(quiet.out), quiet.err) == (whole, "")

    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert general(me("ledger", "statement", "--csv").out) == whole
    assert terminal.getvalue().startswith("1 lines so far, back to 20")


def test_a_span_has_its_opening_and_its_closing(buyer: tuple[Cli, str]) -> None:
    """Before everything there was nothing, and nothing has moved since tomorrow."""
    me, _ = buyer
    early = done(me("ledger", "statement", "--until", "2020-01-31", "--json"))
    late = done(me("ledger", "statement", "--from", "2999-01-01", "--json"))

    assert (early["items"], early["closing"]) == ([], {"available": "0", "held": "0"})
    assert early["until"] == "2020-02-01T00:00:00.000Z"
    assert late["items"] == []
    assert late["opening"] == late["closing"] == {"available": "960000000", "held": "40000000"}


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["--from", "2026-01-01"], "span_unused"),
        (["statement", "--from", "2026-02-02", "--until", "2026-01-31"], "span_backwards"),
        (["statement", "--csv", "--json"], "formats_excluded"),
        (["statement", "--from", "soon"], "usage_invalid"),
        (["everything"], "usage_invalid"),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, words: list[str], cause: str) -> None:
    """Before a market is asked."""
    outcome = cli("ledger", *words, *([] if "--json" in words else ["--json"]))
    assert (outcome.status, outcome.document["details"]["cause"]) == (2, cause)


def test_an_order_is_reconciled_and_traced(buyer: tuple[Cli, str]) -> None:
    """The order's money in words, and its life as a timeline."""
    me, order_id = buyer
    summary = done(me("reconcile", order_id, "--json"))
    assert (summary["agrees"], summary["rail"]["held"]) == (True, "40000000")
    shown = me("reconcile", order_id).out
    assert "verdict     all agrees" in shown
    assert "settlement_locked: locked 40.00 credits" in shown
    trace = done(me("order", "trace", order_id, "--json"))
    assert [step["method"] for step in trace["timeline"]] == [
        "web3.market.publishTask",
        "web3.market.placeBid",
        "web3.market.awardBid",
    ]


def test_an_operator_has_the_latest_orders_and_tabs_checked(
    buyer: tuple[Cli, str], market: LocalMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing differs; a member is refused."""
    me, _ = buyer
    refused = me("reconcile")
    assert refused.status == 3
    step = 'next: export CLAWMARKET_API_KEY="$(cat ~/.clawmarket/operator.token)"'
    assert refused.err.splitlines()[-1] == step
    token = (market.folder / "market" / "operator.token").read_text()
    monkeypatch.setenv("CLAWMARKET_API_KEY", token.strip())
    outcome = me("reconcile", "--limit", "1", "--json")
    document = done(outcome)

    assert (document["orders"], document["items"], document["agrees"]) == (1, [], True)
    assert (
        me("reconcile", "--limit", "1").out
        == "All agrees: the latest 1 order, 0 tabs and 0 bills were checked.\n"
    )
    assert me("repair", "list").out == "No rail leaves anything open.\n"
