"""Move rules: who may move what, from which state, until or from which moment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clawmarket.domain.kernel.ids import MARKET_ACCOUNT
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, SECOND_MS
from clawmarket.domain.market.bid import Bid
from clawmarket.domain.market.consenting.consent import Consent
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.task import Task
from clawmarket.domain.treasury.settlement import Settlement
from simulation.referee import Act, Books, must

ANSWER_MS, RULING_MS = 24 * HOUR_MS, 72 * HOUR_MS
LOCK_S = CONSENT_S = 15 * 60
MOST_REJECTIONS = 3

When = Callable[[Any, Act], bool]


def always(_row: Any, _act: Act) -> bool:
    """At any moment."""
    return True


def in_time(row: Any, act: Act) -> bool:
    """Before the last moment."""
    return bool(act.at < row.due_at)


def before_the_end(row: Any, act: Act) -> bool:
    """Before the market ends it."""
    return bool(act.at < row.acts_at)


def late(row: Any, act: Act) -> bool:
    """Once the market ends it, and not a moment earlier."""
    return bool(act.at >= row.acts_at)


Rules = dict[str, When]
"""Who may, and when."""

BY_BUYER: Rules = {"buyer": in_time}
BY_SELLER: Rules = {"seller": in_time}
GIVEN_UP: Rules = {"seller": always, "market": late}
RULED: Rules = {"arbiter": in_time, "market": late}

ORDER_MOVES: dict[tuple[str, str], Rules] = {
    ("order_created", "payment_locked"): BY_BUYER,
    ("order_created", "order_cancelled"): {"buyer": always},
    ("order_created", "order_expired"): {"market": late},
    ("payment_locked", "delivery_ready"): BY_SELLER,
    ("payment_locked", "settlement_cancelled"): {"buyer": always, **GIVEN_UP},
    ("payment_locked", "consent_granted"): BY_BUYER,
    ("consent_granted", "delivery_ready"): BY_SELLER,
    ("consent_granted", "settlement_cancelled"): {"buyer": always, **GIVEN_UP},
    ("consent_granted", "consent_revoked"): {"buyer": always},
    ("delivery_ready", "consent_granted"): {"seller": always},
    ("delivery_ready", "consent_revoked"): {"buyer": always},
    ("consent_revoked", "settlement_cancelled"): {"buyer": always, **GIVEN_UP},
    ("consent_revoked", "order_refunded"): GIVEN_UP,
    ("delivery_ready", "payment_locked"): {"seller": always},
    ("delivery_ready", "delivery_completed"): BY_SELLER,
    ("delivery_ready", "settlement_cancelled"): GIVEN_UP,
    ("delivery_ready", "order_refunded"): GIVEN_UP,
    ("delivery_ready", "order_disputed"): {"seller": before_the_end},
    ("delivery_completed", "delivery_ready"): {**BY_BUYER, "market": late},
    ("delivery_completed", "consent_revoked"): {**BY_BUYER, "market": late},
    ("delivery_completed", "settlement_completed"): {**BY_BUYER, "market": late},
    ("delivery_completed", "order_disputed"): BY_BUYER,
    ("order_disputed", "settlement_completed"): RULED,
    ("order_disputed", "order_refunded"): RULED,
}
TASK_MOVES: dict[tuple[str, str], Rules] = {
    ("task_open", "task_awarded"): {"buyer": before_the_end, "claimant": before_the_end},
    ("task_awarded", "task_open"): {"claimant": always},
    ("task_open", "task_cancelled"): {"buyer": before_the_end},
    ("task_open", "task_expired"): {"market": late},
}
FINAL = frozenset(
    {
        *("order_cancelled", "order_expired", "order_refunded", "settlement_cancelled"),
        *("settlement_completed", "settlement_released", "settlement_refunded"),
        *("task_closed", "task_cancelled", "task_expired", "offer_closed"),
        *("bid_withdrawn", "bid_unclaimed", "award_revoked"),
        *("hold_posted", "hold_voided", "hold_expired", "result_accepted"),
        *("delivery_completed", "delivery_revoked", "dispute_resolved", "dispute_rejected"),
        *("tab_settled", "tab_forgiven", "tab_written_off", "trust_revoked"),
    }
)


@dataclass(frozen=True)
class Wait:
    """Until when a state lasts: for whoever has to act, and for the market."""

    due_s: int
    acts_s: int


def check_moves(books: Books, act: Act) -> None:
    """Check every row that changed its state."""
    for change in act.changes:
        before = str(getattr(change.before, "state", ""))
        if before in FINAL and not isinstance(change.before, Order):
            must(change.after is not None, f"{change.key} vanished.")
            must(before == str(change.after.state), f"{change.key} left {before}.")
    for change in act.of(Order):
        _check_order(books, act, change.before, change.after)
    for change in act.of(Task):
        _check_task(act, change.before, change.after)
    for change in act.of(Bid):
        _check_bid(books, act, change.before, change.after)
    for change in act.of(Consent):
        _check_consent(books, act, change.before, change.after)
    for change in act.of(Dispute):
        _check_dispute(books, act, change.before, change.after)


def _roles(books: Books, act: Act, row: Any) -> set[str]:
    parties = {"buyer": row.buyer, "seller": getattr(row, "seller", "")}
    roles = {role for role, account in parties.items() if account == act.actor}
    if act.actor in books.judges and not roles:
        roles.add("arbiter")
    return roles | ({"market"} if act.actor == MARKET_ACCOUNT else set())


def _check_may(rules: Rules | None, roles: set[str], row: Any, act: Act, what: str) -> None:
    must(rules is not None, f"Nothing leads {what}.")
    whens = [when for role, when in (rules or {}).items() if role in roles]
    must(whens, f"{act.actor} may not lead {what}.")
    must(any(when(row, act) for when in whens), f"It was not the time to lead {what}.")


def _check_order(books: Books, act: Act, before: Order | None, after: Order) -> None:
    if before is None:
        made = "buyer" in _roles(books, act, after) or _is_claim(act, after)
        must(made, "An order was made by somebody else.")
        must(after.state in ("order_created", "delivery_ready"), "An order began elsewhere.")
        must(after.buyer != after.seller, "Somebody ordered from themselves.")
        must((after.task_id is None) == (after.state == "order_created"), "An award is not locked.")
        parts = sum(milestone.amount for milestone in after.milestones)
        whole = after.price * after.quantity
        must(not after.milestones or parts == whole, "The milestones are not the price.")
    elif before.state != after.state:
        what = f"an order from {before.state} to {after.state}"
        rules = ORDER_MOVES.get((str(before.state), str(after.state)))
        _check_may(rules, _roles(books, act, before), before, act, what)
        must(set(before.records) < set(after.records) or not after.settlement_id, "A story's gap.")
        _check_handed_over(books, act, before, after)
        _check_part(act, before, after)
    elif act.of(Delivery):
        _check_next_part(books, act, before, after)
    elif not act.of(Consent):
        must(after.state == "order_disputed", f"An order changed while {after.state}.")
    if before is not None and before.state == "order_disputed" and after.state != before.state:
        _check_verdict(books, act, before, after)
    elif after.state == "settlement_completed":
        must(_released(act, after) == _stake(after), "An accepted delivery was not paid whole.")
    _check_waits(books, act, before, after)


def _check_next_part(books: Books, act: Act, before: Order, after: Order) -> None:
    """A later part of an offer's order is begun once, or taken back, by the seller alone."""
    must(act.actor == after.seller, "Somebody else began a part.")
    must(after.offer_id and after.milestone, "A delivery without a move.")
    must(after.state == "delivery_ready", "A part begun elsewhere.")
    must(None in (before.delivery_id, after.delivery_id), "A part was begun twice.")
    if before.delivery_id is None:
        must(act.at < before.due_at, "A part was begun too late.")
        _check_handed_over(books, act, before, after)


def _check_part(act: Act, before: Order, after: Order) -> None:
    """A milestone ends with its payment, the last one with the order; a rejection moves nothing."""
    if after.milestone == before.milestone:
        last = before.milestone + 1 >= len(before.milestones)
        must(
            last or after.state != "settlement_completed" or act.of(Dispute), "Parts were left out."
        )
        silent = act.actor == MARKET_ACCOUNT and after.state == "delivery_ready"
        must(not silent, "The market sent a delivery back.")
        return
    must(after.milestone == before.milestone + 1, "A milestone was skipped.")
    must(before.state == "delivery_completed", "A part unseen.")
    must(after.state in ("delivery_ready", "consent_revoked"), "A part leads elsewhere.")
    must(_released(act, after) == _stake(before), "A milestone was not paid its part.")


def _stake(order: Order) -> int:
    """Return what the delivery at hand is worth, before the fee."""
    if not order.milestones:
        return order.price * order.quantity
    return order.milestones[order.milestone].amount


def _released(act: Act, order: Order) -> int:
    """Return what left the lock for seller and fee in this transaction."""
    for change in act.of(Settlement):
        if change.key == order.settlement_id:
            before = change.before.seller_amount + change.before.fee
            return int(change.after.seller_amount + change.after.fee - before)
    return 0


def _check_waits(books: Books, act: Act, before: Order | None, after: Order) -> None:
    """Check until when the order now waits."""
    if after.state == "order_disputed":
        dispute = act.after(Dispute, after.dispute_id)
        must(dispute and dispute.due_at == after.due_at == after.acts_at, "A dispute's time.")
    elif after.state in FINAL and after.state != "delivery_completed":
        must(after.acts_at is None, "What is over waits for something.")
    else:
        _check_moments(books, act, before, after)


def _check_moments(books: Books, act: Act, before: Order | None, after: Order) -> None:
    was = str(before.state) if before else ""
    if before is not None and str(before.state) == str(after.state):
        must((after.due_at, after.acts_at) == (before.due_at, before.acts_at), "A moved deadline.")
        return
    wait = _consent_wait(act, was, after) or _wait_of(was, before, after)
    moments = (before.due_at, before.acts_at) if before else (0, None)
    if wait is not None:
        moments = (act.at + wait.due_s * SECOND_MS, act.at + wait.acts_s * SECOND_MS)
    consent: Any = books.view.get(Consent, after.consent_id or "")
    if was == "delivery_completed" and after.rejections == 0 and consent and consent.expires_at:
        # The next part has its time, but none beyond the consent.
        ends = max(act.at, min(moments[0], consent.expires_at))
        moments = (ends, ends)
    must((after.due_at, after.acts_at) == moments, f"The time for {after.state} is wrong.")


def _consent_wait(act: Act, was: str, after: Order) -> Wait | None:
    """Return how long an order waits for a consent, with one, and after it was revoked."""
    if not after.usage_scope:
        return None
    if was == "order_created":
        return Wait(CONSENT_S, CONSENT_S)
    if was == "payment_locked" and after.state == "consent_granted":
        consent = act.after(Consent, after.consent_id)
        ends = after.delivery_s * SECOND_MS
        if consent.expires_at is not None:
            ends = min(ends, consent.expires_at - act.at)
        return Wait(ends // SECOND_MS, ends // SECOND_MS)
    return Wait(0, 0) if after.state == "consent_revoked" else None


def _wait_of(was: str, before: Order | None, after: Order) -> Wait | None:
    """Return how long a state lasts, None for as long as the one before it."""
    if after.state == "order_created":
        return Wait(LOCK_S, LOCK_S)
    if after.state == "delivery_completed":
        must(before and before.rejections < MOST_REJECTIONS, "A fourth attempt.")
        return Wait(after.review_s, after.review_s)
    if before is None or was == "order_created" or after.milestone > before.milestone:
        must(after.rejections == 0, "A new part has new attempts.")
        return Wait(after.delivery_s, after.delivery_s)
    if was == "delivery_completed":
        must(after.rejections == before.rejections + 1, "A rejection is lost.")
        resubmit = after.resubmit_s if after.rejections < MOST_REJECTIONS else 0
        return Wait(resubmit, resubmit + after.review_s)
    return None


def _check_task(act: Act, before: Task | None, after: Task) -> None:
    if before is None or before.state == after.state:
        must(after.state == "task_open", "A task changed when it was not open.")
        return
    order = act.after(Order, after.order_id)
    if after.state == "task_closed":
        must(before.state == "task_awarded", "A task was closed that was not awarded.")
        must(order is not None and order.acts_at is None, "A task closed before its order.")
        return
    what = f"a task from {before.state} to {after.state}"
    rules = TASK_MOVES.get((str(before.state), str(after.state)))
    roles = {"buyer"} if act.actor == before.buyer else set()
    roles |= {"market"} if act.actor == MARKET_ACCOUNT else set()
    held: Any = order or act.after(Order, before.order_id)
    claims = before.claims and before.hold_id is not None
    roles |= {"claimant"} if claims and held and act.actor == held.seller else set()
    _check_may(rules, roles, before, act, what)
    if after.state == "task_open":
        _check_reopened(act, before, after)
    if after.state == "task_awarded":
        must(order is not None and order.task_id == after.task_id, "An award without an order.")


def _is_claim(act: Act, order: Order) -> bool:
    """Tell whether the seller made this order of a task whose terms say that anybody may."""
    task: Any = act.after(Task, order.task_id) if order.task_id else None
    return bool(
        act.actor == order.seller
        and task
        and (task.claims, task.budget, task.worker) == (True, order.price, order.seller)
    )


def _check_reopened(act: Act, before: Task, after: Task) -> None:
    """A claimed task is open again once its worker stepped back, in time and with its money."""
    (order,) = (change for change in act.of(Order) if change.key == before.order_id)
    must(order.after.state == "settlement_cancelled", "A task was opened, its order goes on.")
    must(act.at < order.before.due_at, "A worker stepped back too late.")
    must(not order.before.rejections and not order.before.milestone, "A delivery was forgotten.")
    must(after.hold_id not in (None, before.hold_id), "A task was opened without money of its own.")
    back = [change for change in act.of(Bid) if change.after.state == "bid_submitted"]
    left = (after.order_id, after.worker, after.bid_count, after.acts_at)
    must(left == (None, None, len(back), before.expires_at), "A task was not opened as it was.")


def _check_bid(books: Books, act: Act, before: Bid | None, after: Bid) -> None:
    task: Any = act.after(Task, after.task_id) or books.view.get(Task, after.task_id)
    must(task is not None, "A bid on nothing.")
    accepted = before is not None and before.state == "bid_accepted"
    must(not accepted or after.state in ("bid_accepted", "bid_unclaimed"), "A bid was chosen.")
    match str(after.state):
        case "bid_submitted" if before is not None:
            must(before.state == "bid_rejected", "A bid came back that was not turned down.")
            unclaimed = any(change.after.state == "bid_unclaimed" for change in act.of(Bid))
            must(unclaimed and task.state == "task_open", "A bid came back, no worker went.")
        case "bid_submitted":
            must(after.bidder == act.actor != task.buyer, "A wrong bidder.")
            must(after.price <= task.budget and task.state == "task_open", "A bid on too little.")
            must(act.at < task.expires_at, "A bid that came late.")
        case "bid_unclaimed":
            must(before and before.state == "bid_accepted", "A bid that was none was given back.")
            must(act.actor == after.bidder and task.state == "task_open", "Given back by others.")
        case "bid_withdrawn":
            must(act.actor == after.bidder, "Somebody else withdrew a bid.")
        case "bid_accepted":
            must(task.state == "task_awarded", "A bid was accepted, its task was not awarded.")
            order = act.after(Order, task.order_id)
            agreed = (order.seller, order.price, order.bid_id) if order else None
            must(agreed == (after.bidder, after.price, after.bid_id), "The order is not the bid's.")
        case _:
            must(task.state != "task_open", "A bid was turned down, its task is open.")


def _check_dispute(books: Books, act: Act, before: Dispute | None, after: Dispute) -> None:
    order = act.after(Order, after.order_id)
    must(order is not None, "A dispute moved without its order.")
    if before is None:
        must(act.actor == after.initiator, "Somebody contested in another's name.")
        must({after.initiator, after.respondent} == set(order.parties), "A dispute's sides.")
        must(after.due_at == act.at + ANSWER_MS, "The time to answer is wrong.")
    elif after.state == "dispute_evidence_submitted":
        sides = {before.initiator, before.respondent}
        must(act.actor in sides and act.at < before.due_at, "Evidence by nobody, or too late.")
        heard = books.heard[after.dispute_id]
        due = act.at + RULING_MS if sides <= heard | {act.actor} > heard else before.due_at
        must(after.due_at == due, "The time to rule is wrong.")
    else:
        must(order.state in ("settlement_completed", "order_refunded"), "A ruling without an end.")


def _check_consent(books: Books, act: Act, before: Consent | None, after: Consent) -> None:
    order: Any = act.after(Order, after.order_id) or books.view.get(Order, after.order_id)
    must(order and order.consent_id == after.consent_id, "A consent that no order knows.")
    if before is None:
        must(act.actor == after.buyer == order.buyer, "Somebody consented for another.")
        (asked,) = order.usage_scope
        must(after.purpose == asked.purpose, "A consent to something else.")
        days = after.duration_days or asked.duration_days
        must(not asked.duration_days or days <= asked.duration_days, "A consent for too long.")
        ends = None if days is None else act.at + days * DAY_MS
        must(after.expires_at == ends, "A consent ends at another moment.")
        return
    must(before.state == "consent_granted" and after.revoked_at == act.at, "A revocation's moment.")
    if act.method == "web3.market.consent.revoke":
        must(act.actor == after.buyer, "Somebody took another's consent back.")
        must(after.expires_at is None or act.at < after.expires_at, "What was over was revoked.")
    else:
        must(order.state in ("settlement_cancelled", "order_refunded"), "A consent just ended.")


def _check_handed_over(books: Books, act: Act, before: Order, after: Order) -> None:
    """Nothing is begun or handed over without a consent that is good."""
    if not after.usage_scope or after.state not in ("delivery_ready", "delivery_completed"):
        return
    consent: Any = books.view.get(Consent, before.consent_id or "")
    must(consent is not None and consent.state == "consent_granted", "Begun without a consent.")
    if before.state == "delivery_completed":
        return  # an acceptance hands nothing over
    must(consent.expires_at is None or act.at < consent.expires_at, "The consent was over.")


def _check_verdict(books: Books, act: Act, order: Order, after: Order) -> None:
    dispute = act.after(Dispute, order.dispute_id)
    must(dispute is not None and dispute.resolved_at == act.at, "A frozen order moved by itself.")
    share, paid = _verdict(books, act, order, dispute), _released(act, after)
    must(paid == share, f"The seller was to get {share} before the fee, and got {paid}.")


def _verdict(books: Books, act: Act, order: Order, dispute: Dispute) -> int:
    heard = books.heard[dispute.dispute_id]
    amount = _stake(order)
    claimed = 0 if dispute.initiator == order.buyer else amount
    lapsed = amount - claimed
    if act.letter is None:
        answered = dispute.initiator in heard and dispute.respondent not in heard
        return claimed if answered else lapsed
    if act.method == "web3.dispute.reject":
        return lapsed
    must(dispute.respondent in heard, "A ruling before the other side was heard.")
    params = act.letter.params
    shares = {"release": amount, "refund": 0, "partial": int(params.get("sellerShare") or 0)}
    return shares[params["resolution"]]
