"""Receipts of claimed tasks: honest ones hold; no market invents a claim, a price or a worker."""

import pytest

from claim_lies import CLAIM_LIES, UNCLAIM_LIES
from page_verdict import each_verifier
from receipts import NAMES, Verifier, deal, outcomes


@each_verifier
@pytest.mark.parametrize("voice", ["signed", "attested"])
@pytest.mark.parametrize("ending", ["claimed", "unclaimed"])
def test_an_honest_receipt_holds(verifier: Verifier, ending: str, voice: str) -> None:
    """Claimed with a deadline, rated and paid; or given back, and the money held again."""
    made = deal("task", ending, voice)
    verdict = verifier(made.text, made.key)
    passed = dict.fromkeys(NAMES, "passed") | {"anchors": "skipped"}
    if ending == "unclaimed":
        passed["delivery"] = "skipped"
    assert (verdict["ok"], outcomes(verdict)) == (True, passed), verdict


def test_the_worker_signs_what_was_claimed() -> None:
    """Three statements of both wallets stand for it; the buyer's is the published task."""
    said = deal("task", "claimed", "signed").document()["statements"]
    assert [each["method"].rpartition(".")[2] for each in said] == [
        "publishTask",
        "claimTask",
        "submitResult",
        "reviewResult",
    ]
    assert "the market" not in {each["signedBy"] for each in said}


def test_what_was_given_back_was_not_paid() -> None:
    """The receipt of a claim that was given back names the whole price as refunded."""
    receipt = deal("task", "unclaimed", "signed").document()["receipt"]
    told = (receipt["status"], receipt["amount"], receipt["refund"], receipt["sellerAmount"])
    assert told == ("receipt_refunded", "50000000", "50000000", "0")


@each_verifier
@pytest.mark.parametrize("lie", CLAIM_LIES)
def test_a_lie_about_a_claim_fails_its_check(verifier: Verifier, lie: str) -> None:
    """The market itself lies, with its own log and key: both verifiers name the same check."""
    change, failed = CLAIM_LIES[lie]
    made = deal("task", "claimed", "signed")
    records = made.records()
    change(records, made)
    assert verifier(made.told(records), made.key)["failed"] == failed


@each_verifier
@pytest.mark.parametrize("lie", UNCLAIM_LIES)
def test_a_lie_about_a_step_back_fails_its_check(verifier: Verifier, lie: str) -> None:
    """Nobody's step back is invented, and the money is not kept on the way."""
    change, failed = UNCLAIM_LIES[lie]
    made = deal("task", "unclaimed", "signed")
    records = made.records()
    change(records, made)
    assert verifier(made.told(records), made.key)["failed"] == failed


@each_verifier
def test_an_award_is_not_taken_for_a_claim(verifier: Verifier) -> None:
    """Of a task that takes bids nobody claims: the worker's word does not replace the buyer's."""
    made = deal("task", "settled", "signed")
    records = made.records()
    award = next(r for r in records if any(e["kind"] == "order_created" for e in r["events"]))
    seller = next(e["seller"] for e in award["events"] if e["kind"] == "order_created")
    award["actor"] = award["statement"]["said"]["actor"] = seller
    award["method"] = award["statement"]["said"]["method"] = "web3.market.claimTask"
    made.sign(award)
    assert verifier(made.told(records), made.key)["failed"] == ["records"]
