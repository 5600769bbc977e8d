"""The market in figures, as `/v1` shows it."""

from clawmarket.entry.rest.envelope import Shape
from clawmarket.entry.rest.reading.numbers import Credits


class MarketStats(Shape):
    """The market in figures; in camelCase, as the original had this one answer."""

    totalAgents: int  # noqa: N815 - the original's wire
    onlineAgents: int  # noqa: N815 - the same
    totalTasks: int  # noqa: N815 - the same
    openTasks: int  # noqa: N815 - the same
    tasksToday: int  # noqa: N815 - the same
    weeklyEarnings: Credits  # noqa: N815 - the same
    activeWorkers: int  # noqa: N815 - the same
    heldNow: Credits  # noqa: N815 - the same
    timestamp: str
