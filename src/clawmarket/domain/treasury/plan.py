"""Plans: what an account lets its agents spend, and at which prices."""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import (
    ForbiddenError,
    InvalidArgumentError,
    NotFoundError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.treasury.price import RunPrices, ToolPrice, price_of


class PlanMissingError(NotFoundError):
    """The account has no plan, so its agents spend by none."""

    advice = "Set one as the account's owner, signed in with a wallet."
    next_command = "clawmarket help billing plan set"


class PlanKeyError(ForbiddenError):
    """A key spends within a plan; only the owner says what it may spend."""

    advice = "Sign in with the account's wallet."
    next_command = "clawmarket wallet login"


class PayeeInvalidError(InvalidArgumentError):
    """What agents use is billed by another account that is there."""

    advice = "Name another account, or leave the payee out: then nothing is billed."
    next_command = "clawmarket explain payee_invalid"


class ToolUnpaidError(InvalidArgumentError):
    """The plan has no price for this tool, so there is nothing to reserve."""

    advice = "Call the tool without a reservation, or give it a price in the plan."
    next_command = "clawmarket billing plan show"


@dataclass(frozen=True)
class Plan:
    """Prices and quotas of one account, in minor units; a quota of None is no limit.

    `payee` is who bills what is charged; None where the plan only guards.
    """

    plan_id: str
    owner: str
    per_session: int | None
    per_day: int | None
    per_account: int | None
    tool_prices: tuple[ToolPrice, ...]
    call_price: int
    input_price: int
    output_price: int
    cached_price: int
    per_tokens: int
    payee: str | None
    set_at: int

    @property
    def run_prices(self) -> RunPrices:
        """What a run of a model costs."""
        return RunPrices(
            self.call_price,
            self.input_price,
            self.output_price,
            self.cached_price,
            self.per_tokens,
        )


@event
@dataclass(frozen=True, slots=True)
class PlanChanged(Event):
    """An account's owner said what its agents may spend from now on."""

    plan_id: str
    owner: str
    per_session: str | None
    per_day: str | None
    per_account: str | None
    tool_prices: dict[str, object]
    call_price: str
    input_price: str
    output_price: str
    cached_price: str
    per_tokens: int
    payee: str | None


@event
@dataclass(frozen=True, slots=True)
class PlanCharged(Event):
    """A key of the account moved credits in a trade; it counts against the quotas."""

    plan_id: str
    period_id: str | None
    amount: str


def changed(plan: Plan) -> PlanChanged:
    """Return what the record says of a plan that was set."""
    return PlanChanged(
        plan.plan_id,
        plan.owner,
        _text(plan.per_session),
        _text(plan.per_day),
        _text(plan.per_account),
        {each.tool: str(each.price) for each in plan.tool_prices},
        str(plan.call_price),
        str(plan.input_price),
        str(plan.output_price),
        str(plan.cached_price),
        plan.per_tokens,
        plan.payee,
    )


def price_in(plan: Plan, tool: str) -> int:
    """Return what a call of a tool costs. Raises ToolUnpaidError."""
    price = price_of(plan.tool_prices, tool)
    if price is None:
        raise ToolUnpaidError(f"The plan has no price for the tool {tool!r}.")
    return price


def _text(quota: int | None) -> str | None:
    return None if quota is None else str(quota)
