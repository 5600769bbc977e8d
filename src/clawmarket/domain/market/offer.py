"""Offers: a seller's standing proposal."""

from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError, NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.state_words import said
from clawmarket.domain.market.terms import Part, UsageScope, milestones_of


class OfferState(StrEnum):
    """Where an offer stands."""

    CREATED = "offer_created"
    PUBLISHED = "offer_published"
    CLOSED = "offer_closed"


OFFER = Machine(
    "offer",
    (OfferState.CREATED,),
    {
        "publish": {OfferState.CREATED: OfferState.PUBLISHED},
        "close": {
            OfferState.CREATED: OfferState.CLOSED,
            OfferState.PUBLISHED: OfferState.CLOSED,
        },
    },
)


class OfferNotFoundError(NotFoundError):
    """There is no such offer, or it is not published."""

    next_command = "clawmarket call web3.market.offer.list"


class OfferNotPublishedError(ConflictError):
    """Only a published offer can be ordered."""

    advice = "Choose a published offer."
    next_command = "clawmarket call web3.market.offer.list"


class OfferFixedError(ConflictError):
    """A published offer keeps its terms; buyers may be reading them."""

    advice = "Close this offer and create a new one."
    next_command = "clawmarket call web3.market.offer.get offerId={offerId}"


class OwnOfferError(ConflictError):
    """A seller cannot order from themselves."""

    advice = "Order from another account."
    next_command = "clawmarket call web3.market.offer.list"


class OfferIndivisibleError(InvalidArgumentError):
    """A price is large enough to give each milestone of the offer something."""

    advice = "Ask more, or name fewer milestones; each has to come to at least one minor unit."
    next_command = "clawmarket explain offer_indivisible"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a seller will do or hand over, for how much a piece, within which time.

    `usage_scope` is what the buyer has to consent to, at most one. `milestones` are the parts in
    which an order is delivered, accepted and paid; none is one delivery for all of it.
    """

    offer_id: str
    seller: str
    title: str
    description: str
    asset_type: str
    delivery_type: str
    asset: str
    price: int
    delivery_s: int
    review_s: int
    resubmit_s: int
    state: OfferState
    created_at: int
    record_id: str
    usage_scope: tuple[UsageScope, ...] = ()
    milestones: tuple[Part, ...] = ()


@event
@dataclass(frozen=True, slots=True)
class OfferCreated(Event):
    """A seller wrote an offer; `milestones` are its parts, each a title and a percent.

    `usage_scope` is what a buyer has to consent to, None where that is nothing.
    """

    offer_id: str
    seller: str
    asset: str
    price: str
    milestones: list[object]
    usage_scope: dict[str, object] | None
    terms: str


@event
@dataclass(frozen=True, slots=True)
class OfferPublished(Event):
    """An offer can be ordered."""

    offer_id: str


@event
@dataclass(frozen=True, slots=True)
class OfferUpdated(Event):
    """A seller changed an offer before publishing it; it says all that holds from then on.

    `milestones` and `usage_scope` stand there also if they stayed what they were.
    """

    offer_id: str
    price: str
    milestones: list[object]
    usage_scope: dict[str, object] | None
    terms: str


@event
@dataclass(frozen=True, slots=True)
class OfferClosed(Event):
    """An offer can no longer be ordered."""

    offer_id: str


def publish(offer: Offer) -> tuple[Offer, OfferPublished]:
    """Open an offer for orders. Raises TransitionRefusedError."""
    return replace(offer, state=OFFER.step(offer.state, "publish")), OfferPublished(offer.offer_id)


def close(offer: Offer) -> tuple[Offer, OfferClosed]:
    """End an offer; orders made from it stay what they are. Raises TransitionRefusedError."""
    return replace(offer, state=OFFER.step(offer.state, "close")), OfferClosed(offer.offer_id)


def check_editable(offer: Offer) -> None:
    """Raise OfferFixedError unless nobody can have relied on the terms yet."""
    if offer.state is not OfferState.CREATED:
        raise OfferFixedError(f"This offer {said(offer.state)}.", offerId=offer.offer_id)


def check_divisible(offer: Offer) -> None:
    """Raise OfferIndivisibleError unless each milestone of one piece comes to something.

    Then each of several pieces does: more of all is never less of a part.
    """
    if any(not part.amount for part in milestones_of(offer.milestones, offer.price)):
        raise OfferIndivisibleError("The price is too small for the offer's milestones.")


def told_parts(offer: Offer) -> list[object]:
    """Return the milestones of an offer as its record and its requests name them."""
    return [{"title": part.title, "percent": part.percent} for part in offer.milestones]


def check_orderable(offer: Offer, buyer: str) -> None:
    """Raise unless this buyer may order. Raises OfferNotPublishedError, OwnOfferError."""
    if offer.state is not OfferState.PUBLISHED:
        raise OfferNotPublishedError(f"This offer {said(offer.state)}.", offerId=offer.offer_id)
    if buyer == offer.seller:
        raise OwnOfferError("This is your own offer.", offerId=offer.offer_id)
