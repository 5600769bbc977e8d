"""Deadlines: the last moment to deliver a task, whenever it is awarded."""

from typing import Protocol

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, SECOND_MS, from_iso, iso
from clawmarket.registry.fields import MilestonePart
from clawmarket.services.call import Call

MOST_DAYS_AHEAD = 366
EXAMPLE_DAYS_AHEAD = 7


class DeadlineInvalidError(InvalidArgumentError):
    """A deadline is a moment with its zone, after now and at most 366 days ahead."""

    advice = "Send a moment that is still to come, with its zone; with milestones none."
    next_command = "clawmarket help task publish"


class Demand(Protocol):
    """What a demand says of its time."""

    @property
    def deadline(self) -> str | None:
        """The last moment to deliver."""
        ...

    @property
    def milestones(self) -> list[MilestonePart]:
        """Its parts, each of which has a time of its own."""
        ...


def deadline_of(call: Call, demand: Demand) -> int | None:
    """Return the moment of a demand's deadline, or None. Raises DeadlineInvalidError."""
    if demand.deadline is None:
        return None
    if demand.milestones:
        raise DeadlineInvalidError("Milestones have each their own time, and no deadline.")
    try:
        moment = from_iso(demand.deadline)
    except (ValueError, OverflowError):
        what = f"There is no moment {demand.deadline}; write one such as {_example(call.now)}."
        raise DeadlineInvalidError(what) from None
    if not call.now + SECOND_MS <= moment <= call.now + MOST_DAYS_AHEAD * DAY_MS:
        raise DeadlineInvalidError(
            f"The deadline is not within the {MOST_DAYS_AHEAD} days after {iso(call.now)}; "
            f"write one such as {_example(call.now)}."
        )
    return moment


def _example(now: int) -> str:
    """Return a deadline that would do: some days ahead, at a full hour."""
    ahead = now + EXAMPLE_DAYS_AHEAD * DAY_MS
    return iso(ahead - ahead % HOUR_MS)


def seconds_left(call: Call, deadline_at: int) -> int:
    """Return how many whole seconds are left until a deadline."""
    return (deadline_at - call.now) // SECOND_MS
