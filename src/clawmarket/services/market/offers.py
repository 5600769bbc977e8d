"""Offers: a seller's standing proposals."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.market import offer as offers
from clawmarket.domain.market.offer import (
    Offer,
    OfferCreated,
    OfferFixedError,
    OfferIndivisibleError,
    OfferNotFoundError,
    OfferState,
    OfferUpdated,
)
from clawmarket.domain.market.terms import (
    DELIVERY_S,
    RESUBMIT_S,
    REVIEW_WINDOW_S,
    UsageScope,
    usage_facts,
)
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    AssetId,
    Cursor,
    MilestoneParts,
    OfferId,
    Page,
    PartyText,
    Request,
    Seconds,
    SignedRequest,
    Title,
    UsageScopeTerms,
)
from clawmarket.registry.methods import Need, Scope, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.tasks import MilestonesInvalidError, parts_of, terms_digest
from clawmarket.services.market.views.offers import OfferView, listed_offer, offer_view
from clawmarket.services.market.windows import WindowTooShortError, check_windows
from clawmarket.services.work import Work

Price = Annotated[Amount, Field(pattern=r"^[1-9][0-9]{0,15}$")]
AssetType = Annotated[Literal["data", "api", "service"], Field(description="What is sold.")]
DeliveryType = Annotated[
    Literal["download", "api", "service"], Field(description="How it is handed over.")
]
Usage = Annotated[
    UsageScopeTerms | None,
    Field(description="If given, the buyer has to consent to it before you may begin."),
]
MINE = (Need("offerId", "web3.market.offer.create", "offerId"),)


class CreateOffer(SignedRequest):
    """A standing proposal."""

    title: Title
    description: PartyText = ""
    asset_type: AssetType = "service"
    delivery_type: DeliveryType = "service"
    price: Price
    asset: AssetId = "credits"
    timeout_sec: Annotated[
        Seconds, Field(description="Seconds from the payment to the last moment to deliver.")
    ] = DELIVERY_S
    dispute_window_sec: Annotated[
        Seconds, Field(description="Seconds to review a delivery; silence pays you.")
    ] = REVIEW_WINDOW_S
    resubmit_sec: Annotated[Seconds, Field(description="Seconds to hand in again.")] = RESUBMIT_S
    usage_scope: Usage = None
    milestones: MilestoneParts = Field(default_factory=list)


@write(
    "web3.market.offer.create",
    errors=(WindowTooShortError, MilestonesInvalidError, OfferIndivisibleError),
    example={
        "title": "One page translated",
        "price": "5000000",
        "usageScope": {"purpose": "research", "durationDays": 30},
    },
)
def create_offer(call: Call, work: Work, request: CreateOffer) -> OfferView:
    """Write an offer; nobody sees it until you publish it."""
    check_windows(call.terms, request.timeout_sec, request.dispute_window_sec, request.resubmit_sec)
    offer = Offer(
        offer_id=call.new_id("offer"),
        seller=call.actor,
        title=request.title,
        description=request.description,
        asset_type=request.asset_type,
        delivery_type=request.delivery_type,
        asset=request.asset,
        price=int(request.price),
        delivery_s=request.timeout_sec,
        review_s=request.dispute_window_sec,
        resubmit_s=request.resubmit_sec,
        state=OfferState.CREATED,
        created_at=call.now,
        record_id=work.record_id,
        usage_scope=_usage(request.usage_scope),
        milestones=parts_of(request.milestones),
    )
    offers.check_divisible(offer)
    work.add(offer)
    work.emit(
        OfferCreated(
            offer.offer_id,
            call.actor,
            offer.asset,
            request.price,
            offers.told_parts(offer),
            usage_facts(offer.usage_scope),
            terms_digest(call),
        )
    )
    return offer_view(offer)


def _usage(asked: UsageScopeTerms | None) -> tuple[UsageScope, ...]:
    return () if asked is None else (UsageScope(**asked.model_dump()),)


class UpdateOffer(SignedRequest):
    """What to change; fields left out stay."""

    offer_id: OfferId
    title: Title | None = None
    description: PartyText | None = None
    price: Price | None = None
    usage_scope: Usage = None
    milestones: Annotated[
        MilestoneParts | None, Field(description="All parts anew; an empty list for none.")
    ] = None


@write(
    "web3.market.offer.update",
    errors=(OfferNotFoundError, OfferFixedError, MilestonesInvalidError, OfferIndivisibleError),
    needs=MINE,
    example={"price": "6000000"},
)
def update_offer(call: Call, work: Work, request: UpdateOffer) -> OfferView:
    """Change an offer that is not published yet; a published one keeps its terms."""
    offer = _own(work, request.offer_id, call.actor)
    offers.check_editable(offer)
    after = replace(
        offer,
        title=offer.title if request.title is None else request.title,
        description=offer.description if request.description is None else request.description,
        price=offer.price if request.price is None else int(request.price),
        usage_scope=_usage(request.usage_scope) or offer.usage_scope,
        milestones=offer.milestones if request.milestones is None else parts_of(request.milestones),
        record_id=work.record_id,
    )
    offers.check_divisible(after)
    work.save(after)
    parts, usage = offers.told_parts(after), usage_facts(after.usage_scope)
    work.emit(OfferUpdated(after.offer_id, str(after.price), parts, usage, terms_digest(call)))
    return offer_view(after)


class NameOffer(SignedRequest):
    """One offer of yours."""

    offer_id: OfferId


@write("web3.market.offer.publish", errors=(OfferNotFoundError,), needs=MINE)
def publish_offer(call: Call, work: Work, request: NameOffer) -> OfferView:
    """Open an offer for orders."""
    after, published = offers.publish(_own(work, request.offer_id, call.actor))
    work.save(after)
    work.emit(published)
    return offer_view(after)


@write("web3.market.offer.close", errors=(OfferNotFoundError,), needs=MINE)
def close_offer(call: Call, work: Work, request: NameOffer) -> OfferView:
    """End an offer; orders that were made from it go on."""
    after, closed = offers.close(_own(work, request.offer_id, call.actor))
    work.save(after)
    work.emit(closed)
    return offer_view(after)


def _own(work: Work, offer_id: str, actor: str) -> Offer:
    offer = work.get(Offer, offer_id)
    if offer is None or offer.seller != actor:
        raise OfferNotFoundError(f"You have no offer {offer_id}.")
    return offer


class GetOffer(Request):
    """One offer."""

    offer_id: OfferId


@read("web3.market.offer.get", scope=Scope.PUBLIC, errors=(OfferNotFoundError,), needs=MINE)
def get_offer(call: Call, rows: Snapshot, request: GetOffer) -> OfferView:
    """Show one offer; unpublished ones only to their seller."""
    offer = rows.get(Offer, request.offer_id)
    if offer is None or (offer.state is OfferState.CREATED and offer.seller != call.actor):
        raise OfferNotFoundError(f"There is no offer {request.offer_id}.")
    return offer_view(offer)


class ListOffers(Page):
    """Which offers."""

    seller: AccountId | None = None
    status: Annotated[
        OfferState | None, Field(description="Only offers in this state; drafts only yours.")
    ] = None


class OfferPage(Answer):
    """A page of offers, newest first."""

    items: list[OfferView]
    next_cursor: Cursor | None


@read("web3.market.offer.list", scope=Scope.PUBLIC, example={"status": "offer_published"})
def list_offers(call: Call, rows: Snapshot, request: ListOffers) -> OfferPage:
    """List offers, newest first; unpublished ones only to their seller.

    A list shows 280 characters of a description; `web3.market.offer.get` shows all of it.
    """

    def wanted(offer: Offer) -> bool:
        return offer.state is not OfferState.CREATED or offer.seller == call.actor

    equal = {"seller": request.seller, "state": request.status}
    page = scan(rows, Listing(Offer, equal, request.cursor, request.limit), wanted)
    return OfferPage(items=[listed_offer(o) for o in page.items], next_cursor=page.next_cursor)
