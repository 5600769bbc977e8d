"""Endings of consents: what one that is over, or goes on, means for its order and delivery."""

from clawmarket.domain.market.consenting import consent as consents
from clawmarket.domain.market.consenting.consent import Consent, ConsentRevoked, ConsentState
from clawmarket.domain.market.delivering import delivery as deliveries
from clawmarket.domain.market.delivering.delivery import Delivery, DeliveryState
from clawmarket.domain.market.order import Order
from clawmarket.ports.store import Snapshot
from clawmarket.services.market.consenting.revocations import give_notice
from clawmarket.services.work import Work


def consent_of(rows: Snapshot | Work, order: Order) -> Consent | None:
    """Return the consent that an order is bound to, if there is one."""
    return rows.get(Consent, order.consent_id) if order.consent_id else None


def end_consent(work: Work, order: Order, reason: str, why: str) -> Consent | None:
    """Revoke an order's consent and its open delivery, unless that was done or there is none.

    Args:
        work: The unit of work; `order` is saved in it as it stands after the ending.
        order: The order that the consent is bound to.
        reason: The buyer's own words, if any.
        why: What ended it, in the market's words.
    """
    consent = consent_of(work, order)
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
    consent = consent_of(work, order)
    return order if consent is None else consents.bound(order, consent, work.now)


def _stop_delivery(work: Work, order: Order) -> str | None:
    delivery = work.get(Delivery, order.delivery_id) if order.delivery_id else None
    if delivery is None or delivery.state is not DeliveryState.READY:
        return None
    stopped, _ = deliveries.revoke(delivery)
    work.save(stopped)
    return stopped.delivery_id
