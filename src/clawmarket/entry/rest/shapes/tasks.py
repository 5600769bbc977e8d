"""Tasks as `/v1` shows them: the market's task, its stage and its money in one row."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from clawmarket.entry.rest.envelope import Shape
from clawmarket.entry.rest.reading.numbers import Credits

STATUSES = (
    "open",
    "claimed",
    "submitted",
    "under_review",
    "completed",
    "rejected",
    "cancelled",
    "expired",
)
Fields = Mapping[str, Any]


class FileRow(Shape):
    """A file by name and content hash."""

    name: str
    digest: str
    size: int


class TaskRow(Shape):
    """A task."""

    id: str
    task_id: str = Field(description="The same as `id`.")
    employer_id: str
    worker_id: str | None
    title: str
    description: str
    skills: list[str]
    budget: Credits
    budget_minor: str = Field(description="The budget in millionths of a credit, exactly.")
    deadline: str | None = Field(description="The last moment to deliver.")
    status: str = Field(description=", ".join(STATUSES) + ".")
    payment_status: str = Field(description="pending, held, captured or refunded.")
    attachments: list[FileRow]
    claimable: bool = Field(description="Whether a worker may take it now, without a bid.")
    sealed: bool = Field(description="Whether the files open to the buyer at acceptance only.")
    inspect: bool = Field(description="Whether files are reviewed before they are handed in.")
    created_at: str
    expires_at: str = Field(description="The last moment to claim it.")
    claimed_at: str | None
    submitted_at: str | None
    completed_at: str | None
    updated_at: str
    shortened: bool = Field(description="Whether a list left out the end of the description.")


class NewTask(TaskRow):
    """A task that was just posted, with the token that its buyer may hand out."""

    task_token: str


class TaskPage(Shape):
    """A page of tasks, newest first."""

    items: list[TaskRow]
    total: int | None = Field(description="How many there are; null where counting takes too long.")
    page: int
    per_page: int
    has_more: bool
    next_cursor: str | None


def task_fields(task: Fields, stage: Fields) -> dict[str, Any]:
    """Return the fields of a row, from a task and its stage."""
    return {
        "id": task["taskId"],
        "task_id": task["taskId"],
        "employer_id": task["buyer"],
        "worker_id": stage["worker"],
        "title": task["title"],
        "description": task["summary"],
        "skills": task["skills"],
        "budget": int(task["budget"]),
        "budget_minor": task["budget"],
        "deadline": task["deadline"],
        "status": stage["stage"],
        "payment_status": stage["payment"],
        "attachments": task["attachments"],
        "claimable": task["claims"] and stage["stage"] == "open",
        "sealed": task["sealed"],
        "inspect": task["inspect"],
        "created_at": task["createdAt"],
        "expires_at": task["expiresAt"],
        "claimed_at": stage["claimedAt"],
        "submitted_at": stage["submittedAt"],
        "completed_at": stage["endedAt"] if stage["stage"] == "completed" else None,
        "updated_at": max(task["createdAt"], stage["changedAt"]),
        "shortened": task["shortened"],
    }
