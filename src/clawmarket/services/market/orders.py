"""Orders: make one from an offer, list, show, explain, cancel; and how every order ends."""

from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR
from clawmarket.domain.market import order as orders
from clawmarket.domain.market import task as tasks
from clawmarket.domain.market.addressing import addressed
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.offer import (
    Offer,
    OfferNotFoundError,
    OfferNotPublishedError,
    OfferState,
    OwnOfferError,
    check_orderable,
)
from clawmarket.domain.market.order import Order, OrderNotFoundError, OrderState, OtherSideError
from clawmarket.domain.market.task import Task
from clawmarket.domain.market.telling.explanation import appealed, explain
from clawmarket.domain.market.terms import milestones_of
from clawmarket.domain.treasury.rail import RailStep
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    Answer,
    Cause,
    Cursor,
    Moment,
    OfferId,
    OrderId,
    Page,
    Request,
    SignedRequest,
    TaskId,
)
from clawmarket.registry.methods import Need, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.market.agents.standings import count_order
from clawmarket.services.market.awards import order_created
from clawmarket.services.market.consenting.endings import end_consent, within_consent
from clawmarket.services.market.delivering.files import unseal
from clawmarket.services.market.rejections import revoke_award
from clawmarket.services.market.views.orders import OrderView, order_view
from clawmarket.services.treasury.moves import refund, release, release_part, settlement_of
from clawmarket.services.treasury.rails import ask_refund, ask_release, is_outside
from clawmarket.services.work import Work


class OrderTooLargeError(InvalidArgumentError):
    """Price times quantity is more than one amount may be."""

    advice = "Order fewer pieces."
    next_command = "clawmarket explain order_too_large"


def own_order(
    rows: Snapshot | Work, order_id: str, actor: str, side: Literal["buyer", "seller", "any"]
) -> Order:
    """Return an order that the actor is on this side of.

    Raises OrderNotFoundError, OtherSideError.
    """
    order = rows.get(Order, order_id)
    if order is None or actor not in order.parties:
        raise OrderNotFoundError(f"You have no order {order_id}.")
    if side != "any" and actor != getattr(order, side):
        yours = "buyer" if side == "seller" else "seller"
        what = f"You are the {yours} of this order; only its {side} can do this."
        raise OtherSideError(what, orderId=order_id)
    return order


def finish_order(work: Work, completed: Order, why: str, share: int | None = None) -> None:
    """Pay the seller for what was accepted; with it the last part, the order is over.

    `share` is what a ruling took out of the lock for the seller, before the fee; None for all.
    """
    settlement = settlement_of(work, completed)
    if completed.sealed:
        unseal(work, standing(work, completed))
    accepted = completed.milestone - 1
    part = None if completed.acts_at is None else completed.milestones[accepted].amount
    if is_outside(settlement):
        ask_release(work, standing(work, completed), why, share, part=part)
        return
    work.save(orders.recorded(within_consent(work, completed), work.record_id))
    if part is None:
        release(work, settlement, why, share)
        wind_up(work, completed)
        return
    release_part(work, settlement, accepted, part, why)
    work.involve(completed.parties)


def standing(work: Work, order: Order) -> Order:
    """Return an order as it stands before this command's changes are saved."""
    return work.get(Order, order.order_id) or order


def return_money(work: Work, order: Order, why: str) -> Order:
    """End an order with everything back at the buyer. Raises TransitionRefusedError."""
    return end_with_refund(work, orders.give_back(order), why)


def end_with_refund(work: Work, ended: Order, why: str) -> Order:
    """Give all that is locked back and end the order so; a rail has to say first that it did.

    Raises TransitionRefusedError.
    """
    settlement = settlement_of(work, ended)
    if is_outside(settlement):
        return ask_refund(work, standing(work, ended), why)
    after = orders.recorded(ended, work.record_id)
    work.save(after)
    refund(work, settlement, why)
    conclude_refund(work, after, why)
    return after


def conclude_refund(work: Work, ended: Order, why: str) -> None:
    """End what an order that was paid back permitted, take its award back, and wind it up."""
    end_consent(work, ended, "", why)
    if ended.state is OrderState.RETURNED:
        revoke_award(work, ended)
    wind_up(work, ended)


def wind_up(work: Work, order: Order) -> None:
    """Close the task of an order that ended, count it, and ask for its receipt."""
    work.involve(order.parties)
    count_order(work, order)
    work.enqueue("receipt", order.order_id)
    task = work.get(Task, order.task_id) if order.task_id else None
    if task is not None:
        closed, event = tasks.close(task)
        work.save(closed)
        work.emit(event)


class CreateOrder(SignedRequest):
    """What to order."""

    offer_id: OfferId
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="Pieces.")] = 1


@write(
    "web3.market.order.create",
    errors=(OfferNotFoundError, OfferNotPublishedError, OwnOfferError, OrderTooLargeError),
    needs=(Need("offerId", "web3.market.offer.publish", "offerId", by="other"),),
)
def create_order(call: Call, work: Work, request: CreateOrder) -> OrderView:
    """Order from a published offer; nothing is paid until you lock the payment.

    The order expires by itself unless `web3.market.settlement.lock` follows within 15 minutes.
    """
    offer = work.get(Offer, request.offer_id)
    if offer is None or (offer.state is OfferState.CREATED and offer.seller != call.actor):
        raise OfferNotFoundError(f"There is no offer {request.offer_id}.")
    check_orderable(offer, call.actor)
    if offer.price * request.quantity > MAX_AMOUNT_MINOR:
        raise OrderTooLargeError("Price times quantity is too large for one order.")
    order = Order(
        order_id=call.new_id("order"),
        task_id=None,
        offer_id=offer.offer_id,
        bid_id=None,
        buyer=call.actor,
        seller=offer.seller,
        title=offer.title,
        asset=offer.asset,
        quantity=request.quantity,
        price=offer.price,
        fee_bps=call.terms.fee_bps,
        delivery_s=offer.delivery_s,
        review_s=offer.review_s,
        resubmit_s=offer.resubmit_s,
        settlement_id=None,
        delivery_id=None,
        result_id=None,
        rejections=0,
        state=OrderState.CREATED,
        created_at=call.now,
        due_at=orders.first_due(call.now),
        acts_at=orders.first_due(call.now),
        records=(offer.record_id, work.record_id),
        dispute_id=None,
        milestones=milestones_of(offer.milestones, offer.price * request.quantity),
        milestone=0,
        usage_scope=offer.usage_scope,
    )
    work.add(order)
    work.emit(order_created(call, order))
    work.involve(order.parties)
    return order_view(order)


class NameOrder(Request):
    """One order."""

    order_id: OrderId


class CancelOrder(SignedRequest):
    """The order to give up."""

    order_id: OrderId


@write(
    "web3.market.order.cancel",
    errors=(OrderNotFoundError, OtherSideError),
    needs=(Need("orderId", "web3.market.order.create", "orderId"),),
)
def cancel_order(call: Call, work: Work, request: CancelOrder) -> OrderView:
    """Give an order up before its payment is locked."""
    order = own_order(work, request.order_id, call.actor, side="buyer")
    after, cancelled = orders.cancel(order)
    work.save(orders.recorded(after, work.record_id))
    work.emit(cancelled)
    work.involve(order.parties)
    return order_view(after)


@read(
    "web3.market.order.get",
    errors=(OrderNotFoundError,),
    needs=(Need("orderId", "web3.market.awardBid", "orderId"),),
    verb=Verb("order show", ("orderId",)),
)
def get_order(call: Call, rows: Snapshot, request: NameOrder) -> OrderView:
    """Show one order; only for its buyer and seller."""
    return order_view(own_order(rows, request.order_id, call.actor, side="any"))


class ExplainAnswer(Answer):
    """An order in words."""

    order_id: OrderId
    status: OrderState
    now: Cause
    waits_for: Literal["buyer", "seller", "arbiter", "market", "nobody"]
    then: Cause
    due_at: Moment
    acts_at: Moment | None


@read(
    "web3.market.order.explain",
    errors=(OrderNotFoundError,),
    needs=(Need("orderId", "web3.market.awardBid", "orderId"),),
    verb=Verb("order explain", ("orderId",)),
)
def explain_order(call: Call, rows: Snapshot, request: NameOrder) -> ExplainAnswer:
    """Say whose turn it is, until when, and what happens if nobody acts; "you" is who asks."""
    order = own_order(rows, request.order_id, call.actor, side="any")
    dispute = rows.get(Dispute, order.dispute_id) if order.dispute_id else None
    words = explain(order, call.now, dispute, _told_step(rows, order))
    result = rows.get(Result, order.result_id) if order.result_id else None
    if result is not None and result.appeal and order.state is OrderState.DELIVERED:
        words = appealed(words)
    side = "buyer" if call.actor == order.buyer else "seller"
    return ExplainAnswer(
        order_id=order.order_id,
        status=order.state,
        now=addressed(words.now, side),
        waits_for=words.waits_for,
        then=addressed(words.then, side),
        due_at=iso(order.due_at),
        acts_at=iso_or_none(words.acts_at),
    )


def _told_step(rows: Snapshot, order: Order) -> RailStep | None:
    """Return what the order's rail is asked, or the lock that it refused last."""
    if order.asked is not None:
        return rows.get(RailStep, order.asked)
    if order.state is not OrderState.CREATED:
        return None
    last = Query(RailStep, equal={"order_id": order.order_id}, newest_first=True, limit=1)
    return next(iter(rows.find(last)), None)


class ListOrders(Page):
    """Which of your orders."""

    side: Annotated[Literal["buyer", "seller"], Field(description="As which party you look.")] = (
        "buyer"
    )
    status: Annotated[OrderState | None, Field(description="Only orders in this state.")] = None
    task_id: TaskId | None = None


class OrderPage(Answer):
    """A page of orders, newest first."""

    items: list[OrderView]
    next_cursor: Cursor | None


@read("web3.market.order.list", example={"side": "buyer"}, verb=Verb("order list"))
def list_orders(call: Call, rows: Snapshot, request: ListOrders) -> OrderPage:
    """List your orders as buyer or as seller, newest first."""

    def wanted(order: Order) -> bool:
        return (request.status is None or order.state is request.status) and (
            request.task_id is None or order.task_id == request.task_id
        )

    listing = Listing(Order, {request.side: call.actor}, request.cursor, request.limit)
    page = scan(rows, listing, wanted)
    return OrderPage(items=[order_view(o) for o in page.items], next_cursor=page.next_cursor)
