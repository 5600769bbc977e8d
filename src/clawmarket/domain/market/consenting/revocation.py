"""Revocations: what whoever guards a delivery is told when its use ends, kept until it is said."""

from dataclasses import dataclass

REVOCATION_JOB = "revocation"
# The job that waits for a consent to end by its time.
CONSENT_END_JOB = "consent_end"


@dataclass(frozen=True, slots=True)
class Revocation:
    """A notice as it was true at the revocation: canonical JSON, the same at every attempt.

    It is there until the notice was confirmed.
    """

    revocation_id: str
    order_id: str
    body: bytes
    created_at: int
