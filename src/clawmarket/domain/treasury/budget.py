"""Budgets: what a plan leaves, and the one place where more is refused.

Whatever is charged, reserved or traded counts against every quota that is set: the session's, the
day's and the account's. A day is one of UTC; a reservation belongs to the day it was made.
"""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import PaymentRequiredError, QuotaExceededError
from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.treasury.period import Period, PeriodState
from clawmarket.domain.treasury.plan import Plan

# What a person can wait for, by the quota that was reached.
_ANEW = {
    "session": "A new session has a fresh one.",
    "day": "It begins anew at midnight (UTC).",
    "account": "",
}
# Without a quota the figures still have to fit into their columns.
MOST = 10**18


class BudgetSpentError(QuotaExceededError):
    """A quota of the account's plan does not leave as much as this takes."""

    advice = "The owner may raise it."
    next_command = "clawmarket billing plan show"


class BillUnpaidError(PaymentRequiredError):
    """A bill of the account is unpaid; until it is paid nothing that costs is begun."""

    advice = "Add credits; the bill is tried again by itself."
    next_command = "clawmarket billing bills"


@dataclass(frozen=True)
class Spend:
    """What an account's agents used, all in all and on the latest day (days since the epoch).

    `debts` is how many of its bills are unpaid.
    """

    spend_id: str
    charged: int
    reserved: int
    traded: int
    day: int
    day_charged: int
    day_reserved: int
    day_traded: int
    debts: int

    @property
    def total(self) -> int:
        """What counts against the account's quota."""
        return self.charged + self.reserved + self.traded

    @property
    def day_total(self) -> int:
        """What counts against the quota of its day."""
        return self.day_charged + self.day_reserved + self.day_traded


@dataclass(frozen=True, slots=True)
class Left:
    """What each quota leaves, in minor units; None where there is none."""

    session: int | None
    day: int | None
    account: int | None


@dataclass(frozen=True, slots=True)
class Budget:
    """A plan with the meters that run against it; `period` is None outside any session."""

    plan: Plan
    spend: Spend
    period: Period | None


@dataclass(frozen=True, slots=True)
class Move:
    """What is added to the meters; `day` says whose day it counts for."""

    day: int
    charged: int = 0
    reserved: int = 0
    traded: int = 0


def no_spend(owner: str) -> Spend:
    """Return the meters of an account that used nothing."""
    return Spend(owner, 0, 0, 0, 0, 0, 0, 0, 0)


def day_at(spend: Spend, now: int) -> int:
    """Return which day it is; a clock that was set back opens no day twice."""
    return max(spend.day, now // DAY_MS)


def left(budget: Budget, now: int) -> Left:
    """Return what each quota that is set leaves; never below zero."""
    plan, spend, period = budget.plan, budget.spend, budget.period
    day_total = spend.day_total if day_at(spend, now) == spend.day else 0
    return Left(
        _rest(plan.per_session, period.total if period and not period.is_over else 0),
        _rest(plan.per_day, day_total),
        _rest(plan.per_account, spend.total),
    )


def _rest(quota: int | None, used: int) -> int | None:
    return None if quota is None else max(0, quota - used)


def room(budget: Budget, now: int) -> int:
    """Return how much may still be used at a moment, whatever the quotas are."""
    found = left(budget, now)
    rests = [each for each in (found.session, found.day, found.account) if each is not None]
    return min([*rests, MOST - budget.spend.total])


def is_stopped(budget: Budget, now: int) -> bool:
    """Whether the session reached a quota and the plan was not set to leave more since."""
    period = budget.period
    if period is None or period.state is not PeriodState.CAPPED:
        return False
    is_new = period.capped_at is not None and budget.plan.set_at >= period.capped_at
    return not is_new or room(budget, now) == 0


def check(budget: Budget, amount: int, now: int) -> None:
    """Refuse what no quota covers. Raises BudgetSpentError, BillUnpaidError."""
    if budget.spend.debts:
        raise BillUnpaidError("A bill for what your agents used is unpaid.")
    found = left(budget, now)
    stopped = is_stopped(budget, now)
    # Of a session that was stopped nothing is left, whichever quota it reached.
    session = None if stopped else found.session
    for name, rest in (("session", session), ("day", found.day), ("account", found.account)):
        if rest is not None and rest < amount:
            raise BudgetSpentError(
                f"The {name}'s budget leaves {format_amount(rest)}; "
                f"this takes {format_amount(amount)}. {_ANEW[name]}".rstrip(),
                quota=name,
                left=str(rest),
            )
    if stopped:
        what = f"This session has reached its budget; it pays for nothing more. {_ANEW['session']}"
        raise BudgetSpentError(what, quota="session")
    if budget.spend.total + amount > MOST:
        raise BudgetSpentError("No account can use that much.", quota="account")


def moved(budget: Budget, move: Move) -> Budget:
    """Return the budget after a move on all its meters; whoever adds has checked before."""
    period = budget.period
    if period is not None:
        period = replace(
            period,
            charged=period.charged + move.charged,
            reserved=period.reserved + move.reserved,
            traded=period.traded + move.traded,
        )
    return Budget(budget.plan, _on_spend(budget.spend, move), period)


def _on_spend(spend: Spend, move: Move) -> Spend:
    if move.day > spend.day:
        spend = replace(spend, day=move.day, day_charged=0, day_reserved=0, day_traded=0)
    today = move.day == spend.day
    return replace(
        spend,
        charged=spend.charged + move.charged,
        reserved=spend.reserved + move.reserved,
        traded=spend.traded + move.traded,
        day_charged=spend.day_charged + (move.charged if today else 0),
        day_reserved=spend.day_reserved + (move.reserved if today else 0),
        day_traded=spend.day_traded + (move.traded if today else 0),
    )


def is_reached(budget: Budget) -> bool:
    """Whether what was charged and traded alone leaves nothing of some quota.

    Judged as of the latest day in the meters.
    """
    plan, spend, period = budget.plan, budget.spend, budget.period
    used = (
        (plan.per_session, period.charged + period.traded if period else 0),
        (plan.per_day, spend.day_charged + spend.day_traded),
        (plan.per_account, spend.charged + spend.traded),
    )
    return any(quota is not None and total >= quota for quota, total in used)
