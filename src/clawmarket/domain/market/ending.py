"""Endings: why an order's money goes back, in the market's words, and whose doing that is."""

from enum import StrEnum
from typing import Literal

from clawmarket.domain.market.consenting.consent import Consent
from clawmarket.domain.market.order import Order, OrderState


class Ending(StrEnum):
    """Why the money of an order that nobody contested goes back, as its record says it."""

    BUYER_LEFT = "the buyer gave the order up"
    SELLER_LEFT = "the seller gave the order up"
    STEPPED_BACK = "the worker stepped back"
    SELLER_SILENT = "the seller was silent"
    NO_CONSENT = "the buyer gave no consent"
    REVOKED = "the buyer revoked the consent"
    CONSENT_OVER = "the buyer's consent had ended"
    CONSENT_SHORT = "the buyer's consent was shorter than the offer asks"


# What the buyer did or left; no seller's figures suffer by it.
BY_BUYER = frozenset({Ending.BUYER_LEFT, Ending.NO_CONSENT, Ending.REVOKED, Ending.CONSENT_SHORT})


def given_up(
    order: Order, consent: Consent | None, side: Literal["buyer", "seller"], now: int
) -> Ending:
    """Return why the money goes back when a side asks for that.

    Who asks after the other one's last moment only says what the other one left.
    """
    if side == "seller" and order.state is not OrderState.REVOKED:
        return Ending.SELLER_LEFT
    if now >= order.due_at:
        return left_alone(order, consent, now)
    return Ending.BUYER_LEFT


def left_alone(order: Order, consent: Consent | None, now: int) -> Ending:
    """Return why the money of an order goes back that nothing was delivered for in time."""
    if order.state is OrderState.REVOKED:
        return Ending.REVOKED
    if order.needs_consent and consent is None:
        return Ending.NO_CONSENT
    if consent is None or consent.is_good(now):
        return Ending.SELLER_SILENT
    return Ending.CONSENT_SHORT if _cut_short(order, consent) else Ending.CONSENT_OVER


def _cut_short(order: Order, consent: Consent) -> bool:
    """Whether the seller's time ended with a consent for fewer days than the offer asks."""
    asked = [scope.duration_days for scope in order.usage_scope]
    in_full = consent.duration_days in (None, *asked)
    return not in_full and consent.expires_at is not None and consent.expires_at <= order.due_at
