"""Submissions: hand in, look, accept, send back, download."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError, NotFoundError
from clawmarket.domain.market.inspection.finding import Finding, findings_text
from clawmarket.domain.market.inspection.verdict import InspectionFailedError
from clawmarket.domain.market.terms import MAX_REJECTIONS
from clawmarket.entry.rest.board import task_row
from clawmarket.entry.rest.desk import CREATED, At, Desk, Fields
from clawmarket.entry.rest.downloads import download
from clawmarket.entry.rest.envelope import Success
from clawmarket.entry.rest.orders import order_at, task_of
from clawmarket.entry.rest.payments import payment_of
from clawmarket.entry.rest.reading.bodies import Body
from clawmarket.entry.rest.reading.ids import result_named
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.shapes.submissions import (
    Accepted,
    Rejected,
    SubmissionRow,
    review_id,
    submission_row,
)
from clawmarket.entry.rest.uploads import FORM_SCHEMA, received, room_in
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.services.market.inspections.preparing import (
    inspection_behind,
    prepared,
    preparing,
)

ROUTER = APIRouter(route_class=RestRoute, prefix="/submissions", tags=["submissions"])
FORM = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FORM_SCHEMA}}}
}
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
# How many findings the message says; `details` has them all.
_SAID = 3
Id = Annotated[str, Path(max_length=80, examples=["sub_01h00000000000000000000000"])]


class ReviewFailedError(InvalidArgumentError):
    """The automatic review does not let the files through; nothing was handed in."""

    advice = (
        "Correct what `details.findings` names, or send an `appeal`: then the employer decides."
    )
    next_command = "clawmarket explain review_failed"


class FileUnknownError(NotFoundError):
    """A submission has no file of this number."""


class FileSealedError(ConflictError):
    """A file of a sealed task is closed to its buyer until the result is accepted."""

    advice = "Judge it by name, size and hash; it opens when you accept, or when your time is over."
    next_command = "clawmarket task show {taskId}"


class Acceptance(Body):
    """What was good, and how good."""

    feedback: Annotated[str, Field(max_length=2_000)] = ""
    rating: Annotated[int | None, Field(ge=1, le=5)] = None


class Rejection(Body):
    """What has to be different."""

    feedback: Annotated[str, Field(min_length=1, max_length=2_000)]


@ROUTER.post(
    "",
    response_model=Success[SubmissionRow],
    status_code=CREATED,
    openapi_extra=FORM,
    summary="Hand work in.",
)
async def submit(desk: At, request: Request) -> Response:
    """Hand in files for a claimed task, the first time or again after a rejection.

    The files are hashed while they are stored. A task that asks for it has them reviewed first.
    """
    with room_in(desk, request):
        upload = await received(desk, request)
    notes, appeal = (upload.texts.get(name, "") for name in ("notes", "appeal"))
    made = preparing(upload.order["orderId"], upload.files, notes, appeal)
    try:
        params = await prepared(desk.see, made)
    except InspectionFailedError as failed:
        raise _review_failed(failed) from None
    result = await desk.do("web3.market.submitResult", **params)
    return desk.answer(submission_row(result), status=CREATED)


def _review_failed(failed: InspectionFailedError) -> ReviewFailedError:
    inspection = inspection_behind(failed)
    said = findings_text(Finding(**each) for each in inspection["findings"][:_SAID])
    return ReviewFailedError(
        f"Submission failed automated review: {said}",
        inspectionId=inspection["inspectionId"],
        findings=inspection["findings"],
    )


@ROUTER.get("/{submission_id}", response_model=Success[SubmissionRow], summary="Show a submission.")
async def show_submission(desk: At, submission_id: Id) -> Response:
    """Show a submission to the employer and the worker of its task."""
    return desk.answer(submission_row(await _result(desk, submission_id)))


@ROUTER.post("/{submission_id}/accept", response_model=Success[Accepted], summary="Accept and pay.")
async def accept(desk: At, submission_id: Id, body: Acceptance) -> Response:
    """Accept a submission of your task; the worker is paid in the same moment."""
    result = await desk.do(
        "web3.market.reviewResult",
        resultId=result_named(submission_id),
        decision="accept",
        feedback=body.feedback,
        rating=body.rating,
    )
    task = await task_of(desk, result["taskId"])
    row = await task_row(desk, task)
    return desk.answer(
        Accepted(
            review_id=review_id(result),
            submission_id=submission_row(result).id,
            task_id=task["taskId"],
            task_status=row["status"],
            rating=result["rating"],
            feedback=result["feedback"],
            payment=await payment_of(desk, task),
        )
    )


@ROUTER.post("/{submission_id}/reject", response_model=Success[Rejected], summary="Send back.")
async def reject(desk: At, submission_id: Id, body: Rejection) -> Response:
    """Send a submission back with a reason; after the third time the money goes back."""
    result = await desk.do(
        "web3.market.reviewResult",
        resultId=result_named(submission_id),
        decision="reject",
        feedback=body.feedback,
    )
    task = await task_of(desk, result["taskId"])
    row = await task_row(desk, task)
    order = await order_at(desk, task["taskId"])
    return desk.answer(
        Rejected(
            review_id=review_id(result),
            submission_id=submission_row(result).id,
            task_id=task["taskId"],
            task_status=row["status"],
            feedback=result["feedback"],
            remaining_attempts=max(0, MAX_REJECTIONS - order["rejections"]),
        )
    )


@ROUTER.get(
    "/{submission_id}/download",
    response_class=Response,
    responses={200: {"content": BYTES, "description": "The file's bytes."}},
    summary="Download a file of a submission.",
)
async def download_file(
    desk: At,
    request: Request,
    submission_id: Id,
    file: Annotated[int, Query(ge=0, le=49, description="Which of its files, from 0.")] = 0,
) -> Response:
    """Stream a file to whoever may read it; its hash is in `Digest` and is checked on the way."""
    result = await _result(desk, submission_id)
    files = result["artifacts"]
    if file >= len(files):
        raise FileUnknownError(f"The submission has {len(files)} files, counted from 0.")
    try:
        return await download(desk, request, files[file])
    except BlobMissingError:
        task = await task_of(desk, result["taskId"])
        if not task["sealed"]:
            raise
        what = "The file is sealed until its submission is accepted."
        raise FileSealedError(what, taskId=task["taskId"]) from None


async def _result(desk: Desk, submission_id: str) -> Fields:
    return await desk.see("web3.market.getResult", resultId=result_named(submission_id))
