"""Moves on the meters that reservations, runs, trades and endings share, on one unit of work."""

from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.treasury import bill as bills
from clawmarket.domain.treasury import budget as budgets
from clawmarket.domain.treasury import period as periods
from clawmarket.domain.treasury.bill import BILL_JOB, LOOK_AFTER_MS, Bill, BillState
from clawmarket.domain.treasury.budget import Budget, Move, Spend, no_spend
from clawmarket.domain.treasury.period import Period, PeriodState, RunningPeriod, session_key
from clawmarket.domain.treasury.plan import Plan, PlanMissingError
from clawmarket.ports.store import Snapshot
from clawmarket.services.treasury.moves import RowLostError
from clawmarket.services.work import Work


def plan_of(rows: Snapshot | Work, owner: str) -> Plan | None:
    """Return an account's plan, or None."""
    return rows.get(Plan, same_ulid("plan", owner))


def budget_of(rows: Snapshot | Work, owner: str, session: str) -> Budget | None:
    """Return an account's plan and meters, with those of a session if one is named.

    None for an account without a plan.
    """
    plan = plan_of(rows, owner)
    if plan is None:
        return None
    spend = rows.get(Spend, owner) or no_spend(owner)
    return Budget(plan, spend, period_of(rows, owner, session) if session else None)


def needed_budget(rows: Snapshot | Work, owner: str, session: str) -> Budget:
    """Return an account's plan and meters. Raises PlanMissingError."""
    budget = budget_of(rows, owner, session)
    if budget is None:
        raise PlanMissingError("Your account has no plan for what its agents spend.")
    return budget


def period_of(rows: Snapshot | Work, owner: str, session: str) -> Period | None:
    """Return the period that a session is in, or was in last; None before its first use."""
    running = rows.get(RunningPeriod, session_key(owner, session))
    return None if running is None else rows.get(Period, running.period_id)


def period_named(work: Work, period_id: str) -> Period:
    """Return a period that must exist."""
    period = work.get(Period, period_id)
    if period is None:
        raise RowLostError("A billing period is missing.")
    return period


def enter(work: Work, budget: Budget, session: str) -> Budget:
    """Return the budget with the session in a period that runs, opened anew if need be.

    A session that was stopped goes on if the plan was set to leave more since.
    """
    period = budget.period
    if period is None or period.is_over:
        return replace_period(budget, _begin(work, budget.plan.owner, session))
    if period.state is PeriodState.CAPPED and not budgets.is_stopped(budget, work.now):
        period, resumed = periods.resume(period)
        work.emit(resumed)
    return replace_period(budget, periods.touch(period, work.now))


def _begin(work: Work, owner: str, session: str) -> Period:
    period = periods.open_period(work.call.new_id("period"), owner, session, work.now)
    work.add(period)
    key = session_key(owner, session)
    running = RunningPeriod(key, period.period_id)
    (work.add if work.get(RunningPeriod, key) is None else work.save)(running)
    work.emit(periods.PeriodOpened(period.period_id, owner, session))
    return period


def replace_period(budget: Budget, period: Period) -> Budget:
    """Return a budget with another state of its period."""
    return Budget(budget.plan, budget.spend, period)


def move(work: Work, budget: Budget, change: Move) -> Budget:
    """Move the meters, stop a session that reached a quota, bill what is to be billed at once.

    Whoever reserves or trades has checked before that every quota covers it.
    """
    after = budgets.moved(budget, change)
    period = after.period
    if period is not None:
        grew = change.charged or change.traded
        if grew and period.state is PeriodState.OPEN and budgets.is_reached(after):
            period, capped = periods.cap(period, work.now)
            work.emit(capped)
            period = bill_for(work, after.plan, period, "a quota was reached")
        if period.is_over and not period.reserved:
            period = bill_for(work, after.plan, period, "calls ended after the session")
        work.save(period)
        after = replace_period(after, period)
    keep_spend(work, after.spend)
    return after


def keep_spend(work: Work, spend: Spend) -> None:
    """Store the meters of an account."""
    (work.add if work.get(Spend, spend.spend_id) is None else work.save)(spend)


def bill_for(work: Work, plan: Plan, period: Period, why: str) -> Period:
    """Ask the owner for what a period charged and stands on no bill, if the plan has a payee.

    Returns the period to be stored.
    """
    if plan.payee is None or not period.due:
        return period
    bill = Bill(
        bill_id=work.call.new_id("bill"),
        period_id=period.period_id,
        payer=period.owner,
        payee=plan.payee,
        asset=CREDITS,
        amount=period.due,
        fee_bps=work.call.terms.fee_bps,
        hold_id=None,
        seller_amount=0,
        fee=0,
        tries=0,
        state=BillState.DUE,
        made_at=work.now,
        acts_at=work.now + LOOK_AFTER_MS,
        locked_at=None,
        ended_at=None,
        why=why,
    )
    work.add(bill)
    work.emit(bills.made(bill))
    work.enqueue(BILL_JOB, bill.bill_id)
    work.involve(bill.parties)
    return replace(period, billed=period.charged, bill_id=bill.bill_id)


def end_period(work: Work, plan: Plan, period: Period, why: str) -> Period:
    """End a session's period and bill it. Raises TransitionRefusedError."""
    after, ended = periods.end(period, why, work.now)
    work.emit(ended)
    work.involve((period.owner,))
    after = bill_for(work, plan, after, "the session ended")
    work.save(after)
    return after
