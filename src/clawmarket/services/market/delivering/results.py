"""Results: hand the work in, accept it or send it back."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market import order as orders
from clawmarket.domain.market.delivering import delivery as deliveries
from clawmarket.domain.market.delivering import result as results
from clawmarket.domain.market.delivering.delivery import Delivery, DeliveryState
from clawmarket.domain.market.delivering.result import (
    Result,
    ResultNotFoundError,
    ResultRated,
    ResultRejected,
    ResultState,
    ResultSubmitted,
)
from clawmarket.domain.market.inspection.verdict import (
    AppealNeedlessError,
    InspectionFailedError,
    InspectionMissingError,
)
from clawmarket.domain.market.order import (
    AttemptsUsedUpError,
    DeliveryLateError,
    Order,
    OrderNotFoundError,
    OtherSideError,
    ReviewLateError,
)
from clawmarket.domain.market.terms import manifest_digest
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import File, Note, OrderId, Request, ResultId, SignedRequest
from clawmarket.registry.methods import Need, Risk, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.market.delivering.files import hand_over
from clawmarket.services.market.inspections.handing import inspected, shown_result
from clawmarket.services.market.orders import finish_order, own_order
from clawmarket.services.market.views.results import ResultView, result_view
from clawmarket.services.market.views.terms import artifacts_of
from clawmarket.services.work import Work


class NotATaskOrderError(InvalidArgumentError):
    """The order was made from an offer; it is delivered by the delivery methods."""

    advice = "Use web3.market.delivery.issue and web3.market.delivery.complete."
    next_command = "clawmarket order show {orderId}"


class FeedbackMissingError(InvalidArgumentError):
    """A rejection says what is wrong."""

    advice = 'Say in `feedback` what has to be different; on the command line: --feedback "…".'
    next_command = 'clawmarket task review {resultId} --decision reject --feedback "…"'


class Decision(StrEnum):
    """What the buyer says to a result."""

    ACCEPT = "accept"
    REJECT = "reject"


Rating = Annotated[int, Field(strict=True, ge=1, le=5)]


class SubmitResult(SignedRequest):
    """What was made for an order."""

    order_id: OrderId
    artifacts: Annotated[
        list[File],
        Field(min_length=1, max_length=50, description="Files you stored before, by hash."),
    ]
    note: Note = ""
    appeal: Annotated[
        Note,
        Field(description="Why the buyer should take files whose inspection found something."),
    ] = ""


@write(
    "web3.market.submitResult",
    errors=(
        OrderNotFoundError,
        OtherSideError,
        NotATaskOrderError,
        BlobMissingError,
        DeliveryLateError,
        AttemptsUsedUpError,
        InspectionMissingError,
        InspectionFailedError,
        AppealNeedlessError,
    ),
    needs=(
        Need("orderId", "web3.market.awardBid", "orderId", by="other"),
        Need("artifacts", "web3.files.put", "file"),
    ),
    verb=Verb("task submit", ("orderId",)),
)
def submit_result(call: Call, work: Work, request: SubmitResult) -> ResultView:
    """Hand a result in; it is the delivery of the order at the same time.

    The buyer can read the files at once (of a sealed task, once they are accepted) and has the
    task's review window to accept or send back; silence accepts.
    """
    order = own_order(work, request.order_id, call.actor, side="seller")
    if order.task_id is None:
        raise NotATaskOrderError("This order was made from an offer.", orderId=order.order_id)
    artifacts = artifacts_of(request.artifacts)
    hand_over(work, order, artifacts)
    digest = manifest_digest(artifacts)
    inspection = inspected(work, order, digest, request.appeal)
    delivery_id, result_id = call.new_id("delivery"), call.new_id("result")
    after = orders.deliver(order, delivery_id, result_id, call.now)
    work.save(orders.recorded(after, work.record_id))
    delivery, completed = deliveries.complete(
        Delivery(
            delivery_id,
            order.order_id,
            call.actor,
            (),
            None,
            request.note,
            DeliveryState.READY,
            call.now,
            None,
        ),
        artifacts,
        digest,
        call.now,
    )
    work.add(delivery)
    result = Result(
        result_id,
        order.task_id,
        order.order_id,
        delivery_id,
        call.actor,
        artifacts,
        digest,
        request.note,
        "",
        ResultState.SUBMITTED,
        call.now,
        attempt=order.rejections + 1,
        inspection_id=inspection.inspection_id if inspection else None,
        appeal=request.appeal,
    )
    work.add(result)
    work.emit(ResultSubmitted(result_id, order.order_id, order.task_id, digest), completed)
    work.involve(order.parties)
    return result_view(result, inspection)


class ReviewResult(SignedRequest):
    """The buyer's verdict on a result."""

    result_id: ResultId
    decision: Annotated[Decision, Field(description="accept pays the worker; reject sends back.")]
    feedback: Annotated[Note, Field(description="What is good, or what has to be different.")] = ""
    rating: Annotated[
        Rating | None, Field(description="What you give it: 1 is bad, 5 is very good.")
    ] = None


@write(
    "web3.market.reviewResult",
    risk=Risk.MONEY,
    errors=(ResultNotFoundError, FeedbackMissingError, ReviewLateError),
    needs=(Need("resultId", "web3.market.submitResult", "resultId", by="other"),),
    example={"decision": "accept"},
    verb=Verb("task review", ("resultId",)),
)
def review_result(call: Call, work: Work, request: ReviewResult) -> ResultView:
    """Accept a result and pay, or send it back with a reason.

    Acceptance divides the lock at once: the fee to the market, the rest to the worker.
    A result can be sent back at most three times; then the money goes back to the buyer.
    """
    result = work.get(Result, request.result_id)
    order = work.get(Order, result.order_id) if result else None
    if result is None or order is None or order.buyer != call.actor:
        raise ResultNotFoundError(f"There is no result {request.result_id} for you to review.")
    said = replace(result, feedback=request.feedback, rating=request.rating)
    if request.decision is Decision.ACCEPT:
        return _accept(call, work, order, said)
    return _send_back(call, work, order, said)


def _rate(work: Work, result: Result) -> None:
    if result.rating is not None:
        work.emit(ResultRated(result.result_id, result.order_id, result.deliverer, result.rating))


def _accept(call: Call, work: Work, order: Order, result: Result) -> ResultView:
    accepted, event = results.accept(result, "the buyer accepted")
    completed = orders.complete(order, call.now)
    work.save(accepted)
    work.emit(event)
    _rate(work, accepted)
    finish_order(work, completed, "the buyer accepted")
    return shown_result(work, accepted)


def _send_back(call: Call, work: Work, order: Order, result: Result) -> ResultView:
    feedback = result.feedback
    if not feedback.strip():
        what = "A rejection needs a reason."
        raise FeedbackMissingError(what, resultId=result.result_id)
    rejected = results.reject(result, feedback)
    after = orders.reject(order, call.now)
    work.save(rejected)
    work.save(orders.recorded(after, work.record_id))
    work.emit(
        ResultRejected(result.result_id, order.order_id, after.rejections, content_digest(feedback))
    )
    _rate(work, rejected)
    work.involve(order.parties)
    return shown_result(work, rejected)


class GetResult(Request):
    """One result."""

    result_id: ResultId


@read(
    "web3.market.getResult",
    errors=(ResultNotFoundError,),
    needs=(Need("resultId", "web3.market.submitResult", "resultId"),),
    verb=Verb("task result", ("resultId",)),
)
def get_result(call: Call, rows: Snapshot, request: GetResult) -> ResultView:
    """Show one result with the files it consists of; only for buyer and worker."""
    result = rows.get(Result, request.result_id)
    order = rows.get(Order, result.order_id) if result else None
    if result is None or order is None or call.actor not in order.parties:
        raise ResultNotFoundError(f"There is no result {request.result_id}.")
    return shown_result(rows, result)
