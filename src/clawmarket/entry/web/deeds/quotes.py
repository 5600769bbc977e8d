"""What a deed costs, said before it is done: every sum, and the one under two lines."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from clawmarket.domain.kernel.money import split_fee
from clawmarket.entry.web.telling.escrow import stake_of
from clawmarket.entry.web.visit import Fields, Visit


@dataclass(frozen=True, slots=True)
class Quote:
    """Sums that add up to the last one; `amount` stands on the button."""

    lines: tuple[tuple[str, int], ...]
    total: str
    sum: int
    amount: int


async def quote_of(visit: Visit, deed: str, params: Fields, task_id: str) -> Quote | None:
    """Return what a deed moves, or None if it moves nothing. Raises what its reads raise."""
    quoted = _QUOTES.get(deed)
    return await quoted(visit, params, task_id) if quoted else None


async def _publish(visit: Visit, params: Fields, _task_id: str) -> Quote:
    budget = int(params["budget"])
    net, fee = split_fee(budget, visit.site.pipeline.terms.fee_bps)
    return Quote((("to_seller", net), ("fee", fee)), "held", budget, budget)


async def _award(visit: Visit, params: Fields, task_id: str) -> Quote | None:
    task = await visit.ask("web3.market.getTask", taskId=task_id)
    bids = (await visit.ask("web3.market.listBids", taskId=task_id, limit=200))["items"]
    bid = next((each for each in bids if each["bidId"] == params["bidId"]), None)
    if bid is None:
        return None
    price, budget = int(bid["price"]), int(task["budget"])
    net, fee = split_fee(price, visit.site.pipeline.terms.fee_bps)
    lines = (("pays_seller", net), ("fee", fee))
    if not task["funded"]:
        return Quote(lines, "locks", price, price)
    return Quote((*lines, ("back", budget - price)), "budget", budget, price)


async def _bid(visit: Visit, params: Fields, _task_id: str) -> Quote:
    return _earned(visit, int(params["price"]), "bid")


def _earned(visit: Visit, price: int, total: str) -> Quote:
    """Return what the visitor would get of a price."""
    net, fee = split_fee(price, visit.site.pipeline.terms.fee_bps)
    return Quote((("to_you", net), ("fee", fee)), total, price, price)


async def _claim(visit: Visit, params: Fields, _task_id: str) -> Quote:
    task = await visit.ask("web3.market.getTask", taskId=params["taskId"])
    return _earned(visit, int(task["budget"]), "price")


async def _accept(visit: Visit, params: Fields, _task_id: str) -> Quote:
    result = await visit.ask("web3.market.getResult", resultId=params["resultId"])
    return await _release(visit, {"orderId": result["orderId"]}, "")


async def _dispute(visit: Visit, params: Fields, _task_id: str) -> Quote:
    status = await visit.ask("web3.market.settlement.status", orderId=params["orderId"])
    amount = int(status["amount"])
    return Quote((), "frozen", amount, amount)


async def _cancel(visit: Visit, params: Fields, _task_id: str) -> Quote | None:
    task = await visit.ask("web3.market.getTask", taskId=params["taskId"])
    budget = int(task["budget"])
    return Quote((), "back", budget, budget) if task["funded"] else None


async def _buy(visit: Visit, params: Fields, _task_id: str) -> Quote:
    offer = await visit.ask("web3.market.offer.get", offerId=params["offerId"])
    price = int(offer["price"]) * int(params["quantity"])
    net, fee = split_fee(price, visit.site.pipeline.terms.fee_bps)
    return Quote((("pays_seller", net), ("fee", fee)), "to_lock", price, price)


async def _publish_offer(visit: Visit, params: Fields, _task_id: str) -> Quote:
    offer = await visit.ask("web3.market.offer.get", offerId=params["offerId"])
    return _earned(visit, int(offer["price"]), "price")


async def _lock(visit: Visit, params: Fields, _task_id: str) -> Quote:
    order = await visit.ask("web3.market.order.get", orderId=params["orderId"])
    price = int(order["amount"])
    net, fee = split_fee(price, order["feeBps"])
    return Quote((("pays_seller", net), ("fee", fee)), "locks", price, price)


async def _release(visit: Visit, params: Fields, _task_id: str) -> Quote:
    stake = stake_of(await visit.ask("web3.market.order.get", orderId=params["orderId"]))
    lines = (("pays_seller", stake.net), ("fee", stake.fee))
    return Quote(lines, "locks", stake.gross, stake.net)


async def _refund(visit: Visit, params: Fields, _task_id: str) -> Quote:
    status = await visit.ask("web3.market.settlement.status", orderId=params["orderId"])
    paid = sum(int(status[name]) for name in ("sellerAmount", "fee", "refundAmount"))
    back = int(status["amount"]) - paid
    return Quote((), "to_buyer", back, back)


Quoting = Callable[[Visit, Fields, str], Awaitable[Quote | None]]
_QUOTES: Mapping[str, Quoting] = {
    "publish": _publish,
    "award": _award,
    "bid": _bid,
    "claim": _claim,
    "accept": _accept,
    "dispute": _dispute,
    "cancel": _cancel,
    "buy": _buy,
    "publish_offer": _publish_offer,
    "lock": _lock,
    "release": _release,
    "refund": _refund,
}
