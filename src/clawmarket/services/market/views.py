"""What the market's answers look like, and how they are made from the domain's rows."""

from dataclasses import asdict, replace
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.bid import Bid
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.dispute import Dispute, Evidence
from clawmarket.domain.market.inspection.checks import outlined
from clawmarket.domain.market.inspection.verdict import Inspection
from clawmarket.domain.market.offer import Offer
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.task import Task
from clawmarket.domain.market.terms import Artifact, Part, UsageScope
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    AssetId,
    AwardId,
    BidId,
    ConsentId,
    DeliveryId,
    Digest,
    DisputeId,
    EvidenceId,
    File,
    MilestonePart,
    MilestoneView,
    Moment,
    Note,
    OfferId,
    OrderId,
    PartyText,
    RecordId,
    ResultId,
    SettlementId,
    ShownTitle,
    Skill,
    StepKey,
    TaskId,
    UsageScopeTerms,
    Word,
)
from clawmarket.services.market.inspections.asking import AcceptanceCheck, check_views
from clawmarket.services.market.inspections.views import InspectionOfResult, result_inspection

# What a list shows of one thing's texts and files; the thing itself is shown whole by its id.
LISTED_CHARS = 280
LISTED_FILES = 3

Seconds = Annotated[int, Field(description="Seconds.")]
Shortened = Annotated[
    bool, Field(description="Whether this list left texts or files out; ask for the one thing.")
]


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


class OfferView(Answer):
    """An offer."""

    offer_id: OfferId
    seller: AccountId
    title: ShownTitle
    description: PartyText
    asset_type: Word
    delivery_type: Word
    asset: AssetId
    price: Amount
    timeout_sec: Seconds
    dispute_window_sec: Seconds
    resubmit_sec: Seconds
    usage_scope: UsageScopeTerms | None
    milestones: list[MilestonePart]
    status: Word
    created_at: Moment
    shortened: Shortened = False


class OrderView(Answer):
    """An order."""

    order_id: OrderId
    task_id: TaskId | None
    offer_id: OfferId | None
    bid_id: BidId | None
    buyer: AccountId
    seller: AccountId
    title: ShownTitle
    asset: AssetId
    quantity: int
    price: Amount
    amount: Amount
    fee_bps: int
    settlement_id: SettlementId | None
    delivery_id: DeliveryId | None
    result_id: ResultId | None
    dispute_id: DisputeId | None
    usage_scope: UsageScopeTerms | None
    consent_id: ConsentId | None
    milestones: list[MilestoneView]
    milestone: Annotated[int, Field(description="The milestone at work, from 0.")]
    rejections: int
    status: Word
    asked: Annotated[
        StepKey | None, Field(description="What an outside rail has not answered yet.")
    ]
    created_at: Moment
    due_at: Moment
    records: list[RecordId]


class SettlementView(Answer):
    """The money of an order."""

    settlement_id: SettlementId
    order_id: OrderId
    payer: AccountId
    payee: AccountId
    rail: Word
    asset: AssetId
    amount: Amount
    seller_amount: Amount
    fee: Amount
    refund_amount: Amount
    status: Word
    locked_at: Moment
    released_at: Moment | None
    refunded_at: Moment | None


class DeliveryView(Answer):
    """A delivery."""

    delivery_id: DeliveryId
    order_id: OrderId
    seller: AccountId
    artifacts: list[File]
    digest: Digest | None
    note: Note
    status: Word
    issued_at: Moment
    completed_at: Moment | None


class ResultView(Answer):
    """A result."""

    result_id: ResultId
    task_id: TaskId
    order_id: OrderId
    delivery_id: DeliveryId
    deliverer: AccountId
    artifacts: list[File]
    digest: Digest
    note: Note
    feedback: Note
    status: Word
    rating: Annotated[int | None, Field(description="What the buyer gave it, 1 to 5.")]
    attempt: Annotated[int, Field(description="Which try at this part of the order it is, from 1.")]
    submitted_at: Moment
    inspection: InspectionOfResult | None


class DisputeView(Answer):
    """A dispute."""

    dispute_id: DisputeId
    order_id: OrderId
    initiator: AccountId
    respondent: AccountId
    claim: Word
    reason: Note
    status: Word
    resolution: Word | None
    seller_share: Annotated[
        Amount | None, Field(description="What the seller gets of the lock, before the fee.")
    ]
    why: Note
    arbiter: AccountId | None
    opened_at: Moment
    due_at: Moment
    resolved_at: Moment | None
    dispute_hash: Digest


class EvidenceView(Answer):
    """What one side of a dispute brought."""

    evidence_id: EvidenceId
    dispute_id: DisputeId
    submitter: AccountId
    summary: Note
    artifacts: list[File]
    digest: Digest
    submitted_at: Moment


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


def files_of(artifacts: tuple[Artifact, ...]) -> list[File]:
    """Return artifacts in wire form."""
    return [File(name=a.name, digest=a.digest, size=a.size) for a in artifacts]


def artifacts_of(files: list[File]) -> tuple[Artifact, ...]:
    """Return wire files as the domain's artifacts."""
    return tuple(Artifact(f.name, f.digest, f.size) for f in files)


def _usage_of(scopes: tuple[UsageScope, ...]) -> UsageScopeTerms | None:
    return UsageScopeTerms.model_construct(**asdict(scopes[0])) if scopes else None


def _parts_of(parts: tuple[Part, ...]) -> list[MilestonePart]:
    return [MilestonePart.model_construct(title=part.title, percent=part.percent) for part in parts]


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
        milestones=_parts_of(task.milestones),
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


def offer_view(offer: Offer) -> OfferView:
    """Return an offer in wire form."""
    return OfferView(
        offer_id=offer.offer_id,
        seller=offer.seller,
        title=offer.title,
        description=offer.description,
        asset_type=offer.asset_type,
        delivery_type=offer.delivery_type,
        asset="credits",
        price=str(offer.price),
        timeout_sec=offer.delivery_s,
        dispute_window_sec=offer.review_s,
        resubmit_sec=offer.resubmit_s,
        usage_scope=_usage_of(offer.usage_scope),
        milestones=_parts_of(offer.milestones),
        status=offer.state,
        created_at=iso(offer.created_at),
    )


def listed_offer(offer: Offer) -> OfferView:
    """Return an offer as a list shows it: the beginning of what it says."""
    short = replace(offer, description=offer.description[:LISTED_CHARS])
    return offer_view(short).model_copy(update={"shortened": short != offer})


def order_view(order: Order) -> OrderView:
    """Return an order in wire form."""
    return OrderView(
        order_id=order.order_id,
        task_id=order.task_id,
        offer_id=order.offer_id,
        bid_id=order.bid_id,
        buyer=order.buyer,
        seller=order.seller,
        title=order.title,
        asset="credits",
        quantity=order.quantity,
        price=str(order.price),
        amount=str(order.amount),
        fee_bps=order.fee_bps,
        settlement_id=order.settlement_id,
        delivery_id=order.delivery_id,
        result_id=order.result_id,
        dispute_id=order.dispute_id,
        usage_scope=_usage_of(order.usage_scope),
        consent_id=order.consent_id,
        milestones=[MilestoneView(title=m.title, amount=str(m.amount)) for m in order.milestones],
        milestone=order.milestone,
        rejections=order.rejections,
        status=order.state,
        asked=order.asked,
        created_at=iso(order.created_at),
        due_at=iso(order.due_at),
        records=list(order.records),
    )


def dispute_view(dispute: Dispute) -> DisputeView:
    """Return a dispute in wire form."""
    return DisputeView(
        dispute_id=dispute.dispute_id,
        order_id=dispute.order_id,
        initiator=dispute.initiator,
        respondent=dispute.respondent,
        claim=dispute.claim,
        reason=dispute.reason,
        status=dispute.state,
        resolution=dispute.resolution,
        seller_share=None if dispute.share is None else str(dispute.share),
        why=dispute.why,
        arbiter=dispute.arbiter,
        opened_at=iso(dispute.opened_at),
        due_at=iso(dispute.due_at),
        resolved_at=iso_or_none(dispute.resolved_at),
        dispute_hash=dispute.digest,
    )


def evidence_view(evidence: Evidence) -> EvidenceView:
    """Return a piece of evidence in wire form."""
    return EvidenceView(
        evidence_id=evidence.evidence_id,
        dispute_id=evidence.dispute_id,
        submitter=evidence.submitter,
        summary=evidence.summary,
        artifacts=files_of(evidence.artifacts),
        digest=evidence.digest,
        submitted_at=iso(evidence.submitted_at),
    )


def settlement_view(settlement: Settlement) -> SettlementView:
    """Return a settlement in wire form."""
    return SettlementView(
        settlement_id=settlement.settlement_id,
        order_id=settlement.order_id,
        payer=settlement.payer,
        payee=settlement.payee,
        rail=settlement.rail,
        asset="credits",
        amount=str(settlement.amount),
        seller_amount=str(settlement.seller_amount),
        fee=str(settlement.fee),
        refund_amount=str(settlement.refund_amount),
        status=settlement.state,
        locked_at=iso(settlement.locked_at),
        released_at=iso_or_none(settlement.released_at),
        refunded_at=iso_or_none(settlement.refunded_at),
    )


def delivery_view(delivery: Delivery) -> DeliveryView:
    """Return a delivery in wire form."""
    return DeliveryView(
        delivery_id=delivery.delivery_id,
        order_id=delivery.order_id,
        seller=delivery.seller,
        artifacts=files_of(delivery.artifacts),
        digest=delivery.digest,
        note=delivery.note,
        status=delivery.state,
        issued_at=iso(delivery.issued_at),
        completed_at=iso_or_none(delivery.completed_at),
    )


def result_view(result: Result, inspection: Inspection | None = None) -> ResultView:
    """Return a result in wire form, with its inspection if its task asked for one."""
    return ResultView(
        result_id=result.result_id,
        task_id=result.task_id,
        order_id=result.order_id,
        delivery_id=result.delivery_id,
        deliverer=result.deliverer,
        artifacts=files_of(result.artifacts),
        digest=result.digest,
        note=result.note,
        feedback=result.feedback,
        rating=result.rating,
        attempt=result.attempt,
        status=result.state,
        submitted_at=iso(result.submitted_at),
        inspection=result_inspection(inspection, result.appeal),
    )
