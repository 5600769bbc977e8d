"""Deliveries of orders that were made from an offer: begin, finish, take back."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from clawmarket.domain.market import order as orders
from clawmarket.domain.market.consenting import consent as consents
from clawmarket.domain.market.consenting.consent import Consent
from clawmarket.domain.market.delivering import delivery as deliveries
from clawmarket.domain.market.delivering.delivery import (
    Delivery,
    DeliveryIssued,
    DeliveryNotFoundError,
    DeliveryState,
)
from clawmarket.domain.market.order import (
    ConsentNeededError,
    DeliveryLateError,
    Order,
    OrderNotFoundError,
    OtherSideError,
    RevocationsUsedUpError,
)
from clawmarket.domain.market.terms import manifest_digest
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import DeliveryId, File, Note, OrderId, Request, SignedRequest
from clawmarket.registry.methods import Need, read, write
from clawmarket.services.call import Call
from clawmarket.services.market.consenting.revocations import give_notice
from clawmarket.services.market.delivering.files import share_files
from clawmarket.services.market.orders import own_order
from clawmarket.services.market.views.results import DeliveryView, delivery_view
from clawmarket.services.market.views.terms import artifacts_of
from clawmarket.services.work import Work

ISSUED = (Need("deliveryId", "web3.market.delivery.issue", "deliveryId"),)


class IssueDelivery(SignedRequest):
    """The order you begin to deliver."""

    order_id: OrderId
    note: Note = ""


@write(
    "web3.market.delivery.issue",
    errors=(OrderNotFoundError, OtherSideError, ConsentNeededError, DeliveryLateError),
    needs=(Need("orderId", "web3.market.consent.grant", "orderId", by="other"),),
)
def issue_delivery(call: Call, work: Work, request: IssueDelivery) -> DeliveryView:
    """Begin the delivery of a paid order; from now on the buyer cannot step back alone.

    If the offer has a usage scope, the buyer has to consent to it before.
    """
    order = own_order(work, request.order_id, call.actor, side="seller")
    delivery = Delivery(
        call.new_id("delivery"),
        order.order_id,
        call.actor,
        (),
        None,
        request.note,
        DeliveryState.READY,
        call.now,
        None,
    )
    after = orders.start(order, delivery.delivery_id, call.now)
    _check_begun(work, order)
    work.save(orders.recorded(after, work.record_id))
    work.add(delivery)
    work.emit(DeliveryIssued(delivery.delivery_id, order.order_id))
    work.involve(order.parties)
    return delivery_view(delivery)


class CompleteDelivery(SignedRequest):
    """What is handed over."""

    delivery_id: DeliveryId
    artifacts: Annotated[
        list[File],
        Field(max_length=50, description="Files you stored before; none for a pure service."),
    ] = Field(default_factory=list)
    note: Note = ""


@write(
    "web3.market.delivery.complete",
    errors=(DeliveryNotFoundError, BlobMissingError, ConsentNeededError, DeliveryLateError),
    needs=ISSUED,
)
def complete_delivery(call: Call, work: Work, request: CompleteDelivery) -> DeliveryView:
    """Hand everything over; the buyer has `disputeWindowSec` to accept, silence accepts."""
    delivery, order = _own(work, request.delivery_id, call.actor)
    artifacts = artifacts_of(request.artifacts)
    share_files(work, call.actor, artifacts, order.buyer)
    digest = manifest_digest(artifacts)
    after, completed = deliveries.complete(delivery, artifacts, digest, call.now)
    after = replace(after, note=request.note or delivery.note)
    delivered = orders.deliver(order, delivery.delivery_id, None, call.now)
    _check_begun(work, order)
    work.save(orders.recorded(delivered, work.record_id))
    work.save(after)
    work.emit(completed)
    work.involve(order.parties)
    return delivery_view(after)


class RevokeDelivery(SignedRequest):
    """The delivery to take back."""

    delivery_id: DeliveryId


@write(
    "web3.market.delivery.revoke",
    errors=(DeliveryNotFoundError, RevocationsUsedUpError),
    needs=ISSUED,
)
def revoke_delivery(call: Call, work: Work, request: RevokeDelivery) -> DeliveryView:
    """Take back a delivery that is not complete; the order waits for you again."""
    delivery, order = _own(work, request.delivery_id, call.actor)
    after, revoked = deliveries.revoke(delivery)
    waiting = orders.recorded(orders.withdraw_delivery(order), work.record_id)
    work.save(waiting)
    work.save(after)
    work.emit(revoked)
    work.involve(order.parties)
    give_notice(work, waiting, delivery.delivery_id, "manual_revoke")
    return delivery_view(after)


def _check_begun(work: Work, order: Order) -> None:
    consents.check_begun(
        work.get(Consent, order.consent_id) if order.consent_id else None, work.now
    )


def _own(work: Work, delivery_id: str, actor: str) -> tuple[Delivery, Order]:
    delivery = work.get(Delivery, delivery_id)
    order = work.get(Order, delivery.order_id) if delivery else None
    if delivery is None or order is None or delivery.seller != actor:
        raise DeliveryNotFoundError(f"You have no delivery {delivery_id}.")
    return delivery, order


class GetDelivery(Request):
    """One delivery."""

    delivery_id: DeliveryId


@read(
    "web3.market.delivery.get",
    errors=(DeliveryNotFoundError,),
    needs=(Need("deliveryId", "web3.market.delivery.issue", "deliveryId"),),
)
def get_delivery(call: Call, rows: Snapshot, request: GetDelivery) -> DeliveryView:
    """Show one delivery; only for buyer and seller."""
    delivery = rows.get(Delivery, request.delivery_id)
    order = rows.get(Order, delivery.order_id) if delivery else None
    if delivery is None or order is None or call.actor not in order.parties:
        raise DeliveryNotFoundError(f"There is no delivery {request.delivery_id}.")
    return delivery_view(delivery)
