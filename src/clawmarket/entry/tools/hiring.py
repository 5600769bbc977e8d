"""Tools of a buyer: find workers, publish a task, choose a bid, judge what was handed in."""

from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.domain.market.bid import BidNotFoundError
from clawmarket.entry.tools.tool import Credits, Listed, Tool
from clawmarket.entry.tools.using import Fields, ToolUse, credit, minor
from clawmarket.entry.tools.views import offer_shown, whole_task
from clawmarket.registry.fields import (
    BidId,
    Flag,
    Note,
    PartyText,
    Request,
    ResultId,
    Seconds,
    Skill,
    TaskId,
    Title,
)

_PAGE = 200
_MAX_PAGES = 10

OFFERS, PUBLISH = "web3.market.offer.list", "web3.market.publishTask"
BIDS, AWARD = "web3.market.listBids", "web3.market.awardBid"
REVIEW = "web3.market.reviewResult"


class PriceOtherError(ConflictError):
    """The price that was agreed to is not the price of the bid."""

    advice = "Look at the bid again and have its real price agreed to."
    next_command = "clawmarket task bids {taskId}"


class FindWorkers(Listed):
    """Which offers of workers."""

    words: Annotated[
        str | None,
        Field(strict=True, min_length=2, max_length=80, description="Only offers that say this."),
    ] = None
    max_price: Annotated[Credits | None, Field(description="Only offers up to this price.")] = None


async def find_workers(using: ToolUse, request: FindWorkers) -> Fields:
    """List published offers; words and price are looked for in one page of the market's."""
    chosen = request.words is not None or request.max_price is not None
    page = await using.ask(
        OFFERS,
        status="offer_published",
        limit=_PAGE if chosen else request.limit,
        cursor=request.cursor,
    )
    found = [offer_shown(offer) for offer in page["items"] if _is_wanted(offer, request)]
    items = found[: request.limit]
    return {
        "items": items,
        "found": len(found),
        "nextCursor": page["nextCursor"],
        "next": ["web3_market_publish_task: describe the work; workers bid on it."],
    }


def _is_wanted(offer: Fields, request: FindWorkers) -> bool:
    text = f"{offer['title']} {offer['description']}".casefold()
    dear = request.max_price is not None and int(offer["price"]) > int(minor(request.max_price))
    return not dear and (request.words is None or request.words.casefold() in text)


class PublishTask(Request):
    """What is wanted, for at most how much."""

    title: Title
    summary: PartyText = ""
    requirements: Annotated[
        PartyText, Field(description="What a result has to be like to be accepted.")
    ] = ""
    skills: Annotated[list[Skill], Field(max_length=12)] = []  # noqa: RUF012 - the model is frozen
    budget: Annotated[Credits, Field(description='The most it may cost, such as "5.00" credits.')]
    fund: Annotated[
        Flag, Field(description="Hold the budget now (default); otherwise the award holds it.")
    ] = True
    claims: Annotated[
        Flag, Field(description="Whoever fits may take it at the budget at once; needs `fund`.")
    ] = False
    expiry_sec: Annotated[Seconds | None, Field(description="How long bids are taken.")] = None
    timeout_sec: Annotated[Seconds | None, Field(description="Time to deliver.")] = None
    dispute_window_sec: Annotated[
        Seconds | None, Field(description="Time to review; silence accepts and pays.")
    ] = None


async def publish_task(using: ToolUse, request: PublishTask) -> Fields:
    """Publish a task."""
    params = request.model_dump(by_alias=True, exclude_none=True)
    task = await using.do(PUBLISH, params | {"budget": minor(request.budget)})
    next_ = f'web3_market_task_status {{"taskId": "{task["taskId"]}"}}: see who bids.'
    return {"task": whole_task(task), "next": [next_]}


class AwardBid(Request):
    """Which bid, and what it was seen to cost."""

    task_id: TaskId
    bid_id: BidId
    price: Annotated[
        Credits,
        Field(description="The bid's price as you saw it; with another one nothing happens."),
    ]


async def award_bid(using: ToolUse, request: AwardBid) -> Fields:
    """Award a bid whose price is the one that was named."""
    await priced_bid(using, request)
    award = await using.do(AWARD, {"bidId": request.bid_id})
    next_ = f'web3_market_task_status {{"taskId": "{award["taskId"]}"}}: see the result.'
    shown = {n: award[n] for n in ("awardId", "taskId", "bidId", "orderId", "seller", "dueAt")}
    status = {"status": award["orderStatus"], "amount": credit(award["amount"])}
    return {"award": shown | status, "next": [next_]}


async def priced_bid(using: ToolUse, request: AwardBid) -> Fields:
    """Return the bid that an award means. Raises BidNotFoundError, PriceOtherError."""
    bid = await _bid_of(using, request)
    if int(bid["price"]) != int(minor(request.price)):
        what = f"The bid is for {credit(bid['price'])} credits, not for {request.price}."
        raise PriceOtherError(what, taskId=request.task_id, bidId=request.bid_id)
    return bid


async def _bid_of(using: ToolUse, request: AwardBid) -> Fields:
    cursor = None
    for _ in range(_MAX_PAGES):
        page = await using.ask(BIDS, taskId=request.task_id, limit=_PAGE, cursor=cursor)
        for bid in page["items"]:
            if bid["bidId"] == request.bid_id:
                found: Fields = bid
                return found
        cursor = page["nextCursor"]
        if cursor is None:
            break
    raise BidNotFoundError(f"There is no bid {request.bid_id} on a task of yours.")


class ReviewResult(Request):
    """The verdict on a result."""

    result_id: ResultId
    decision: Annotated[
        Literal["accept", "reject"],
        Field(description="accept pays the worker for good; reject sends the result back."),
    ]
    feedback: Annotated[Note, Field(description="A rejection says what has to be different.")] = ""


async def review_result(using: ToolUse, request: ReviewResult) -> Fields:
    """Accept a result, or send it back."""
    result = await using.do(REVIEW, request.model_dump(by_alias=True))
    shown = {name: result[name] for name in ("resultId", "taskId", "orderId", "status")}
    next_ = f'web3_market_task_status {{"taskId": "{result["taskId"]}"}}: see what became of it.'
    return {"review": shown, "next": [next_]}


FIND_WORKERS = Tool(
    "web3_market_find_workers",
    "Find workers",
    "List what workers offer on the market, with prices in credits. Reads only. To have something "
    "done that nobody offers, publish a task.",
    FindWorkers,
    (OFFERS,),
    find_workers,
)
PUBLISH_TASK = Tool(
    "web3_market_publish_task",
    "Publish a task",
    "Ask the market's workers to do something. With fund (the default) the budget is held at once; "
    "it comes back as far as it is not needed. May ask the user for approval.",
    PublishTask,
    (PUBLISH,),
    publish_task,
    writes=True,
    amount="budget",
    spends=lambda request: bool(request.fund),
)
AWARD_BID = Tool(
    "web3_market_award_bid",
    "Award a bid",
    "Hire the worker of one bid on your task: its price is locked until the result is accepted. "
    "Name the price that you saw. May ask the user for approval.",
    AwardBid,
    (BIDS, AWARD),
    award_bid,
    writes=True,
    amount="price",
)
REVIEW_RESULT = Tool(
    "web3_market_review_result",
    "Review a result",
    "Accept a worker's result, which pays the price that was locked, or send it back with "
    "feedback. Read the result first (web3_market_task_status).",
    ReviewResult,
    (REVIEW,),
    review_result,
    writes=True,
    final=True,
)
