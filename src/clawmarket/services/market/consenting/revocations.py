"""Revocations: what whoever guards a delivery is told when its use ends, as it is true then."""

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.market.consenting.consent import Consent
from clawmarket.domain.market.consenting.revocation import REVOCATION_JOB, Revocation
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.offer import Offer
from clawmarket.domain.market.order import Order
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import Answer
from clawmarket.services.market.consenting.views import consent_view
from clawmarket.services.market.views.offers import offer_view
from clawmarket.services.market.views.orders import order_view
from clawmarket.services.market.views.results import delivery_view
from clawmarket.services.work import Work


def give_notice(work: Work, order: Order, delivery_id: str | None, reason: str) -> None:
    """Have it told outside, once this command is durable, that the use of an order has ended.

    Says what is true after this command: `delivery`, `order`, `offer`, `consent` and `reason` (the
    reference's revocation webhook). Does nothing on a market that tells nobody.
    """
    if not work.call.terms.gives_notice:
        return
    revocation_id = work.call.new_id("revocation")
    body = notice_body(work, order, delivery_id, reason, work.now)
    work.add(Revocation(revocation_id, order.order_id, body, work.now))
    work.enqueue(REVOCATION_JOB, revocation_id)


def notice_body(
    rows: Snapshot | Work, order: Order, delivery_id: str | None, reason: str, now: int
) -> bytes:
    """Return what a notice says, as it is true at a moment."""
    delivery = rows.get(Delivery, delivery_id) if delivery_id else None
    offer = rows.get(Offer, order.offer_id) if order.offer_id else None
    consent = rows.get(Consent, order.consent_id) if order.consent_id else None
    told = {
        "delivery": _wire(delivery_view(delivery) if delivery else None),
        "order": _wire(order_view(order)),
        "offer": _wire(offer_view(offer) if offer else None),
        "consent": _wire(consent_view(consent, order, now) if consent else None),
        "reason": reason,
    }
    return canonical_bytes(told)


def _wire(shown: Answer | None) -> object:
    return None if shown is None else shown.model_dump(mode="json", by_alias=True)
