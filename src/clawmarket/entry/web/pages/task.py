"""The page of one task: where its money is, what to do, what happened, what it asks for."""

import re
from dataclasses import dataclass, field

from starlette.responses import Response

from clawmarket.domain.kernel.errors import ForbiddenError, NotFoundError
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.kernel.money import split_fee
from clawmarket.domain.market.task import TaskNotFoundError
from clawmarket.entry.web.deeds.deed import Wrong
from clawmarket.entry.web.telling.escrow import Bar, Stake, open_bar, order_bar, stake_of
from clawmarket.entry.web.telling.story import Step, told_steps
from clawmarket.entry.web.visit import Fields, Visit

_TASK = re.compile(id_pattern("task"))
LISTED_BIDS = 100
NAMED_BIDS = 10
LISTED_MESSAGES = 50


@dataclass
class Sight:
    """What a visitor may see of a task beside the task itself."""

    order: Fields | None = None
    settlement: Fields | None = None
    dispute: Fields | None = None
    evidence: list[Fields] = field(default_factory=list)
    receipt: Fields | None = None
    result: Fields | None = None
    told: Fields | None = None
    bids: list[Fields] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    stake: Stake | None = None
    delivery: Fields | None = None
    consent: Fields | None = None
    messages: list[Fields] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)


async def task_page(visit: Visit) -> Response:
    """Show a task."""
    task_id = visit.request.path_params["task_id"]
    if not _TASK.fullmatch(task_id):
        raise TaskNotFoundError(f"There is no task {task_id[:80]}.")
    return await show_task(visit, task_id)


async def show_task(visit: Visit, task_id: str, wrong: Wrong | None = None) -> Response:
    """Show a task, and what was wrong with a form that was sent from its page."""
    task = await visit.ask("web3.market.getTask", taskId=task_id)
    sight = await _sight(visit, task) if visit.is_signed_in else Sight()
    parties = _parties(task, sight)
    cards = {account: await visit.card(account) for _, account in parties}
    for bid in sight.bids[:NAMED_BIDS]:
        await visit.card(bid["bidder"])
    return visit.page(
        "task.html",
        wrong.status if wrong else 200,
        here="tasks",
        at=task_id,
        task=task,
        sight=sight,
        bar=_bar(visit, task, sight),
        side=_side(visit, task, sight),
        status=sight.order["status"] if sight.order else task["status"],
        wrong=wrong,
        parties=parties,
        cards=cards,
        parts=split_fee(int(task["budget"]), visit.site.pipeline.terms.fee_bps),
    )


def _parties(task: Fields, sight: Sight) -> list[tuple[str, str]]:
    """Return who is on which side, the seller first; of an order only if the visitor may know."""
    seller = sight.order["seller"] if sight.order else None
    sides = [("seller", seller), ("buyer", task["buyer"])]
    return [(role, account) for role, account in sides if account]


def _bar(visit: Visit, task: Fields, sight: Sight) -> Bar | None:
    if sight.order is not None:
        return order_bar(visit, task, sight.order, sight.settlement, sight.told)
    return None if task["orderId"] else open_bar(visit, task)


def _side(visit: Visit, task: Fields, sight: Sight) -> str:
    """Return as what the visitor looks: buyer, seller, arbiter, other or nobody."""
    me = visit.caller.account_id
    if not me:
        return "nobody"
    if task["buyer"] == me:
        return "buyer"
    if sight.order is None:
        return "other"
    return "seller" if sight.order["seller"] == me else "arbiter"


async def _sight(visit: Visit, task: Fields) -> Sight:
    sight = Sight()
    bids = await visit.ask("web3.market.listBids", taskId=task["taskId"], limit=LISTED_BIDS)
    sight.bids = bids["items"]
    if task["orderId"]:
        await look_at_order(visit, task["orderId"], sight)
    sight.partners = _partners(visit, task, sight)
    if sight.partners:
        asked = {"taskId": task["taskId"], "limit": LISTED_MESSAGES}
        sight.messages = (await visit.ask("web3.market.message.list", **asked))["items"]
    return sight


def _partners(visit: Visit, task: Fields, sight: Sight) -> list[str]:
    """Return with whom the visitor may talk about a task: buyer, chosen worker, bidders."""
    me = visit.caller.account_id
    bidders = [bid["bidder"] for bid in sight.bids if bid["status"] != "bid_withdrawn"]
    if sight.order is not None and sight.order["seller"] == me:
        return [task["buyer"]]
    if task["buyer"] == me:
        return [sight.order["seller"]] if sight.order else list(dict.fromkeys(bidders))
    return [task["buyer"]] if me in bidders and task["status"] == "task_open" else []


async def look_at_order(visit: Visit, order_id: str, sight: Sight) -> None:
    """Look at an order as far as this visitor may; a stranger does not learn that it exists."""
    try:
        trace = await visit.ask("web3.market.transparency.trace", orderId=order_id)
    except (NotFoundError, ForbiddenError):
        return
    sight.order, sight.settlement = trace["order"], trace["settlement"]
    sight.receipt, sight.consent = trace["receipt"], trace["consent"]
    sight.stake = stake_of(trace["order"])
    sight.steps = told_steps(visit, trace["timeline"])
    if trace["dispute"] is not None:
        dispute_id = trace["dispute"]["disputeId"]
        seen = await visit.ask("web3.dispute.get", disputeId=dispute_id)
        sight.dispute, sight.evidence = seen, seen.get("evidence", [])
    if visit.caller.account_id in (sight.order["buyer"], sight.order["seller"]):
        sight.told = await visit.ask("web3.market.order.explain", orderId=order_id)
        if sight.order["deliveryId"] and not sight.order["taskId"]:
            delivery_id = sight.order["deliveryId"]
            sight.delivery = await visit.ask("web3.market.delivery.get", deliveryId=delivery_id)
        if sight.order["resultId"]:
            result_id = sight.order["resultId"]
            sight.result = await visit.ask("web3.market.getResult", resultId=result_id)
