"""Orders and their money in wire form."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.order import Order
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    AssetId,
    BidId,
    ConsentId,
    DeliveryId,
    DisputeId,
    MilestoneView,
    Moment,
    OfferId,
    OrderId,
    RecordId,
    ResultId,
    SettlementId,
    ShownTitle,
    StepKey,
    TaskId,
    UsageScopeTerms,
    Word,
)
from clawmarket.services.market.views.terms import usage_of


class OrderView(Answer):
    """An order."""

    order_id: OrderId
    task_id: TaskId | None
    offer_id: OfferId | None
    bid_id: BidId | None
    buyer: AccountId
    seller: AccountId
    title: ShownTitle
    asset: AssetId
    quantity: int
    price: Amount
    amount: Amount
    fee_bps: int
    settlement_id: SettlementId | None
    delivery_id: DeliveryId | None
    result_id: ResultId | None
    dispute_id: DisputeId | None
    usage_scope: UsageScopeTerms | None
    consent_id: ConsentId | None
    milestones: list[MilestoneView]
    milestone: Annotated[int, Field(description="The milestone at work, from 0.")]
    rejections: int
    status: Word
    asked: Annotated[
        StepKey | None, Field(description="What an outside rail has not answered yet.")
    ]
    created_at: Moment
    due_at: Moment
    records: list[RecordId]


class SettlementView(Answer):
    """The money of an order."""

    settlement_id: SettlementId
    order_id: OrderId
    payer: AccountId
    payee: AccountId
    rail: Word
    asset: AssetId
    amount: Amount
    seller_amount: Amount
    fee: Amount
    refund_amount: Amount
    status: Word
    locked_at: Moment
    released_at: Moment | None
    refunded_at: Moment | None


def order_view(order: Order) -> OrderView:
    """Return an order in wire form."""
    return OrderView(
        order_id=order.order_id,
        task_id=order.task_id,
        offer_id=order.offer_id,
        bid_id=order.bid_id,
        buyer=order.buyer,
        seller=order.seller,
        title=order.title,
        asset="credits",
        quantity=order.quantity,
        price=str(order.price),
        amount=str(order.amount),
        fee_bps=order.fee_bps,
        settlement_id=order.settlement_id,
        delivery_id=order.delivery_id,
        result_id=order.result_id,
        dispute_id=order.dispute_id,
        usage_scope=usage_of(order.usage_scope),
        consent_id=order.consent_id,
        milestones=[MilestoneView(title=m.title, amount=str(m.amount)) for m in order.milestones],
        milestone=order.milestone,
        rejections=order.rejections,
        status=order.state,
        asked=order.asked,
        created_at=iso(order.created_at),
        due_at=iso(order.due_at),
        records=list(order.records),
    )


def settlement_view(settlement: Settlement) -> SettlementView:
    """Return a settlement in wire form."""
    return SettlementView(
        settlement_id=settlement.settlement_id,
        order_id=settlement.order_id,
        payer=settlement.payer,
        payee=settlement.payee,
        rail=settlement.rail,
        asset="credits",
        amount=str(settlement.amount),
        seller_amount=str(settlement.seller_amount),
        fee=str(settlement.fee),
        refund_amount=str(settlement.refund_amount),
        status=settlement.state,
        locked_at=iso(settlement.locked_at),
        released_at=iso_or_none(settlement.released_at),
        refunded_at=iso_or_none(settlement.refunded_at),
    )
