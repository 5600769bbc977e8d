"""Deliveries and results in wire form."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.inspection.verdict import Inspection
from clawmarket.registry.fields import (
    AccountId,
    Answer,
    DeliveryId,
    Digest,
    File,
    Moment,
    Note,
    OrderId,
    ResultId,
    TaskId,
    Word,
)
from clawmarket.services.market.inspections.views import InspectionOfResult, result_inspection
from clawmarket.services.market.views.terms import files_of


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
