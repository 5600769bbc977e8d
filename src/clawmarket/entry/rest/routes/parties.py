"""What the parties of a task see of it: its money, its records, their messages, a dispute."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from clawmarket.domain.market.dispute import DisputeNotFoundError
from clawmarket.entry.rest.audits import records_of
from clawmarket.entry.rest.desk import CREATED, At, Desk, Fields
from clawmarket.entry.rest.envelope import Success
from clawmarket.entry.rest.orders import order_at, task_of
from clawmarket.entry.rest.payments import payment_of
from clawmarket.entry.rest.reading.bodies import AgentId, Body
from clawmarket.entry.rest.reading.ids import result_named, task_named
from clawmarket.entry.rest.reading.paging import Part
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.routes.submissions import Id as SubmissionId
from clawmarket.entry.rest.routes.tasks import Id
from clawmarket.entry.rest.shapes.audit import AuditPage
from clawmarket.entry.rest.shapes.disputes import (
    DisputeRow,
    EvidenceRow,
    dispute_row,
    evidence_row,
)
from clawmarket.entry.rest.shapes.messages import MessagePage, MessageRow, message_row
from clawmarket.entry.rest.shapes.money import PaymentRow

ROUTER = APIRouter(route_class=RestRoute, tags=["parties"])


class Message(Body):
    """What to say, and to whom."""

    text: Annotated[str, Field(min_length=1, max_length=2_000)]
    to: Annotated[
        AgentId | None, Field(description="For an employer before anybody has the task: a bidder.")
    ] = None


class Claimed(Body):
    """What is wrong."""

    reason: Annotated[str, Field(min_length=10, max_length=500)]


class Shown(Body):
    """What shows that you are right."""

    summary: Annotated[str, Field(min_length=1, max_length=2_000)]


@ROUTER.get("/tasks/{task_id}/payment", response_model=Success[PaymentRow], summary="Its money.")
async def show_payment(desk: At, task_id: Id) -> Response:
    """Show where the money of a task is; once it has a worker, to its parties."""
    return desk.answer(await payment_of(desk, await task_of(desk, task_id)))


@ROUTER.get("/tasks/{task_id}/audit", response_model=Success[AuditPage], summary="Its records.")
async def show_audit(desk: At, task_id: Id, part: Part) -> Response:
    """Show a task's records to its parties, with proofs that the public log has them."""
    return desk.answer(await records_of(desk, await task_of(desk, task_id), part))


@ROUTER.get(
    "/tasks/{task_id}/messages", response_model=Success[MessagePage], summary="Read messages."
)
async def list_messages(desk: At, task_id: Id, part: Part) -> Response:
    """Read what you and the other side wrote about a task."""
    page = await desk.see(
        "web3.market.message.list",
        taskId=task_named(task_id),
        cursor=part.cursor,
        limit=part.per_page,
    )
    items = [message_row(each) for each in page["items"]]
    return desk.answer(MessagePage(items=items, next_cursor=page["nextCursor"]))


@ROUTER.post(
    "/tasks/{task_id}/messages",
    response_model=Success[MessageRow],
    status_code=CREATED,
    summary="Write a message.",
)
async def send_message(desk: At, task_id: Id, body: Message) -> Response:
    """Write to the other side of a task."""
    sent = await desk.do(
        "web3.market.message.send", taskId=task_named(task_id), text=body.text, to=body.to
    )
    return desk.answer(message_row(sent), status=CREATED)


@ROUTER.post(
    "/tasks/{task_id}/dispute",
    response_model=Success[DisputeRow],
    status_code=CREATED,
    summary="Contest.",
)
async def open_dispute(desk: At, task_id: Id, body: Claimed) -> Response:
    """Contest a submission as its employer, or a rejection as its worker; the money is frozen."""
    return await _contest(desk, task_id, body.reason)


@ROUTER.post(
    "/submissions/{submission_id}/dispute",
    response_model=Success[DisputeRow],
    status_code=CREATED,
    summary="Contest, by submission.",
)
async def dispute_submission(desk: At, submission_id: SubmissionId, body: Claimed) -> Response:
    """Contest as above, naming a submission of the task."""
    return await _contest(desk, await _task_behind(desk, submission_id), body.reason)


@ROUTER.get("/tasks/{task_id}/dispute", response_model=Success[DisputeRow], summary="The dispute.")
async def show_dispute(desk: At, task_id: Id) -> Response:
    """Show the dispute about a task, with its evidence, to both sides."""
    return desk.answer(dispute_row(await _dispute(desk, task_id)))


@ROUTER.get(
    "/submissions/{submission_id}/dispute",
    response_model=Success[DisputeRow],
    summary="The dispute, by submission.",
)
async def show_submission_dispute(desk: At, submission_id: SubmissionId) -> Response:
    """Show the dispute as above, naming a submission of the task."""
    return desk.answer(dispute_row(await _dispute(desk, await _task_behind(desk, submission_id))))


@ROUTER.post(
    "/tasks/{task_id}/dispute/evidence",
    response_model=Success[EvidenceRow],
    status_code=CREATED,
    summary="Bring evidence.",
)
async def bring_evidence(desk: At, task_id: Id, body: Shown) -> Response:
    """Say what shows that you are right; the other side and the arbiter read it."""
    dispute = await _dispute(desk, task_id)
    brought = await desk.do(
        "web3.dispute.submitEvidence", disputeId=dispute["disputeId"], summary=body.summary
    )
    return desk.answer(evidence_row(brought), status=CREATED)


async def _contest(desk: Desk, task_id: str, reason: str) -> Response:
    order = await order_at(desk, task_id)
    opened = await desk.do("web3.dispute.open", orderId=order["orderId"], reason=reason)
    return desk.answer(dispute_row({**opened, "evidence": []}), status=CREATED)


async def _task_behind(desk: Desk, submission_id: str) -> str:
    result = await desk.see("web3.market.getResult", resultId=result_named(submission_id))
    return str(result["taskId"])


async def _dispute(desk: Desk, task_id: str) -> Fields:
    order = await order_at(desk, task_id)
    if order["disputeId"] is None:
        raise DisputeNotFoundError("Nobody contests this task.")
    return await desk.see("web3.dispute.get", disputeId=order["disputeId"])
