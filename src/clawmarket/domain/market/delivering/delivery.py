"""Deliveries: the handing over of a result, named by its content hashes."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.terms import Artifact


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    READY = "delivery_ready"
    COMPLETED = "delivery_completed"
    REVOKED = "delivery_revoked"


DELIVERY = Machine(
    "delivery",
    (DeliveryState.READY,),
    {
        "complete": {DeliveryState.READY: DeliveryState.COMPLETED},
        "revoke": {DeliveryState.READY: DeliveryState.REVOKED},
    },
)


class DeliveryNotFoundError(NotFoundError):
    """There is no such delivery, or it is not yours to see."""

    next_command = "clawmarket order list"


@dataclass(frozen=True)
class Delivery:
    """What a seller hands over for an order."""

    delivery_id: str
    order_id: str
    seller: str
    artifacts: tuple[Artifact, ...]
    digest: str | None
    note: str
    state: DeliveryState
    issued_at: int
    completed_at: int | None


@event
@dataclass(frozen=True, slots=True)
class DeliveryIssued(Event):
    """The seller began the delivery."""

    delivery_id: str
    order_id: str


@event
@dataclass(frozen=True, slots=True)
class DeliveryCompleted(Event):
    """The seller handed everything over; the digest names the whole."""

    delivery_id: str
    order_id: str
    digest: str


@event
@dataclass(frozen=True, slots=True)
class DeliveryRevoked(Event):
    """The seller took a delivery back that was not complete."""

    delivery_id: str
    order_id: str


def complete(
    delivery: Delivery, artifacts: tuple[Artifact, ...], digest: str, now: int
) -> tuple[Delivery, DeliveryCompleted]:
    """Finish a delivery with what was handed over. Raises TransitionRefusedError."""
    after = replace(
        delivery,
        state=DELIVERY.step(delivery.state, "complete", orderId=delivery.order_id),
        artifacts=artifacts,
        digest=digest,
        completed_at=now,
    )
    return after, DeliveryCompleted(delivery.delivery_id, delivery.order_id, digest)


def revoke(delivery: Delivery) -> tuple[Delivery, DeliveryRevoked]:
    """Take an unfinished delivery back. Raises TransitionRefusedError."""
    after = replace(
        delivery, state=DELIVERY.step(delivery.state, "revoke", orderId=delivery.order_id)
    )
    return after, DeliveryRevoked(delivery.delivery_id, delivery.order_id)
