"""Rejections: what an ending does to the bids, awards and consents that hang on it."""

from dataclasses import replace

from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.market import bid as bids
from clawmarket.domain.market import consent as consents
from clawmarket.domain.market import delivery as deliveries
from clawmarket.domain.market.award import AWARD, Award
from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.consent import Consent, ConsentRevoked, ConsentState
from clawmarket.domain.market.delivery import Delivery, DeliveryState
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.terms import MAX_BIDS_PER_TASK
from clawmarket.ports.store import Query
from clawmarket.services.operate.revocations import give_notice
from clawmarket.services.work import Work


def turn_down_bids(work: Work, task_id: str, *, but: str = "") -> None:
    """Turn the live bids on a task down, because one was chosen or the task ended."""
    live = {"task_id": task_id, "state": BidState.SUBMITTED}
    for found in work.find(Query(Bid, equal=live, limit=MAX_BIDS_PER_TASK)):
        bid = work.get(Bid, found.bid_id)
        if bid is not None and bid.bid_id != but:
            work.save(bids.reject(bid))


def revoke_award(work: Work, order: Order) -> None:
    """Take back the award of an order that ended without a delivery, if it was awarded."""
    award = work.get(Award, award_id_of(order.order_id))
    if award is not None:
        work.save(replace(award, state=AWARD.step(award.state, "revoke")))


def award_id_of(order_id: str) -> str:
    """Return the id of the award that became an order; there is at most one."""
    return same_ulid("award", order_id)


def end_consent(work: Work, order: Order, reason: str, why: str) -> Consent | None:
    """Revoke an order's consent and its open delivery, unless that was done or there is none.

    Args:
        work: The unit of work; `order` is saved in it as it stands after the ending.
        order: The order that the consent is bound to.
        reason: The buyer's own words, if any.
        why: What ended it, in the market's words.
    """
    consent = work.get(Consent, order.consent_id) if order.consent_id else None
    if consent is None or consent.state is ConsentState.REVOKED:
        return None
    revoked = consents.revoke(consent, reason, work.now)
    work.save(revoked)
    stopped = _stop_delivery(work, order)
    work.emit(
        ConsentRevoked(revoked.consent_id, order.order_id, stopped, why, str(revoked.revoke_digest))
    )
    give_notice(work, order, order.delivery_id, reason or why)
    return revoked


def within_consent(work: Work, order: Order) -> Order:
    """Return an order after an acceptance as its consent, if there is one, lets it go on."""
    consent = work.get(Consent, order.consent_id) if order.consent_id else None
    return order if consent is None else consents.bound(order, consent, work.now)


def _stop_delivery(work: Work, order: Order) -> str | None:
    delivery = work.get(Delivery, order.delivery_id) if order.delivery_id else None
    if delivery is None or delivery.state is not DeliveryState.READY:
        return None
    stopped, _ = deliveries.revoke(delivery)
    work.save(stopped)
    return stopped.delivery_id
