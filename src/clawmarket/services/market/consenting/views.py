"""Permissions: how answers and notices show a consent."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.consenting.consent import Consent
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.registry.fields import (
    AccountId,
    Answer,
    ConsentId,
    ConsentScope,
    Digest,
    Moment,
    Note,
    OfferId,
    OrderId,
    Word,
)


class ConsentView(Answer):
    """A consent."""

    consent_id: ConsentId
    order_id: OrderId
    offer_id: OfferId
    buyer: AccountId
    consent_scope: ConsentScope
    consent_hash: Digest
    status: Word
    good: Annotated[bool, Field(description="Whether it permits anything at this moment.")]
    granted_at: Moment
    expires_at: Annotated[Moment | None, Field(description="When it is over by itself.")]
    revoked_at: Moment | None
    reason: Note
    revoke_hash: Digest | None
    order_status: OrderState


def consent_view(consent: Consent, order: Order, now: int) -> ConsentView:
    """Return a consent in wire form, as it is good or not at a moment."""
    days = consent.duration_days
    return ConsentView(
        consent_id=consent.consent_id,
        order_id=consent.order_id,
        offer_id=consent.offer_id,
        buyer=consent.buyer,
        consent_scope=ConsentScope.model_validate(
            {"purpose": consent.purpose, "durationDays": days}
        ),
        consent_hash=consent.digest,
        status=consent.state,
        good=consent.is_good(now),
        granted_at=iso(consent.granted_at),
        expires_at=iso_or_none(consent.expires_at),
        revoked_at=iso_or_none(consent.revoked_at),
        reason=consent.reason,
        revoke_hash=consent.revoke_digest,
        order_status=order.state,
    )
