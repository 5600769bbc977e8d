"""Asking an outside rail, and the ledger's side of what it did; all on one unit of work.

A question moves nothing in the ledger. It leaves the settlement at `…ing`, a step under its key
and a job that asks; only the answer is booked, against the rail's account of whom it was moved
from or to.
"""

from dataclasses import replace
from itertools import takewhile

from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.kernel.job import RAIL_JOB
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.market import order as orders
from clawmarket.domain.market import order_rail
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury import hold as holds
from clawmarket.domain.treasury import rail as rails
from clawmarket.domain.treasury import settlement as settlements
from clawmarket.domain.treasury.account import FEES, beyond, held
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.rail import (
    RailState,
    RailStep,
    RailUnknownError,
    Step,
    key_of_step,
    lock_key,
)
from clawmarket.domain.treasury.settlement import (
    PaymentLocked,
    Settlement,
    SettlementPartReleased,
    SettlementReleased,
    SettlementState,
)
from clawmarket.domain.treasury.settlement import SettlementRefunded as Refunded
from clawmarket.ports.payments import Move
from clawmarket.ports.store import Query, Snapshot
from clawmarket.services.treasury.moves import expect, hold_of, settlement_of
from clawmarket.services.work import Work

MOST_STEPS = 999


def check_rail(work: Work, name: str) -> None:
    """Raise RailUnknownError unless this market can pay on a rail."""
    if name not in work.call.terms.rails:
        known = ", ".join((CREDITS, *work.call.terms.rails))
        raise RailUnknownError(f"This market has no rail {name!r}; it has {known}.")


def is_outside(settlement: Settlement) -> bool:
    """Tell whether the money lies somewhere else than in the ledger."""
    return settlement.rail != CREDITS


def move_of(step: RailStep) -> Move:
    """Return what the rail is asked, word for word the same each time."""
    return Move(
        key=step.key,
        lock_key=lock_key(step.settlement_id),
        step=step.step.value,
        payer=step.payer,
        payee=step.payee,
        asset=step.asset,
        locked=step.locked,
        seller_amount=step.seller_amount,
        fee=step.fee,
        refund=step.refund_amount,
    )


def steps_of(rows: Snapshot | Work, settlement_id: str) -> list[RailStep]:
    """Return every step of a settlement, in their order."""
    return rows.find(Query(RailStep, prefix=f"{settlement_id}.", limit=MOST_STEPS))


def closed_before(rows: Snapshot | Work, step: RailStep) -> list[RailStep]:
    """Return the questions for the same payment that a person closed, the latest first."""
    before = [each for each in steps_of(rows, step.settlement_id) if each.key < step.key]
    return list(takewhile(rails.is_closed, reversed(before)))


def ask_lock(work: Work, order: Order, rail: str) -> tuple[Order, Settlement]:
    """Ask a rail to lock an order's price; until it answers the order waits.

    Raises:
        RailUnknownError: The market has no such rail.
        TransitionRefusedError: The order is locked or over.
        RailAskedError: A rail was asked already.
        LockLateError: The last moment to lock has passed.
    """
    check_rail(work, rail)
    settlement_id = work.call.new_id("settlement")
    settlement = Settlement(
        settlement_id=settlement_id,
        order_id=order.order_id,
        payer=order.buyer,
        payee=order.seller,
        rail=rail,
        asset=order.asset,
        amount=order.amount,
        fee_bps=order.fee_bps,
        hold_id=same_ulid("hold", settlement_id),
        seller_amount=0,
        fee=0,
        refund_amount=0,
        state=SettlementState.LOCKING,
        locked_at=work.now,
        released_at=None,
        refunded_at=None,
    )
    waiting = order_rail.ask_lock(order, settlement_id, lock_key(settlement_id), work.now)
    work.add(settlement)
    _ask(work, settlement, settlement, Step.LOCK, "the buyer locks")
    return waiting, settlement


def ask_release(
    work: Work, order: Order, why: str, share: int | None, *, part: int | None = None
) -> Order:
    """Ask the rail to pay what was accepted or ruled; the order waits as it stands.

    Args:
        work: The unit of work.
        order: The order before its next state.
        why: Why it is paid.
        share: What a ruling takes out of the lock for the seller, before the fee; None for all.
        part: A milestone's part, if the lock goes on with the rest.

    Raises TransitionRefusedError, ShareExceedsLockError, RailAskedError.
    """
    known = settlement_of(work, order)
    if part is not None:
        after, step = settlements.ask_part(known, part), Step.PART
    else:
        given = known.remaining if share is None else share
        after, step = settlements.ask_release(known, given), Step.RELEASE
    return _ask_payment(work, order, known, after, step, why)


def ask_refund(work: Work, order: Order, why: str) -> Order:
    """Ask the rail to give all that is locked back; the order waits as it stands.

    Raises TransitionRefusedError, RailAskedError.
    """
    known = settlement_of(work, order)
    return _ask_payment(work, order, known, settlements.ask_refund(known), Step.REFUND, why)


def repeat(work: Work, order: Order, step: RailStep) -> Order:
    """Ask for the same payment under a new key; only after the old one is known to move nothing."""
    key = next_key(work, step.settlement_id, step.step)
    fresh = replace(
        step,
        key=key,
        state=RailState.ASKED,
        record_id=work.record_id,
        job_id=work.enqueue(RAIL_JOB, key),
        asked_at=work.now,
        answered_at=None,
        reference="",
        reason="",
        found=None,
    )
    work.add(fresh)
    work.emit(rails.asked(fresh))
    return order_rail.ask_payment(order_rail.hear(order), key)


def next_key(work: Work, settlement_id: str, step: Step) -> str:
    """Return the key of a settlement's next step."""
    return key_of_step(settlement_id, len(steps_of(work, settlement_id)) + 1, step)


def _ask_payment(
    work: Work, order: Order, known: Settlement, after: Settlement, step: Step, why: str
) -> Order:
    key = _ask(work, known, after, step, why)
    work.save(settlements.await_rail(known, after))
    waiting = order_rail.ask_payment(order, key)
    work.save(orders.recorded(waiting, work.record_id))
    work.involve(order.parties)
    return waiting


def _ask(work: Work, known: Settlement, after: Settlement, step: Step, why: str) -> str:
    key = next_key(work, known.settlement_id, step)
    asked = RailStep(
        key=key,
        settlement_id=known.settlement_id,
        order_id=known.order_id,
        rail=known.rail,
        step=step,
        payer=known.payer,
        payee=known.payee,
        asset=known.asset,
        locked=known.amount,
        seller_amount=after.seller_amount - known.seller_amount,
        fee=after.fee - known.fee,
        refund_amount=after.refund_amount,
        why=why,
        state=RailState.ASKED,
        record_id=work.record_id,
        job_id=work.enqueue(RAIL_JOB, key),
        asked_at=work.now,
        answered_at=None,
        reference="",
        reason="",
        found=None,
    )
    work.add(asked)
    work.emit(rails.asked(asked))
    return key


def book_lock(work: Work, settlement: Settlement) -> None:
    """Book what a rail has locked. Raises TransitionRefusedError."""
    locked = settlements.confirm_lock(settlement, work.now)
    payer, asset, amount = locked.payer, locked.asset, locked.amount
    hold_id, order_id = locked.hold_id, locked.order_id
    work.save(locked)
    work.add(Hold(hold_id, payer, order_id, asset, amount, 0, HoldState.PENDING))
    work.keep_balance(work.balance(payer, asset).moved(held=amount))
    moves = [(beyond(locked.rail, payer), -amount), (held(payer), amount)]
    work.post("lock", order_id, asset, moves)
    expect(work, locked, +1)
    work.emit(PaymentLocked(order_id, locked.settlement_id, asset, str(amount)))


def book_payment(work: Work, settlement: Settlement, step: RailStep, milestone: int) -> None:
    """Book what a rail has paid out of its lock. Raises TransitionRefusedError."""
    divided = rails.divide(settlement, step)
    expect(work, settlement, -1)
    if step.step is Step.PART:
        paid = settlements.confirm_part(divided)
        expect(work, paid, +1)
    elif step.step is Step.RELEASE:
        paid = settlements.confirm_release(divided, work.now)
    else:
        paid = settlements.confirm_refund(divided, step.why, work.now)
    work.save(paid)
    _post(work, step, hold_of(work, paid.hold_id))
    work.emit(_told(step, milestone))


def _post(work: Work, step: RailStep, hold: Hold) -> None:
    net, fee, back = step.seller_amount, step.fee, step.refund_amount
    if step.step is Step.REFUND:
        work.save(holds.void(hold))
    else:
        resolve = holds.post_part if step.step is Step.PART else holds.post
        work.save(resolve(hold, net + fee))
        seller = work.balance(step.payee, step.asset)
        work.keep_balance(replace(seller, earned=seller.earned + net))
    payer = work.balance(step.payer, step.asset)
    work.keep_balance(payer.moved(held=-(net + fee + back)))
    moves = [
        (held(step.payer), -(net + fee + back)),
        (beyond(step.rail, step.payee), net),
        (FEES, fee),
        (beyond(step.rail, step.payer), back),
    ]
    work.post(step.step.value, step.order_id, step.asset, moves)


def _told(step: RailStep, milestone: int) -> SettlementReleased | SettlementPartReleased | Refunded:
    about = (step.settlement_id, step.order_id, step.asset)
    net, fee, back = str(step.seller_amount), str(step.fee), str(step.refund_amount)
    match step.step:
        case Step.PART:
            return SettlementPartReleased(*about, milestone, net, fee, step.why)
        case Step.RELEASE:
            return SettlementReleased(*about, net, fee, back, step.why)
        case _:
            return Refunded(*about, back, step.why)
