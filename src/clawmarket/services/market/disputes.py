"""Disputes: contest, be heard, rule; and what every ending does to order, result and money."""

from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.state_words import said
from clawmarket.domain.market import dispute as disputes
from clawmarket.domain.market import order as orders
from clawmarket.domain.market.delivering import result as results
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.delivering.result import Result, ResultState
from clawmarket.domain.market.dispute import (
    MAX_EVIDENCE,
    Dispute,
    DisputeEvidenceSubmitted,
    DisputeLateError,
    DisputeNotFoundError,
    DisputeNotNowError,
    DisputeOpened,
    DisputeState,
    Evidence,
    EvidenceFullError,
    NotHeardYetError,
    OwnDisputeError,
    Resolution,
    ShareInvalidError,
    Verdict,
)
from clawmarket.domain.market.order import Order, OrderNotFoundError, OrderState
from clawmarket.domain.trust.session import Role
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    Amount,
    Answer,
    Cursor,
    DisputeId,
    File,
    Note,
    OrderId,
    Page,
    Request,
    SignedRequest,
)
from clawmarket.registry.methods import Need, Risk, Verb, read, write
from clawmarket.services.call import Call, Caller
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.delivering.files import share_files
from clawmarket.services.market.orders import end_with_refund, finish_order, own_order
from clawmarket.services.market.views.disputes import (
    DisputeView,
    EvidenceView,
    dispute_view,
    evidence_view,
)
from clawmarket.services.market.views.terms import artifacts_of
from clawmarket.services.trust.onlookers import judges
from clawmarket.services.work import Work

OPENED = Need("disputeId", "web3.dispute.open", "disputeId")
FOR_ARBITERS = Need("disputeId", "web3.dispute.submitEvidence", "disputeId", by="others")


class OpenDispute(SignedRequest):
    """What is contested, and why."""

    order_id: OrderId
    reason: Annotated[
        Note, Field(min_length=10, max_length=500, description="What is wrong, in a few sentences.")
    ]


@write(
    "web3.dispute.open",
    risk=Risk.MONEY,
    errors=(OrderNotFoundError, DisputeNotNowError),
    needs=(Need("orderId", "web3.market.submitResult", "orderId", by="other"),),
    example={"reason": "The digest leaves out two of three chapters."},
    verb=Verb("dispute open", ("orderId",)),
)
def open_dispute(call: Call, work: Work, request: OpenDispute) -> DisputeView:
    """Contest an order; its money is frozen until both sides were heard and somebody decides.

    A buyer contests a delivery within the review window, a seller a rejection before the refund.
    Bring evidence within a day: by silence a side that was heard wins over one that was not.
    """
    order = own_order(work, request.order_id, call.actor, side="any")
    if not orders.can_be_disputed(order, call.actor, call.now):
        raise DisputeNotNowError(_why_not(order, call.now), orderId=order.order_id)
    dispute_id = call.new_id("dispute")
    dispute = disputes.open_dispute(dispute_id, order, call.actor, request.reason, call.now)
    frozen = orders.dispute(order, dispute_id, dispute.due_at)
    work.save(orders.recorded(frozen, work.record_id))
    work.add(dispute)
    _show_judges_the_delivery(work, order, dispute_id)
    work.emit(DisputeOpened(dispute_id, order.order_id, dispute.claim.value, dispute.digest))
    work.involve(order.parties)
    return dispute_view(dispute)


def _why_not(order: Order, now: int) -> str:
    if order.asked is not None:
        return "A rail is asked about the money of this order; nobody can contest it meanwhile."
    if order.state is OrderState.DELIVERED and now >= order.due_at:
        return "The time to contest this delivery is over."
    return f"This order {said(order.state)}; you cannot contest it now."


def _show_judges_the_delivery(work: Work, order: Order, dispute_id: str) -> None:
    delivery = work.get(Delivery, order.delivery_id) if order.delivery_id else None
    if delivery is not None:
        share_files(work, order.seller, delivery.artifacts, dispute_id)


class SubmitEvidence(SignedRequest):
    """What shows that you are right."""

    dispute_id: DisputeId
    summary: Annotated[Note, Field(min_length=1, description="What the evidence shows.")]
    artifacts: Annotated[
        list[File],
        Field(max_length=5, description="Files you stored before; the other side reads them too."),
    ] = Field(default_factory=list)


@write(
    "web3.dispute.submitEvidence",
    errors=(DisputeNotFoundError, DisputeLateError, EvidenceFullError, BlobMissingError),
    needs=(Need("disputeId", "web3.dispute.open", "disputeId", by="other"),),
    example={"summary": "Chapters two and three are missing, see the attached outline."},
    verb=Verb("dispute evidence", ("disputeId",)),
)
def submit_evidence(call: Call, work: Work, request: SubmitEvidence) -> EvidenceView:
    """Bring evidence, by words and by content hash; at most five pieces a side."""
    dispute = own_dispute(work, request.dispute_id, call.actor)
    heard = disputes.hear(dispute, call.actor, call.now)
    artifacts = artifacts_of(request.artifacts)
    sides = {dispute.initiator, dispute.respondent}
    for reader in (sides - {call.actor}) | {dispute.dispute_id}:
        share_files(work, call.actor, artifacts, reader)
    evidence = Evidence(
        call.new_id("evidence"),
        dispute.dispute_id,
        call.actor,
        request.summary,
        artifacts,
        disputes.evidence_digest(request.summary, artifacts),
        call.now,
    )
    order = _order_of(work, dispute)
    waiting = orders.wait_for_ruling(order, heard.due_at)
    work.save(orders.recorded(waiting, work.record_id))
    work.save(heard)
    work.add(evidence)
    work.emit(
        DisputeEvidenceSubmitted(
            dispute.dispute_id, order.order_id, evidence.evidence_id, evidence.digest
        )
    )
    work.involve(order.parties)
    return evidence_view(evidence)


class ResolveDispute(SignedRequest):
    """The ruling."""

    dispute_id: DisputeId
    resolution: Annotated[
        Literal["release", "refund", "partial"],
        Field(description="Who gets the money: seller, buyer, or each a part."),
    ]
    seller_share: Annotated[
        Amount | None,
        Field(description="With `partial`: the seller's part, before the fee."),
    ] = None
    reason: Annotated[Note, Field(min_length=1, description="Why; both sides read it.")]


@write(
    "web3.dispute.resolve",
    role=Role.ARBITER,
    risk=Risk.MONEY,
    errors=(
        DisputeNotFoundError,
        OwnDisputeError,
        DisputeLateError,
        NotHeardYetError,
        ShareInvalidError,
    ),
    needs=(FOR_ARBITERS,),
    example={"resolution": "refund", "reason": "Two chapters are missing."},
    verb=Verb("dispute resolve", ("disputeId",)),
)
def resolve_dispute(call: Call, work: Work, request: ResolveDispute) -> DisputeView:
    """Rule in a dispute once the other side was heard; for arbiters that the operator named."""
    dispute = _dispute_to_rule(call, work, request.dispute_id)
    order = _order_of(work, dispute)
    share = None if request.seller_share is None else int(request.seller_share)
    resolution = Resolution(request.resolution)
    verdict = disputes.ruling(dispute, order.at_stake, resolution, share, request.reason)
    return dispute_view(decide(work, order, dispute, verdict, call.actor))


class RejectDispute(SignedRequest):
    """The claim that falls."""

    dispute_id: DisputeId
    reason: Annotated[Note, Field(min_length=1, description="Why; both sides read it.")]


@write(
    "web3.dispute.reject",
    role=Role.ARBITER,
    risk=Risk.MONEY,
    errors=(DisputeNotFoundError, OwnDisputeError, DisputeLateError),
    needs=(FOR_ARBITERS,),
    example={"reason": "The task asked for one chapter only."},
    verb=Verb("dispute reject", ("disputeId",)),
)
def reject_dispute(call: Call, work: Work, request: RejectDispute) -> DisputeView:
    """Let a claim fall; what would have happened without the dispute happens at once."""
    dispute = _dispute_to_rule(call, work, request.dispute_id)
    order = _order_of(work, dispute)
    verdict = disputes.fallen(dispute, order.at_stake, request.reason)
    return dispute_view(decide(work, order, dispute, verdict, call.actor))


def decide(
    work: Work, order: Order, dispute: Dispute, verdict: Verdict, arbiter: str | None
) -> Dispute:
    """End a dispute and its order with a verdict. Raises TransitionRefusedError."""
    after = disputes.conclude(dispute, verdict, arbiter, work.now)
    work.save(after)
    work.emit(disputes.concluded(dispute, verdict))
    ended = orders.rule(order, verdict.share)
    _judge_result(work, order, verdict)
    if verdict.share:
        finish_order(work, ended, verdict.why, verdict.share)
    else:
        end_with_refund(work, ended, verdict.why)
    return after


def _judge_result(work: Work, order: Order, verdict: Verdict) -> None:
    result = work.get(Result, order.result_id) if order.result_id else None
    if result is None:
        return
    if verdict.share:
        accepted, event = results.overrule(result, verdict.why)
        work.save(accepted)
        work.emit(event)
    elif result.state is ResultState.SUBMITTED:
        work.save(results.reject(result, verdict.why))


def _dispute_to_rule(call: Call, work: Work, dispute_id: str) -> Dispute:
    dispute = work.get(Dispute, dispute_id)
    if dispute is None:
        raise DisputeNotFoundError(f"There is no dispute {dispute_id}.")
    disputes.check_arbiter(dispute, call.actor)
    if dispute.is_open:
        disputes.check_in_time(dispute, call.now)
    return dispute


def _in_sight(caller: Caller, dispute: Dispute) -> bool:
    sides = (dispute.initiator, dispute.respondent)
    return caller.account_id in sides or judges(caller, dispute)


def own_dispute(rows: Snapshot | Work, dispute_id: str, actor: str) -> Dispute:
    """Return a dispute that the actor is a side of. Raises DisputeNotFoundError."""
    dispute = rows.get(Dispute, dispute_id)
    if dispute is None or actor not in (dispute.initiator, dispute.respondent):
        raise DisputeNotFoundError(f"You have no dispute {dispute_id}.")
    return dispute


def dispute_of(work: Work, order: Order) -> Dispute:
    """Return the dispute of a disputed order. Raises DisputeNotFoundError."""
    found = work.get(Dispute, order.dispute_id) if order.dispute_id else None
    if found is None:
        raise DisputeNotFoundError(f"{order.order_id} has no dispute.")
    return found


def _order_of(work: Work, dispute: Dispute) -> Order:
    order = work.get(Order, dispute.order_id)
    if order is None:
        raise OrderNotFoundError(f"There is no order {dispute.order_id}.")
    return order


class GetDispute(Request):
    """One dispute."""

    dispute_id: DisputeId


class DisputeAnswer(DisputeView):
    """A dispute, with what both sides brought."""

    evidence: list[EvidenceView]


@read(
    "web3.dispute.get",
    errors=(DisputeNotFoundError,),
    needs=(OPENED,),
    verb=Verb("dispute show", ("disputeId",)),
)
def get_dispute(call: Call, rows: Snapshot, request: GetDispute) -> DisputeAnswer:
    """Show a dispute and its evidence to its two sides, and to arbiters while it is open."""
    found = rows.get(Dispute, request.dispute_id)
    if found is None or not judges(call.caller, found):
        found = own_dispute(rows, request.dispute_id, call.actor)
    brought = rows.find(
        Query(Evidence, equal={"dispute_id": found.dispute_id}, limit=2 * MAX_EVIDENCE)
    )
    return DisputeAnswer(
        **dispute_view(found).model_dump(), evidence=[evidence_view(each) for each in brought]
    )


class ListDisputes(Page):
    """Which disputes."""

    order_id: OrderId | None = None
    status: Annotated[DisputeState | None, Field(description="Only disputes in this state.")] = None
    side: Annotated[
        Literal["initiator", "respondent"],
        Field(description="Yours, or those against you."),
    ] = "initiator"


class DisputePage(Answer):
    """A page of disputes, newest first."""

    items: list[DisputeView]
    next_cursor: Cursor | None


@read("web3.dispute.list", example={"limit": 10}, verb=Verb("dispute list"))
def list_disputes(call: Call, rows: Snapshot, request: ListDisputes) -> DisputePage:
    """List disputes, newest first: yours by side; for arbiters all that are open or were theirs."""
    equal: dict[str, str | None] = {"order_id": request.order_id, "state": request.status}
    if call.caller.role not in (Role.ARBITER, Role.OPERATOR):
        equal[request.side] = call.actor
    listing = Listing(Dispute, equal, request.cursor, request.limit)
    page = scan(rows, listing, partial(_in_sight, call.caller))
    return DisputePage(items=[dispute_view(d) for d in page.items], next_cursor=page.next_cursor)
