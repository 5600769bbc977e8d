"""Explanations: for every state, whose turn it is and what silence does, in money and time."""

from dataclasses import replace

import pytest

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.dispute import open_dispute
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.market.telling.explanation import Explanation, explain
from clawmarket.domain.market.terms import UsageScope

NOW = 1_790_000_000_000
DUE = NOW + 3 * 3_600_000
ORDER = Order(
    order_id="order_1",
    task_id=None,
    offer_id=None,
    bid_id=None,
    buyer="agent_1",
    seller="agent_2",
    title="A thing",
    asset="credits",
    quantity=1,
    price=40_000_000,
    fee_bps=100,
    delivery_s=60,
    review_s=60,
    resubmit_s=60,
    settlement_id=None,
    delivery_id=None,
    result_id=None,
    rejections=0,
    state=OrderState.CREATED,
    created_at=NOW,
    due_at=DUE,
    acts_at=DUE,
    records=(),
    dispute_id=None,
    milestones=(),
    milestone=0,
)
AT = f"at {iso(DUE)} (in 3 h)"
PARTS = "39.60 credits go to the seller and 0.40 credits"
PAYS = f"{PARTS} to the market."
GOES_BACK = "40.00 credits go back to the buyer."
BACK = f"If nothing is handed in, 40.00 credits go back to the buyer {AT}."

LIVE = [
    (
        OrderState.CREATED,
        0,
        "Nothing is paid yet; the price is 40.00 credits.",
        "buyer",
        f"If the buyer does not lock the payment, the order expires {AT}.",
    ),
    (OrderState.LOCKED, 0, "The seller is to deliver; 40.00 credits are held.", "seller", BACK),
    (OrderState.WORKING, 0, "The seller is to deliver; 40.00 credits are held.", "seller", BACK),
    (
        OrderState.DELIVERED,
        0,
        "The result is handed in; 40.00 credits are held, neither side can take them alone.",
        "buyer",
        f"If the buyer says nothing, {PARTS} to the market {AT}.",
    ),
    (OrderState.WORKING, 1, "The result was sent back; 40.00 credits are held.", "seller", BACK),
    (
        OrderState.WORKING,
        3,
        "The result was sent back 3 times; 40.00 credits are held.",
        "seller",
        BACK,
    ),
]

# With a usage scope, these wait for other things.
ASKING = replace(ORDER, usage_scope=(UsageScope("research", None, None, None),))
PERMITTED = [
    (
        OrderState.LOCKED,
        "The buyer is to consent to 'research'; 40.00 credits are held.",
        "buyer",
        f"If the buyer does not consent, 40.00 credits go back to the buyer {AT}.",
    ),
    (
        OrderState.CONSENTED,
        "The buyer consented to 'research', the seller is to deliver; 40.00 credits are held.",
        "seller",
        BACK,
    ),
    (OrderState.WORKING, "The seller is to deliver; 40.00 credits are held.", "seller", BACK),
]

OVER = [
    (
        OrderState.COMPLETED,
        "It is done: 39.60 credits went to the seller and 0.40 credits to the market.",
    ),
    (OrderState.CANCELLED, "The buyer cancelled it before anything was paid."),
    (OrderState.EXPIRED, "It expired before anything was paid."),
    (
        OrderState.REFUNDED,
        "It ended with a refund: 40.00 credits went back to the buyer.",
    ),
    (
        OrderState.RETURNED,
        "Nothing was delivered: 40.00 credits went back to the buyer.",
    ),
]


@pytest.mark.parametrize(("state", "rejections", "now", "waits_for", "then"), LIVE)
def test_while_it_goes_on(
    state: OrderState, rejections: int, now: str, waits_for: str, then: str
) -> None:
    """What is, who has to act, and what happens when nobody does."""
    order = replace(ORDER, state=state, rejections=rejections)
    assert explain(order, NOW) == Explanation(now, waits_for, then, DUE)


@pytest.mark.parametrize(("state", "words"), OVER)
def test_when_it_is_over(state: OrderState, words: str) -> None:
    """How it ended, and that nothing more will happen."""
    order = replace(ORDER, state=state, acts_at=None)
    assert explain(order, NOW) == Explanation(words, "nobody", "Nothing more will happen.", None)


@pytest.mark.parametrize(("state", "now", "waits_for", "then"), PERMITTED)
def test_while_a_consent_is_asked_for(
    state: OrderState, now: str, waits_for: str, then: str
) -> None:
    """Who has to consent to what, and what happens without."""
    order = replace(ASKING, state=state)
    assert explain(order, NOW) == Explanation(now, waits_for, then, DUE)


def test_a_revoked_consent_waits_for_the_market() -> None:
    """Nobody has to do anything for the money to come back."""
    order = replace(ASKING, state=OrderState.REVOKED, due_at=NOW, acts_at=NOW)
    assert explain(order, NOW) == Explanation(
        "The buyer took the consent to 'research' back; 40.00 credits are held.",
        "market",
        "40.00 credits go back to the buyer now.",
        NOW,
    )


def test_every_state_has_its_words() -> None:
    """No state of an order lacks a row."""
    told = {row[0] for row in LIVE} | {row[0] for row in OVER} | {row[0] for row in PERMITTED}
    assert told | {OrderState.DISPUTED, OrderState.REVOKED} == set(OrderState)


@pytest.mark.parametrize(
    ("initiator", "shown", "waits_for", "then"),
    [
        (
            "agent_1",
            (0, 0),
            "buyer",
            f"If the buyer brings no evidence, the claim falls {AT} and {PAYS}",
        ),
        (
            "agent_1",
            (1, 0),
            "seller",
            f"If the seller brings no evidence, the claim holds {AT} and {GOES_BACK}",
        ),
        (
            "agent_2",
            (0, 1),
            "seller",
            f"If the seller brings no evidence, the claim falls {AT} and {GOES_BACK}",
        ),
        (
            "agent_2",
            (1, 0),
            "buyer",
            f"If the buyer brings no evidence, the claim holds {AT} and {PAYS}",
        ),
        (
            "agent_2",
            (1, 1),
            "arbiter",
            f"If no arbiter rules, the claim falls {AT} and {GOES_BACK}",
        ),
    ],
)
def test_a_disputed_order_says_who_has_to_be_heard(
    initiator: str, shown: tuple[int, int], waits_for: str, then: str
) -> None:
    """And who wins if they are not."""
    order = replace(ORDER, state=OrderState.DISPUTED)
    dispute = open_dispute("dispute_1", order, initiator, "Chapters are missing.", NOW)
    dispute = replace(dispute, initiator_evidence=shown[0], respondent_evidence=shown[1])
    side = "buyer" if initiator == ORDER.buyer else "seller"
    now = f"The {side} contests it; 40.00 credits are frozen."
    assert explain(order, NOW, dispute) == Explanation(now, waits_for, then, DUE)


@pytest.mark.parametrize(("late", "waits_for"), [(-1, "seller"), (0, "market")])
def test_after_the_last_moment_it_waits_for_the_market(late: int, waits_for: str) -> None:
    """Until the sweep comes, nobody's act would help; what happens, happens now."""
    order = replace(ORDER, state=OrderState.WORKING)
    words = explain(order, DUE + late)
    assert words.waits_for == waits_for
    assert words.then.endswith("(in 0 s)." if late else "now.")


@pytest.mark.parametrize(("due", "rejections"), [(DUE, 1), (NOW, 3)])
def test_between_due_and_refund_the_seller_can_only_contest(due: int, rejections: int) -> None:
    """After a rejection the market acts a review window later than the seller had to."""
    order = replace(ORDER, state=OrderState.WORKING, rejections=rejections)
    order = replace(order, due_at=due, acts_at=due + 600_000)
    words = explain(order, due)
    assert (words.waits_for, words.acts_at) == ("market", due + 600_000)
    assert words.then == (
        "Nothing can be handed in any more: unless the seller contests it, 40.00 credits go back "
        f"to the buyer at {iso(due + 600_000)} (in 10 min)."
    )


def test_once_nobody_can_contest_any_more_the_money_goes_back_now() -> None:
    """At the end of the window, until the sweep comes, no contest is named."""
    order = replace(ORDER, state=OrderState.WORKING, rejections=1, acts_at=DUE + 600_000)
    assert explain(order, DUE + 600_000).then == (
        "If nothing is handed in, 40.00 credits go back to the buyer now."
    )
