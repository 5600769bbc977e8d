"""Balances and entries: no pocket below zero or beyond 64 bits; every entry sums to nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.money import MAX_BALANCE_MINOR
from clawmarket.domain.treasury.account import (
    FEES,
    Balance,
    BalanceOverflowError,
    FundsMissingError,
    available,
    empty_balance,
    held,
    rail,
)
from clawmarket.domain.treasury.entry import Posting, UnbalancedEntryError, check_balanced

EMPTY = empty_balance("agent_1", "credits")
SOME = Balance("agent_1|credits", 100, 50, 7, 9)


def test_the_accounts_of_the_ledger_have_fixed_names() -> None:
    """They stand in records and receipts."""
    names = (available("agent_1"), held("agent_1"), FEES, rail("credits"))
    assert names == ("agent_1/available", "agent_1/held", "fees", "rail:credits")
    assert Balance("agent_1|credits", 0, 0, 0, 0) == EMPTY


def test_a_posting_moves_both_pockets() -> None:
    """The figures beside them stay as they were."""
    assert SOME.moved(available=-100, held=100) == Balance("agent_1|credits", 0, 150, 7, 9)
    assert SOME.moved() == SOME


@pytest.mark.parametrize(
    ("move", "missing"), [({"available": -101}, "1"), ({"held": -51}, "1"), ({"held": -60}, "10")]
)
def test_no_pocket_goes_below_zero(move: dict[str, int], missing: str) -> None:
    """The refusal says how much is missing."""
    with pytest.raises(FundsMissingError) as refused:
        SOME.moved(**move)
    assert refused.value.details == {"available": "100", "missing": missing}


@pytest.mark.parametrize("pocket", ["available", "held"])
def test_no_pocket_leaves_64_bits(pocket: str) -> None:
    """The largest balance is 2^63 minus one."""
    assert getattr(EMPTY.moved(**{pocket: MAX_BALANCE_MINOR}), pocket) == 2**63 - 1
    with pytest.raises(BalanceOverflowError):
        EMPTY.moved(**{pocket: MAX_BALANCE_MINOR + 1})


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(-(10**15), 10**15)), max_size=8))
def test_an_entry_balances_per_asset(moves: list[tuple[str, int]]) -> None:
    """What one asset lacks, another one cannot make up for."""
    postings = [Posting("fees", asset, amount) for asset, amount in moves]
    sums = [sum(p.amount for p in postings if p.asset == asset) for asset in "ab"]
    if any(sums):
        with pytest.raises(UnbalancedEntryError):
            check_balanced(postings)
    back = [Posting("x", asset, -sum_) for asset, sum_ in zip("ab", sums, strict=True)]
    check_balanced([*postings, *back])
