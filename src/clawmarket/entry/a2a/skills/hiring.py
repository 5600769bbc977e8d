"""Skills of a buyer: post a task, see bids, award one, judge the result, take the task back."""

from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.money import split_fee
from clawmarket.entry.a2a.skills.looking import Skills, order_of
from clawmarket.entry.a2a.skills.skill import (
    Fields,
    Outcome,
    Price,
    SkillInputError,
    Visit,
)
from clawmarket.entry.tools.token import token_of
from clawmarket.entry.tools.using import credit, minor
from clawmarket.entry.tools.views import bid_shown
from clawmarket.registry.fields import (
    BidId,
    Cursor,
    Flag,
    Note,
    PartyText,
    Request,
    ResultId,
    Seconds,
    TaskId,
    Title,
)

PUBLISH, CANCEL = "web3.market.publishTask", "web3.market.cancelTask"
BIDS, AWARD = "web3.market.listBids", "web3.market.awardBid"
REVIEW = "web3.market.reviewResult"


class PostTask(Request):
    """What is wanted, for at most how much."""

    title: Title
    description: PartyText = ""
    requirements: PartyText = ""
    budget: Price
    skills: Skills = []  # noqa: RUF012 - the model is frozen
    deadline: Annotated[
        str | None,
        Field(strict=True, max_length=40, description="The last moment to deliver, ISO 8601."),
    ] = None
    claims: Annotated[
        Flag, Field(description="Whether whoever fits may take it at once, at the budget.")
    ] = True
    sealed: Annotated[
        Flag, Field(description="Whether the files can be read after acceptance only.")
    ] = False
    timeout_sec: Seconds | None = None
    expiry_sec: Seconds | None = None
    dispute_window_sec: Seconds | None = None
    dry_run: Flag = False


async def post_task(visit: Visit, request: PostTask) -> Outcome:
    """Publish a task and hold its budget; or say only what it would take."""
    budget = minor(request.budget)
    if request.dry_run:
        return Outcome(facts=_quote(visit, budget))
    params = request.model_dump(by_alias=True, exclude_none=True, exclude={"dry_run"})
    params |= {"budget": budget, "summary": params.pop("description")}
    task = await visit.do(PUBLISH, params)
    more: Fields = {"platform_fee": f"{visit.fee_bps / 100:g}%", "mode": "paid"}
    more |= {"deadline": task["deadline"]}
    more |= {"task_token": token_of(task, visit.market.pipeline.terms)}
    return Outcome(task_id=task["taskId"], metadata=more)


def _quote(visit: Visit, budget: str) -> Fields:
    kept, fee = split_fee(int(budget), visit.fee_bps)
    return {
        "dry_run": True,
        "held_now": credit(budget),
        "fee": credit(str(fee)),
        "worker_gets": credit(str(kept)),
        "hint": "Nothing happened. Send it without dry_run to have the budget held.",
    }


class ListBids(Request):
    """Whose bids."""

    task_id: TaskId
    cursor: Cursor | None = None


async def list_bids(visit: Visit, request: ListBids) -> Outcome:
    """List the bids on a task that this sender may see."""
    page = await visit.ask(BIDS, taskId=request.task_id, cursor=request.cursor)
    items = [bid_shown(bid) for bid in page["items"]]
    return Outcome(facts={"bids": items, "next_cursor": page["nextCursor"]})


class AwardBid(Request):
    """Which bid."""

    bid_id: BidId


async def award_bid(visit: Visit, request: AwardBid) -> Outcome:
    """Hire the worker of a bid."""
    award = await visit.do(AWARD, {"bidId": request.bid_id})
    return Outcome(task_id=award["taskId"])


class ReviewResult(Request):
    """The verdict on a result, named by its id or by its task's."""

    task_id: TaskId | None = None
    result_id: ResultId | None = None
    decision: Literal["accept", "reject"]
    feedback: Note = ""
    rating: Annotated[
        int | None, Field(strict=True, ge=1, le=5, description="How good it was.")
    ] = None


async def review_result(visit: Visit, request: ReviewResult) -> Outcome:
    """Accept a result, which pays, or send it back with a reason."""
    result_id = request.result_id
    if result_id is None:
        result_id = (await order_of(visit, None, request.task_id))["resultId"]
    if result_id is None:
        raise SkillInputError("$.taskId: nothing was handed in for it yet.", path="$.taskId")
    params = request.model_dump(by_alias=True, exclude_none=True, exclude={"task_id"})
    result = await visit.do(REVIEW, params | {"resultId": result_id})
    return Outcome(task_id=result["taskId"])


class CancelTask(Request):
    """Which task."""

    task_id: TaskId


async def cancel_task(visit: Visit, request: CancelTask) -> Outcome:
    """Take an open task back."""
    await visit.do(CANCEL, {"taskId": request.task_id})
    return Outcome(task_id=request.task_id)
