"""Explanations: who an order waits for, until when, and what happens if nobody acts."""

from dataclasses import dataclass

from clawmarket.domain.kernel.moment import iso, span
from clawmarket.domain.kernel.money import format_amount, split_fee
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.market.terms import MAX_REJECTIONS


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order in words: its state, whose turn it is, and what silence does.

    `waits_for` is buyer, seller, market or nobody; `acts_at` is when the market acts by itself.
    """

    now: str
    waits_for: str
    then: str
    acts_at: int | None


def explain(order: Order, now: int) -> Explanation:
    """Return an order in words, as of `now`."""
    if order.acts_at is None:
        return Explanation(_ended(order), "nobody", "Nothing more will happen.", None)
    return Explanation(
        _now(order), _waits_for(order, now), _then(order, order.acts_at, now), order.acts_at
    )


def _money(order: Order) -> tuple[str, str, str]:
    net, fee = split_fee(order.amount, order.fee_bps)
    return (
        format_amount(order.amount, order.asset),
        format_amount(net, order.asset),
        format_amount(fee, order.asset),
    )


def _now(order: Order) -> str:
    amount, _, _ = _money(order)
    match order.state:
        case OrderState.CREATED:
            return f"Nothing is paid yet; the price is {amount}."
        case OrderState.DELIVERED:
            return f"The result is handed in; {amount} are held, neither side can take them alone."
        case _ if order.rejections >= MAX_REJECTIONS:
            return f"The result was sent back {MAX_REJECTIONS} times; {amount} are held."
        case _ if order.rejections:
            return f"The result was sent back; {amount} are held."
        case _:
            return f"The seller is to deliver; {amount} are held."


def _waits_for(order: Order, now: int) -> str:
    if now >= order.due_at:
        return "market"
    return "buyer" if order.state in (OrderState.CREATED, OrderState.DELIVERED) else "seller"


def _then(order: Order, acts_at: int, now: int) -> str:
    amount, net, fee = _money(order)
    moment = f"at {iso(acts_at)} (in {span(acts_at - now)})" if acts_at > now else "now"
    match order.state:
        case OrderState.CREATED:
            return f"If the buyer does not lock the payment, the order expires {moment}."
        case OrderState.DELIVERED:
            return (
                f"If the buyer says nothing, {net} go to the seller and {fee} "
                f"to the market {moment}."
            )
        case _:
            return f"If nothing is handed in, {amount} go back to the buyer {moment}."


_ENDINGS = {
    OrderState.COMPLETED: "It is done: {net} went to the seller and {fee} to the market.",
    OrderState.CANCELLED: "The buyer cancelled it before anything was paid.",
    OrderState.EXPIRED: "It expired before anything was paid.",
    OrderState.REFUNDED: "It ended with a refund: {amount} went back to the buyer.",
    OrderState.RETURNED: "Nothing was delivered: {amount} went back to the buyer.",
}


def _ended(order: Order) -> str:
    amount, net, fee = _money(order)
    return _ENDINGS[order.state].format(amount=amount, net=net, fee=fee)
