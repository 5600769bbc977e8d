"""Awards: the buyer's choice of one bid."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine


class AwardState(StrEnum):
    """Where an award stands; it is given back only when its order ends without a delivery."""

    ACTIVE = "award_active"
    REVOKED = "award_revoked"


AWARD = Machine(
    "award",
    (AwardState.ACTIVE,),
    {"revoke": {AwardState.ACTIVE: AwardState.REVOKED}},
)


@dataclass(frozen=True, slots=True)
class Award:
    """Which bid a buyer chose for a task, and the order it became."""

    award_id: str
    task_id: str
    bid_id: str
    order_id: str
    awarder: str
    state: AwardState
    created_at: int


@event
@dataclass(frozen=True, slots=True)
class TaskAwarded(Event):
    """The buyer chose a bid; it became an order."""

    task_id: str
    award_id: str
    bid_id: str
    order_id: str
