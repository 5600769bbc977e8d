"""Money: integers only, in a range, rounded in one place and one direction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.money import (
    CREDITS,
    MAX_AMOUNT_MINOR,
    AmountInvalidError,
    AssetUnknownError,
    asset_of,
    format_amount,
    parse_decimal,
    parse_minor,
    split_fee,
)

amounts = st.integers(0, MAX_AMOUNT_MINOR)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", 0), ("1", 1), ("50000000", 50_000_000), (str(MAX_AMOUNT_MINOR), MAX_AMOUNT_MINOR)],
)
def test_an_amount_on_the_wire_is_digits(text: str, amount: int) -> None:
    """A string of decimal digits is exactly that many minor units."""
    assert parse_minor(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("", " 1", "1 ", "1\n", "+1", "-1", "-0", "00", "01", "1.0", "1e3", "0x1", "1_000"),
        *("\u0661", "\u00b2", "\uff11", "\u2212" + "1", "1\u200b"),
        *(str(MAX_AMOUNT_MINOR + 1), str(2**63), "9" * 4_000),
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    """Signs, points, spaces, other scripts' digits and sums out of range are refused."""
    with pytest.raises(AmountInvalidError):
        parse_minor(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("0.0", 0),
        ("0.000001", 1),
        ("0.25", 250_000),
        ("50", 50_000_000),
        ("50.10", 50_100_000),
        ("1000000000", MAX_AMOUNT_MINOR),
        ("1000000000.000000", MAX_AMOUNT_MINOR),
    ],
)
def test_people_write_decimals(text: str, amount: int) -> None:
    """Up to six decimals, never rounded."""
    assert parse_decimal(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("", ".5", "5.", "-1", "-0", "+1", "1,5", "1.0000001", "0.0000000", "1e2", " 1", "01"),
        *("\u0665", "1.\u0665", "NaN", "Infinity", "1000000000.000001", "9" * 11, "1 000"),
    ],
)
def test_what_is_no_decimal_is_refused(text: str) -> None:
    """Too fine, too large or ambiguous: nothing is guessed."""
    with pytest.raises(AmountInvalidError):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0.00 credits"),
        (1, "0.000001 credits"),
        (100_000, "0.10 credits"),
        (123_400, "0.1234 credits"),
        (1_000_000, "1.00 credits"),
        (1_234_567_890_000, "1,234,567.89 credits"),
        (-1_500_000, "\u22121.50 credits"),
        (2**63 - 1, "9,223,372,036,854.775807 credits"),
    ],
)
def test_amounts_for_people_are_exact(amount: int, text: str) -> None:
    """At least two decimals, all the others there are, thousands apart."""
    assert format_amount(amount) == text


@given(amounts)
def test_what_is_shown_can_be_typed(amount: int) -> None:
    """Formatting and parsing again gives the same units."""
    shown = format_amount(amount).removesuffix(" credits").replace(",", "")
    assert parse_decimal(shown) == amount
    assert parse_minor(str(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "fee_bps", "parts"),
    [
        (0, 100, (0, 0)),
        (1, 100, (1, 0)),
        (99, 100, (99, 0)),
        (100, 100, (99, 1)),
        (199, 100, (198, 1)),
        (200, 100, (198, 2)),
        (9_999, 1, (9_999, 0)),
        (10_000, 1, (9_999, 1)),
        (7, 0, (7, 0)),
        (7, 10_000, (0, 7)),
        (MAX_AMOUNT_MINOR, 100, (99 * 10**13, 10**13)),
    ],
)
def test_the_fee_is_rounded_down(amount: int, fee_bps: int, parts: tuple[int, int]) -> None:
    """At every boundary the unit that is left over is the seller's."""
    assert split_fee(amount, fee_bps) == parts


@given(amounts, st.integers(0, 10_000))
def test_a_split_loses_nothing(amount: int, fee_bps: int) -> None:
    """Seller and fee together are the amount, and the fee never exceeds its share."""
    seller, fee = split_fee(amount, fee_bps)
    assert seller + fee == amount
    assert 0 <= fee * 10_000 <= amount * fee_bps < (fee + 1) * 10_000


def test_only_known_assets_are_dealt_in() -> None:
    """Credits have six decimals; anything else is refused by name."""
    assert (asset_of(CREDITS).decimals, asset_of(CREDITS).word) == (6, "credits")
    with pytest.raises(AssetUnknownError, match="'euros'"):
        asset_of("euros")
