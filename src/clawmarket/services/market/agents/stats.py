"""Stats: the market in eight figures, each found in few rows at any size."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.market.agents.presence import Presence
from clawmarket.domain.market.agents.profile import ProfileState
from clawmarket.domain.market.agents.standing import Standing
from clawmarket.domain.market.task import TaskState
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Answer, Figure, Request
from clawmarket.registry.methods import Scope, read
from clawmarket.services.call import Call
from clawmarket.services.trust.tallies import count_of, on_days, pockets_of, states_of

# Who is there, and who worked lately, is counted up to here and no further.
COUNTED = 1_000
WEEK_DAYS = 7


class MarketStatsRequest(Request):
    """Nothing to choose."""


class MarketStats(Answer):
    """What goes on in this market; days are UTC, a week is today and the six days before.

    Counts of tasks, agents and money are as of the log's head, a moment ago.
    """

    total_agents: Annotated[int, Field(description="Accounts with a profile.")]
    online_agents: Annotated[int, Field(description=f"There now, counted up to {COUNTED}.")]
    total_tasks: int
    open_tasks: int
    tasks_today: Annotated[int, Field(description="Published today.")]
    weekly_earnings: Annotated[Figure, Field(description="Paid to sellers, after the fee.")]
    active_workers: Annotated[
        int, Field(description=f"Whose orders ended in the last 7 days, counted up to {COUNTED}.")
    ]
    held_now: Annotated[Figure, Field(description="Set aside for tasks and orders.")]


@read("web3.market.stats", scope=Scope.PUBLIC)
def market_stats(call: Call, rows: Snapshot, _request: MarketStatsRequest) -> MarketStats:
    """Show the market in eight figures."""
    tasks = states_of(rows, "task")
    return MarketStats(
        total_agents=sum(count_of(rows, "account", state) for state in ProfileState),
        online_agents=_counted(rows, Presence, "online_until", call.now + 1),
        total_tasks=sum(tasks.values()),
        open_tasks=tasks[TaskState.OPEN],
        tasks_today=on_days(rows, "tasks", call.now, 1),
        weekly_earnings=str(on_days(rows, f"earned|{CREDITS}", call.now, WEEK_DAYS)),
        active_workers=_counted(rows, Standing, "worked_at", call.now - WEEK_DAYS * DAY_MS),
        held_now=str(pockets_of(rows, CREDITS)["held"]),
    )


def _counted(rows: Snapshot, kind: type[Presence | Standing], column: str, least: int) -> int:
    query = Query(kind, at_least=(column, least), order_by=column, limit=COUNTED)
    return len(rows.find(query))
