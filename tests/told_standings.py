"""Standings told anew: how each seller's orders ended, from the records alone."""

from collections import Counter, defaultdict
from typing import Any

from clawmarket.domain.kernel.ids import MARKET_ACCOUNT

Told = list[dict[str, Any]]

# Why money went back that its buyer, and not the seller, is the cause of.
BUYERS_DOING = {
    "the buyer gave the order up",
    "the buyer gave no consent",
    "the buyer revoked the consent",
    "the buyer's consent was shorter than the offer asks",
}


def told_standings(told: Told) -> dict[str, Counter[str]]:
    """Return by seller how many orders were paid, refunded and lost, as the records say."""
    by_order: defaultdict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for record in told:
        for event in record["events"]:
            by_order[str(event.get("orderId"))].append((record["actor"], event))
    standings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for life in by_order.values():
        made = next((event for _, event in life if event["kind"] == "order_created"), None)
        outcome = made and _outcome(made, life)
        if made and outcome:
            standings[made["seller"]][outcome] += 1
    return dict(standings)


def _outcome(made: dict[str, Any], life: list[tuple[str, dict[str, Any]]]) -> str:
    last = {event["kind"]: (actor, event) for actor, event in life}
    if "order_cancelled" in last:
        return ""
    if "settlement_released" in last:
        return "paid"
    if "settlement_refunded" not in last:
        return ""
    verdict = last.get("dispute_resolved") or last.get("dispute_rejected")
    if verdict is not None:
        sides = {actor for actor, event in life if event["kind"] == "dispute_evidence_submitted"}
        return "" if verdict[0] == MARKET_ACCOUNT and len(sides) > 1 else "lost"
    why = last["settlement_refunded"][1]["why"]
    waited = made["usageScope"] is not None and "consent_granted" not in last
    return "" if waited or why in BUYERS_DOING else "refunded"
