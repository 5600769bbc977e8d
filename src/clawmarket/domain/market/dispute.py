"""Disputes: one side contests an order's end, both are heard, an arbiter or a rule decides.

While a dispute is open neither release nor refund can happen. Whoever is silent loses nothing to
trickery: every wait has its end, and what follows is named here.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.errors import (
    ConflictError,
    ExpiredError,
    ForbiddenError,
    InvalidArgumentError,
    NotFoundError,
    QuotaExceededError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.moment import SECOND_MS
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.terms import ANSWER_S, RULING_S, Artifact, file_facts

MAX_EVIDENCE = 5


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPENED = "dispute_opened"
    HEARD = "dispute_evidence_submitted"
    RESOLVED = "dispute_resolved"
    REJECTED = "dispute_rejected"


DISPUTE = Machine(
    "dispute",
    (DisputeState.OPENED,),
    {
        "submit": {
            DisputeState.OPENED: DisputeState.HEARD,
            DisputeState.HEARD: DisputeState.HEARD,
        },
        "resolve": {
            DisputeState.OPENED: DisputeState.RESOLVED,
            DisputeState.HEARD: DisputeState.RESOLVED,
        },
        "reject": {
            DisputeState.OPENED: DisputeState.REJECTED,
            DisputeState.HEARD: DisputeState.REJECTED,
        },
    },
)


class Resolution(StrEnum):
    """Who gets the lock: the seller, the buyer, or each a part."""

    RELEASE = "release"
    REFUND = "refund"
    PARTIAL = "partial"


class DisputeNotFoundError(NotFoundError):
    """There is no such dispute, or it is not yours to see."""

    next_command = "clawmarket dispute list"


class DisputeNotNowError(ConflictError):
    """The order is not at a point that can be disputed by this side."""

    advice = (
        "A buyer disputes a delivery within the review window, a seller a rejection before the "
        "refund."
    )
    next_command = "clawmarket order explain {orderId}"


class DisputeLateError(ExpiredError):
    """The last moment to be heard has passed; the market decides by its rule."""

    advice = "Wait for the market; it decides within a second."
    next_command = "clawmarket order explain {orderId}"


class EvidenceFullError(QuotaExceededError):
    """A side brought as much evidence as it may."""

    advice = f"Each side may bring {MAX_EVIDENCE} pieces; the arbiter reads those that are there."
    next_command = "clawmarket dispute show {disputeId}"


class NotHeardYetError(ConflictError):
    """The other side may still answer; nobody rules before that."""

    advice = "Wait for the other side, at most until `dueAt`, or reject the claim."
    next_command = "clawmarket dispute show {disputeId}"


class OwnDisputeError(ForbiddenError):
    """A party never rules in its own dispute."""

    advice = "Ask the operator to name another arbiter."
    next_command = "clawmarket dispute show {disputeId}"


class ShareInvalidError(InvalidArgumentError):
    """A partial ruling gives the seller more than nothing and less than all; others no amount."""

    advice = "Give `sellerShare` with `partial` only, below what is at stake."
    next_command = "clawmarket dispute show {disputeId}"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A contested order.

    `due_at` is the last moment for whoever has to be heard next: the parties first, then the
    arbiter. `share` is what a ruling took out of the lock for the seller, before the fee, in
    minor units.
    """

    dispute_id: str
    order_id: str
    initiator: str
    respondent: str
    claim: Resolution
    reason: str
    state: DisputeState
    initiator_evidence: int
    respondent_evidence: int
    opened_at: int
    due_at: int
    arbiter: str | None
    resolution: Resolution | None
    share: int | None
    why: str
    resolved_at: int | None

    @property
    def is_open(self) -> bool:
        """Whether the dispute waits for somebody."""
        return self.state in (DisputeState.OPENED, DisputeState.HEARD)

    @property
    def both_heard(self) -> bool:
        """Whether both sides brought evidence, so that the arbiter is to rule."""
        return bool(self.initiator_evidence and self.respondent_evidence)

    @property
    def was_left_unruled(self) -> bool:
        """Whether both sides were heard and no arbiter ruled in time."""
        return self.both_heard and not self.is_open and self.arbiter is None

    @property
    def digest(self) -> str:
        """The content hash over what the dispute is about."""
        return content_digest(
            {
                "disputeId": self.dispute_id,
                "orderId": self.order_id,
                "initiator": self.initiator,
                "respondent": self.respondent,
                "claim": self.claim.value,
                "reason": self.reason,
            }
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one side brought: words, and files by their content hashes."""

    evidence_id: str
    dispute_id: str
    submitter: str
    summary: str
    artifacts: tuple[Artifact, ...]
    digest: str
    submitted_at: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a dispute ends: the claim holds or falls, and the seller's share of the lock."""

    resolution: Resolution
    share: int
    why: str
    holds: bool


@event
@dataclass(frozen=True, slots=True)
class DisputeOpened(Event):
    """One side contests the order; the money is frozen."""

    dispute_id: str
    order_id: str
    claim: str
    dispute_digest: str


@event
@dataclass(frozen=True, slots=True)
class DisputeEvidenceSubmitted(Event):
    """One side was heard."""

    dispute_id: str
    order_id: str
    evidence_id: str
    evidence_digest: str


@event
@dataclass(frozen=True, slots=True)
class DisputeResolved(Event):
    """The claim holds, all or partly; `seller_share` of the lock is the seller's, less the fee."""

    dispute_id: str
    order_id: str
    resolution: str
    seller_share: str
    reason: str


@event
@dataclass(frozen=True, slots=True)
class DisputeRejected(Event):
    """The claim fell; what would have happened without it happens."""

    dispute_id: str
    order_id: str
    resolution: str
    seller_share: str
    reason: str


def open_dispute(dispute_id: str, order: Order, initiator: str, reason: str, now: int) -> Dispute:
    """Return the dispute of a side that contests an order.

    The buyer claims the money back, the seller claims it.
    """
    by_buyer = initiator == order.buyer
    return Dispute(
        dispute_id=dispute_id,
        order_id=order.order_id,
        initiator=initiator,
        respondent=order.seller if by_buyer else order.buyer,
        claim=Resolution.REFUND if by_buyer else Resolution.RELEASE,
        reason=reason,
        state=DisputeState.OPENED,
        initiator_evidence=0,
        respondent_evidence=0,
        opened_at=now,
        due_at=now + ANSWER_S * SECOND_MS,
        arbiter=None,
        resolution=None,
        share=None,
        why="",
        resolved_at=None,
    )


def hear(dispute: Dispute, submitter: str, now: int) -> Dispute:
    """Count one piece of evidence; when both sides were heard the arbiter's time begins.

    Raises:
        TransitionRefusedError: The dispute is over.
        DisputeLateError: `now` is not before the last moment to be heard.
        EvidenceFullError: The side brought `MAX_EVIDENCE` pieces already.
    """
    state = DISPUTE.step(dispute.state, "submit", disputeId=dispute.dispute_id)
    check_in_time(dispute, now)
    place = "initiator_evidence" if submitter == dispute.initiator else "respondent_evidence"
    count = getattr(dispute, place) + 1
    if count > MAX_EVIDENCE:
        raise EvidenceFullError(
            f"You brought {MAX_EVIDENCE} pieces of evidence.", disputeId=dispute.dispute_id
        )
    heard = replace(dispute, state=state, **{place: count})
    if heard.both_heard and not dispute.both_heard:
        return replace(heard, due_at=now + RULING_S * SECOND_MS)
    return heard


def check_in_time(dispute: Dispute, now: int) -> None:
    """Raise DisputeLateError if `now` is not before the last moment to be heard or to rule."""
    if now >= dispute.due_at:
        raise DisputeLateError("The time for this has passed.", orderId=dispute.order_id)


def evidence_digest(summary: str, artifacts: tuple[Artifact, ...]) -> str:
    """Return the content hash over one piece of evidence."""
    return content_digest({"summary": summary, "artifacts": file_facts(artifacts)})


def check_arbiter(dispute: Dispute, arbiter: str) -> None:
    """Raise OwnDisputeError if the arbiter is one of the sides."""
    if arbiter in (dispute.initiator, dispute.respondent):
        raise OwnDisputeError("You are a party of this dispute.", disputeId=dispute.dispute_id)


def ruling(
    dispute: Dispute, amount: int, resolution: Resolution, share: int | None, why: str
) -> Verdict:
    """Return an arbiter's ruling.

    Args:
        dispute: An open dispute.
        amount: The lock, in minor units.
        resolution: Who gets it.
        share: The seller's part of a partial ruling, before the fee; else None.
        why: The arbiter's reason.

    Raises:
        NotHeardYetError: One side was not heard, and may still be.
        ShareInvalidError: The share does not fit the resolution.
    """
    if not dispute.respondent_evidence:
        raise NotHeardYetError("The other side was not heard yet.", disputeId=dispute.dispute_id)
    if resolution is Resolution.PARTIAL:
        if share is None or not 0 < share < amount:
            raise ShareInvalidError(
                f"A partial ruling divides {format_amount(amount)}.", disputeId=dispute.dispute_id
            )
        return Verdict(resolution, share, why, holds=True)
    if share is not None:
        raise ShareInvalidError(
            f"A ruling for {resolution} takes no amount.", disputeId=dispute.dispute_id
        )
    return Verdict(resolution, _whole(resolution, amount), why, resolution is dispute.claim)


def fallen(dispute: Dispute, amount: int, why: str) -> Verdict:
    """Return what happens when the claim falls: what would have happened without it."""
    other = Resolution.RELEASE if dispute.claim is Resolution.REFUND else Resolution.REFUND
    return Verdict(other, _whole(other, amount), why, holds=False)


def by_silence(dispute: Dispute, amount: int) -> Verdict:
    """Return how an open dispute ends when its last moment passes.

    A side that was heard wins over one that was not; where nobody or everybody was heard, the
    claim falls.
    """
    if dispute.both_heard:
        return fallen(dispute, amount, "no arbiter ruled")
    if dispute.initiator_evidence:
        claim = dispute.claim
        return Verdict(claim, _whole(claim, amount), "the other side was silent", holds=True)
    return fallen(dispute, amount, "the claim was not shown")


def conclude(dispute: Dispute, verdict: Verdict, arbiter: str | None, now: int) -> Dispute:
    """End a dispute with a verdict. Raises TransitionRefusedError when it is over."""
    return replace(
        dispute,
        state=DISPUTE.step(
            dispute.state, "resolve" if verdict.holds else "reject", disputeId=dispute.dispute_id
        ),
        arbiter=arbiter,
        resolution=verdict.resolution,
        share=verdict.share,
        why=verdict.why,
        resolved_at=now,
    )


def concluded(dispute: Dispute, verdict: Verdict) -> DisputeResolved | DisputeRejected:
    """Return what the record says of a dispute's end."""
    kind = DisputeResolved if verdict.holds else DisputeRejected
    return kind(
        dispute.dispute_id,
        dispute.order_id,
        verdict.resolution.value,
        str(verdict.share),
        verdict.why,
    )


def _whole(resolution: Resolution, amount: int) -> int:
    return amount if resolution is Resolution.RELEASE else 0
