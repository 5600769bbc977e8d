"""How the states that parties meet are said in a sentence; the wire's names are for programs."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "task_open": "is open",
    "task_awarded": "has its worker",
    "task_closed": "has come to its end",
    "task_cancelled": "was taken back",
    "task_expired": "ended without a worker",
    "bid_submitted": "waits for the buyer's choice",
    "bid_withdrawn": "was withdrawn",
    "bid_accepted": "was accepted",
    "bid_rejected": "was turned down",
    "bid_unclaimed": "was given back",
    "offer_created": "is not published yet",
    "offer_published": "is published",
    "offer_closed": "is closed",
    "order_created": "waits for its payment",
    "payment_locked": "is paid for and waits for its consent or its seller",
    "consent_granted": "has its consent and waits for its seller",
    "delivery_ready": "waits for the delivery",
    "delivery_completed": "was delivered",
    "delivery_revoked": "was taken back",
    "order_disputed": "is contested and waits for a ruling",
    "consent_revoked": "has lost its consent",
    "settlement_completed": "is accepted and paid",
    "order_cancelled": "was cancelled",
    "order_expired": "was not paid in time",
    "order_refunded": "has ended, and the money went back",
    "settlement_cancelled": "has ended before the delivery, and the money went back",
    "result_submitted": "waits for the review",
    "result_accepted": "was accepted",
    "result_rejected": "was sent back",
    "dispute_opened": "waits for evidence",
    "dispute_evidence_submitted": "waits for the other side or the arbiter",
    "dispute_resolved": "was decided",
    "dispute_rejected": "was turned down",
    "tab_open": "is open",
    "tab_closing": "is being settled",
    "tab_settled": "is settled",
    "tab_unpaid": "waits for its payment",
    "tab_forgiven": "was forgiven",
    "tab_written_off": "was written off",
}

# Consents and deliveries share names with the order's states, which WORDS tells of the order.
_OF_ITS_OWN: Mapping[tuple[str, str], str] = {
    ("consent", "consent_revoked"): "was taken back",
    ("delivery", "delivery_completed"): "is complete",
}


def said(state: str, noun: str = "") -> str:
    """Return a state as what a sentence says of its thing, such as an order."""
    own = _OF_ITS_OWN.get((noun, state)) or WORDS.get(state)
    # The name begins with that of the thing, which the sentence has said already.
    return own or f"stands at {state.partition('_')[2].replace('_', ' ')}"
