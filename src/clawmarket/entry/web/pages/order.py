"""An account's orders, and the page of one from an offer; a task's order is on the task's page."""

import re
from urllib.parse import urlencode

from starlette.responses import Response

from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.market.order import OrderNotFoundError
from clawmarket.entry.web.deeds.deed import Wrong
from clawmarket.entry.web.pages.task import Sight, look_at_order
from clawmarket.entry.web.telling.escrow import order_bar
from clawmarket.entry.web.visit import Fields, Visit

PAGE = 20
_ORDER = re.compile(id_pattern("order"))


async def orders_page(visit: Visit) -> Response:
    """Show the orders of the visitor on one side, newest first. Raises CursorInvalidError."""
    visit.demand_account()
    asked = dict(visit.request.query_params)
    side = "seller" if asked.get("side") == "seller" else "buyer"
    after = {"cursor": asked["cursor"]} if asked.get("cursor") else {}
    found = await visit.ask("web3.market.order.list", side=side, limit=PAGE, **after)
    other = "buyer" if side == "seller" else "seller"
    for account in dict.fromkeys(order[other] for order in found["items"]):
        await visit.card(account)
    cursor = found["nextCursor"]
    return visit.page(
        "orders.html",
        here="me",
        found=found,
        side=side,
        next_page=f"/orders?{urlencode({'side': side, 'cursor': cursor})}" if cursor else None,
        first_page=f"/orders?side={side}" if after else None,
    )


async def order_page(visit: Visit) -> Response:
    """Show an order."""
    visit.demand_account()
    return await show_order(visit, visit.request.path_params["order_id"])


async def show_order(visit: Visit, order_id: str, wrong: Wrong | None = None) -> Response:
    """Show an order, and what was wrong with a form that was sent from its page.

    Raises OrderNotFoundError for one that the visitor may not see.
    """
    sight = Sight()
    if _ORDER.fullmatch(order_id):
        await look_at_order(visit, order_id, sight)
    order = sight.order
    if order is None:
        raise OrderNotFoundError(f"You have no order {order_id[:80]}.")
    if order["taskId"] and wrong is None:
        return visit.to(f"/tasks/{order['taskId']}")
    offer = await visit.ask("web3.market.offer.get", offerId=order["offerId"])
    parties = [(role, order[role]) for role in ("seller", "buyer")]
    cards = {account: await visit.card(account) for _, account in parties}
    return visit.page(
        "order.html",
        wrong.status if wrong else 200,
        here="offers",
        at=order_id,
        order=order,
        sight=sight,
        bar=order_bar(visit, offer, order, sight.settlement, sight.told),
        side=_side(visit, order),
        status=order["status"],
        offer=offer,
        wrong=wrong,
        parties=parties,
        cards=cards,
        rails=visit.site.pipeline.terms.rails,
    )


def _side(visit: Visit, order: Fields) -> str:
    me = visit.caller.account_id
    return next((side for side in ("buyer", "seller") if order[side] == me), "arbiter")
