"""One shape, one colour and one word for each state, as the brief's table has them."""

from collections.abc import Mapping

# State: (colour family, shape). The word is the catalog's `state.…`.
PILLS: Mapping[str, tuple[str, str]] = {
    "task_open": ("open", "open"),
    "task_awarded": ("open", "taken"),
    "task_closed": ("", "pass"),
    "task_cancelled": ("", "cancelled"),
    "task_expired": ("", "expired"),
    "order_created": ("", "unpaid"),
    "order_cancelled": ("", "cancelled"),
    "order_expired": ("", "expired"),
    "payment_locked": ("held", "held"),
    "consent_granted": ("held", "consent"),
    "consent_revoked": ("stop", "revoked"),
    "delivery_ready": ("held", "working"),
    "delivery_completed": ("held", "review"),
    "order_disputed": ("stop", "disputed"),
    "settlement_completed": ("released", "released"),
    "order_refunded": ("refunded", "refunded"),
    "settlement_cancelled": ("refunded", "returned"),
    "settlement_locking": ("held", "asked"),
    "settlement_locked": ("held", "held"),
    "settlement_releasing": ("released", "releasing"),
    "settlement_refunding": ("refunded", "refunding"),
    "settlement_released": ("released", "released"),
    "settlement_refunded": ("refunded", "refunded"),
    "settlement_refused": ("stop", "fail"),
    "bid_submitted": ("open", "open"),
    "bid_accepted": ("released", "pass"),
    "bid_rejected": ("", "lapsed"),
    "bid_withdrawn": ("", "cancelled"),
    "bid_unclaimed": ("", "cancelled"),
    "result_submitted": ("held", "review"),
    "result_accepted": ("released", "pass"),
    "result_rejected": ("held", "back"),
    "dispute_opened": ("stop", "disputed"),
    "dispute_evidence_submitted": ("stop", "evidence"),
    "dispute_resolved": ("", "ruled"),
    "dispute_rejected": ("", "lapsed"),
    "offer_created": ("", "unpaid"),
    "offer_published": ("open", "open"),
    "offer_closed": ("", "pass"),
    "funded": ("held", "held"),
    "unfunded": ("", "unpaid"),
    "free": ("", "open"),
}

ENDED = frozenset(
    {
        "settlement_completed",
        "order_cancelled",
        "order_expired",
        "order_refunded",
        "settlement_cancelled",
    }
)

# Where the coin is: the landing, and how the claw stands over it.
_COINS = {
    "order_created": ("buyer", "claw-open"),
    "order_cancelled": ("buyer", "claw-open"),
    "order_expired": ("buyer", "claw-open"),
    "order_refunded": ("buyer", "claw-open"),
    "settlement_cancelled": ("buyer", "claw-open"),
    "settlement_completed": ("seller", "claw-open"),
    "order_disputed": ("held", "claw-frozen"),
}


def coin_of(status: str) -> tuple[str, str]:
    """Return on which landing an order's coin is, and which claw stands there."""
    return _COINS.get(status, ("held", "claw-closed"))
