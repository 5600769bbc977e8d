"""The command against a real market on loopback: a paid deal, a dry run, a restart."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawmarket.entry.cli.commands import watch
from clawmarket.entry.cli.commands.states import verdict
from cli.terminal import Cli, LocalMarket, Outcome

Join = Callable[[str], Cli]


def done(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a command that has to succeed."""
    assert outcome.status == 0, outcome.err
    assert outcome.document["ok"] is True
    return outcome.document


def awarded(buyer: Cli, worker: Cli) -> str:
    """Publish, bid, award; return the order."""
    task = done(buyer("task", "publish", "Digest", "--budget", "50", "--yes", "--json"))
    bid = done(worker("task", "bid", task["taskId"], "--price", "40", "--json"))
    order = done(buyer("task", "award", bid["bidId"], "--yes", "--json"))
    return str(order["orderId"])


def test_a_paid_deal_from_wallet_to_checked_receipt(join: Join, tmp_path: Path) -> None:
    """Two wallets deal, every signature is checked, and the money arrives to the unit."""
    buyer, worker = join("buyer"), join("worker")
    order_id = awarded(buyer, worker)
    paper = tmp_path / "digest.md"
    paper.write_text("# Digest\n")
    handed_in = done(worker("task", "submit", order_id, "--attach", str(paper), "--json"))
    assert buyer("order", "watch", order_id, "--until", "delivered").status == 0
    review = ["task", "review", handed_in["resultId"], "--decision", "accept", "--yes"]
    assert done(buyer(*review, "--json"))["status"] == "result_accepted"
    assert done(worker("wallet", "show", "--json"))["earned"] == "39600000"
    figures = done(buyer("wallet", "show", "--json"))
    assert (figures["available"], figures["held"]) == ("960000000", "0")
    receipt = tmp_path / "receipt.json"
    for _ in range(50):
        if buyer("receipt", "get", order_id, "-o", str(receipt)).status == 0:
            break
        worker("order", "watch", order_id, "--until", "cancelled", "--timeout", "1s")
    assert buyer("verify", str(receipt)).status == 0
    copy = tmp_path / "copy.md"
    digest = handed_in["artifacts"][0]["digest"]
    assert done(buyer("files", "get", digest, "-o", str(copy), "--json"))["size"] == 9
    assert copy.read_text() == paper.read_text()


def test_a_damaged_file_is_said_to_be_damaged(
    join: Join, market: LocalMarket, tmp_path: Path
) -> None:
    """Found on the way, the download breaks off; its reader hears why, now and later."""
    owner, paper = join("owner"), tmp_path / "paper.bin"
    paper.write_bytes(bytes(300_000))
    digest = done(owner("files", "put", str(paper), "--json"))["digest"]
    (stored,) = (market.folder / "market" / "files").glob(f"sha256/*/{digest[9:]}")
    stored.write_bytes(bytes(299_999) + b"1")
    said = (
        f"error[E_UNAVAILABLE]: The stored bytes of {digest} have changed; they were set aside. "
        "Ask whoever sent the file to send it again."
    )
    for _ in range(2):
        outcome = owner("files", "get", digest, "-o", str(tmp_path / "copy.bin"))
        assert (outcome.status, outcome.err.splitlines()[0]) == (4, said)


def test_a_dry_run_shows_the_request_and_changes_nothing(join: Join) -> None:
    """Price, fee and total are named, and no record comes into being."""
    buyer = join("buyer")
    before = buyer("audit", "query", "-q").out
    document = done(buyer("task", "publish", "T", "--budget", "50", "--dry-run", "--json"))
    assert document["request"] == {
        "method": "web3.market.publishTask",
        "params": {"title": "T", "budget": "50000000"},
        "signed": True,
    }
    quote = document["quote"]
    money = [quote[name] for name in ("price", "fee", "total", "asset", "testMoney")]
    assert money == ["50000000", "500000", "50000000", "credits", True]
    assert buyer("audit", "query", "-q").out == before


def test_nothing_is_spent_without_consent(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal and without --yes the quote is shown and nothing is sent."""
    monkeypatch.setenv("OPENCLAW_SHELL", "1")
    buyer = join("buyer")
    outcome = buyer("task", "publish", "T", "--budget", "50", "--json")
    assert outcome.status == 2
    assert outcome.document["details"]["cause"] == "consent_missing"
    assert "--yes" in outcome.document["error"]
    assert "total  50.00 credits: held for the task" in outcome.err
    assert done(buyer("wallet", "show", "--json"))["held"] == "0"
    preview = outcome.document["details"]["next"].split()[1:]
    assert buyer(*preview).status == 0


def test_a_repeated_key_acts_once(join: Join) -> None:
    """The same key returns the same task, and the budget is held once."""
    buyer = join("buyer")
    argv = ["task", "publish", "T", "--budget", "50", "--yes", "--json", "--idempotency-key", "k1"]
    assert done(buyer(*argv))["taskId"] == done(buyer(*argv))["taskId"]
    assert done(buyer("wallet", "show", "--json"))["held"] == "50000000"
    other = ["task", "publish", "U", *argv[3:]]
    assert buyer(*other).status == 6


def test_lists_have_a_head_and_a_command_for_the_next_page(join: Join) -> None:
    """The header counts, and the printed command shows the rest."""
    buyer = join("buyer")
    for title in ("One", "Two"):
        done(buyer("task", "publish", title, "--budget", "1", "--yes", "--json"))
    first = buyer("task", "list", "--limit", "1").out.splitlines()
    assert first[0] == "Showing 1 task"
    assert "Two" in first[2]
    following = first[-1].removeprefix("next: clawmarket ").split()
    assert "One" in buyer(*following).out


def test_writes_name_their_inverse_and_it_works(join: Join) -> None:
    """The undo command of a published task is run as printed and brings the money back."""
    buyer = join("buyer")
    lines = buyer("task", "publish", "T", "--budget", "50", "--yes").out.splitlines()
    undo = next(line for line in lines if line.startswith("undo: "))
    command = undo.removeprefix("undo: clawmarket ").partition(" (")[0]
    assert buyer(*command.split()).status == 0
    assert done(buyer("wallet", "show", "--json"))["available"] == "1000000000"


def test_a_new_key_is_shown_once_and_works(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key signs in by itself; the list shows only its prefix."""
    buyer = join("buyer")
    made = done(buyer("keys", "new", "ci", "--scope", "read", "--json"))
    listed = buyer("keys", "list", "--json")
    assert made["key"].startswith("cmk_")
    assert made["key"] not in listed.out
    monkeypatch.setenv("CLAWMARKET_API_KEY", made["key"])
    assert done(buyer("wallet", "show", "--json"))["role"] == "member"
    refused = buyer("task", "publish", "T", "--budget", "1", "--yes", "--json")
    assert (refused.status, refused.document["details"]["cause"]) == (3, "scope_missing")


def test_watching_survives_a_restart_of_the_market(
    join: Join, market: LocalMarket, tmp_path: Path
) -> None:
    """The wait goes on over the restart and ends when the order gets there."""
    buyer, worker = join("buyer"), join("worker")
    order_id = awarded(buyer, worker)
    assert buyer("order", "watch", order_id, "--until", "settled", "--timeout", "0.1").status == 8
    command = [sys.executable, "-m", "clawmarket", "order", "watch", order_id]
    waiting = subprocess.Popen(
        [*command, "--until", "refunded", "--timeout", "60s", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"CLAWMARKET_HOME": str(tmp_path / "buyer")},
    )
    assert waiting.stderr is not None
    assert waiting.stderr.readline().endswith(b"waiting for refunded.\n")
    market.stop()
    assert waiting.stderr.readline().startswith(b"The market is away")
    market.start()
    assert worker("call", "web3.market.settlement.refund", f"orderId={order_id}").status == 0
    out, _ = waiting.communicate(timeout=60)
    assert (waiting.returncode, json.loads(out)["reached"]) == (0, True)
    assert buyer("order", "watch", order_id, "--until", "settled").status == 1


def test_status_says_what_it_did_not_look_at(join: Join) -> None:
    """Probes are not checked unless asked for; then nothing is left out."""
    buyer = join("buyer")
    quick = done(buyer("status", "--json"))
    skipped = [{"what": "probes", "reason": "ask with --deep"}]
    assert quick["collection"] == {"notCollected": skipped}
    assert "not checked" in buyer("status").out
    assert done(buyer("status", "--deep", "--json"))["collection"] == {"notCollected": []}


def test_the_audit_is_followed_record_by_record(join: Join) -> None:
    """Each line is an object with its cursor; going on after one leaves it out."""
    buyer = join("buyer")
    done(buyer("task", "publish", "T", "--budget", "1", "--yes", "--json"))
    lines = buyer("audit", "tail", "--json").out.splitlines()
    records = [Outcome(0, line, "").document for line in lines]
    assert [r["method"] for r in records] == ["web3.siwe.verify", "web3.market.publishTask"]
    rest = buyer("audit", "tail", "--after", records[0]["cursor"], "-q").out
    assert rest == f"{records[1]['recordId']}\n"


@pytest.mark.parametrize(
    ("state", "until", "expected"),
    [
        ("delivery_ready", "delivered", None),
        ("delivery_completed", "delivered", True),
        ("settlement_completed", "delivered", True),
        ("settlement_completed", "refunded", False),
        ("settlement_cancelled", "ended", True),
        ("order_expired", "locked", False),
        ("payment_locked", "settled,refunded", None),
    ],
)
def test_a_verdict_knows_what_lies_behind_and_what_cannot_come(
    state: str, until: str, *, expected: bool | None
) -> None:
    """Reached, still possible, or impossible follows from the machine's own table."""
    assert verdict(state, watch.targets_of(until)) is expected


def test_a_logout_ends_the_session_and_forgets_it(join: Join, tmp_path: Path) -> None:
    """The token is gone from the home and of no use to whoever copied it; the wallet stays."""
    party = join("leaver")
    session = tmp_path / "leaver" / "session.json"
    copied = session.read_bytes()
    assert done(party("wallet", "logout", "--json"))["ended"] == 1
    assert not session.exists()
    refused = party("wallet", "show", "--json")
    assert (refused.status, refused.document["details"]["cause"]) == (3, "auth_needed")
    session.write_bytes(copied)
    refused = party("wallet", "show", "--json")
    assert (refused.status, refused.document["details"]["cause"]) == (3, "session_unknown")
    assert party("wallet", "logout").status == 3
    assert not session.exists()
    assert party("wallet", "login").status == 0
    assert done(party("wallet", "logout", "--all", "--json"))["ended"] == 1
