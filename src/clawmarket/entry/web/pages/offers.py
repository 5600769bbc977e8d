"""Offers: what is for sale at a fixed price, one offer with what buying it costs, and a new one."""

import re
from urllib.parse import urlencode

from starlette.responses import Response

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.kernel.money import split_fee
from clawmarket.domain.market.offer import OfferNotFoundError
from clawmarket.domain.market.terms import CONSENT_WINDOW_S, LOCK_WINDOW_S
from clawmarket.entry.web.deeds.deed import Wrong
from clawmarket.entry.web.visit import Fields, Visit

PAGE = 20
LISTED_ORDERS = 10
ASSET_TYPES = ("service", "data", "api")
DELIVERY_TYPES = ("service", "download", "api")
_OFFER = re.compile(id_pattern("offer"))


async def offers_page(visit: Visit) -> Response:
    """Show a page of what is for sale, or of the visitor's own offers, drafts too."""
    asked = dict(visit.request.query_params)
    mine = bool(asked.get("mine"))
    if mine:
        visit.demand_account()
    try:
        found, wrong = await _found(visit, asked, mine=mine), None
    except InvalidArgumentError as error:
        found, wrong = await _found(visit, {}, mine=mine), error
    for seller in dict.fromkeys(offer["seller"] for offer in found["items"]):
        await visit.card(seller)
    kept = {"mine": "1"} if mine else {}
    cursor = found["nextCursor"]
    return visit.page(
        "offers.html",
        400 if wrong else 200,
        here="offers",
        found=found,
        mine=mine,
        wrong=wrong,
        next_page="/offers?" + urlencode(kept | {"cursor": cursor}) if cursor else None,
        first_page="/offers?" + urlencode(kept) if "cursor" in asked else None,
    )


async def _found(visit: Visit, asked: Fields, *, mine: bool) -> Fields:
    whose: Fields = {"seller": visit.caller.account_id} if mine else {"status": "offer_published"}
    after = {"cursor": asked["cursor"]} if asked.get("cursor") else {}
    return await visit.ask("web3.market.offer.list", limit=PAGE, **whose, **after)


async def new_offer_page(visit: Visit, wrong: Wrong | None = None) -> Response:
    """Show the form of an offer."""
    visit.demand_account()
    return visit.page(
        "new_offer.html",
        wrong.status if wrong else 200,
        here="offers",
        wrong=wrong,
        asset_types=ASSET_TYPES,
        delivery_types=DELIVERY_TYPES,
    )


async def offer_page(visit: Visit) -> Response:
    """Show an offer."""
    return await show_offer(visit, visit.request.path_params["offer_id"])


async def show_offer(visit: Visit, offer_id: str, wrong: Wrong | None = None) -> Response:
    """Show an offer, and what was wrong with a form that was sent from its page.

    Raises OfferNotFoundError for one that the visitor may not see.
    """
    if not _OFFER.fullmatch(offer_id):
        raise OfferNotFoundError(f"There is no offer {offer_id[:80]}.")
    offer = await visit.ask("web3.market.offer.get", offerId=offer_id)
    net, fee = split_fee(int(offer["price"]), visit.site.pipeline.terms.fee_bps)
    is_mine = offer["seller"] == visit.caller.account_id
    return visit.page(
        "offer.html",
        wrong.status if wrong else 200,
        here="offers",
        at=offer_id,
        offer=offer,
        net=net,
        fee=fee,
        is_mine=is_mine,
        card=await visit.card(offer["seller"]),
        orders=await _orders(visit, offer_id, is_mine=is_mine) if visit.is_signed_in else [],
        wrong=wrong,
        lock_ms=LOCK_WINDOW_S * 1000,
        consent_ms=CONSENT_WINDOW_S * 1000,
    )


async def _orders(visit: Visit, offer_id: str, *, is_mine: bool) -> list[Fields]:
    """Return the visitor's latest orders of an offer; of many others none is found."""
    side = "seller" if is_mine else "buyer"
    page = await visit.ask("web3.market.order.list", side=side, limit=LISTED_ORDERS * 5)
    return [each for each in page["items"] if each["offerId"] == offer_id][:LISTED_ORDERS]
