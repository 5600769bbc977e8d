"""Moves of money that several services share, on one unit of work.

Every move changes balances, hold and settlement and appends one balanced entry, or nothing.
"""

from clawmarket.domain.kernel.errors import InternalError
from clawmarket.domain.kernel.money import CREDITS, split_fee
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.order import lock as lock_order
from clawmarket.domain.market.postpay.tab import Tab
from clawmarket.domain.treasury import hold as holds
from clawmarket.domain.treasury import settlement as settlements
from clawmarket.domain.treasury.account import FEES, available, held, rail
from clawmarket.domain.treasury.bill import Bill
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.settlement import (
    SETTLEMENT,
    PaymentLocked,
    Settlement,
    SettlementPartReleased,
    SettlementReleased,
    SettlementState,
)
from clawmarket.domain.treasury.settlement import SettlementRefunded as Refunded
from clawmarket.services.work import Work


class RowLostError(InternalError):
    """A row that another row points to is missing; a defect."""


def hold_of(work: Work, hold_id: str) -> Hold:
    """Return a hold that must exist."""
    hold = work.get(Hold, hold_id)
    if hold is None:
        raise RowLostError("A hold is missing.")
    return hold


def settlement_of(work: Work, order: Order) -> Settlement:
    """Return the settlement of an order that has one."""
    found = work.get(Settlement, order.settlement_id) if order.settlement_id else None
    if found is None:
        raise RowLostError("A settlement is missing.")
    return found


def set_aside(work: Work, owner: str, amount: int, ref: str, asset: str = CREDITS) -> Hold:
    """Hold an amount of what an actor has available. Raises FundsMissingError."""
    work.keep_balance(work.balance(owner, asset).moved(available=-amount, held=amount))
    hold = Hold(work.call.new_id("hold"), owner, ref, asset, amount, 0, HoldState.PENDING)
    work.add(hold)
    work.post("hold", ref, asset, [(available(owner), -amount), (held(owner), amount)])
    return hold


def set_aside_again(work: Work, owner: str, amount: int, ref: str, asset: str) -> Hold:
    """Hold what the same command gave back, for what it was held for first.

    The entry names the hold: it is no part of the order that the money came back from.
    """
    work.keep_balance(work.balance(owner, asset).moved(available=-amount, held=amount))
    hold = Hold(work.call.new_id("hold"), owner, ref, asset, amount, 0, HoldState.PENDING)
    work.add(hold)
    moves = [(available(owner), -amount), (held(owner), amount)]
    work.post("hold", hold.hold_id, asset, moves)
    return hold


def give_back(work: Work, hold: Hold, *, expired: bool = False) -> None:
    """Return all of a pending hold to its owner. Raises TransitionRefusedError."""
    work.save(holds.expire(hold) if expired else holds.void(hold))
    owner, amount = hold.owner, hold.remaining
    work.keep_balance(work.balance(owner, hold.asset).moved(available=amount, held=-amount))
    moves = [(held(owner), -amount), (available(owner), amount)]
    work.post("void", hold.ref, hold.asset, moves)


def carry_over(work: Work, hold: Hold, order: Order) -> Hold:
    """Let a task's hold go on for its order; what the price leaves over goes back."""
    carried = holds.carry(hold, order.order_id, order.amount)
    work.save(carried)
    rest = hold.amount - order.amount
    if rest:
        owner = hold.owner
        work.keep_balance(work.balance(owner, hold.asset).moved(available=rest, held=-rest))
        moves = [(held(owner), -rest), (available(owner), rest)]
        work.post("carry", order.order_id, hold.asset, moves)
    return carried


def lock(work: Work, order: Order, hold: Hold) -> tuple[Order, Settlement]:
    """Lock an order's money behind a hold; the credits rail confirms at once.

    Raises:
        TransitionRefusedError: The order is locked or over.
        LockLateError: The last moment to lock has passed.
    """
    settlement = Settlement(
        settlement_id=work.call.new_id("settlement"),
        order_id=order.order_id,
        payer=order.buyer,
        payee=order.seller,
        rail=CREDITS,
        asset=order.asset,
        amount=order.amount,
        fee_bps=order.fee_bps,
        hold_id=hold.hold_id,
        seller_amount=0,
        fee=0,
        refund_amount=0,
        state=SETTLEMENT.step(SettlementState.LOCKING, "confirm_lock"),
        locked_at=work.now,
        released_at=None,
        refunded_at=None,
    )
    locked = lock_order(order, settlement.settlement_id, work.now)
    work.add(settlement)
    expect(work, settlement, +1)
    work.emit(
        PaymentLocked(
            order.order_id, settlement.settlement_id, settlement.asset, str(settlement.amount)
        )
    )
    return locked, settlement


def release(work: Work, settlement: Settlement, why: str, share: int | None = None) -> Settlement:
    """Divide what is locked between the seller and the market; beyond `share` it goes back.

    Raises TransitionRefusedError, ShareExceedsLockError.
    """
    share = settlement.remaining if share is None else share
    paid = settlements.confirm_release(settlements.ask_release(settlement, share), work.now)
    work.save(paid)
    work.save(holds.post(hold_of(work, paid.hold_id), share))
    expect(work, settlement, -1)
    seller_amount, fee = _pay(work, settlement, paid, "release")
    work.emit(
        SettlementReleased(
            paid.settlement_id,
            paid.order_id,
            paid.asset,
            str(seller_amount),
            str(fee),
            str(paid.refund_amount),
            why,
        )
    )
    return paid


def release_part(work: Work, settlement: Settlement, milestone: int, part: int, why: str) -> None:
    """Divide a milestone's part of the lock; the rest stays locked.

    Raises TransitionRefusedError, ShareExceedsLockError.
    """
    paid = settlements.confirm_part(settlements.ask_part(settlement, part))
    work.save(paid)
    work.save(holds.post_part(hold_of(work, paid.hold_id), part))
    expect(work, settlement, -1)
    expect(work, paid, +1)
    seller_amount, fee = _pay(work, settlement, paid, "part")
    work.emit(
        SettlementPartReleased(
            paid.settlement_id,
            paid.order_id,
            paid.asset,
            milestone,
            str(seller_amount),
            str(fee),
            why,
        )
    )


def _pay(work: Work, before: Settlement, after: Settlement, reason: str) -> tuple[int, int]:
    """Move what left the lock between two states of a settlement; return net and fee of it."""
    net, fee = after.seller_amount - before.seller_amount, after.fee - before.fee
    back = after.refund_amount
    payer = work.balance(after.payer, after.asset)
    work.keep_balance(payer.moved(held=-(net + fee + back), available=back))
    seller = work.balance(after.payee, after.asset).moved(available=net)
    work.keep_balance(replace(seller, earned=seller.earned + net))
    moves = [
        (held(after.payer), -(net + fee + back)),
        (available(after.payee), net),
        (FEES, fee),
        (available(after.payer), back),
    ]
    work.post(reason, after.order_id, after.asset, moves)
    return net, fee


def refund(work: Work, settlement: Settlement, why: str) -> Settlement:
    """Give all that is locked back to its payer. Raises TransitionRefusedError."""
    back = settlements.confirm_refund(settlements.ask_refund(settlement), why, work.now)
    work.save(back)
    expect(work, settlement, -1)
    give_back(work, hold_of(work, back.hold_id))
    work.emit(Refunded(back.settlement_id, back.order_id, back.asset, str(back.refund_amount), why))
    return back


def pay_tab(work: Work, paid: Tab) -> None:
    """Move what a settled tab owed: out of its hold if it is prepaid, the rest of which goes back.

    Otherwise out of what the consumer has available. Raises FundsMissingError.
    """
    lock = 0
    if paid.hold_id is not None:
        hold = hold_of(work, paid.hold_id)
        lock = hold.amount
        work.save(holds.post(hold, paid.owed))
    consumer = work.balance(paid.consumer, paid.asset)
    work.keep_balance(consumer.moved(available=lock - paid.owed, held=-lock))
    provider = work.balance(paid.provider, paid.asset).moved(available=paid.seller_amount)
    work.keep_balance(replace(provider, earned=provider.earned + paid.seller_amount))
    moves = [
        (held(paid.consumer), -lock),
        (available(paid.consumer), lock - paid.owed),
        (available(paid.provider), paid.seller_amount),
        (FEES, paid.fee),
    ]
    work.post("tab", paid.tab_id, paid.asset, moves, is_pledged=True)


def pay_bill(work: Work, paid: Bill) -> None:
    """Move what was locked for a bill to its payee, less the fee."""
    work.save(holds.post(hold_of(work, paid.hold_id or ""), paid.amount))
    work.keep_balance(work.balance(paid.payer, paid.asset).moved(held=-paid.amount))
    payee = work.balance(paid.payee, paid.asset).moved(available=paid.seller_amount)
    work.keep_balance(replace(payee, earned=payee.earned + paid.seller_amount))
    moves = [
        (held(paid.payer), -paid.amount),
        (available(paid.payee), paid.seller_amount),
        (FEES, paid.fee),
    ]
    work.post("bill", paid.bill_id, paid.asset, moves)


def grant(work: Work, owner: str, amount: int, ref: str, asset: str = CREDITS) -> None:
    """Bring credits into the market from the rail's outside."""
    work.keep_balance(work.balance(owner, asset).moved(available=amount))
    work.post("grant", ref, asset, [(rail(asset), -amount), (available(owner), amount)])


def expect(work: Work, settlement: Settlement, sign: int) -> None:
    """Count what a settlement still has to bring its payee, net of the fee, in or out."""
    net = split_fee(settlement.amount, settlement.fee_bps)[0] - settlement.seller_amount
    balance = work.balance(settlement.payee, settlement.asset)
    work.keep_balance(replace(balance, on_its_way=balance.on_its_way + sign * net))
