"""Orders: whose turn it is until when, as a table of steps and moments."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.order import (
    ORDER,
    AttemptsUsedUpError,
    DeliveryLateError,
    LockLateError,
    Order,
    OrderState,
    ReviewLateError,
    cancel,
    check_lockable,
    complete,
    complete_by_silence,
    deliver,
    expire,
    first_due,
    give_back,
    lock,
    recorded,
    reject,
    start,
    withdraw_delivery,
)

NOW = 1_000_000
DUE = NOW + 900_000
CREATED = Order(
    order_id="order_1",
    task_id=None,
    offer_id="offer_1",
    bid_id=None,
    buyer="agent_1",
    seller="agent_2",
    title="A thing",
    asset="credits",
    quantity=3,
    price=5,
    fee_bps=100,
    delivery_s=3_600,
    review_s=60,
    resubmit_s=120,
    settlement_id=None,
    delivery_id=None,
    result_id=None,
    rejections=0,
    state=OrderState.CREATED,
    created_at=NOW,
    due_at=DUE,
    acts_at=DUE,
    records=("rec_1",),
    dispute_id=None,
    milestones=(),
    milestone=0,
)
LOCKED = lock(CREATED, "settlement_1", NOW)
WORKING = start(LOCKED, "delivery_1", NOW)
DELIVERED = deliver(WORKING, "delivery_1", "result_1", NOW)
BY_STATE = {order.state: order for order in (CREATED, LOCKED, WORKING, DELIVERED)}


def test_an_order_costs_price_times_quantity() -> None:
    """And its records are seen by buyer and seller."""
    assert (CREATED.amount, CREATED.parties) == (15, ("agent_1", "agent_2"))
    assert recorded(CREATED, "rec_2").records == ("rec_1", "rec_2")
    assert first_due(NOW) == DUE


def test_each_step_hands_the_turn_over() -> None:
    """Locked, the seller has the delivery time; delivered, the buyer has the review time."""
    assert (
        replace(
            CREATED,
            state=OrderState.LOCKED,
            settlement_id="settlement_1",
            due_at=NOW + 3_600_000,
            acts_at=NOW + 3_600_000,
        )
        == LOCKED
    )
    assert replace(LOCKED, state=OrderState.WORKING, delivery_id="delivery_1") == WORKING
    assert (
        replace(
            WORKING,
            state=OrderState.DELIVERED,
            result_id="result_1",
            due_at=NOW + 60_000,
            acts_at=NOW + 60_000,
        )
        == DELIVERED
    )


def test_beginning_gives_no_new_time() -> None:
    """The last moment to deliver counts from the lock, however often work is begun."""
    begun = start(LOCKED, "delivery_1", LOCKED.due_at - 1)
    again = start(withdraw_delivery(begun), "delivery_2", LOCKED.due_at - 1)
    assert (again.due_at, again.delivery_id) == (LOCKED.due_at, "delivery_2")
    assert withdraw_delivery(begun) == LOCKED


LATE: dict[str, tuple[Callable[[Order, int], object], Order, type[Exception]]] = {
    "lock": (lambda order, now: lock(order, "s", now), CREATED, LockLateError),
    "look": (check_lockable, CREATED, LockLateError),
    "start": (lambda order, now: start(order, "d", now), LOCKED, DeliveryLateError),
    "deliver": (lambda order, now: deliver(order, "d", None, now), WORKING, DeliveryLateError),
    "complete": (complete, DELIVERED, ReviewLateError),
    "reject": (reject, DELIVERED, ReviewLateError),
}


@pytest.mark.parametrize("step", LATE)
def test_a_step_is_in_time_before_its_last_moment(step: str) -> None:
    """One millisecond before it is done; at the moment and after it is refused."""
    act, order, refusal = LATE[step]
    act(order, order.due_at - 1)
    for late in (order.due_at, order.due_at + 1):
        with pytest.raises(refusal):
            act(order, late)


STEPS: dict[str, tuple[Callable[[Order], object], set[str]]] = {
    "lock": (lambda order: lock(order, "s", NOW), {"order_created"}),
    "cancel": (cancel, {"order_created"}),
    "expire": (expire, {"order_created"}),
    "start": (lambda order: start(order, "d", NOW), {"payment_locked", "consent_granted"}),
    "withdraw": (withdraw_delivery, {"delivery_ready"}),
    "deliver": (lambda order: deliver(order, "d", None, NOW), {"delivery_ready"}),
    "complete": (lambda order: complete(order, NOW), {"delivery_completed"}),
    "reject": (lambda order: reject(order, NOW), {"delivery_completed"}),
    "silence": (lambda order: complete_by_silence(order, NOW), {"delivery_completed"}),
    "give back": (
        give_back,
        {"payment_locked", "consent_granted", "delivery_ready", "consent_revoked"},
    ),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", OrderState)
def test_each_step_has_its_states(step: str, state: OrderState) -> None:
    """From every other state it is refused by name."""
    act, right = STEPS[step]
    order = BY_STATE.get(state) or replace(DELIVERED, state=state, acts_at=None)
    if state in right:
        act(order)
    else:
        with pytest.raises(TransitionRefusedError) as refused:
            act(order)
        assert refused.value.details["state"] == state


def test_a_rejection_gives_time_and_then_a_window() -> None:
    """The seller has the resubmit time; the refund waits one review window longer."""
    late = DELIVERED.due_at - 1
    assert reject(DELIVERED, late) == replace(
        DELIVERED,
        state=OrderState.WORKING,
        rejections=1,
        due_at=late + 120_000,
        acts_at=late + 180_000,
    )


def test_after_three_rejections_nothing_can_be_handed_in() -> None:
    """The third gives no time; only the window before the refund is left."""
    order = DELIVERED
    for _ in range(2):
        order = deliver(reject(order, NOW), "d", "r", NOW)
    third = reject(order, NOW)
    assert (third.rejections, third.due_at, third.acts_at) == (3, NOW, NOW + 60_000)
    with pytest.raises(AttemptsUsedUpError):
        deliver(third, "d", "r", NOW)


@pytest.mark.parametrize(
    ("before", "rejections", "state"),
    [(LOCKED, 0, "settlement_cancelled"), (WORKING, 0, "settlement_cancelled")]
    + [(WORKING, count, "order_refunded") for count in (1, 2, 3)],
)
def test_money_back_is_named_by_what_went_before(
    before: Order, rejections: int, state: str
) -> None:
    """Cancelled if nothing was ever delivered, refunded after a rejection."""
    over = give_back(replace(before, rejections=rejections))
    assert (over.state, over.acts_at) == (state, None)


def test_whatever_ends_an_order_stops_its_clock() -> None:
    """An order that is over has no moment at which the market would act."""
    ends = [
        cancel(CREATED)[0],
        expire(CREATED)[0],
        give_back(LOCKED),
        complete(DELIVERED, NOW),
        complete_by_silence(DELIVERED, NOW),
    ]
    assert {order.acts_at for order in ends} == {None}
    assert {order.state for order in ends} == ORDER.final - {OrderState.REFUNDED}
