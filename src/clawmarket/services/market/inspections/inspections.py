"""Inspections: have the files of a delivery looked at, and see what was found."""

import asyncio
from contextlib import suppress
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import DeadlineError
from clawmarket.domain.market.inspection.verdict import (
    Inspection,
    InspectionNotFoundError,
    Verdict,
    concluded,
    inspection_id_of,
)
from clawmarket.domain.market.order import (
    AttemptsUsedUpError,
    DeliveryLateError,
    Order,
    OrderNotFoundError,
    OtherSideError,
    deliver,
)
from clawmarket.domain.market.task import Task
from clawmarket.domain.market.terms import Artifact, manifest_digest
from clawmarket.domain.trust.file import FileRight, right_id
from clawmarket.ports.blobs import BlobDamagedError, BlobMissingError
from clawmarket.ports.store import RowExistsError, Snapshot
from clawmarket.registry.fields import File, InspectionId, OrderId, Request
from clawmarket.registry.methods import Need, Verb, ask, read
from clawmarket.services.call import Call
from clawmarket.services.market.delivering.results import NotATaskOrderError
from clawmarket.services.market.inspections.examining import examined, turn_of
from clawmarket.services.market.inspections.views import InspectionView, inspection_view
from clawmarket.services.market.orders import own_order
from clawmarket.services.market.views.terms import artifacts_of
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.work import Work

TIME_S = 20


class InspectionLateError(DeadlineError):
    """The market did not come to the end of an inspection in time; nothing was decided."""

    advice = "Ask again in a moment, or hand in less at a time."
    next_command = "clawmarket explain inspection_late"


class RunInspection(Request):
    """The files to look at, as they would be handed in."""

    order_id: OrderId
    artifacts: Annotated[
        list[File],
        Field(min_length=1, max_length=50, description="Files you stored before, by hash."),
    ]


@ask(
    "web3.market.inspection.run",
    errors=(
        OrderNotFoundError,
        OtherSideError,
        NotATaskOrderError,
        BlobMissingError,
        BlobDamagedError,
        DeliveryLateError,
        AttemptsUsedUpError,
        InspectionLateError,
    ),
    needs=(
        Need("orderId", "web3.market.awardBid", "orderId", by="other"),
        Need("artifacts", "web3.files.put", "file"),
    ),
    verb=Verb("task inspect", ("orderId",)),
)
async def run_inspection(call: Call, pipeline: Pipeline, request: RunInspection) -> InspectionView:
    """Let the market look at files before they are handed in; nothing is handed in by it.

    The same files for the same order have one verdict: asked again, it is shown again.
    """
    artifacts = artifacts_of(request.artifacts)
    ports = pipeline.ports
    order, task = ports.store.read(lambda rows: _case(rows, call, request.order_id, artifacts))
    digest = manifest_digest(artifacts)
    inspection_id = inspection_id_of(order.order_id, digest)
    known = ports.store.read(lambda rows: rows.get(Inspection, inspection_id))
    if known is not None:
        return inspection_view(known)
    # Whose order takes no delivery now is told that, and not what his files are like.
    deliver(order, "", None, call.now)
    try:
        async with asyncio.timeout(TIME_S), turn_of(call.actor):
            findings = await examined(ports.blobs, artifacts, task.checks)
    except TimeoutError:
        raise InspectionLateError(f"It took longer than {TIME_S} seconds.") from None
    inspection = Inspection(
        inspection_id,
        order.order_id,
        task.task_id,
        order.seller,
        artifacts,
        digest,
        Verdict.FAILED if findings else Verdict.PASSED,
        findings,
        ports.clock.now(),
    )
    return inspection_view(await _kept(call, pipeline, order, inspection))


def _case(
    rows: Snapshot, call: Call, order_id: str, artifacts: tuple[Artifact, ...]
) -> tuple[Order, Task]:
    """Return order and task; the files are the seller's own, or they do not exist."""
    order = own_order(rows, order_id, call.actor, side="seller")
    task = rows.get(Task, order.task_id) if order.task_id else None
    if task is None:
        raise NotATaskOrderError("This order was made from an offer.", orderId=order_id)
    for artifact in artifacts:
        own = rows.get(FileRight, right_id(artifact.digest, call.actor))
        if own is None or own.size != artifact.size:
            raise BlobMissingError(f"You have stored no file {artifact.digest} of that size.")
    return order, task


async def _kept(call: Call, pipeline: Pipeline, order: Order, inspection: Inspection) -> Inspection:
    def change(work: Work) -> None:
        work.add(inspection)
        work.emit(concluded(inspection))
        work.involve(order.parties)

    # Two requests of one moment come to the same verdict; the first one is kept.
    with suppress(RowExistsError):
        await pipeline.write(call, change)
    kept = pipeline.ports.store.read(lambda rows: rows.get(Inspection, inspection.inspection_id))
    return kept or inspection


class GetInspection(Request):
    """One inspection."""

    inspection_id: InspectionId


@read(
    "web3.market.inspection.get",
    errors=(InspectionNotFoundError,),
    needs=(Need("inspectionId", "web3.market.inspection.run", "inspectionId"),),
    verb=Verb("task inspection", ("inspectionId",)),
)
def get_inspection(call: Call, rows: Snapshot, request: GetInspection) -> InspectionView:
    """Show what the market found in the files of a delivery; only for buyer and worker."""
    inspection = rows.get(Inspection, request.inspection_id)
    order = rows.get(Order, inspection.order_id) if inspection else None
    if inspection is None or order is None or call.actor not in order.parties:
        raise InspectionNotFoundError(f"There is no inspection {request.inspection_id}.")
    return inspection_view(inspection)
