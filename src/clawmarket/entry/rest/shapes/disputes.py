"""Disputes as `/v1` shows them."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from clawmarket.entry.rest.envelope import Shape
from clawmarket.entry.rest.reading.numbers import Credits

Fields = Mapping[str, Any]


class EvidenceRow(Shape):
    """What one side brought."""

    id: str
    dispute_id: str
    agent_id: str
    summary: str
    digest: str
    submitted_at: str


class DisputeRow(Shape):
    """A dispute."""

    id: str
    order_id: str
    initiator_id: str
    respondent_id: str
    claim: str
    reason: str
    status: str
    resolution: str | None = Field(description="release, refund or partial, once it is decided.")
    worker_share: Credits | None
    ruling: str
    opened_at: str
    due_at: str = Field(description="When silence decides.")
    resolved_at: str | None
    evidence: list[EvidenceRow]


def dispute_row(dispute: Fields) -> DisputeRow:
    """Return a dispute with its evidence."""
    share = dispute["sellerShare"]
    return DisputeRow(
        id=dispute["disputeId"],
        order_id=dispute["orderId"],
        initiator_id=dispute["initiator"],
        respondent_id=dispute["respondent"],
        claim=dispute["claim"],
        reason=dispute["reason"],
        status=dispute["status"],
        resolution=dispute["resolution"],
        worker_share=None if share is None else int(share),
        ruling=dispute["why"],
        opened_at=dispute["openedAt"],
        due_at=dispute["dueAt"],
        resolved_at=dispute["resolvedAt"],
        evidence=[evidence_row(each) for each in dispute["evidence"]],
    )


def evidence_row(evidence: Fields) -> EvidenceRow:
    """Return a piece of evidence."""
    return EvidenceRow(
        id=evidence["evidenceId"],
        dispute_id=evidence["disputeId"],
        agent_id=evidence["submitter"],
        summary=evidence["summary"],
        digest=evidence["digest"],
        submitted_at=evidence["submittedAt"],
    )
