"""Tools of a worker, and of both sides: see tasks, bid, hand in, contest."""

from base64 import b64encode
from typing import Annotated

from pydantic import Field

from clawmarket.domain.market.inspection.verdict import InspectionFailedError
from clawmarket.domain.market.task import TaskState
from clawmarket.entry.tools.tool import Credits, Listed, Tool
from clawmarket.entry.tools.using import Fields, ToolUse, credit, minor
from clawmarket.entry.tools.views import (
    bid_shown,
    dispute_shown,
    listed_task,
    order_shown,
    result_shown,
    whole_task,
)
from clawmarket.registry.fields import (
    FileName,
    Flag,
    Note,
    OrderId,
    Request,
    Seconds,
    Skill,
    TaskId,
)
from clawmarket.services.market.inspections.preparing import (
    INSPECT,
    ORDER,
    TASK,
    inspection_behind,
    prepared,
    preparing,
)

TASKS = "web3.market.listTasks"
BIDS, BID = "web3.market.listBids", "web3.market.placeBid"
RESULT = "web3.market.getResult"
DISPUTE, CONTEST = "web3.dispute.get", "web3.dispute.open"
FILE, SUBMIT = "web3.files.put", "web3.market.submitResult"
CLAIM, UNCLAIM = "web3.market.claimTask", "web3.market.unclaimTask"
WALLET = "web3.wallet.show"

_BIDS_SHOWN = 20
_TEXTS_SHOWN = 3
_TEXT_BYTES = 20_000
# Even where every character has four bytes, the file is one that a call may bring.
_MAX_TEXT = 120_000


class ListTasks(Listed):
    """Which tasks."""

    status: Annotated[
        TaskState | None,
        Field(description="Only tasks in this state; left out: open ones, of `mine` all."),
    ] = None
    mine: Annotated[Flag, Field(description="Only tasks that you published.")] = False
    skill: Skill | None = None
    min_budget: Annotated[Credits | None, Field(description="Only tasks worth this or more.")] = (
        None
    )


async def list_tasks(using: ToolUse, request: ListTasks) -> Fields:
    """List tasks, newest first."""
    status = request.status or (None if request.mine else TaskState.OPEN)
    page = await using.ask(
        TASKS,
        status=None if status is None else str(status),
        buyer=(await using.ask(WALLET))["accountId"] if request.mine else None,
        skill=request.skill,
        minBudget=None if request.min_budget is None else minor(request.min_budget),
        limit=request.limit,
        cursor=request.cursor,
    )
    return {
        "items": [listed_task(task) for task in page["items"]],
        "nextCursor": page["nextCursor"],
        "next": [f'web3_market_task_status {{"taskId": "…"}}: {_why(request)}.'],
    }


def _why(request: ListTasks) -> str:
    return "see bids, order and result" if request.mine else "see all of a task before you bid"


class TaskStatus(Request):
    """One task."""

    task_id: TaskId


async def task_status(using: ToolUse, request: TaskStatus) -> Fields:
    """Show a task, with as much of bids, order, result and dispute as the caller may see."""
    task = await using.ask(TASK, taskId=request.task_id)
    bids = await using.look(BIDS, taskId=request.task_id, limit=_BIDS_SHOWN)
    order = await _seen(using, ORDER, "orderId", task["orderId"])
    result = await _seen(using, RESULT, "resultId", (order or {}).get("resultId"))
    dispute = await _seen(using, DISPUTE, "disputeId", (order or {}).get("disputeId"))
    shown: Fields = {"task": whole_task(task)}
    if bids is not None:
        shown |= {"bids": [bid_shown(bid) for bid in bids["items"]]}
        shown |= {"moreBids": bids["nextCursor"] is not None}
    if order is not None:
        shown["order"] = order_shown(order)
    if result is not None:
        shown["result"] = result_shown(result, await _texts(using, result))
    if dispute is not None:
        shown["dispute"] = dispute_shown(dispute)
    return shown | {"next": steps(task, order, result)}


async def _seen(using: ToolUse, method: str, name: str, thing_id: str | None) -> Fields | None:
    return await using.look(method, **{name: thing_id}) if thing_id else None


async def _texts(using: ToolUse, result: Fields) -> list[str]:
    digests = [file["digest"] for file in result["artifacts"][:_TEXTS_SHOWN]]
    found = [await using.market.text_of(digest, _TEXT_BYTES) for digest in digests]
    return [text for text in found if text]


def steps(task: Fields, order: Fields | None, result: Fields | None) -> list[str]:
    """Return what buyer and worker may do now."""
    task_id = task["taskId"]
    if task["status"] == "task_open":
        award = f'{{"taskId": "{task_id}", "bidId": "…", "price": "…"}}'
        claim = [f'a worker: web3_market_claim_task {{"taskId": "{task_id}"}}']
        return [
            f"the buyer: web3_market_award_bid {award}",
            *(claim if task["claims"] else ()),
            f'a worker: web3_market_place_bid {{"taskId": "{task_id}", "price": "…"}}',
        ]
    if order is None:
        return []
    order_id = order["orderId"]
    if order["status"] == "delivery_ready":
        return [f'the worker: web3_market_submit_result {{"orderId": "{order_id}", "text": "…"}}']
    if order["status"] == "delivery_completed" and result is not None:
        review = f'{{"resultId": "{result["resultId"]}", "decision": "accept"}}'
        return [
            f'the buyer: web3_market_review_result {review}, or "reject" with feedback',
            f'either: web3_market_open_dispute {{"orderId": "{order_id}", "reason": "…"}}',
        ]
    return []


class PlaceBid(Request):
    """An answer to a task."""

    task_id: TaskId
    price: Annotated[Credits, Field(description='What you ask for, such as "4.00" credits.')]
    eta_sec: Annotated[Seconds | None, Field(description="Seconds you expect to need.")] = None
    note: Note = ""


async def place_bid(using: ToolUse, request: PlaceBid) -> Fields:
    """Bid on a task."""
    params = request.model_dump(by_alias=True, exclude_none=True)
    bid = await using.do(BID, params | {"price": minor(request.price)})
    next_ = f'web3_market_task_status {{"taskId": "{bid["taskId"]}"}}: see whether you were chosen.'
    return {"bid": bid_shown(bid) | {"taskId": bid["taskId"]}, "next": [next_]}


async def claim_task(using: ToolUse, request: TaskStatus) -> Fields:
    """Take a task at its budget at once."""
    award = await using.do(CLAIM, request.model_dump(by_alias=True))
    shown = {name: award[name] for name in ("taskId", "orderId", "dueAt")}
    shown |= {"status": award["orderStatus"], "amount": credit(award["amount"])}
    submit = f'{{"orderId": "{award["orderId"]}", "text": "…"}}'
    back = f'web3_market_unclaim_task {{"taskId": "{award["taskId"]}"}}: before you hand in.'
    return {"award": shown, "next": [f"web3_market_submit_result {submit}", back]}


async def unclaim_task(using: ToolUse, request: TaskStatus) -> Fields:
    """Give a claimed task back."""
    task = await using.do(UNCLAIM, request.model_dump(by_alias=True))
    next_ = 'web3_market_list_tasks {"status": "task_open"}: look for another one.'
    return {"task": listed_task(task), "next": [next_]}


class SubmitResult(Request):
    """What was made for an order, as text."""

    order_id: OrderId
    text: Annotated[
        str,
        Field(
            strict=True,
            min_length=1,
            max_length=_MAX_TEXT,
            description="The result itself; it is stored as a file and handed to the buyer.",
        ),
    ]
    file_name: Annotated[FileName, Field(description="What the file is called.")] = "result.md"
    note: Note = ""
    appeal: Annotated[
        Note, Field(description="Why the buyer should take what an inspection is against.")
    ] = ""


async def submit_result(using: ToolUse, request: SubmitResult) -> Fields:
    """Store the text as a file and hand it in; the same text stored again changes nothing.

    A task that takes inspected files only has it inspected first.
    """
    data = b64encode(request.text.encode("utf-8", "replace")).decode("ascii")
    stored = await using.ask(FILE, name=request.file_name, dataBase64=data)
    made = preparing(request.order_id, [stored["file"]], request.note, request.appeal)
    try:
        params = await prepared(using.ask, made)
    except InspectionFailedError as failed:
        next_ = "Correct what was found, or hand it in with `appeal` and the reason."
        return {"inspection": inspection_behind(failed), "next": [next_]}
    result = await using.do(SUBMIT, params)
    names = ("resultId", "taskId", "orderId", "status", "digest")
    next_ = f'web3_market_task_status {{"taskId": "{result["taskId"]}"}}: see what the buyer says.'
    return {"result": {name: result[name] for name in names}, "next": [next_]}


class OpenDispute(Request):
    """What is contested, and why."""

    order_id: OrderId
    reason: Annotated[
        Note, Field(min_length=10, max_length=500, description="What is wrong, in a few sentences.")
    ]


async def open_dispute(using: ToolUse, request: OpenDispute) -> Fields:
    """Contest an order."""
    dispute = await using.do(CONTEST, request.model_dump(by_alias=True))
    next_ = f'clawmarket dispute evidence {dispute["disputeId"]} --summary "…"'
    return {"dispute": dispute_shown(dispute), "next": [next_]}


LIST_TASKS = Tool(
    "web3_market_list_tasks",
    "List tasks",
    "List tasks of the market, newest first: work that you could bid on, or your own (mine). "
    "Reads only.",
    ListTasks,
    (TASKS, WALLET),
    list_tasks,
)
TASK_STATUS = Tool(
    "web3_market_task_status",
    "Show a task",
    "Show one task with all of its words, and what you may see of bids, order, result (with its "
    "text) and dispute. Reads only.",
    TaskStatus,
    (TASK, BIDS, ORDER, RESULT, DISPUTE),
    task_status,
)
PLACE_BID = Tool(
    "web3_market_place_bid",
    "Bid on a task",
    "Offer to do a task for a price. It costs nothing, and binds you once the buyer awards it.",
    PlaceBid,
    (BID,),
    place_bid,
    writes=True,
)
CLAIM_TASK = Tool(
    "web3_market_claim_task",
    "Claim a task",
    "Take a task whose claims are on at its budget, at once. It locks the buyer's money and none "
    "of yours, and binds you to deliver in time; few claims may be left undelivered.",
    TaskStatus,
    (CLAIM,),
    claim_task,
    writes=True,
)
UNCLAIM_TASK = Tool(
    "web3_market_unclaim_task",
    "Step back from a task",
    "Give back a task that you claimed, before the first delivery: it is open for others again; "
    "you cannot claim it again.",
    TaskStatus,
    (UNCLAIM,),
    unclaim_task,
    writes=True,
    final=True,
)
SUBMIT_RESULT = Tool(
    "web3_market_submit_result",
    "Hand in a result",
    "Hand in what you made for an order, as text. The buyer reviews it; silence accepts it.",
    SubmitResult,
    (ORDER, TASK, FILE, INSPECT, SUBMIT),
    submit_result,
    writes=True,
)
OPEN_DISPUTE = Tool(
    "web3_market_open_dispute",
    "Open a dispute",
    "Contest an order: its money is frozen until both sides were heard and somebody decides. "
    "Only where buyer and worker cannot agree.",
    OpenDispute,
    (CONTEST,),
    open_dispute,
    writes=True,
    final=True,
)
