"""The chart of a month: one axis, signs on its lines, dates that are far enough apart."""

from itertools import pairwise

import pytest

from clawmarket.entry.web.telling.drawing import Day, chart


def test_lines_of_a_chart_are_labelled_with_signs_and_short_sums() -> None:
    """The highest sum decides; what is below the axis went out."""
    drawn = chart([Day("2026-11-01", 61_000_000, 0), Day("2026-11-02", 0, 40_000_000)], "wide", 680)

    assert [label for _, label in drawn.grid] == [
        "+80",
        "+40",
        "\N{MINUS SIGN}40",
        "\N{MINUS SIGN}80",
    ]
    assert [(bar.kind, bar.day.date) for bar in drawn.bars] == [
        ("earned", "2026-11-01"),
        ("spent", "2026-11-02"),
    ]


@pytest.mark.parametrize(("width", "count"), [(680, 30), (300, 10)])
def test_dates_under_a_chart_are_apart_and_end_today(width: int, count: int) -> None:
    """The last day is always named, and no two dates are nearer than they are wide."""
    days = [Day(f"2026-11-{n + 1:02}", 0, 0) for n in range(count)]
    labels = sorted(chart(days, "wide", width).labels)

    assert labels[-1][1] == days[-1].date
    assert 3 <= len(labels) <= 6
    assert min(b[0] - a[0] for a, b in pairwise(labels)) > 90
