"""Explanations: who an order waits for, until when, and what happens if nobody acts."""

from dataclasses import dataclass, replace

from clawmarket.domain.kernel.moment import iso, span
from clawmarket.domain.kernel.money import format_amount, split_fee
from clawmarket.domain.market.dispute import Dispute, by_silence
from clawmarket.domain.market.order import Order, OrderState, can_be_disputed
from clawmarket.domain.market.terms import MAX_REJECTIONS
from clawmarket.domain.treasury.rail import RailState, RailStep, Step


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order in words: its state, whose turn it is, and what silence does.

    `waits_for` is buyer, seller, market or nobody; `acts_at` is when the market acts by itself.
    """

    now: str
    waits_for: str
    then: str
    acts_at: int | None


def appealed(words: Explanation) -> Explanation:
    """Say of a delivery that waits for its buyer that an inspection had objected to it."""
    now = words.now.replace(
        "The result is handed in;",
        "The automatic review found something in the result, and the seller appealed against that;",
    )
    then = words.then.replace("says nothing,", "says nothing, it is taken all the same:")
    return replace(words, now=now, then=then)


def explain(
    order: Order, now: int, dispute: Dispute | None = None, step: RailStep | None = None
) -> Explanation:
    """Return an order in words, as of `now`.

    Args:
        order: The order.
        now: The present moment.
        dispute: Its dispute, if there is one.
        step: What its rail was asked and has not answered, or the lock that it refused last.
    """
    if step is not None and order.asked is not None:
        return _asked(order, step)
    if step is not None and order.state is OrderState.CREATED:
        plain = explain(order, now, dispute)
        refused = f"The rail {step.rail} did not lock the payment: {step.reason}"
        return replace(plain, now=f"{refused} {plain.now}")
    if order.acts_at is None:
        return Explanation(_ended(order, dispute), "nobody", "Nothing more will happen.", None)
    if dispute is not None and dispute.is_open:
        return _contested(order, dispute, order.acts_at, now)
    return Explanation(
        _now(order), _waits_for(order, now), _then(order, order.acts_at, now), order.acts_at
    )


_CONSENT_TURNS = {
    OrderState.LOCKED: "The buyer is to consent to {purpose}",
    OrderState.CONSENTED: "The buyer consented to {purpose}, the seller is to deliver",
    OrderState.REVOKED: "The buyer took the consent to {purpose} back",
}


def _asked(order: Order, step: RailStep) -> Explanation:
    """Say what a rail was asked, and that nobody knows yet what it did."""
    parts = (step.locked, step.seller_amount, step.fee, step.refund_amount)
    locked, net, fee, back = (format_amount(part, step.asset) for part in parts)
    paid = f"{net} to the seller and {fee} to the market"
    what = {
        Step.LOCK: f"lock {locked}",
        Step.PART: f"pay {paid}",
        Step.RELEASE: f"pay {paid}"
        + (f" and {back} back to the buyer" if step.refund_amount else ""),
        Step.REFUND: f"give {back} back to the buyer",
    }[step.step]
    then = "As soon as the rail says that it did, the order goes on. Nothing is ever paid twice."
    if step.step is Step.LOCK:
        then = "If it locked, the seller is to deliver; if not, the order is as it was before."
        if order.state is OrderState.CANCELLED:
            then = "If it locked, the money goes back to the buyer at once."
    if step.state is RailState.STUCK:
        refusal = f"The rail {step.rail} refuses to {what}: {step.reason}"
        return Explanation(refusal, "market", "The operator has to find out why.", None)
    unknown = f"The rail {step.rail} was asked at {iso(step.asked_at)} to {what}"
    asks = "The market asks it again by itself, by the same key."
    return Explanation(
        f"{unknown} and has not said yet whether it did.", "market", f"{asks} {then}", None
    )


def _money(order: Order) -> tuple[str, str, str]:
    """Return what is locked, and what the next acceptance brings seller and market."""
    net, fee = split_fee(order.at_stake, order.fee_bps)
    return (
        format_amount(order.locked_rest, order.asset),
        format_amount(net, order.asset),
        format_amount(fee, order.asset),
    )


def _now(order: Order) -> str:
    if order.milestones and order.state is not OrderState.CREATED:
        title = order.milestones[order.milestone].title
        place = f"{order.milestone + 1} of {len(order.milestones)}"
        return f"Milestone {place}, {title!r}. {_whose_turn(order)}"
    return _whose_turn(order)


def _whose_turn(order: Order) -> str:
    amount, _, _ = _money(order)
    if order.needs_consent and order.state in _CONSENT_TURNS:
        turn = _CONSENT_TURNS[order.state].format(purpose=repr(order.usage_scope[0].purpose))
        return f"{turn}; {amount} are held."
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
    consents = order.needs_consent and order.state is OrderState.LOCKED
    buyers_turn = consents or order.state in (OrderState.CREATED, OrderState.DELIVERED)
    return "buyer" if buyers_turn else "seller"


def _then(order: Order, acts_at: int, now: int) -> str:
    amount, net, fee = _money(order)
    moment = f"at {iso(acts_at)} (in {span(acts_at - now)})" if acts_at > now else "now"
    match order.state:
        case OrderState.CREATED:
            return f"If the buyer does not lock the payment, the order expires {moment}."
        case OrderState.DELIVERED:
            return (
                f"If the buyer says nothing, {net} go to the seller and {fee} "
                f"to the market {moment}{'' if order.is_last_part else ', and the work goes on'}."
            )
        case OrderState.LOCKED if order.needs_consent:
            return f"If the buyer does not consent, {amount} go back to the buyer {moment}."
        case OrderState.REVOKED:
            return f"{amount} go back to the buyer {moment}."
        case _ if now >= order.due_at and can_be_disputed(order, order.seller, now):
            closed = "Nothing can be handed in any more: unless the seller contests it"
            return f"{closed}, {amount} go back to the buyer {moment}."
        case _:
            return f"If nothing is handed in, {amount} go back to the buyer {moment}."


_ENDINGS = {
    OrderState.COMPLETED: "It is done: {net} went to the seller and {fee} to the market.",
    OrderState.CANCELLED: "The buyer cancelled it before anything was paid.",
    OrderState.EXPIRED: "It expired before anything was paid.",
    OrderState.REFUNDED: "It ended with a refund: {amount} went back to the buyer.",
    OrderState.RETURNED: "Nothing was delivered: {amount} went back to the buyer.",
}


def _contested(order: Order, dispute: Dispute, acts_at: int, now: int) -> Explanation:
    amount, _, _ = _money(order)
    sides = {order.buyer: "buyer", order.seller: "seller"}
    claimant, other = sides[dispute.initiator], sides[dispute.respondent]
    moment = f"at {iso(acts_at)} (in {span(acts_at - now)})" if acts_at > now else "now"
    if dispute.both_heard:
        waits_for, silent = "arbiter", f"If no arbiter rules, the claim falls {moment}"
    elif dispute.initiator_evidence:
        waits_for, silent = other, f"If the {other} brings no evidence, the claim holds {moment}"
    else:
        waits_for = claimant
        silent = f"If the {claimant} brings no evidence, the claim falls {moment}"
    winner = "seller" if by_silence(dispute, order.at_stake).share else "buyer"
    return Explanation(
        f"The {claimant} contests it; {amount} are frozen.",
        waits_for if now < order.due_at else "market",
        f"{silent} and {_won(order, winner)}.",
        acts_at,
    )


def _won(order: Order, winner: str) -> str:
    amount, net, fee = _money(order)
    if winner == "buyer":
        return f"{amount} go back to the buyer"
    rest = order.locked_rest - order.at_stake
    back = f", {format_amount(rest, order.asset)} back to the buyer" if rest else ""
    return f"{net} go to the seller and {fee} to the market{back}"


def _ended(order: Order, dispute: Dispute | None) -> str:
    before = _paid_before(order)
    back = order.locked_rest
    if order.state is OrderState.COMPLETED and dispute and dispute.share:
        back -= dispute.share
        if back:
            parts = (*split_fee(dispute.share, order.fee_bps), back)
            net, fee, rest = (format_amount(part, order.asset) for part in parts)
            given = f"{net} went to the seller, {fee} to the market and {rest} back to the buyer."
            return f"It was ruled: {given}{before}"
    paid = order.amount - (0 if order.state is OrderState.COMPLETED else back)
    parts = (back, *split_fee(paid, order.fee_bps))
    amount, net, fee = (format_amount(part, order.asset) for part in parts)
    ending = _ENDINGS[order.state].format(amount=amount, net=net, fee=fee)
    return f"{ending}{before}" if order.state is OrderState.REFUNDED else ending


def _paid_before(order: Order) -> str:
    """Say what the accepted milestones had moved, each less its own fee; "" if none was."""
    if not order.milestone:
        return ""
    paid = order.milestones[: order.milestone]
    splits = [split_fee(milestone.amount, order.fee_bps) for milestone in paid]
    net, fee = (format_amount(sum(part), order.asset) for part in zip(*splits, strict=True))
    return f" Before that {net} had gone to the seller and {fee} to the market."
