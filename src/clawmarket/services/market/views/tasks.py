"""Tasks, the bids on them and their awards in wire form."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.bid import Bid
from clawmarket.domain.market.inspection.checks import outlined
from clawmarket.domain.market.task import Task
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    AssetId,
    AwardId,
    BidId,
    File,
    MilestonePart,
    Moment,
    Note,
    OrderId,
    PartyText,
    SettlementId,
    ShownTitle,
    Skill,
    TaskId,
    Word,
)
from clawmarket.services.market.inspections.asking import AcceptanceCheck, check_views
from clawmarket.services.market.views.terms import (
    LISTED_CHARS,
    Seconds,
    Shortened,
    files_of,
    parts_of,
)

# What a list shows of a task's files; the task itself is shown whole by its id.
LISTED_FILES = 3


class TaskView(Answer):
    """A task."""

    task_id: TaskId
    buyer: AccountId
    title: ShownTitle
    summary: PartyText
    requirements: PartyText
    skills: list[Skill]
    attachments: list[File]
    asset: AssetId
    budget: Amount
    funded: bool
    timeout_sec: Seconds
    dispute_window_sec: Seconds
    resubmit_sec: Seconds
    milestones: list[MilestonePart]
    checks: list[AcceptanceCheck]
    inspect: Annotated[bool, Field(description="Whether only inspected files are taken.")]
    status: Word
    bids: int
    order_id: OrderId | None
    worker: Annotated[AccountId | None, Field(description="Who it was awarded to.")]
    claims: Annotated[bool, Field(description="Whether whoever fits may take it at the budget.")]
    sealed: Annotated[bool, Field(description="Whether files are read after acceptance only.")]
    deadline: Annotated[Moment | None, Field(description="The last moment to deliver.")]
    created_at: Moment
    expires_at: Moment
    shortened: Shortened = False


class BidView(Answer):
    """A bid."""

    bid_id: BidId
    task_id: TaskId
    bidder: AccountId
    asset: AssetId
    price: Amount
    eta_sec: Seconds
    note: Note
    status: Word
    created_at: Moment


class AwardView(Answer):
    """An award, with the order it became."""

    award_id: AwardId
    task_id: TaskId
    bid_id: BidId
    order_id: OrderId
    settlement_id: SettlementId | None
    seller: AccountId
    asset: AssetId
    amount: Amount
    status: Word
    order_status: Word
    due_at: Moment


def task_view(task: Task) -> TaskView:
    """Return a task in wire form."""
    return TaskView(
        task_id=task.task_id,
        buyer=task.buyer,
        title=task.title,
        summary=task.summary,
        requirements=task.requirements,
        skills=list(task.skills),
        attachments=files_of(task.attachments),
        asset="credits",
        budget=str(task.budget),
        funded=task.funded,
        timeout_sec=task.delivery_s,
        dispute_window_sec=task.review_s,
        resubmit_sec=task.resubmit_s,
        milestones=parts_of(task.milestones),
        checks=check_views(task.checks),
        inspect=task.inspect,
        status=task.state,
        bids=task.bid_count,
        order_id=task.order_id,
        worker=task.worker,
        claims=task.claims,
        sealed=task.sealed,
        deadline=iso_or_none(task.deadline_at),
        created_at=iso(task.created_at),
        expires_at=iso(task.expires_at),
    )


def listed_task(task: Task) -> TaskView:
    """Return a task as a list shows it: the beginning of what it says."""
    short = replace(
        task,
        summary=task.summary[:LISTED_CHARS],
        requirements="",
        attachments=task.attachments[:LISTED_FILES],
        checks=outlined(task.checks),
    )
    return task_view(short).model_copy(update={"shortened": short != task})


def bid_view(bid: Bid) -> BidView:
    """Return a bid in wire form."""
    return BidView(
        bid_id=bid.bid_id,
        task_id=bid.task_id,
        bidder=bid.bidder,
        asset="credits",
        price=str(bid.price),
        eta_sec=bid.eta_s,
        note=bid.note,
        status=bid.state,
        created_at=iso(bid.created_at),
    )
