"""Trading: what an account's keys move out of its purse counts against the plan's quotas."""

from clawmarket.domain.treasury import budget as budgets
from clawmarket.domain.treasury.budget import Move
from clawmarket.domain.treasury.plan import PlanCharged
from clawmarket.domain.trust.session import CredentialKind
from clawmarket.services.call import Call
from clawmarket.services.treasury.billing.budgets import budget_of, enter, move
from clawmarket.services.work import Work


def count_trade(call: Call, work: Work) -> None:
    """Charge what a command of a key spent to the quotas of the account's plan.

    The owner, signed in with a wallet, is never limited. What comes back of a trade later frees
    nothing: a quota says how much an agent may set in motion. It is shown as traded and stands on
    no bill. Raises BudgetSpentError, BillUnpaidError; then nothing of the command happened.
    """
    if call.caller.kind is not CredentialKind.KEY or not (amount := work.spent(call.actor)):
        return
    session = call.caller.agent_session
    budget = budget_of(work, call.actor, session)
    if budget is None:
        return
    budgets.check(budget, amount, call.now)
    if session:
        budget = enter(work, budget, session)
    period_id = budget.period.period_id if budget.period else None
    work.emit(PlanCharged(budget.plan.plan_id, period_id, str(amount)))
    move(work, budget, Move(budgets.day_at(budget.spend, call.now), traded=amount))
