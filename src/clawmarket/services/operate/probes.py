"""The market's own probes: is the log keeping up, are jobs being done, do deadlines hold."""

from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.kernel.moment import SECOND_MS, span
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.postpay.tab import Tab
from clawmarket.domain.treasury.bill import Bill
from clawmarket.domain.treasury.rail import RailState, RailStep
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.probes import Finding, probe
from clawmarket.services.operate.revocations import count_pending, unsent
from clawmarket.services.trust.log import log_head, unlogged

LOG_LAG_MS = 10 * SECOND_MS
SWEEP_LAG_MS = 30 * SECOND_MS
RAIL_LAG_MS = 120 * SECOND_MS


@probe("log/lag")
def log_lag(rows: Snapshot, now: int) -> Finding:
    """The oldest record that the log has not taken in is young."""
    waiting = unlogged(rows, log_head(rows), limit=1)
    lag = now - waiting[0].at if waiting else 0
    well = lag < LOG_LAG_MS
    return Finding("log/lag", well, f"The log is {span(lag)} behind.", "" if well else _RESTART)


@probe("jobs/dead")
def jobs_dead(rows: Snapshot, _now: int) -> Finding:
    """No job was given up."""
    dead = rows.find(Query(Job, equal={"state": JobState.DEAD}, limit=100))
    message = f"{len(dead)} jobs were given up." if dead else "No job was given up."
    hint = "clawmarket call market.jobs.list status=job_dead" if dead else ""
    return Finding("jobs/dead", not dead, message, hint)


@probe("market/deadlines")
def deadlines(rows: Snapshot, now: int) -> Finding:
    """No order waits long past the moment at which the market should have acted."""
    late = rows.find(
        Query(Order, at_most=("acts_at", now - SWEEP_LAG_MS), order_by="acts_at", limit=1)
    )
    message = "An order is overdue." if late else "No order is overdue."
    return Finding("market/deadlines", not late, message, "clawmarket task sweep" if late else "")


@probe("revocations/unsent")
def revocations_unsent(rows: Snapshot, _now: int) -> Finding:
    """No notice of a revocation was given up; those that are on their way are counted."""
    pending = count_pending(rows)
    failed = len(unsent(rows, JobState.DEAD))
    waiting = f"{pending} notices of revocations wait"
    if pending == 1:
        waiting = "1 notice of a revocation waits"
    given_up = "1 was" if failed == 1 else f"{failed} were"
    message = f"{waiting}, {given_up} given up."
    hint = "clawmarket call market.revocation.retry" if failed else ""
    return Finding("revocations/unsent", not failed, message, hint)


@probe("rails/unknown")
def rails_unknown(rows: Snapshot, now: int) -> Finding:
    """No rail leaves open for long what it did with an order's money."""
    stuck, asked = (
        rows.find(Query(RailStep, equal={"state": state}, limit=100))
        for state in (RailState.STUCK, RailState.ASKED)
    )
    late = [step for step in asked if step.asked_at <= now - RAIL_LAG_MS]
    message = f"Rails leave {len(asked) + len(stuck)} steps open, {len(stuck)} need a person."
    message = message if asked or stuck else "No rail leaves anything open."
    well = not late and not stuck
    return Finding("rails/unknown", well, message, "" if well else "clawmarket repair list")


@probe("market/tabs")
def overdue_tabs(rows: Snapshot, now: int) -> Finding:
    """No tab waits long past the moment at which the market should have settled it."""
    late = rows.find(
        Query(Tab, at_most=("acts_at", now - SWEEP_LAG_MS), order_by="acts_at", limit=1)
    )
    message = "A tab is overdue." if late else "No tab is overdue."
    return Finding("market/tabs", not late, message, "clawmarket task sweep" if late else "")


@probe("billing/bills")
def overdue_bills(rows: Snapshot, now: int) -> Finding:
    """No bill waits long past the moment at which the market should have looked at it."""
    late = rows.find(
        Query(Bill, at_most=("acts_at", now - SWEEP_LAG_MS), order_by="acts_at", limit=1)
    )
    message = "A bill is overdue." if late else "No bill is overdue."
    return Finding("billing/bills", not late, message, "clawmarket task sweep" if late else "")


_RESTART = "Restart the market: stop it with Ctrl+C and start it again with make run."
