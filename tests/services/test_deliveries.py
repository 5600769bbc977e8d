"""Deliveries of offers: begun, finished, taken back while unfinished."""

import pytest

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.delivering.delivery import DeliveryNotFoundError
from clawmarket.domain.market.order import OrderNotFoundError, OtherSideError
from clawmarket.ports.blobs import BlobMissingError
from world import START, World

COMPLETE = "web3.market.delivery.complete"


def test_a_delivery_begins_and_ends(world: World) -> None:
    """Both parties read the same: what was handed over, named as a whole by its digest."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    begun = seller.do("web3.market.delivery.issue", orderId=order["orderId"], note="Begun.")
    world.pass_time(seconds=1)
    file = seller.stores(b"a page", "page.txt")
    done = seller.do(COMPLETE, deliveryId=begun["deliveryId"], artifacts=[file])

    assert begun == {
        "deliveryId": begun["deliveryId"],
        "orderId": order["orderId"],
        "seller": seller.id,
        "artifacts": [],
        "digest": None,
        "note": "Begun.",
        "status": "delivery_ready",
        "issuedAt": iso(START),
        "completedAt": None,
    }
    assert done == begun | {
        "artifacts": [file],
        "digest": content_digest([file]),
        "status": "delivery_completed",
        "completedAt": iso(START + 1_000),
    }
    assert buyer.do("web3.market.delivery.get", deliveryId=done["deliveryId"]) == done


def test_a_service_needs_no_files(world: World) -> None:
    """A delivery without files has the digest of an empty list."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    assert seller.delivers(seller.begins(order))["digest"] == content_digest([])


def test_nothing_is_delivered_before_it_is_paid(world: World) -> None:
    """An unpaid order cannot be begun."""
    _, seller, order = world.ordered()
    with pytest.raises(TransitionRefusedError):
        seller.begins(order)
    assert seller.order(order) == order


def test_only_the_seller_delivers(world: World) -> None:
    """The buyer is told whose step it is; to strangers there is nothing to deliver."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    with pytest.raises(OtherSideError):
        buyer.begins(order)
    for other in (world.member(), world.operator):
        with pytest.raises(OrderNotFoundError):
            other.begins(order)
    delivery = seller.begins(order)
    for other in (buyer, world.member(), world.operator):
        for step in (other.delivers, other.takes_back):
            with pytest.raises(DeliveryNotFoundError):
                step(delivery)


def test_a_delivery_that_is_taken_back_frees_the_buyer(world: World) -> None:
    """The order waits for the seller again, and the buyer may step back."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    delivery = seller.begins(order)
    assert seller.takes_back(delivery) == delivery | {"status": "delivery_revoked"}
    assert seller.order(order)["status"] == "payment_locked"
    assert buyer.refunds(order)["status"] == "settlement_refunded"


def test_beginning_anew_gives_no_new_time(world: World) -> None:
    """Taking back and beginning again leaves the last moment where it was."""
    buyer, seller, order = world.ordered(timeoutSec=60)
    buyer.locks(order)
    first = seller.begins(order)
    due = seller.order(order)["dueAt"]
    world.pass_time(seconds=59)
    seller.takes_back(first)
    second = seller.begins(order)
    assert seller.order(order)["dueAt"] == due == iso(START + 60_000)
    for late in (seller.delivers, seller.takes_back):
        with pytest.raises(TransitionRefusedError):
            late(first)
    assert seller.delivers(second)["status"] == "delivery_completed"


def test_what_was_handed_over_is_not_taken_back(world: World) -> None:
    """A complete delivery can be neither revoked nor completed again."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    delivery = seller.begins(order)
    seller.delivers(delivery)
    for late in (seller.takes_back, seller.delivers):
        with pytest.raises(TransitionRefusedError):
            late(delivery)
    with pytest.raises(TransitionRefusedError):
        seller.begins(order)
    assert buyer.order(order)["status"] == "delivery_completed"


def test_the_result_of_a_task_is_no_delivery_to_take_back(world: World) -> None:
    """A task's delivery is complete the moment it is made."""
    _, worker, award = world.hired()
    result = worker.submits(award)
    with pytest.raises(TransitionRefusedError):
        worker.takes_back(result)


def test_files_of_others_are_not_handed_over(world: World) -> None:
    """Whoever never stored a file cannot deliver it, and nothing is delivered."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    delivery = seller.begins(order)
    foreign = buyer.stores()
    with pytest.raises(BlobMissingError):
        seller.do(COMPLETE, deliveryId=delivery["deliveryId"], artifacts=[foreign])
    assert seller.order(order)["status"] == "delivery_ready"
