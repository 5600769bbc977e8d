"""Tabs: what units cost, how fast they come through, and when a debt is tried again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, MINUTE_MS
from clawmarket.domain.market.postpay.tab import (
    OWED_MS,
    Tab,
    TabState,
    TabTerms,
    close,
    default,
    forgive,
    is_lost,
    open_tab,
    settle,
    write_off,
)
from clawmarket.domain.market.postpay.trust import Trust, TrustState
from clawmarket.domain.market.postpay.usage import UsageTooFastError, append

CAP = 1_000_000


def trust(price: int = 10, per_units: int = 1, per_minute: int = 60) -> Trust:
    """Return a trust in calls."""
    named = ("trust_1", "provider", "consumer", "credits", "call")
    return Trust(*named, price, per_units, per_minute, CAP, False, None, TrustState.GRANTED, 0)


def a_tab(price: int = 10, per_units: int = 1, per_minute: int = 60) -> Tab:
    """Return a tab that was opened at the first moment, for a day."""
    terms = TabTerms(CAP, per_minute, 100, 86_400)
    return open_tab("tab_1", trust(price, per_units, per_minute), terms, 0)


@given(
    price=st.integers(1, 10**6),
    per_units=st.integers(1, 10**6),
    uses=st.lists(st.integers(1, 10**4), max_size=30),
)
def test_costs_add_up_to_what_all_units_cost(price: int, per_units: int, uses: list[int]) -> None:
    """However the units are divided into uses, what is owed is their price, rounded down once."""
    tab = replace(a_tab(1, 1, 10**9), price=price, per_units=per_units, cap=10**15)
    costs = []
    for units in uses:
        tab, cost = append(tab, units, 0)
        costs.append(cost)

    assert tab.owed == sum(costs) == sum(uses) * price // per_units
    assert min(costs, default=0) >= 0


@given(
    per_minute=st.integers(1, 1_000),
    tries=st.lists(st.tuples(st.integers(0, 2 * MINUTE_MS), st.integers(1, 1_000)), max_size=40),
)
def test_no_span_lets_more_through_than_agreed(
    per_minute: int, tries: list[tuple[int, int]]
) -> None:
    """In any span of time at most a minute's units and those of the span itself come through."""
    tab, now = replace(a_tab(per_minute=per_minute), acts_at=10**12, cap=10**15), 0
    through: list[tuple[int, int]] = []
    for pause, units in tries:
        now += pause
        try:
            tab, _ = append(tab, units, now)
        except Refused:
            continue
        through.append((now, units))
        spans = [
            (sum(n for _, n in through[first:]), now - at) for first, (at, _) in enumerate(through)
        ]
        assert all(n * MINUTE_MS <= per_minute * (MINUTE_MS + ms) for n, ms in spans)


@given(per_minute=st.integers(1, 1_000), units=st.integers(1, 1_000), late=st.integers(0, 10**6))
def test_a_refusal_says_the_first_moment_at_which_it_fits(
    per_minute: int, units: int, late: int
) -> None:
    """At that moment it comes through, and a millisecond before it does not."""
    units = min(units, per_minute)
    tab, _ = append(replace(a_tab(per_minute=per_minute), acts_at=10**12), per_minute, 0)
    with pytest.raises(UsageTooFastError) as refused:
        append(tab, units, 0)
    wait_ms = refused.value.details["retryAfterMs"]
    assert isinstance(wait_ms, int)

    assert append(tab, units, wait_ms + late)
    with pytest.raises(UsageTooFastError):
        append(tab, units, wait_ms - 1)


def test_a_clock_that_was_set_back_gives_nothing() -> None:
    """The rate neither fills nor empties while the clock is behind."""
    tab, _ = append(a_tab(), 60, 30_000)

    assert tab.units_at(0) == tab.units_at(30_000) == 0
    assert tab.units_at(31_000) == 1


def test_a_closed_tab_ends_with_its_time_at_the_latest() -> None:
    """The provider's last minute does not outlast the tab."""
    early, _ = close(a_tab(), 1_000)
    late, _ = close(a_tab(), DAY_MS - 1_000)

    assert (early.acts_at, late.acts_at) == (61_000, DAY_MS)


def test_a_debt_is_tried_less_and_less_often_and_then_never() -> None:
    """After 1, 2, 4, 8, 16 hours, then daily, the last time thirty days after the close."""
    tab, now, pauses = a_tab(), 0, []
    while not is_lost(tab, now):
        tab, _ = default(tab, "too little", now)
        assert tab.acts_at is not None
        pauses.append(tab.acts_at - now)
        now = tab.acts_at
    hours = [pause // HOUR_MS for pause in pauses]

    assert hours == [1, 2, 4, 8, 16, *[24] * 28, 17]
    assert sum(pauses) == OWED_MS


def test_nothing_waits_for_a_tab_that_is_over() -> None:
    """Each ending leaves no moment to act at, and says when the session was closed."""
    owing, _ = default(a_tab(), "too little", 5)
    ends = [
        settle(a_tab(), "closed", 5)[0],
        settle(owing, "paid", 9)[0],
        forgive(a_tab(), "", 5)[0],
        forgive(owing, "", 9)[0],
        write_off(owing, "", 9)[0],
    ]

    assert [(tab.state, tab.acts_at, tab.closed_at, tab.ended_at) for tab in ends] == [
        (TabState.SETTLED, None, 5, 5),
        (TabState.SETTLED, None, 5, 9),
        (TabState.FORGIVEN, None, 5, 5),
        (TabState.FORGIVEN, None, 5, 9),
        (TabState.WRITTEN_OFF, None, 5, 9),
    ]
