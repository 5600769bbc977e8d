"""Orders: the agreement of one buyer and one seller, and whose turn it is until when."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import (
    ConflictError,
    ExpiredError,
    ForbiddenError,
    NotFoundError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.moment import SECOND_MS
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.terms import (
    CONSENT_WINDOW_S,
    LOCK_WINDOW_S,
    MAX_RECORDS_TO_REVOKE,
    MAX_REJECTIONS,
    Milestone,
    UsageScope,
)


class OrderState(StrEnum):
    """Where an order stands."""

    CREATED = "order_created"
    LOCKED = "payment_locked"
    CONSENTED = "consent_granted"
    WORKING = "delivery_ready"
    DELIVERED = "delivery_completed"
    DISPUTED = "order_disputed"
    REVOKED = "consent_revoked"
    COMPLETED = "settlement_completed"
    CANCELLED = "order_cancelled"
    EXPIRED = "order_expired"
    REFUNDED = "order_refunded"
    RETURNED = "settlement_cancelled"


_S = OrderState

ORDER = Machine(
    "order",
    (OrderState.CREATED,),
    {
        "lock": {_S.CREATED: _S.LOCKED},
        "consent": {_S.LOCKED: _S.CONSENTED},
        "start": {_S.LOCKED: _S.WORKING, _S.CONSENTED: _S.WORKING},
        "withdraw_delivery": {_S.WORKING: _S.LOCKED},
        "withdraw_permitted": {_S.WORKING: _S.CONSENTED},
        "revoke_consent": {_S.CONSENTED: _S.REVOKED, _S.WORKING: _S.REVOKED},
        "deliver": {_S.WORKING: _S.DELIVERED},
        "reject": {_S.DELIVERED: _S.WORKING},
        "dispute": {_S.DELIVERED: _S.DISPUTED, _S.WORKING: _S.DISPUTED},
        "rule_release": {_S.DISPUTED: _S.COMPLETED},
        "rule_refund": {_S.DISPUTED: _S.REFUNDED},
        "accept_part": {_S.DELIVERED: _S.WORKING},
        "complete": {_S.DELIVERED: _S.COMPLETED},
        "cancel": {_S.CREATED: _S.CANCELLED},
        "expire": {_S.CREATED: _S.EXPIRED},
        "return_money": {
            _S.LOCKED: _S.RETURNED,
            _S.CONSENTED: _S.RETURNED,
            _S.WORKING: _S.RETURNED,
            _S.REVOKED: _S.RETURNED,
        },
        "unclaim": {_S.WORKING: _S.RETURNED},
        "refund": {_S.LOCKED: _S.REFUNDED, _S.WORKING: _S.REFUNDED, _S.REVOKED: _S.REFUNDED},
        # The deliveries of an offer's later parts, which the buyer can no longer step back from.
        "begin_part": {_S.WORKING: _S.WORKING},
        "withdraw_part": {_S.WORKING: _S.WORKING},
    },
)


class OrderNotFoundError(NotFoundError):
    """There is no such order, or it is not yours to see."""

    next_command = "clawmarket order list"


class OtherSideError(ForbiddenError):
    """This step of the order is for its other side."""

    advice = "Look at what the order waits for now."
    next_command = "clawmarket order explain {orderId}"


class DeliveryLateError(ExpiredError):
    """The last moment to deliver has passed; the money goes back."""

    advice = "Nothing more can be delivered for this order."
    next_command = "clawmarket order explain {orderId}"


class ReviewLateError(ExpiredError):
    """The last moment to review has passed; the money goes to the seller."""

    advice = "The delivery counts as accepted."
    next_command = "clawmarket order explain {orderId}"


class LockLateError(ExpiredError):
    """The last moment to lock the payment has passed."""

    advice = "Make a new order."
    next_command = "clawmarket order explain {orderId}"


class ConsentNeededError(ConflictError):
    """The offer has a usage scope, and the buyer has not consented to it yet."""

    advice = (
        "Wait for the buyer's web3.market.consent.grant; without it the money goes back by itself."
    )
    next_command = "clawmarket order explain {orderId}"


class AttemptsUsedUpError(ConflictError):
    """The result was rejected as often as a result can be."""

    advice = "The money goes back to the buyer when the window ends."
    next_command = "clawmarket order explain {orderId}"


class RevocationsUsedUpError(ConflictError):
    """The delivery was begun and taken back as often as a delivery can be."""

    advice = "Complete the delivery, or give the order up with web3.market.settlement.refund."
    next_command = "clawmarket order explain {orderId}"


class RailAskedError(ConflictError):
    """The rail that holds this order's money was asked and has not said yet what it did."""

    advice = "Wait: the market asks again by itself until it knows, and never pays twice."
    next_command = "clawmarket order explain {orderId}"
    retryable = True


@dataclass(frozen=True)
class Order:
    """What two accounts agreed on, for how much, and whose turn it is.

    `due_at` is the last moment for whoever has to act; `acts_at` is when the market acts if
    nobody did, and None once the order has ended. `milestone` is the number of the milestone that
    the parties are at, from 0. `asked` is the key of the step that the order's rail has not
    answered yet; meanwhile no deadline runs and `acts_at` is None too. `records` are the ids of
    the records that tell its story, from the demand to the last posting; the receipt is made of
    them. `usage_scope` holds what the buyer has to consent to, at most one; `consent_id` the
    consent, once there is one. With `sealed` the buyer reads the files once they are accepted.
    """

    order_id: str
    task_id: str | None
    offer_id: str | None
    bid_id: str | None
    buyer: str
    seller: str
    title: str
    asset: str
    quantity: int
    price: int
    fee_bps: int
    delivery_s: int
    review_s: int
    resubmit_s: int
    settlement_id: str | None
    delivery_id: str | None
    result_id: str | None
    rejections: int
    state: OrderState
    created_at: int
    due_at: int
    acts_at: int | None
    records: tuple[str, ...]
    dispute_id: str | None
    milestones: tuple[Milestone, ...]
    milestone: int
    asked: str | None = None
    usage_scope: tuple[UsageScope, ...] = ()
    consent_id: str | None = None
    sealed: bool = False

    @property
    def needs_consent(self) -> bool:
        """Whether the buyer has to consent before the seller may begin."""
        return bool(self.usage_scope)

    @property
    def first_turn_s(self) -> int:
        """How long whoever has to act next has, once the payment is locked."""
        return CONSENT_WINDOW_S if self.needs_consent else self.delivery_s

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.acts_at is None and self.asked is None

    @property
    def amount(self) -> int:
        """What the buyer locks: price times quantity, in minor units."""
        return self.price * self.quantity

    @property
    def at_stake(self) -> int:
        """What the next acceptance pays out, before the fee, in minor units."""
        if not self.milestones:
            return self.amount
        return self.milestones[min(self.milestone, len(self.milestones) - 1)].amount

    @property
    def locked_rest(self) -> int:
        """What no accepted milestone has paid out yet, in minor units."""
        if not self.milestones:
            return self.amount
        return sum(milestone.amount for milestone in self.milestones[self.milestone :])

    @property
    def is_last_part(self) -> bool:
        """Whether nothing is to be delivered after what is at stake."""
        return self.milestone + 1 >= len(self.milestones)

    @property
    def parties(self) -> tuple[str, ...]:
        """Who may see the records of this order."""
        return (self.buyer, self.seller)


@event
@dataclass(frozen=True, slots=True)
class OrderCreated(Event):
    """A buyer and a seller agreed.

    `milestones` are pairs of title and amount; `usage_scope` is what the buyer has to consent to,
    None where that is nothing. `terms` is the content hash over all that they
    agreed on; `test_money` is whether the asset is
    worth nothing.
    """

    order_id: str
    buyer: str
    seller: str
    asset: str
    amount: str
    fee_bps: int
    timeout_sec: int
    dispute_window_sec: int
    resubmit_sec: int
    milestones: list[object]
    usage_scope: dict[str, object] | None
    test_money: bool
    terms: str


@event
@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """The buyer gave an unpaid order up."""

    order_id: str


@event
@dataclass(frozen=True, slots=True)
class OrderExpired(Event):
    """The buyer did not lock the payment in time."""

    order_id: str


def _step(order: Order, action: str) -> OrderState:
    """Return the state after an action. Raises TransitionRefusedError, RailAskedError."""
    state = ORDER.step(order.state, action, orderId=order.order_id)
    if order.asked is not None:
        raise RailAskedError("The rail has not answered yet.", orderId=order.order_id)
    return state


def _waits(order: Order, action: str, now: int, seconds: int) -> Order:
    due = now + seconds * SECOND_MS
    return replace(order, state=_step(order, action), due_at=due, acts_at=due)


def _ends(order: Order, action: str) -> Order:
    return replace(order, state=_step(order, action), acts_at=None)


def first_due(now: int) -> int:
    """Return the last moment to lock the payment of an order made now."""
    return now + LOCK_WINDOW_S * SECOND_MS


def recorded(order: Order, record_id: str) -> Order:
    """Return the order with one more record in its story."""
    return replace(order, records=(*order.records, record_id))


def check_lockable(order: Order, now: int) -> None:
    """Raise unless the payment can be locked now.

    Raises:
        TransitionRefusedError: The order is locked, cancelled or over.
        LockLateError: `now` is not before the last moment to lock.
    """
    _step(order, "lock")
    if now >= order.due_at:
        raise LockLateError("The time to lock this order has passed.", orderId=order.order_id)


def lock(order: Order, settlement_id: str, now: int) -> Order:
    """Bind the locked money to the order; from now on the seller has to deliver.

    Of an order with a usage scope, the buyer has to consent first.

    Raises:
        TransitionRefusedError: The order is locked, cancelled or over.
        LockLateError: `now` is not before the last moment to lock.
    """
    check_lockable(order, now)
    after = _waits(order, "lock", now, order.first_turn_s)
    return replace(after, settlement_id=settlement_id)


def permit(order: Order, consent_id: str, ends_at: int | None, now: int) -> Order:
    """Bind the buyer's consent to the order; the seller's time begins, and ends with it at last.

    Raises TransitionRefusedError, RailAskedError.
    """
    due = now + order.delivery_s * SECOND_MS
    due = due if ends_at is None else min(due, ends_at)
    state = _step(order, "consent")
    return replace(order, state=state, consent_id=consent_id, due_at=due, acts_at=due)


def stop(order: Order, now: int) -> Order:
    """Stop an order whose consent was revoked; before the delivery the money goes back at once.

    What was handed over stays handed over: then only its further use ends, and the order goes on.
    So it does when a rail was asked to give the money back already.
    """
    if order.state not in (OrderState.CONSENTED, OrderState.WORKING) or order.asked is not None:
        return order
    return replace(order, state=_step(order, "revoke_consent"), due_at=now, acts_at=now)


def start(order: Order, delivery_id: str | None, now: int) -> Order:
    """Let the seller begin, or go on with the next part; the last moment to deliver stays.

    Raises:
        TransitionRefusedError: The order is not locked, or work has begun.
        ConsentNeededError: The buyer has to consent first, and did not.
        DeliveryLateError: `now` is not before the last moment to deliver.
    """
    next_part = order.milestone > 0 and order.delivery_id is None and order.task_id is None
    state = _step(order, "begin_part" if next_part else "start")
    after = replace(order, state=state, delivery_id=delivery_id)
    if order.needs_consent and order.state is OrderState.LOCKED:
        raise ConsentNeededError("The buyer has not consented yet.", orderId=order.order_id)
    _check_deliverable(order, now)
    return after


def withdraw_delivery(order: Order) -> Order:
    """Take an issued delivery back; the order waits for the seller again.

    Once a part is accepted the buyer cannot step back alone any more, and so it stays.

    Raises:
        TransitionRefusedError: No delivery has begun.
        RevocationsUsedUpError: The order's story, and with it the receipt, would grow for ever.
    """
    back = "withdraw_permitted" if order.needs_consent else "withdraw_delivery"
    state = _step(order, "withdraw_part" if order.milestone else back)
    if len(order.records) >= MAX_RECORDS_TO_REVOKE * (order.milestone + 1):
        raise RevocationsUsedUpError(
            "A delivery cannot be taken back that often.", orderId=order.order_id
        )
    return replace(order, state=state, delivery_id=None)


def deliver(order: Order, delivery_id: str, result_id: str | None, now: int) -> Order:
    """Hand the result over; from now on the buyer has to review.

    Raises:
        TransitionRefusedError: Nothing is to be delivered at present.
        AttemptsUsedUpError: The result was rejected `MAX_REJECTIONS` times.
        DeliveryLateError: `now` is not before the last moment to deliver.
    """
    after = _waits(order, "deliver", now, order.review_s)
    if order.rejections >= MAX_REJECTIONS:
        raise AttemptsUsedUpError(
            f"The result was rejected {MAX_REJECTIONS} times.", orderId=order.order_id
        )
    _check_deliverable(order, now)
    return replace(after, delivery_id=delivery_id, result_id=result_id)


def _check_deliverable(order: Order, now: int) -> None:
    if now >= order.due_at:
        raise DeliveryLateError("The time to deliver has passed.", orderId=order.order_id)


def complete(order: Order, now: int) -> Order:
    """Accept the delivery; with a milestone to come the seller works on.

    Raises TransitionRefusedError, ReviewLateError.
    """
    after = complete_by_silence(order, now)
    if now >= order.due_at:
        raise ReviewLateError("The time to review has passed.", orderId=order.order_id)
    return after


def complete_by_silence(order: Order, now: int) -> Order:
    """Accept the delivery because the buyer let the window pass. Raises TransitionRefusedError."""
    if order.is_last_part:
        return _ends(order, "complete")
    after = _waits(order, "accept_part", now, order.delivery_s)
    return replace(
        after, milestone=order.milestone + 1, rejections=0, delivery_id=None, result_id=None
    )


def reject(order: Order, now: int) -> Order:
    """Send the delivery back; the seller may hand in again, or the refund follows.

    After the last rejection nothing can be handed in; the refund comes when the review window
    has passed once more.

    Raises:
        TransitionRefusedError: There is no delivery to review.
        ReviewLateError: `now` is not before the last moment to review.
    """
    state = _step(order, "reject")
    if now >= order.due_at:
        raise ReviewLateError("The time to review has passed.", orderId=order.order_id)
    rejections = order.rejections + 1
    resubmit_s = order.resubmit_s if rejections < MAX_REJECTIONS else 0
    due = now + resubmit_s * SECOND_MS
    acts = due + order.review_s * SECOND_MS
    return replace(order, state=state, rejections=rejections, due_at=due, acts_at=acts)


def dispute(order: Order, dispute_id: str, due_at: int) -> Order:
    """Freeze the order; from now on the dispute decides. Raises TransitionRefusedError."""
    state = _step(order, "dispute")
    return replace(order, state=state, dispute_id=dispute_id, due_at=due_at, acts_at=due_at)


def can_be_disputed(order: Order, side: str, now: int) -> bool:
    """Tell whether a side may contest the order now.

    The buyer may contest a delivery within the review window, the seller a rejection until the
    refund. While a rail is asked nobody may.
    """
    if order.asked is not None:
        return False
    if side == order.buyer:
        return order.state is OrderState.DELIVERED and now < order.due_at
    rejected = order.state is OrderState.WORKING and order.rejections > 0
    return rejected and order.acts_at is not None and now < order.acts_at


def wait_for_ruling(order: Order, due_at: int) -> Order:
    """Let the disputed order wait until another moment."""
    return replace(order, due_at=due_at, acts_at=due_at)


def rule(order: Order, share: int) -> Order:
    """End a disputed order: completed if the seller gets a share. Raises TransitionRefusedError."""
    return _ends(order, "rule_release" if share else "rule_refund")


def cancel(order: Order) -> tuple[Order, OrderCancelled]:
    """Give an unpaid order up, also while a rail is asked to lock. Raises TransitionRefusedError.

    What the rail turns out to have locked goes back.
    """
    state = ORDER.step(order.state, "cancel", orderId=order.order_id)
    return replace(order, state=state, acts_at=None), OrderCancelled(order.order_id)


def expire(order: Order) -> tuple[Order, OrderExpired]:
    """End an order that was never paid. Raises TransitionRefusedError."""
    return _ends(order, "expire"), OrderExpired(order.order_id)


def give_back(order: Order) -> Order:
    """End the order with all money back at the buyer.

    `settlement_cancelled` before anything was delivered, `order_refunded` after a rejection or a
    milestone. Raises TransitionRefusedError.
    """
    delivered = order.rejections or order.milestone
    return _ends(order, "refund" if delivered else "return_money")
