"""What a worker takes, and at which price."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clawmarket.domain.kernel.errors import InvalidArgumentError, Refused
from clawmarket.domain.kernel.money import parse_decimal, parse_minor
from clawmarket.entry.cli.catalog import Entry

CLAIM, BID = "claim", "bid"
_PERCENT = re.compile(r"([1-9][0-9]?|100)%")
_WHOLE = 100


class PriceRuleInvalidError(InvalidArgumentError):
    """`--bid` is neither a share of the budget nor an amount."""

    advice = "Write it like 95% or 40.00."
    next_command = "clawmarket help worker run"


@dataclass(frozen=True, slots=True)
class Rules:
    """What fits.

    Args:
        skills: One of them has to be among the task's; none for every task.
        min_price: The least price, in minor units, before the market's fee.
        claims: Whether to take tasks at their asking price.
        percent: Bid this many hundredths of the budget; 0 for none.
        amount: Or bid this, in minor units; 0 for none.
    """

    skills: Sequence[str] = ()
    min_price: int = 1
    claims: bool = True
    percent: int = 0
    amount: int = 0

    def way(self, task: Entry, me: str) -> tuple[str, int] | None:
        """Return how to take a listed task and at which price, or None if it does not fit."""
        if not self._is_for(task, me):
            return None
        budget = parse_minor(task["budget"])
        if self.claims and task.get("claims"):
            return (CLAIM, budget) if budget >= self.min_price else None
        price = self.amount or budget * self.percent // _WHOLE
        return (BID, price) if self.min_price <= price <= budget and price else None

    def _is_for(self, task: Entry, me: str) -> bool:
        if task["status"] != "task_open" or task["buyer"] == me:
            return False
        # Money that is not held is a promise; parts are reviewed one by one, by a person.
        if not task["funded"] or task["milestones"]:
            return False
        return not self.skills or bool({*self.skills} & {*task["skills"]})


def bid_rule(text: str) -> tuple[int, int]:
    """Return the hundredths and the amount of a `--bid`. Raises PriceRuleInvalidError."""
    if not text:
        return 0, 0
    if share := _PERCENT.fullmatch(text):
        return int(share[1]), 0
    try:
        amount = parse_decimal(text)
    except Refused:
        amount = 0
    if not amount:
        raise PriceRuleInvalidError(f"{text!r} is no price.")
    return 0, amount
