"""Prices and budgets: integers, rounded down once a charge, and never above a quota."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.treasury import budget as budgets
from clawmarket.domain.treasury.budget import Budget, BudgetSpentError, Left, Move, no_spend
from clawmarket.domain.treasury.period import Period, PeriodState, open_period
from clawmarket.domain.treasury.plan import Plan
from clawmarket.domain.treasury.price import RunPrices, Tokens, ToolPrice, cost_of, price_of

NOON = 20_000 * DAY_MS + DAY_MS // 2
PRICE = st.integers(0, MAX_AMOUNT_MINOR)
TOKENS = st.integers(0, 10**9)
QUOTA = st.none() | st.integers(0, 100)


def plan(session: int | None = None, day: int | None = None, account: int | None = None) -> Plan:
    """Return a plan of nothing but quotas."""
    return Plan("plan", "owner", session, day, account, (), 0, 0, 0, 0, 1, None, 0)


def budget(of: Plan) -> Budget:
    """Return a budget of which nothing is used, within a session."""
    return Budget(of, no_spend("owner"), open_period("period", "owner", "session", NOON))


def session_of(one: Budget) -> Period:
    """Return the session's period."""
    assert one.period is not None
    return one.period


def test_a_run_costs_its_price_and_its_tokens_rounded_down_once() -> None:
    """Three thirds are one, not none."""
    prices = RunPrices(call=10, input=1, output=1, cached=1, per_tokens=3)
    assert cost_of(prices, Tokens(1, 1, 1)) == 11
    assert cost_of(prices, Tokens(1, 1, 0)) == 10


@given(prices=st.tuples(PRICE, PRICE, PRICE, PRICE), used=st.tuples(TOKENS, TOKENS, TOKENS))
def test_no_run_costs_more_than_the_market_deals_in(
    prices: tuple[int, int, int, int], used: tuple[int, int, int]
) -> None:
    """Whatever is charged fits into its column, and more tokens never cost less."""
    cost = cost_of(RunPrices(*prices, per_tokens=1), Tokens(*used))
    assert 0 <= cost <= MAX_AMOUNT_MINOR
    more = cost_of(RunPrices(*prices, per_tokens=1), Tokens(used[0] + 1, *used[1:]))
    assert more >= cost


def test_a_tool_has_its_own_price_or_none() -> None:
    """A free tool has a price; an unpaid one has none."""
    prices = (ToolPrice("free", 0), ToolPrice("search", 5))
    assert [price_of(prices, tool) for tool in ("free", "search", "read")] == [0, 5, None]


@given(
    quotas=st.tuples(QUOTA, QUOTA, QUOTA),
    moves=st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.integers(0, 3)), max_size=12),
)
def test_whatever_is_let_through_stays_within_every_quota(
    quotas: tuple[int | None, int | None, int | None], moves: list[tuple[int, bool, int]]
) -> None:
    """Reservations and trades over several days: each is within all three quotas, or refused."""
    one = budget(plan(*quotas))
    for amount, is_trade, days in moves:
        now = NOON + days * DAY_MS
        day = budgets.day_at(one.spend, now)
        before = budgets.left(one, now)
        try:
            budgets.check(one, amount, now)
        except BudgetSpentError:
            rests = (before.session, before.day, before.account)
            assert any(rest is not None and rest < amount for rest in rests)
            continue
        what = {"traded": amount} if is_trade else {"reserved": amount}
        one = budgets.moved(one, Move(day, **what))
        totals = (session_of(one).total, one.spend.day_total, one.spend.total)
        for quota, total in zip(quotas, totals, strict=True):
            assert quota is None or total <= quota


def test_a_day_begins_anew_and_a_clock_set_back_opens_none_twice() -> None:
    """What was reserved on the day before is given back to that day, not to this one."""
    one = budgets.moved(budget(plan(day=10)), Move(NOON // DAY_MS, reserved=10))
    assert budgets.left(one, NOON) == Left(None, 0, None)
    assert budgets.left(one, NOON - DAY_MS).day == 0
    tomorrow = NOON + DAY_MS
    assert budgets.left(one, tomorrow).day == 10
    two = budgets.moved(one, Move(tomorrow // DAY_MS, reserved=4))
    settled = budgets.moved(two, Move(NOON // DAY_MS, charged=7, reserved=-10))
    assert budgets.left(settled, tomorrow).day == 6
    assert (settled.spend.charged, settled.spend.reserved) == (7, 4)


def test_a_quota_that_was_lowered_below_what_is_used_leaves_nothing() -> None:
    """Never less than nothing, and nothing more is let through."""
    one = budgets.moved(budget(plan(account=10)), Move(NOON // DAY_MS, charged=10))
    lowered = Budget(replace(one.plan, per_account=3), one.spend, one.period)
    assert budgets.left(lowered, NOON).account == 0
    with pytest.raises(BudgetSpentError):
        budgets.check(lowered, 1, NOON)


@pytest.mark.parametrize(
    ("quotas", "quota", "anew"),
    [
        ((5, None, None), "session", " A new session has a fresh one."),
        ((9, 5, None), "day", " It begins anew at midnight (UTC)."),
        ((9, 9, 5), "account", ""),
    ],
)
def test_a_refusal_names_the_quota_and_when_it_begins_anew(
    quotas: tuple[int | None, int | None, int | None], quota: str, anew: str
) -> None:
    """A new session helps against its own quota alone."""
    credits_ = tuple(one and one * 1_000_000 for one in quotas)
    with pytest.raises(BudgetSpentError) as refused:
        budgets.check(budget(plan(*credits_)), 6_000_000, NOON)
    said = f"The {quota}'s budget leaves 5.00 credits; this takes 6.00 credits.{anew}"
    assert (refused.value.what, refused.value.details["quota"]) == (said, quota)


def test_a_session_that_was_stopped_still_names_the_day_that_is_over() -> None:
    """A session that the day's quota ended is told so, not sent to a new session."""
    one = budget(plan(session=100, day=10))
    spent = budgets.moved(one, Move(day=20_000, charged=10))
    assert spent.period is not None
    capped = replace(spent.period, state=PeriodState.CAPPED, capped_at=NOON)
    stopped = Budget(spent.plan, spent.spend, capped)
    assert budgets.is_stopped(stopped, NOON)
    with pytest.raises(BudgetSpentError) as refused:
        budgets.check(stopped, 1, NOON)
    assert refused.value.details["quota"] == "day"
