"""Offers in wire form."""

from dataclasses import replace

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.offer import Offer
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    AssetId,
    MilestonePart,
    Moment,
    OfferId,
    PartyText,
    ShownTitle,
    UsageScopeTerms,
    Word,
)
from clawmarket.services.market.views.terms import (
    LISTED_CHARS,
    Seconds,
    Shortened,
    parts_of,
    usage_of,
)


class OfferView(Answer):
    """An offer."""

    offer_id: OfferId
    seller: AccountId
    title: ShownTitle
    description: PartyText
    asset_type: Word
    delivery_type: Word
    asset: AssetId
    price: Amount
    timeout_sec: Seconds
    dispute_window_sec: Seconds
    resubmit_sec: Seconds
    usage_scope: UsageScopeTerms | None
    milestones: list[MilestonePart]
    status: Word
    created_at: Moment
    shortened: Shortened = False


def offer_view(offer: Offer) -> OfferView:
    """Return an offer in wire form."""
    return OfferView(
        offer_id=offer.offer_id,
        seller=offer.seller,
        title=offer.title,
        description=offer.description,
        asset_type=offer.asset_type,
        delivery_type=offer.delivery_type,
        asset="credits",
        price=str(offer.price),
        timeout_sec=offer.delivery_s,
        dispute_window_sec=offer.review_s,
        resubmit_sec=offer.resubmit_s,
        usage_scope=usage_of(offer.usage_scope),
        milestones=parts_of(offer.milestones),
        status=offer.state,
        created_at=iso(offer.created_at),
    )


def listed_offer(offer: Offer) -> OfferView:
    """Return an offer as a list shows it: the beginning of what it says."""
    short = replace(offer, description=offer.description[:LISTED_CHARS])
    return offer_view(short).model_copy(update={"shortened": short != offer})
