"""Settlements: lock an order's money, release it, give it back, see where it is."""

from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError, NotFoundError
from clawmarket.domain.kernel.money import CREDITS, format_amount
from clawmarket.domain.market import order as orders
from clawmarket.domain.market.claiming.stepping_back import StepBackInsteadError
from clawmarket.domain.market.delivering import result as results
from clawmarket.domain.market.delivering.result import Result, ResultState
from clawmarket.domain.market.ending import given_up
from clawmarket.domain.market.order import (
    LockLateError,
    Order,
    OrderNotFoundError,
    OrderState,
    OtherSideError,
    RailAskedError,
    ReviewLateError,
)
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.domain.treasury.rail import RailUnknownError
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    Amount,
    Note,
    OrderId,
    RailName,
    Request,
    SettlementId,
    SignedRequest,
)
from clawmarket.registry.methods import Need, Risk, read, write
from clawmarket.services.call import Call
from clawmarket.services.market.claiming.stepping_back import check_not_claimed
from clawmarket.services.market.consenting.endings import consent_of
from clawmarket.services.market.orders import finish_order, own_order, return_money
from clawmarket.services.market.views.orders import SettlementView, settlement_view
from clawmarket.services.treasury.moves import lock, set_aside, settlement_of
from clawmarket.services.treasury.rails import ask_lock
from clawmarket.services.work import Work


class LockAmountError(InvalidArgumentError):
    """The amount is not price times quantity."""

    advice = "Lock exactly the order's amount, or leave `amount` out."
    next_command = "clawmarket order show {orderId}"


class RefundNotYoursError(ConflictError):
    """The buyer cannot take the money back once the seller has begun."""

    advice = "Wait for the seller; after the last moment to deliver the money comes back by itself."
    next_command = "clawmarket order explain {orderId}"


class SettlementNotFoundError(NotFoundError):
    """There is no such settlement, or it is not yours to see."""

    next_command = "clawmarket order list"


class LockSettlement(SignedRequest):
    """The order to pay for."""

    order_id: OrderId
    amount: Annotated[
        Amount | None, Field(description="If given, it must equal price times quantity.")
    ] = None
    rail: Annotated[
        RailName,
        Field(description="Where the money is locked: the market's credits, or an outside rail."),
    ] = CREDITS


@write(
    "web3.market.settlement.lock",
    risk=Risk.MONEY,
    errors=(
        OrderNotFoundError,
        OtherSideError,
        LockAmountError,
        FundsMissingError,
        LockLateError,
        RailUnknownError,
        RailAskedError,
    ),
    needs=(Need("orderId", "web3.market.order.create", "orderId"),),
)
def lock_settlement(call: Call, work: Work, request: LockSettlement) -> SettlementView:
    """Set the price of your order aside; no side can take it alone.

    On an outside rail the settlement is `settlement_locking` until the rail has said what it did;
    the market asks by itself until then.
    """
    order = own_order(work, request.order_id, call.actor, side="buyer")
    if request.amount is not None and int(request.amount) != order.amount:
        raise LockAmountError(
            f"The order costs {format_amount(order.amount, order.asset)}, "
            f"not {format_amount(int(request.amount), order.asset)}.",
            orderId=order.order_id,
        )
    orders.check_lockable(order, call.now)
    work.involve(order.parties)
    if request.rail != CREDITS:
        waiting, asked = ask_lock(work, order, request.rail)
        work.save(orders.recorded(waiting, work.record_id))
        return settlement_view(asked)
    hold = set_aside(work, call.actor, order.amount, order.order_id, order.asset)
    locked, settlement = lock(work, order, hold)
    work.save(orders.recorded(locked, work.record_id))
    return settlement_view(settlement)


class ReleaseSettlement(SignedRequest):
    """The order whose delivery you accept."""

    order_id: OrderId


@write(
    "web3.market.settlement.release",
    risk=Risk.MONEY,
    errors=(OrderNotFoundError, OtherSideError, ReviewLateError),
    needs=(Need("orderId", "web3.market.delivery.complete", "orderId", by="other"),),
)
def release_settlement(call: Call, work: Work, request: ReleaseSettlement) -> SettlementView:
    """Accept the delivery of your order and pay the seller; the fee goes to the market."""
    order = own_order(work, request.order_id, call.actor, side="buyer")
    completed = orders.complete(order, call.now)
    accept_result(work, order, "the buyer released")
    finish_order(work, completed, "the buyer released")
    return settlement_view(settlement_of(work, order))


def accept_result(work: Work, order: Order, why: str) -> None:
    """Accept the pending result of a task's order, if there is one."""
    result = work.get(Result, order.result_id) if order.result_id else None
    if result is not None and result.state is ResultState.SUBMITTED:
        accepted, event = results.accept(result, why)
        work.save(accepted)
        work.emit(event)


class RefundSettlement(SignedRequest):
    """The order whose money goes back."""

    order_id: OrderId
    reason: Note = ""


@write(
    "web3.market.settlement.refund",
    risk=Risk.MONEY,
    errors=(OrderNotFoundError, RefundNotYoursError, StepBackInsteadError),
    needs=(Need("orderId", "web3.market.settlement.lock", "orderId"),),
)
def refund_settlement(call: Call, work: Work, request: RefundSettlement) -> SettlementView:
    """Give the money back: the buyer before the seller begins, the seller before delivering."""
    order = own_order(work, request.order_id, call.actor, side="any")
    if call.actor == order.buyer and order.state is OrderState.WORKING:
        raise RefundNotYoursError("The seller has begun.", orderId=order.order_id)
    side: Literal["buyer", "seller"] = "buyer" if call.actor == order.buyer else "seller"
    if side == "seller":
        check_not_claimed(work, order)
    why = given_up(order, consent_of(work, order), side, call.now)
    return_money(work, order, why.value)
    return settlement_view(settlement_of(work, order))


class SettlementStatus(Request):
    """One of the two ids."""

    order_id: OrderId | None = None
    settlement_id: SettlementId | None = None


@read(
    "web3.market.settlement.status",
    errors=(SettlementNotFoundError,),
    needs=(Need("orderId", "web3.market.awardBid", "orderId"),),
)
def settlement_status(call: Call, rows: Snapshot, request: SettlementStatus) -> SettlementView:
    """Show where the money of an order is; only for its buyer and seller."""
    settlement_id = request.settlement_id
    if request.order_id is not None:
        order = rows.get(Order, request.order_id)
        settlement_id = order.settlement_id if order else None
    settlement = rows.get(Settlement, settlement_id) if settlement_id else None
    if settlement is None or call.actor not in (settlement.payer, settlement.payee):
        raise SettlementNotFoundError("There is no such settlement.")
    return settlement_view(settlement)
