"""Checking a receipt offline: ten checks, each with its own verdict, and what stays unproven."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from clawmarket.domain.trust.checkpoint import (
    CheckpointError,
    Verify,
    open_checkpoint,
    parse_body,
    parse_note,
    parse_vkey,
)
from clawmarket.domain.trust.claims import (
    Recover,
    attested_in,
    check_delivery,
    check_postings,
    check_signatures,
    check_summary,
    same,
)
from clawmarket.domain.trust.facts import Json, ReceiptFlawError
from clawmarket.domain.trust.merkle import ProofError, verify_inclusion
from clawmarket.domain.trust.receipt import ReceiptFile, facts_of, parse_receipt
from clawmarket.domain.trust.record import record_leaf
from clawmarket.domain.trust.story import Story, read_story

_SHOWN = 200


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNPINNED = "unpinned"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Crypto:
    """The two signature schemes that a receipt needs.

    Args:
        verify: Ed25519 (RFC 8032).
        recover: secp256k1 public key recovery over the EIP-191 hash.
    """

    verify: Verify
    recover: Recover


@dataclass(frozen=True, slots=True)
class Check:
    """One verdict; `expected` and `found` where one value was at stake."""

    name: str
    outcome: Outcome
    sentence: str
    expected: str | None = None
    found: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks in their order, and what even a good receipt does not prove."""

    checks: tuple[Check, ...]
    not_proven: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that failed."""
        return tuple(check.name for check in self.checks if check.outcome is Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class _Case:
    """What the checks look at; a story that could not be read is the flaw that says why."""

    receipt: ReceiptFile
    story: Story | ReceiptFlawError
    pinned: str | None
    crypto: Crypto


class _NothingToCheckError(Exception):
    """A check has nothing to look at; the text says why."""


def check_receipt(text: str, *, pinned: str | None, crypto: Crypto) -> Verdict:
    """Check a receipt, trusting nobody but the pinned key.

    Args:
        text: The file's text.
        pinned: The market's verifier key as the reader knows it from elsewhere, or None.
        crypto: The signature schemes; neither may raise.

    Raises:
        NotAReceiptError: The text does not even claim to be a receipt; nothing else is raised.
    """
    try:
        receipt = parse_receipt(text)
    except ReceiptFlawError as flaw:
        why = "Not checked: the file has not the form of a receipt."
        unread = (Check(name, Outcome.SKIPPED, why) for name in _CHECKS)
        return Verdict((_failed("format", flaw), *unread), ())
    case = _Case(receipt, _story(receipt), pinned, crypto)
    form = Check("format", Outcome.PASSED, "The file has the form of a receipt.")
    return Verdict((form, *(_run(name, case) for name in _CHECKS)), _not_proven(case))


def _story(receipt: ReceiptFile) -> Story | ReceiptFlawError:
    try:
        facts = facts_of(receipt.records)
        _check_places([record.index for record in receipt.records])
        same("A record is told twice.", len(facts), len({one.record_id for one in facts}))
        return read_story(facts)
    except ReceiptFlawError as flaw:
        return flaw


def _check_places(places: Sequence[int]) -> None:
    if any(later <= earlier for earlier, later in pairwise(places)):
        raise ReceiptFlawError("The records are not in the order of the log, each once.")


def _run(name: str, case: _Case) -> Check:
    outcome = Outcome.UNPINNED if name == "key" and case.pinned is None else Outcome.PASSED
    try:
        return Check(name, outcome, _CHECKS[name](case))
    except ReceiptFlawError as flaw:
        return _failed(name, flaw)
    except _NothingToCheckError as why:
        return Check(name, Outcome.SKIPPED, str(why))


def _failed(name: str, flaw: ReceiptFlawError) -> Check:
    expected, found = (text and text[:_SHOWN] for text in (flaw.expected, flaw.found))
    return Check(name, Outcome.FAILED, flaw.sentence, expected, found)


def _told(case: _Case) -> Story:
    if isinstance(case.story, ReceiptFlawError):
        raise _NothingToCheckError("Not checked: the records do not tell a finished order.")
    return case.story


def _records(case: _Case) -> str:
    if isinstance(case.story, ReceiptFlawError):
        raise case.story
    count = len(case.receipt.records)
    return f"{count} records tell the order {case.story.order_id} from beginning to end."


def _inclusion(case: _Case) -> str:
    try:
        checkpoint = parse_body(parse_note(case.receipt.checkpoint).body)
    except CheckpointError:
        raise _NothingToCheckError("Not checked: the checkpoint cannot be read.") from None
    for record in case.receipt.records:
        leaf = record_leaf(record.record.encode(), bytes.fromhex(record.salt))
        proof = [bytes.fromhex(sibling) for sibling in record.proof]
        try:
            verify_inclusion(leaf, record.index, checkpoint.size, proof, checkpoint.root)
        except ProofError as error:
            raise ReceiptFlawError(f"Not in the log's tree: {error}.") from None
    return f"The tree of {checkpoint.size} records holds all {len(case.receipt.records)} of them."


def _checkpoint(case: _Case) -> str:
    try:
        key = parse_vkey(case.receipt.key)
        checkpoint = open_checkpoint(case.receipt.checkpoint, key, case.crypto.verify)
    except CheckpointError as error:
        raise ReceiptFlawError(f"The checkpoint does not hold: {error}.") from None
    same("The checkpoint is of another market.", case.receipt.origin, checkpoint.origin)
    return f"{checkpoint.origin} signed the tree of {checkpoint.size} records."


def _key(case: _Case) -> str:
    if case.pinned is None:
        return "The market is not confirmed: compare its key with one that you know (--key)."
    what = "Another key than the pinned one: another market, or one whose key was replaced."
    same(what, case.pinned.strip(), case.receipt.key)
    return "The market's key is the pinned one."


def _signatures(case: _Case) -> str:
    return check_signatures(_told(case), case.receipt.origin, case.crypto.recover)


def _postings(case: _Case) -> str:
    return check_postings(_told(case))


def _delivery(case: _Case) -> str:
    story = _told(case)
    outcome = case.receipt.summary["receipt"]
    claimed = outcome.get("deliveryDigest") if isinstance(outcome, dict) else None
    sentence = check_delivery(story, claimed)
    if not story.settled:
        raise _NothingToCheckError("No delivery was accepted; the money went back.")
    return sentence


def _summary(case: _Case) -> str:
    receipt = case.receipt
    return check_summary(_told(case), receipt.summary, test_money=receipt.test_money)


def _anchors(case: _Case) -> str:
    if case.receipt.anchors:
        raise _NothingToCheckError("This verifier does not know the kind of the file's anchors.")
    raise _NothingToCheckError("No outside witness recorded the checkpoint.")


_CHECKS: Mapping[str, Callable[[_Case], str]] = {
    "records": _records,
    "inclusion": _inclusion,
    "checkpoint": _checkpoint,
    "key": _key,
    "signatures": _signatures,
    "postings": _postings,
    "delivery": _delivery,
    "summary": _summary,
    "anchors": _anchors,
}


def _not_proven(case: _Case) -> tuple[str, ...]:
    gaps = [
        "When it happened: the moments are the market's own clock.",
        "That the market shows everybody the same log: compare checkpoints with others.",
        "That the files are any good: the receipt names them by their hashes only.",
    ]
    if case.pinned is None:
        gaps.insert(0, "Which market this is: its key was not pinned.")
    if isinstance(case.story, Story) and attested_in(case.story):
        gaps.append("That the parties said what the market alone attests.")
    return tuple(gaps)


def verdict_document(verdict: Verdict, file: str) -> Json:
    """Return a verdict as the one JSON document that programs read."""
    return {
        "ok": verdict.ok,
        "file": file,
        "failed": list(verdict.failed),
        "checks": [
            {
                "name": check.name,
                "outcome": str(check.outcome),
                "sentence": check.sentence,
                "expected": check.expected,
                "found": check.found,
            }
            for check in verdict.checks
        ],
        "notProven": list(verdict.not_proven),
    }
