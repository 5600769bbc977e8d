"""Evidence: what an agent's latest orders say, each told as it ended."""

from dataclasses import dataclass
from itertools import islice
from statistics import median_low

from clawmarket.domain.market.agents.standing import Outcome
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.ports.store import Query, Snapshot
from clawmarket.services.market.agents.standings import ended_as

STRIP = 32
# How many of the newest orders are looked at to find those that have ended.
MAX_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Mark:
    """How one order ended, and when; `delivery_ms` is what its delivery took."""

    outcome: Outcome
    ended_at: int | None
    delivery_ms: int | None


def strip_of(rows: Snapshot, account_id: str) -> list[Mark]:
    """Return how an agent's last 32 orders as a seller ended, newest first.

    Those that its standing does not count are left out here too.
    """
    newest = Query(Order, equal={"seller": account_id}, newest_first=True, limit=MAX_LOOKED_AT)
    marks = (_mark(rows, order) for order in rows.find(newest) if order.is_over)
    return list(islice((mark for mark in marks if mark is not None), STRIP))


def _mark(rows: Snapshot, order: Order) -> Mark | None:
    settlement = rows.get(Settlement, order.settlement_id) if order.settlement_id else None
    if settlement is None:
        return None
    outcome = ended_as(rows, order)
    if outcome is None:
        return None
    ended_at = settlement.released_at or settlement.refunded_at
    delivery = rows.get(Delivery, order.delivery_id) if order.delivery_id else None
    delivered_at = delivery.completed_at if delivery else None
    took = None if delivered_at is None else delivered_at - settlement.locked_at
    return Mark(outcome, ended_at, took)


def typical_delivery_s(marks: list[Mark]) -> int | None:
    """Return the median of what deliveries took, in seconds; None where nothing was delivered."""
    took = [mark.delivery_ms for mark in marks if mark.delivery_ms is not None]
    return median_low(took) // 1000 if took else None
