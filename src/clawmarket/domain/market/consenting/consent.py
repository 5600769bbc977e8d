"""Consents: what a buyer permits a seller to do for one order, for how long, and its end."""

from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.errors import (
    ConflictError,
    ExpiredError,
    InvalidArgumentError,
    NotFoundError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.moment import DAY_MS, iso
from clawmarket.domain.market import order as orders
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.terms import scope_facts


class ConsentState(StrEnum):
    """Where a consent stands; one with an end is over by itself from that moment on."""

    GRANTED = "consent_granted"
    REVOKED = "consent_revoked"


CONSENT = Machine(
    "consent",
    (ConsentState.GRANTED,),
    {"revoke": {ConsentState.GRANTED: ConsentState.REVOKED}},
)


class ConsentNotFoundError(NotFoundError):
    """There is no such consent, or it is not yours to see."""

    next_command = "clawmarket order list"


class ConsentNotAskedError(ConflictError):
    """The order was made from an offer without a usage scope, or from a task."""

    advice = "Nothing is to be consented to; the seller may begin."
    next_command = "clawmarket order explain {orderId}"


class ConsentScopeError(InvalidArgumentError):
    """A consent names the purpose of the offer, and no longer time than the offer."""

    advice = "Repeat the purpose of the order's usageScope, and at most its durationDays."
    next_command = "clawmarket order show {orderId}"


class ConsentLateError(ExpiredError):
    """The last moment to consent has passed; the money goes back."""

    advice = "Nothing was begun; order again and consent within the time."
    next_command = "clawmarket order explain {orderId}"


class ConsentOverError(ExpiredError):
    """The consent has ended by itself."""

    advice = "Nothing is permitted any more; there is nothing to revoke."
    next_command = "clawmarket order explain {orderId}"


@dataclass(frozen=True, slots=True)
class Consent:
    """A buyer's permission, bound to one order.

    `expires_at` is when it is over by itself, None for never. `digest` is the reference's
    consentHash, `revoke_digest` its revokeHash.
    """

    consent_id: str
    order_id: str
    offer_id: str
    buyer: str
    purpose: str
    duration_days: int | None
    digest: str
    state: ConsentState
    granted_at: int
    expires_at: int | None
    revoked_at: int | None
    reason: str
    revoke_digest: str | None

    @property
    def scope(self) -> dict[str, object]:
        """What is permitted, as the hashes have it."""
        return scope_facts(self.purpose, self.duration_days)

    def is_good(self, now: int) -> bool:
        """Whether it permits anything at this moment."""
        ended = self.expires_at is not None and now >= self.expires_at
        return self.state is ConsentState.GRANTED and not ended


@event
@dataclass(frozen=True, slots=True)
class ConsentGranted(Event):
    """The buyer permitted what the offer asks for; the seller may begin."""

    consent_id: str
    order_id: str
    scope: dict[str, object]
    consent_hash: str


@event
@dataclass(frozen=True, slots=True)
class ConsentRevoked(Event):
    """A consent was taken back, and with it `delivery_id`, a delivery that was not complete."""

    consent_id: str
    order_id: str
    delivery_id: str | None
    why: str
    revoke_hash: str


def consent_digest(order_id: str, offer_id: str, buyer: str, scope: dict[str, object]) -> str:
    """Return the content hash of a consent (the reference's consentHash, section 1.7)."""
    return content_digest(
        {"orderId": order_id, "offerId": offer_id, "buyerId": buyer, "scope": scope}
    )


def revoke_digest(consent_id: str, revoked_at: int, scope: dict[str, object], reason: str) -> str:
    """Return the content hash of a revocation (the reference's revokeHash, section 2.4)."""
    facts: dict[str, object] = {
        "consentId": consent_id,
        "revokedAt": iso(revoked_at),
        "scope": scope,
    }
    return content_digest(facts | {"reason": reason} if reason else facts)


def grant(
    order: Order, consent_id: str, purpose: str, duration_days: int | None, now: int
) -> tuple[Order, Consent]:
    """Permit what the order's offer asks for; from now on the seller has to deliver.

    The seller's time begins now, and ends with the consent if that is sooner.

    Raises:
        ConsentNotAskedError: The order asks for none.
        TransitionRefusedError: The order is not locked, or has its consent.
        ConsentLateError: `now` is not before the last moment to consent.
        ConsentScopeError: Another purpose, or a longer time than the offer's.
    """
    if not order.usage_scope:
        raise ConsentNotAskedError("This order asks for no consent.", orderId=order.order_id)
    orders.permit(order, consent_id, None, now)
    if now >= order.due_at:
        raise ConsentLateError("The time to consent has passed.", orderId=order.order_id)
    days = _days_within(order, purpose, duration_days)
    ends_at = None if days is None else now + days * DAY_MS
    offer_id = order.offer_id or ""
    scope = scope_facts(purpose, duration_days)
    consent = Consent(
        consent_id=consent_id,
        order_id=order.order_id,
        offer_id=offer_id,
        buyer=order.buyer,
        purpose=purpose,
        duration_days=duration_days,
        digest=consent_digest(order.order_id, offer_id, order.buyer, scope),
        state=ConsentState.GRANTED,
        granted_at=now,
        expires_at=ends_at,
        revoked_at=None,
        reason="",
        revoke_digest=None,
    )
    return orders.permit(order, consent_id, ends_at, now), consent


def granted(consent: Consent) -> ConsentGranted:
    """Return what the record says of a new consent."""
    return ConsentGranted(consent.consent_id, consent.order_id, consent.scope, consent.digest)


def _days_within(order: Order, purpose: str, days: int | None) -> int | None:
    """Return for how many days a consent is good: as it says, otherwise as the offer says."""
    (asked,) = order.usage_scope
    if purpose != asked.purpose:
        what = f"The offer asks for {asked.purpose!r}; this consent is to something else."
        raise ConsentScopeError(what, orderId=order.order_id)
    if asked.duration_days is not None and days is not None and days > asked.duration_days:
        what = f"The offer asks for {asked.duration_days} days, not for {days}."
        raise ConsentScopeError(what, orderId=order.order_id)
    return asked.duration_days if days is None else days


def check_begun(consent: Consent | None, now: int) -> None:
    """Raise ConsentNeededError unless a consent is no later than what is handed over with it.

    It could be where another process, or the machine's clock before it was set back, dated it; no
    verifier of the receipt would take a delivery from before its consent.
    """
    if consent is not None and now < consent.granted_at:
        what = f"The consent is from {iso(consent.granted_at)}; this market's clock is behind that."
        raise orders.ConsentNeededError(what, orderId=consent.order_id)


def bound(order: Order, consent: Consent, now: int) -> Order:
    """Return an order that goes on with its next part as far as its one consent permits.

    If the consent was taken back during the review, the order stops; what was accepted stays
    accepted. Otherwise the time for the next part ends with the consent at last.
    """
    if consent.state is ConsentState.REVOKED:
        return orders.stop(order, now)
    if consent.expires_at is None or order.acts_at is None:
        return order
    due = max(now, min(order.due_at, consent.expires_at))
    return replace(order, due_at=due, acts_at=due)


def check_revocable(consent: Consent, now: int) -> None:
    """Raise unless there is something to take back.

    Raises:
        TransitionRefusedError: It was revoked before.
        ConsentOverError: It has ended by itself.
    """
    CONSENT.step(consent.state, "revoke", orderId=consent.order_id)
    if not consent.is_good(now):
        raise ConsentOverError("The consent has ended by itself.", orderId=consent.order_id)


def revoke(consent: Consent, reason: str, now: int) -> Consent:
    """Take a consent back; what it permitted is over. Raises TransitionRefusedError."""
    return replace(
        consent,
        state=CONSENT.step(consent.state, "revoke", orderId=consent.order_id),
        revoked_at=now,
        reason=reason,
        revoke_digest=revoke_digest(consent.consent_id, now, consent.scope, reason),
    )
