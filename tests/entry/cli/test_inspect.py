"""The command of a market that inspects: checks, a verdict, an appeal, a receipt that verifies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Cli, Outcome

Join = Callable[[str], Cli]

CHECK = {
    "kind": "json_schema",
    "file": "invoices.json",
    "schema": '{"items": {"required": ["total"], "properties": {"total": {"multipleOf": 0.01}}}}',
}


def done(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a command that has to succeed."""
    assert outcome.status == 0, outcome.err
    return outcome.document


@pytest.fixture
def check(tmp_path: Path) -> str:
    """A check in a file, as it is given to the command."""
    path = tmp_path / "check.json"
    path.write_text(json.dumps(CHECK))
    return f"@{path}"


def awarded(buyer: Cli, worker: Cli, *terms: str) -> str:
    """Publish, bid, award; return the order."""
    asked = ["task", "publish", "Invoices", "--budget", "50", *terms, "--yes", "--json"]
    task = done(buyer(*asked))
    bid = done(worker("task", "bid", task["taskId"], "--price", "40", "--json"))
    return str(done(buyer("task", "award", bid["bidId"], "--yes", "--json"))["orderId"])


def test_a_deal_with_checks_is_inspected_handed_in_and_paid(
    join: Join, tmp_path: Path, check: str
) -> None:
    """Two wallets sign all of it; the receipt of such a deal verifies."""
    buyer, worker = join("buyer"), join("worker")
    order_id = awarded(
        buyer, worker, "--check", check, "--check", '{"kind":"max_bytes","bytes":99}'
    )
    paper = tmp_path / "invoices.json"
    paper.write_text('[{"total": 12.5}]')
    files = ["--attach", str(paper)]
    assert worker("task", "submit", order_id, *files).err.count("help task inspect") == 1
    passed = done(worker("task", "inspect", order_id, *files, "--json"))
    assert passed["verdict"] == "passed"
    assert passed["next"] == [f"clawmarket task submit {order_id} --attach FILE"]
    result = done(worker("task", "submit", order_id, *files, "--json"))
    review = ["task", "review", result["resultId"], "--decision", "accept", "--yes"]
    assert done(buyer(*review, "--json"))["inspection"]["verdict"] == "passed"
    receipt = tmp_path / "receipt.json"
    for _ in range(50):
        if buyer("receipt", "get", order_id, "-o", str(receipt)).status == 0:
            break
        worker("order", "watch", order_id, "--until", "cancelled", "--timeout", "1s")
    assert buyer("verify", str(receipt)).status == 0


def test_an_appeal_is_read_by_the_buyer(join: Join, tmp_path: Path, check: str) -> None:
    """What failed goes to the buyer with its findings and the worker's reason."""
    buyer, worker = join("buyer"), join("worker")
    order_id = awarded(buyer, worker, "--check", check)
    paper = tmp_path / "invoices.json"
    paper.write_text("[{}]")
    files = ["--attach", str(paper)]
    failed = done(worker("task", "inspect", order_id, *files, "--json"))
    assert [found["code"] for found in failed["findings"]] == ["check_json_schema"]
    assert failed["next"] == [
        f"clawmarket task inspect {order_id} --attach FILE",
        f"clawmarket task submit {order_id} --attach FILE --appeal REASON",
    ]
    assert worker("task", "submit", order_id, *files).status != 0
    appeal = ["--appeal", "There are no totals."]
    result = done(worker("task", "submit", order_id, *files, *appeal, "--json"))
    seen = done(buyer("task", "result", result["resultId"], "--json"))["inspection"]
    assert (seen["appeal"], seen["findings"]) == ("There are no totals.", failed["findings"])
    assert "check_json_schema" in buyer("task", "inspection", failed["inspectionId"]).out


@pytest.mark.parametrize("text", ["{", "[]", "7", "kind=types"])
def test_a_check_is_a_json_object(join: Join, text: str) -> None:
    """Anything else is refused before it is sent."""
    refused = join("buyer")("task", "publish", "Invoices", "--budget", "50", "--check", text)
    assert refused.status == 2
    assert "is not a JSON object" in refused.err
