"""Sheets: exact decimals, RFC 4180 quoting, and no cell that a spreadsheet would run."""

import csv
import json
from io import StringIO

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.money import decimal_text, parse_decimal
from clawmarket.entry.cli.books.dates import DateType
from clawmarket.entry.cli.books.sheet import Money, Sheet

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def test_csv_has_a_header_and_exact_decimals() -> None:
    """Amounts come from integers; what is not known is empty."""
    sheet = Sheet(("what", "amount"), [("a", Money(-39_600_000)), (None, Money(1))])
    assert sheet.lines("csv") == ["what,amount", "a,-39.60", ",0.000001"]


def test_csv_quotes_as_rfc_4180_says() -> None:
    """Commas, quotation marks and line breaks stay inside their cell."""
    sheet = Sheet(("a", "b"), [('say "no", then', "two\nlines")])
    assert sheet.lines("csv") == ["a,b", '"say ""no"", then","two\nlines"']


@given(st.lists(st.tuples(st.text(), st.integers(-(10**18), 10**18)), max_size=4))
def test_no_cell_is_a_formula_and_none_is_lost(rows: list[tuple[str, int]]) -> None:
    """A text that begins like a formula is marked; every reader gets the rows back."""
    cells = [(text.replace("\0", ""), Money(amount)) for text, amount in rows]
    lines = Sheet(("text", "amount"), cells).lines("csv")
    read = list(csv.reader(StringIO("\n".join(lines), newline="")))[1:]
    assert [row[0].startswith(FORMULA) for row in read] == [False] * len(rows)
    assert [row[0].removeprefix("'") if row[0][1:2] in FORMULA else row[0] for row in read] == [
        text for text, _ in cells
    ]
    assert [row[1] for row in read] == [decimal_text(amount) for _, amount in rows]


@given(st.integers(0, 10**15))
def test_a_decimal_is_read_back_to_the_unit(amount: int) -> None:
    """What a program reads is what the ledger has."""
    assert parse_decimal(decimal_text(amount)) == amount
    assert decimal_text(-amount) == (f"-{decimal_text(amount)}" if amount else "0.00")


def test_ndjson_is_one_object_a_row() -> None:
    """Amounts are texts, so that no reader rounds them."""
    [line] = Sheet(("a", "b"), [(None, Money(5_000_000))]).lines("ndjson")
    assert json.loads(line) == {"a": None, "b": "5.00"}


def test_a_table_has_its_amounts_under_each_other() -> None:
    """Aligned at the right; what is not known is a dash."""
    sheet = Sheet(("a", "amount"), [("x", Money(-1_000_000)), (None, Money(1_000_000_000))])
    assert sheet.lines("table") == ["a  amount", "x    -1.00", "-  1000.00"]


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000Z", "2026-02-01T00:00:00.000Z"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.000Z"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00.000Z", "2026-01-31T10:00:00.000Z"),
    ],
)
def test_a_day_is_whole_and_a_moment_is_itself(text: str, begins: str, ends: str) -> None:
    """`--from` takes a day from its beginning, `--until` up to its end."""
    assert DateType().convert(text, None, None) == begins
    assert DateType(whole_day=True).convert(text, None, None) == ends


@pytest.mark.parametrize("text", ["", "today", "2026-13-01", "2026-01-31T12:00", "٢٠٢٦-01-31"])
def test_what_is_no_date_is_refused(text: str) -> None:
    """With both forms that are understood."""
    with pytest.raises(click.BadParameter, match="2026-01-31"):
        DateType().convert(text, None, None)
