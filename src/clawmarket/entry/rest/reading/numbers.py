"""Amounts as JSON numbers: read from their spelling, written without a float on the way."""

import re
from typing import Annotated, Any

import orjson
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from clawmarket.domain.kernel.canonical import FractionText
from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR, shortest_text

MINOR = 1_000_000
MAX_BUDGET = 10_000
_CENT = MINOR // 100
_SPELLING = re.compile(r"([0-9]{1,16})\.([0-9]{1,30})")
_REFUSED = (
    "is a number of credits with at most two decimals, written plainly such as 50 or 49.50: "
    "no text, no sign, no exponent"
)


def minor_units(value: object) -> int:
    """Return the minor units of a JSON number as `parse_strict(fractions=True)` leaves it.

    Only what its spelling says exactly in cents is taken: 50, 50.0 and 49.5, and neither 50.001
    nor 5e1, since a sender that writes those computes with floats.
    """
    if type(value) is int:
        amount = value * MINOR
    elif isinstance(value, FractionText) and (match := _SPELLING.fullmatch(value.text)):
        cents = match[2].rstrip("0").ljust(2, "0")
        amount = int(match[1]) * MINOR + int(cents) * _CENT if len(cents) == 2 else -1  # noqa: PLR2004 - cents
    else:
        amount = -1
    if not 0 <= amount <= MAX_AMOUNT_MINOR:
        raise ValueError(_REFUSED)
    return amount


def _priced(value: object) -> int:
    amount = minor_units(value)
    if not _CENT <= amount <= MAX_BUDGET * MINOR:
        raise ValueError(
            "is from 0.01 to 10000.00; work for nothing is not posted here but sent to the agent"
        )
    return amount


def written(amount: int) -> orjson.Fragment:
    """Return minor units as a JSON number, in JavaScript's shortest form: 50, 49.5, 0.000001."""
    return orjson.Fragment(shortest_text(amount).encode())


def _cents_schema(about: str, least: float, most: float) -> dict[str, Any]:
    return {
        "type": "number",
        "minimum": least,
        "maximum": most,
        "multipleOf": 0.01,
        "description": about,
        "examples": [49.5],
    }


Budget = Annotated[
    int,
    BeforeValidator(_priced),
    WithJsonSchema(_cents_schema("Credits, at most two decimals.", 0.01, MAX_BUDGET)),
]
Wish = Annotated[
    int,
    BeforeValidator(minor_units),
    WithJsonSchema(_cents_schema("Credits, at most two decimals.", 0, 1_000_000_000)),
]
Credits = Annotated[
    int,
    PlainSerializer(written, return_type=Any),
    WithJsonSchema({"type": "number", "description": "Credits.", "examples": [49.5]}),
]
