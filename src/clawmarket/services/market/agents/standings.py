"""Standings: each order is counted once, in the command that ends it."""

from clawmarket.domain.market.agents.standing import (
    Counterparty,
    Outcome,
    Standing,
    counted,
    no_standing,
    outcome_of,
    pair_of,
)
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.ports.store import Snapshot
from clawmarket.services.work import Work


def count_order(work: Work, order: Order) -> None:
    """Count an order that has just ended for its seller."""
    outcome = ended_as(work, order)
    if outcome is None:
        return
    known = work.get(Standing, order.seller)
    pair = Counterparty(pair_of(order.seller, order.buyer), work.now)
    is_new = outcome is Outcome.PAID and work.get(Counterparty, pair.pair_id) is None
    if is_new:
        work.add(pair)
    before = known or no_standing(order.seller)
    rating = _rating(work, order) if outcome is Outcome.PAID else None
    after = counted(before, outcome, work.now, is_new=is_new, rating=rating)
    (work.add if known is None else work.save)(after)


def _rating(work: Work, order: Order) -> int | None:
    """Return the buyer's mark for what was accepted last; None where none was given."""
    result = work.get(Result, order.result_id) if order.result_id else None
    return None if result is None else result.rating


def ended_as(rows: Snapshot | Work, order: Order) -> Outcome | None:
    """Return how an ended order counts for its seller, if at all."""
    settlement = rows.get(Settlement, order.settlement_id) if order.settlement_id else None
    dispute = rows.get(Dispute, order.dispute_id) if order.dispute_id else None
    unruled = dispute is not None and dispute.was_left_unruled
    return outcome_of(order, settlement.why if settlement else "", unruled=unruled)
