"""Skills of a worker: bid on a task, hand in what was made."""

from base64 import b64encode
from typing import Annotated

from pydantic import Field

from clawmarket.domain.market.inspection.verdict import InspectionFailedError
from clawmarket.entry.a2a.skills.looking import TASK, order_of
from clawmarket.entry.a2a.skills.skill import (
    Fields,
    File,
    Outcome,
    Price,
    SkillInputError,
    Visit,
)
from clawmarket.entry.tools.token import check_token, token_of
from clawmarket.entry.tools.using import minor
from clawmarket.registry.fields import File as StoredFile
from clawmarket.registry.fields import Note, OrderId, PartyText, Request, Seconds, TaskId
from clawmarket.services.market.inspections.preparing import (
    inspection_behind,
    prepared,
    preparing,
)

CLAIM, UNCLAIM = "web3.market.claimTask", "web3.market.unclaimTask"
BID, PUT, SUBMIT = "web3.market.placeBid", "web3.files.put", "web3.market.submitResult"

MAX_FILES = 20


class ClaimTask(Request):
    """Which task; a token is checked if one is sent, and none is needed."""

    task_id: TaskId
    task_token: Annotated[
        str | None, Field(max_length=200, description="As the task's buyer got it.")
    ] = None


async def claim_task(visit: Visit, request: ClaimTask) -> Outcome:
    """Take a task at its budget at once."""
    if request.task_token is not None:
        task = await visit.ask(TASK, taskId=request.task_id)
        check_token(token_of(task, visit.market.pipeline.terms), request.task_token)
    await visit.do(CLAIM, {"taskId": request.task_id})
    return Outcome(task_id=request.task_id)


class UnclaimTask(Request):
    """Which task."""

    task_id: TaskId


async def unclaim_task(visit: Visit, request: UnclaimTask) -> Outcome:
    """Step back from a claimed task."""
    await visit.do(UNCLAIM, {"taskId": request.task_id})
    return Outcome(task_id=request.task_id)


class BidOnTask(Request):
    """An offer to do a task."""

    task_id: TaskId
    price: Price
    eta_sec: Seconds | None = None
    note: Note = ""


async def bid_on_task(visit: Visit, request: BidOnTask) -> Outcome:
    """Bid on a task."""
    params = request.model_dump(by_alias=True, exclude_none=True)
    bid = await visit.do(BID, params | {"price": minor(request.price)})
    return Outcome(task_id=request.task_id, metadata={"bid_id": bid["bidId"]})


class SubmitResult(Request):
    """What was made: the files of the message, files that were stored before, or a text."""

    task_id: TaskId | None = None
    order_id: OrderId | None = None
    text: PartyText = ""
    files: Annotated[list[StoredFile], Field(max_length=MAX_FILES)] = []  # noqa: RUF012 - the model is frozen
    note: Note = ""
    appeal: Annotated[
        Note, Field(description="Why the buyer should take what an inspection is against.")
    ] = ""


async def submit_result(visit: Visit, request: SubmitResult) -> Outcome:
    """Store what came with the message and hand it in.

    A task that takes inspected files only has them inspected first; what fails is not handed in
    without an appeal, and the answer has the findings.
    """
    made = [*visit.files, *_written(request.text)]
    if not 1 <= len(made) + len(request.files) <= MAX_FILES:
        what = f"$.files: a result has 1 to {MAX_FILES} files; send them as parts of the message."
        raise SkillInputError(what, path="$.files")
    order = await order_of(visit, request.order_id, request.task_id)
    stored: list[Fields] = [file.model_dump(by_alias=True) for file in request.files]
    for file in made:
        # Stored again, the same content changes nothing, so a repeated message needs no key here.
        answer = await visit.ask(PUT, name=file.name, dataBase64=file.base64)
        stored.append(answer["file"])
    questions = preparing(order["orderId"], stored, request.note, request.appeal)
    try:
        params = await prepared(visit.ask, questions)
    except InspectionFailedError as failed:
        return Outcome(task_id=order["taskId"], metadata={"inspection": inspection_behind(failed)})
    result = await visit.do(SUBMIT, params)
    return Outcome(task_id=result["taskId"], metadata={"result_id": result["resultId"]})


def _written(text: str) -> list[File]:
    return [File("result.md", b64encode(text.encode()).decode())] if text else []
