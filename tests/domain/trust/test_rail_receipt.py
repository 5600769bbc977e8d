"""Receipts of orders on an outside rail: honest ones hold, lies about its steps do not."""

import pytest

from page_verdict import each_verifier
from rail_lies import RAIL_LIES, RESOLVED_LIES
from receipts import NAMES, Verifier, deal, outcomes


@each_verifier
@pytest.mark.parametrize("voice", ["signed", "attested"])
@pytest.mark.parametrize("ending", ["settled", "refunded", "cancelled", "resolved"])
def test_an_honest_receipt_holds(verifier: Verifier, ending: str, voice: str) -> None:
    """However it ended, whoever signed, also when a person had to find out."""
    made = deal("rail", ending, voice)
    verdict = verifier(made.text, made.key)
    passed = dict.fromkeys(NAMES, "passed") | {"anchors": "skipped"}
    if ending in ("refunded", "cancelled"):
        passed["delivery"] = "skipped"
    assert (verdict["ok"], outcomes(verdict)) == (True, passed), verdict


@each_verifier
@pytest.mark.parametrize("lie", RAIL_LIES)
def test_a_lie_about_the_rail_fails_its_check(verifier: Verifier, lie: str) -> None:
    """The market itself lies, with its own log and key: both verifiers name the same check."""
    change, failed = RAIL_LIES[lie]
    made = deal("rail", "settled", "signed")
    records = made.records()
    change(records, made)
    assert verifier(made.told(records), made.key)["failed"] == failed


@each_verifier
@pytest.mark.parametrize("lie", RESOLVED_LIES)
def test_a_lie_about_a_finding_fails_its_check(verifier: Verifier, lie: str) -> None:
    """A payment is let go only on a person's word, and asked for again word for word."""
    change, failed = RESOLVED_LIES[lie]
    made = deal("rail", "resolved", "signed")
    records = made.records()
    change(records, made)
    assert verifier(made.told(records), made.key)["failed"] == failed
