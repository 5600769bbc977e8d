"""A record's events as steps of a timeline: what happened, when, by whom, under which record."""

from collections.abc import Sequence
from dataclasses import dataclass

from clawmarket.domain.kernel.ids import MARKET_ACCOUNT
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.entry.web.words.figures import amount

# The event that tells most about a record comes first: (kind, shape).
_TOLD = {
    "task_published": "open",
    "task_claimed": "held",
    "bid_placed": "taken",
    "task_awarded": "held",
    "offer_published": "open",
    "order_created": "unpaid",
    "payment_locked": "held",
    "dispute_opened": "disputed",
    "dispute_evidence_submitted": "evidence",
    "dispute_resolved": "ruled",
    "dispute_rejected": "lapsed",
    "result_submitted": "review",
    "result_rejected": "back",
    "result_accepted": "released",
    "settlement_released": "released",
    "settlement_part_released": "released",
    "settlement_refunded": "refunded",
    "consent_granted": "consent",
    "consent_revoked": "revoked",
    "delivery_issued": "working",
    "delivery_revoked": "cancelled",
    "delivery_completed": "review",
    "order_expired": "expired",
    "order_cancelled": "cancelled",
}

# What a record moved, by the event that says so and its field.
_SUMS = (
    ("settlement_released", "sellerAmount"),
    ("settlement_part_released", "sellerAmount"),
    ("settlement_refunded", "refund"),
    ("payment_locked", "amount"),
    ("bid_placed", "price"),
    ("task_published", "budget"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a story."""

    kind: str
    shape: str
    at: str
    actor: str
    sum: str | None
    index: int | None
    signed: bool

    @property
    def by_market(self) -> bool:
        """Whether the market did it by itself, since a time had passed."""
        return self.actor == MARKET_ACCOUNT


def told_steps(visit: Visit, timeline: Sequence[Fields]) -> list[Step]:
    """Return the records of an order's life that have something to tell, the oldest first."""
    steps = [_step(visit, record) for record in timeline]
    return [step for step in steps if step is not None]


def _kind(events: Fields) -> str | None:
    # A claim places its bid and has it awarded in one record.
    if {"bid_placed", "task_awarded"} <= events.keys():
        return "task_claimed"
    return next((kind for kind in _TOLD if kind in events), None)


def _step(visit: Visit, record: Fields) -> Step | None:
    events = {str(event.get("kind")): event for event in record["events"]}
    kind = _kind(events)
    if kind is None or not visit.words.has(f"story.{kind}"):
        return None
    sums = [events[of][name] for of, name in _SUMS if of in events]
    return Step(
        kind,
        _TOLD[kind],
        record["at"],
        record["actor"],
        amount(sums[0]) if sums else None,
        record["index"],
        record["signed"],
    )
