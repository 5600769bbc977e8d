"""Prices: what a paid call or a run of a model costs, in integers, rounded down once a charge."""

from collections.abc import Sequence
from dataclasses import dataclass

from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR


@dataclass(frozen=True, slots=True)
class ToolPrice:
    """What one call of a tool costs, in minor units."""

    tool: str
    price: int


@dataclass(frozen=True, slots=True)
class RunPrices:
    """What a run of a model costs: `call` for each, the others for `per_tokens` tokens."""

    call: int
    input: int
    output: int
    cached: int
    per_tokens: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a run of a model used."""

    input: int
    output: int
    cached: int


def price_of(prices: Sequence[ToolPrice], tool: str) -> int | None:
    """Return what one call of a tool costs; None for a tool without a price."""
    return next((each.price for each in prices if each.tool == tool), None)


def cost_of(prices: RunPrices, used: Tokens) -> int:
    """Return what a run costs; its tokens together are rounded down once.

    It is never above the largest amount that the market deals in.
    """
    weighed = used.input * prices.input + used.output * prices.output + used.cached * prices.cached
    return min(prices.call + weighed // prices.per_tokens, MAX_AMOUNT_MINOR)
