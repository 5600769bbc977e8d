"""Money: integers in the asset's minor unit, never a float."""

import re
from dataclasses import dataclass

from clawmarket.domain.kernel.errors import InvalidArgumentError

CREDITS = "credits"

# int64 holds 9.2e18; one amount may be a ten-thousandth of that, so that no sum of real
# balances comes near the edge.
MAX_AMOUNT_MINOR = 10**15
MAX_BALANCE_MINOR = 2**63 - 1

_DIGITS = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asset:
    """What an amount counts: the id on the wire, the decimals of its minor unit, its word."""

    asset_id: str
    decimals: int
    word: str


ASSETS = {CREDITS: Asset(CREDITS, 6, "credits")}


class AmountInvalidError(InvalidArgumentError):
    """An amount is no plain string of digits in minor units, or it is out of range."""

    advice = "Send the amount as a string of digits in minor units, for example 50000000 for 50.00."
    next_command = "clawmarket explain amount_invalid"


class AssetUnknownError(InvalidArgumentError):
    """The market does not deal in this asset."""

    advice = "Use the asset `credits`."
    next_command = "clawmarket explain asset_unknown"


def asset_of(asset_id: str) -> Asset:
    """Return a known asset. Raises AssetUnknownError."""
    try:
        return ASSETS[asset_id]
    except KeyError:
        raise AssetUnknownError(f"There is no asset {asset_id!r} here.") from None


def parse_minor(text: str) -> int:
    """Return the integer of a wire amount. Raises AmountInvalidError."""
    if not _DIGITS.fullmatch(text):
        raise AmountInvalidError("An amount is a string of decimal digits without sign or point.")
    amount = int(text)
    if amount > MAX_AMOUNT_MINOR:
        raise AmountInvalidError(f"The largest amount is {format_amount(MAX_AMOUNT_MINOR)}.")
    return amount


def parse_decimal(text: str, asset_id: str = CREDITS) -> int:
    """Return the minor units of what a person typed, such as 50 or 0.25.

    Raises:
        AmountInvalidError: It is no plain decimal, or finer than the asset's minor unit.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise AmountInvalidError("Write an amount such as 50 or 0.25, with at most six decimals.")
    decimals = asset_of(asset_id).decimals
    whole, fraction = match.group(1), match.group(2) or ""
    return parse_minor(str(int(whole + fraction.ljust(decimals, "0"))))


def format_amount(amount: int, asset_id: str = CREDITS) -> str:
    """Return an amount for people: at least two decimals, all the ledger has, never rounded."""
    asset = asset_of(asset_id)
    whole, fraction = divmod(abs(amount), 10**asset.decimals)
    digits = str(fraction).rjust(asset.decimals, "0").rstrip("0").ljust(2, "0")
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    return f"{sign}{whole:,}.{digits} {asset.word}"


def decimal_text(amount: int, asset_id: str = CREDITS) -> str:
    """Return an amount as a plain decimal for programs: no word, no grouping, never rounded."""
    decimals = asset_of(asset_id).decimals
    whole, fraction = divmod(abs(amount), 10**decimals)
    digits = str(fraction).rjust(decimals, "0").rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}{whole}.{digits}"


def shortest_text(amount: int) -> str:
    """Return credits as the text that JavaScript makes of the number: 50 and not 50.00."""
    return decimal_text(amount).rstrip("0").rstrip(".")


def split_fee(amount: int, fee_bps: int) -> tuple[int, int]:
    """Return (what the seller gets, what the market gets); the fee is rounded down."""
    fee = amount * fee_bps // 10_000
    return amount - fee, fee
