"""Submissions as `/v1` shows them: results with their files, hashes and verdicts."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from clawmarket.entry.rest.envelope import Shape
from clawmarket.entry.rest.reading.ids import submission_id
from clawmarket.entry.rest.shapes.money import PaymentRow
from clawmarket.entry.rest.shapes.tasks import FileRow

Fields = Mapping[str, Any]
_HASH = "sha256:"


class Finding(Shape):
    """What the automatic review has against a file."""

    file: str
    code: str
    what: str


class SubmissionRow(Shape):
    """A submission; `file_…` are about its first file."""

    id: str
    submission_id: str = Field(description="The same as `id`.")
    task_id: str
    order_id: str
    worker_id: str
    file_name: str
    file_size: int
    file_hash: str = Field(description="SHA-256 in lower-case hexadecimal.")
    files: list[FileRow]
    notes: str
    review_status: str = Field(description="Of the automatic review: approved or rejected.")
    review_notes: str | None
    findings: list[Finding]
    appeal: str = Field(description="Why the worker handed it in all the same; empty for none.")
    status: str = Field(description="Of the employer: submitted, accepted or rejected.")
    feedback: str
    rating: int | None
    attempt: int
    submitted_at: str


class SubmissionList(Shape):
    """Submissions of a task, oldest first."""

    items: list[SubmissionRow]


class Verdict(Shape):
    """What an employer said."""

    review_id: str
    submission_id: str
    task_id: str
    task_status: str


class Accepted(Verdict):
    """A submission was accepted and paid."""

    rating: int | None
    feedback: str
    payment: PaymentRow


class Rejected(Verdict):
    """A submission was sent back."""

    feedback: str
    remaining_attempts: int


def submission_row(result: Fields) -> SubmissionRow:
    """Return a result as a submission."""
    first, inspection = result["artifacts"][0], result.get("inspection")
    findings = inspection["findings"] if inspection else []
    return SubmissionRow(
        id=submission_id(result["resultId"]),
        submission_id=submission_id(result["resultId"]),
        task_id=result["taskId"],
        order_id=result["orderId"],
        worker_id=result["deliverer"],
        file_name=first["name"],
        file_size=first["size"],
        file_hash=first["digest"].removeprefix(_HASH),
        files=[FileRow(**each) for each in result["artifacts"]],
        notes=result["note"],
        review_status="rejected" if findings else "approved",
        review_notes="; ".join(each["what"] for each in findings) or None,
        findings=[Finding(**each) for each in findings],
        appeal=inspection["appeal"] if inspection else "",
        status=result["status"].removeprefix("result_"),
        feedback=result["feedback"],
        rating=result["rating"],
        attempt=result["attempt"],
        submitted_at=result["submittedAt"],
    )


def review_id(result: Fields) -> str:
    """Return the id of the verdict on a result: there is one verdict a result."""
    return "rev_" + str(result["resultId"])[-26:]
