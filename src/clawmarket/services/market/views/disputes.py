"""Disputes and their evidence in wire form."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.dispute import Dispute, Evidence
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    Digest,
    DisputeId,
    EvidenceId,
    File,
    Moment,
    Note,
    OrderId,
    Word,
)
from clawmarket.services.market.views.terms import files_of


class DisputeView(Answer):
    """A dispute."""

    dispute_id: DisputeId
    order_id: OrderId
    initiator: AccountId
    respondent: AccountId
    claim: Word
    reason: Note
    status: Word
    resolution: Word | None
    seller_share: Annotated[
        Amount | None, Field(description="What the seller gets of the lock, before the fee.")
    ]
    why: Note
    arbiter: AccountId | None
    opened_at: Moment
    due_at: Moment
    resolved_at: Moment | None
    dispute_hash: Digest


class EvidenceView(Answer):
    """What one side of a dispute brought."""

    evidence_id: EvidenceId
    dispute_id: DisputeId
    submitter: AccountId
    summary: Note
    artifacts: list[File]
    digest: Digest
    submitted_at: Moment


def dispute_view(dispute: Dispute) -> DisputeView:
    """Return a dispute in wire form."""
    return DisputeView(
        dispute_id=dispute.dispute_id,
        order_id=dispute.order_id,
        initiator=dispute.initiator,
        respondent=dispute.respondent,
        claim=dispute.claim,
        reason=dispute.reason,
        status=dispute.state,
        resolution=dispute.resolution,
        seller_share=None if dispute.share is None else str(dispute.share),
        why=dispute.why,
        arbiter=dispute.arbiter,
        opened_at=iso(dispute.opened_at),
        due_at=iso(dispute.due_at),
        resolved_at=iso_or_none(dispute.resolved_at),
        dispute_hash=dispute.digest,
    )


def evidence_view(evidence: Evidence) -> EvidenceView:
    """Return a piece of evidence in wire form."""
    return EvidenceView(
        evidence_id=evidence.evidence_id,
        dispute_id=evidence.dispute_id,
        submitter=evidence.submitter,
        summary=evidence.summary,
        artifacts=files_of(evidence.artifacts),
        digest=evidence.digest,
        submitted_at=iso(evidence.submitted_at),
    )
