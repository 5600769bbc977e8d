"""The home page: what the market is, its figures as they are, and what to do first."""

from starlette.responses import Response

from clawmarket.entry.web.telling.escrow import Bar, order_bar
from clawmarket.entry.web.telling.states import ENDED
from clawmarket.entry.web.visit import Fields, Visit

LATEST = 10


async def home_page(visit: Visit) -> Response:
    """Show the home page, with the visitor's own latest order if there is a live one."""
    stats = await visit.ask("web3.market.stats")
    order = await _latest(visit) if visit.is_signed_in else None
    return visit.page(
        "home.html",
        here="",
        stats=stats,
        order=order,
        bar=await _bar(visit, order) if order else None,
        is_empty=not stats["totalTasks"],
    )


async def _latest(visit: Visit) -> Fields | None:
    """Return the newest live order of the visitor; ids rise with time."""
    found: list[Fields] = []
    for side in ("buyer", "seller"):
        page = await visit.ask("web3.market.order.list", side=side, limit=LATEST)
        found += [o for o in page["items"] if o["status"] not in ENDED]
    return max(found, key=lambda order: str(order["orderId"]), default=None)


async def _bar(visit: Visit, order: Fields) -> Bar:
    task = await _demand(visit, order)
    order_id = order["orderId"]
    for side in ("buyer", "seller"):
        await visit.card(order[side])
    paid = order["settlementId"] is not None
    asked = {"orderId": order_id}
    settlement = await visit.ask("web3.market.settlement.status", **asked) if paid else None
    told = await visit.ask("web3.market.order.explain", orderId=order_id)
    return order_bar(visit, task, order, settlement, told)


async def _demand(visit: Visit, order: Fields) -> Fields:
    """Return the task or the offer that an order came from; both name its windows."""
    if order["taskId"]:
        return await visit.ask("web3.market.getTask", taskId=order["taskId"])
    return await visit.ask("web3.market.offer.get", offerId=order["offerId"])
