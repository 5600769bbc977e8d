"""Reconciliation: what must have moved for a settlement, in each of its states."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.treasury.entry import Posting
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.reconciliation import (
    Difference,
    OrderBooks,
    differences,
    due,
    summed,
)
from clawmarket.domain.treasury.settlement import Settlement, SettlementState

S = SettlementState
LOCKED = Settlement(
    settlement_id="settlement_1",
    order_id="order_1",
    payer="buyer",
    payee="seller",
    rail="credits",
    asset="credits",
    amount=1_000,
    fee_bps=100,
    hold_id="hold_1",
    seller_amount=0,
    fee=0,
    refund_amount=0,
    state=S.LOCKED,
    locked_at=0,
    released_at=None,
    refunded_at=None,
)
HOLD = Hold("hold_1", "buyer", "order_1", "credits", 1_000, 0, HoldState.PENDING)
STATES = {
    "locked": (LOCKED, (-1_000, 1_000, 0, 0)),
    "a part released": (replace(LOCKED, seller_amount=396, fee=4), (-1_000, 600, 396, 4)),
    "released": (
        replace(LOCKED, seller_amount=990, fee=10, state=S.RELEASED),
        (-1_000, 0, 990, 10),
    ),
    "split": (
        replace(LOCKED, seller_amount=396, fee=4, refund_amount=600, state=S.RELEASED),
        (-400, 0, 396, 4),
    ),
    "refunded": (replace(LOCKED, refund_amount=1_000, state=S.REFUNDED), (0, 0, 0, 0)),
    "a part released, the rest refunded": (
        replace(LOCKED, seller_amount=396, fee=4, refund_amount=600, state=S.REFUNDED),
        (-400, 0, 396, 4),
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_what_must_have_moved(name: str) -> None:
    """Out of the buyer's pockets, to the seller and to the market; it sums to zero."""
    settlement, moved = STATES[name]
    accounts = ("buyer/available", "buyer/held", "seller/available", "fees")
    sums = due(settlement)
    assert tuple(sums[account, "credits"] for account in accounts) == moved
    assert sum(sums.values()) == 0


def test_without_a_settlement_nothing_moves() -> None:
    """An unpaid order has no money anywhere."""
    assert due(None) == Counter()
    books = OrderBooks(5, True, False, None, None, Counter(), Counter())
    assert list(differences(books)) == []


@pytest.mark.parametrize("state", [S.RELEASING, S.REFUNDING])
def test_while_a_rail_is_asked_nobody_knows(state: SettlementState) -> None:
    """Neither division nor hold are judged; the ledger and the records still have to agree."""
    asked = replace(LOCKED, seller_amount=990, fee=10, state=state)
    moved = due(LOCKED)
    books = OrderBooks(1_000, True, True, asked, HOLD, moved, moved)
    assert list(differences(books)) == []
    wrong = replace(books, posted=moved + Counter({("fees", "credits"): 1}))
    assert Difference("ledger fees credits", "0", "1") in list(differences(wrong))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), max_size=9))
def test_postings_are_added_up_by_account(moves: list[tuple[str, int]]) -> None:
    """Each account has the sum of its own movements."""
    sums = summed(Posting(account, "credits", amount) for account, amount in moves)
    for account in "abc":
        assert sums[account, "credits"] == sum(n for name, n in moves if name == account)
