"""Consents: permit what an offer's usage scope asks for, take that back, look at it."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.market import order as orders
from clawmarket.domain.market.consenting import consent as consents
from clawmarket.domain.market.consenting.consent import (
    Consent,
    ConsentLateError,
    ConsentNotAskedError,
    ConsentNotFoundError,
    ConsentOverError,
    ConsentScopeError,
)
from clawmarket.domain.market.consenting.revocation import CONSENT_END_JOB
from clawmarket.domain.market.order import Order, OrderNotFoundError, OtherSideError
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    ConsentId,
    ConsentScope,
    Note,
    OrderId,
    Request,
    SignedRequest,
)
from clawmarket.registry.methods import Need, Risk, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.market.consenting.endings import end_consent
from clawmarket.services.market.consenting.views import ConsentView, consent_view
from clawmarket.services.market.orders import own_order
from clawmarket.services.work import Work

GRANTED = (Need("consentId", "web3.market.consent.grant", "consentId"),)


class GrantConsent(SignedRequest):
    """The order, and what you consent to."""

    order_id: OrderId
    consent_scope: ConsentScope


@write(
    "web3.market.consent.grant",
    errors=(
        OrderNotFoundError,
        OtherSideError,
        ConsentNotAskedError,
        ConsentLateError,
        ConsentScopeError,
    ),
    needs=(Need("orderId", "web3.market.settlement.lock", "orderId"),),
    example={"consentScope": {"purpose": "research", "durationDays": 7}},
    verb=Verb("consent grant", ("orderId",)),
)
def grant_consent(call: Call, work: Work, request: GrantConsent) -> ConsentView:
    """Permit what the offer's usage scope asks for; only then may the seller begin.

    Name the same purpose and at most as many days. The payment has to be locked, and the consent
    to come within 15 minutes of that; otherwise the money goes back to you. The seller's time to
    deliver begins with the consent.
    """
    order = own_order(work, request.order_id, call.actor, side="buyer")
    asked = request.consent_scope
    consent_id = call.new_id("consent")
    after, consent = consents.grant(order, consent_id, asked.purpose, asked.duration_days, call.now)
    work.save(orders.recorded(after, work.record_id))
    work.add(consent)
    if call.terms.gives_notice and consent.expires_at is not None:
        work.enqueue(CONSENT_END_JOB, consent_id, consent.expires_at)
    work.emit(consents.granted(consent))
    work.involve(order.parties)
    return consent_view(consent, after, call.now)


class RevokeConsent(SignedRequest):
    """The consent to take back."""

    consent_id: ConsentId
    reason: Annotated[Note, Field(description="Why, in your words; the seller reads it.")] = ""


@write(
    "web3.market.consent.revoke",
    risk=Risk.MONEY,
    errors=(ConsentNotFoundError, ConsentOverError),
    needs=GRANTED,
    verb=Verb("consent revoke", ("consentId",)),
)
def revoke_consent(call: Call, work: Work, request: RevokeConsent) -> ConsentView:
    """Take your consent back: the seller stops, and what was not handed over is paid back.

    Before the delivery is complete the order ends, and all of the money comes back by itself.
    Afterwards only further use ends; the order and its money go on.
    """
    consent, order = _seen(work, request.consent_id, call.actor)
    if consent.buyer != call.actor:
        raise ConsentNotFoundError(f"You gave no consent {request.consent_id}.")
    consents.check_revocable(consent, call.now)
    after = orders.stop(order, call.now)
    if not order.is_over:
        after = orders.recorded(after, work.record_id)
        work.save(after)
    revoked = end_consent(work, after, request.reason, "the buyer revoked the consent")
    work.involve(order.parties)
    return consent_view(revoked or consent, after, call.now)


class GetConsent(Request):
    """One consent."""

    consent_id: ConsentId


@read(
    "web3.market.consent.get",
    errors=(ConsentNotFoundError,),
    needs=GRANTED,
    verb=Verb("consent show", ("consentId",)),
)
def get_consent(call: Call, rows: Snapshot, request: GetConsent) -> ConsentView:
    """Show one consent and whether it is good now; only for buyer and seller."""
    consent, order = _seen(rows, request.consent_id, call.actor)
    return consent_view(consent, order, call.now)


def _seen(rows: Snapshot | Work, consent_id: str, actor: str) -> tuple[Consent, Order]:
    consent = rows.get(Consent, consent_id)
    order = rows.get(Order, consent.order_id) if consent else None
    if consent is None or order is None or actor not in order.parties:
        raise ConsentNotFoundError(f"There is no consent {consent_id}.")
    return consent, order
