"""Holds: funds set aside in the ledger; pending, then posted, voided or expired, exactly once."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.kernel.rows import replace


class HoldState(StrEnum):
    """Where a hold stands."""

    PENDING = "hold_pending"
    POSTED = "hold_posted"
    VOIDED = "hold_voided"
    EXPIRED = "hold_expired"


HOLD = Machine(
    "hold",
    (HoldState.PENDING,),
    {
        "carry": {HoldState.PENDING: HoldState.PENDING},
        "post": {HoldState.PENDING: HoldState.POSTED},
        "post_part": {HoldState.PENDING: HoldState.PENDING},
        "void": {HoldState.PENDING: HoldState.VOIDED},
        "expire": {HoldState.PENDING: HoldState.EXPIRED},
    },
)


class PostExceedsHoldError(ConflictError):
    """More would leave the hold than was set aside."""

    advice = "Post at most what the hold has; the rest goes back to the payer."
    next_command = "clawmarket explain post_exceeds_hold"


@dataclass(frozen=True)
class Hold:
    """Money of one owner, set aside for one task or order.

    `posted` is what went to somebody else so far; when the hold is resolved the rest goes back to
    the owner.
    """

    hold_id: str
    owner: str
    ref: str
    asset: str
    amount: int
    posted: int
    state: HoldState

    @property
    def remaining(self) -> int:
        """What is still set aside while the hold is pending."""
        return self.amount - self.posted


def post(hold: Hold, amount: int) -> Hold:
    """Resolve a hold by paying `amount` of it out.

    Raises:
        PostExceedsHoldError: The amount is more than the hold has.
        TransitionRefusedError: The hold is resolved already.
    """
    state = HOLD.step(hold.state, "post")
    _check_covered(hold, amount)
    return replace(hold, state=state, posted=hold.posted + amount)


def carry(hold: Hold, ref: str, amount: int) -> Hold:
    """Let a hold go on for something else with `amount` of it; the rest goes back.

    Raises:
        PostExceedsHoldError: The amount is more than the hold has.
        TransitionRefusedError: The hold is resolved already.
    """
    state = HOLD.step(hold.state, "carry")
    _check_covered(hold, amount)
    return replace(hold, state=state, ref=ref, amount=amount)


def post_part(hold: Hold, amount: int) -> Hold:
    """Pay `amount` out of a hold that goes on with the rest.

    Raises:
        PostExceedsHoldError: The amount is more than the hold still has.
        TransitionRefusedError: The hold is resolved already.
    """
    state = HOLD.step(hold.state, "post_part")
    _check_covered(hold, amount)
    return replace(hold, state=state, posted=hold.posted + amount)


def void(hold: Hold) -> Hold:
    """Resolve a hold by giving all of it back. Raises TransitionRefusedError."""
    return replace(hold, state=HOLD.step(hold.state, "void"))


def expire(hold: Hold) -> Hold:
    """Resolve a hold whose time has passed; all goes back. Raises TransitionRefusedError."""
    return replace(hold, state=HOLD.step(hold.state, "expire"))


def _check_covered(hold: Hold, amount: int) -> None:
    if not 0 <= amount <= hold.remaining:
        has, wanted = (format_amount(each, hold.asset) for each in (hold.remaining, amount))
        raise PostExceedsHoldError(f"The hold has {has}, not {wanted}.")
