"""Trading: what an account's keys move out of its purse counts against the plan's quotas."""

from clawmarket.domain.treasury import budget as budgets
from clawmarket.domain.treasury.budget import Move
from clawmarket.domain.treasury.plan import PlanCharged
from clawmarket.domain.trust.session import CredentialKind
from clawmarket.services.call import Call
from clawmarket.services.treasury.billing.budgets import enter, move, needed_budget, plan_of
from clawmarket.services.work import Work

METHOD = "market.billing.trade"


def count_trade(call: Call, work: Work) -> None:
    """Charge what a command of a key spent to the quotas of the account's plan.

    The owner, signed in with a wallet, is never limited. What comes back of a trade later frees
    nothing: a quota says how much an agent may set in motion. It is shown as traded and stands on
    no bill. Raises BudgetSpentError, BillUnpaidError; then nothing of the command happened.
    """
    if call.caller.kind is not CredentialKind.KEY or not (amount := work.spent(call.actor)):
        return
    if plan_of(work, call.actor) is None:
        return
    # The other side of the trade sees its record; of this account's budget it learns nothing.
    own, session = work.beside(METHOD), call.caller.agent_session
    budget = needed_budget(own, call.actor, session)
    budgets.check(budget, amount, own.now)
    if session:
        budget = enter(own, budget, session)
    period_id = budget.period.period_id if budget.period else None
    own.emit(PlanCharged(budget.plan.plan_id, period_id, str(amount)))
    move(own, budget, Move(budgets.day_at(budget.spend, own.now), traded=amount))
    own.record()
