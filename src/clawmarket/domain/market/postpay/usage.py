"""Usage: what a provider writes down on a tab, within its cap and its rate."""

from dataclasses import dataclass, replace

from clawmarket.domain.kernel.errors import (
    InvalidArgumentError,
    QuotaExceededError,
    RateLimitedError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.moment import MINUTE_MS, SECOND_MS
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.market.postpay.tab import TAB, Tab, check_in_time

MAX_ENTRIES = 10_000


class TabFullError(QuotaExceededError):
    """This use would cost more than the cap leaves."""

    advice = "Ask the consumer to raise the cap, or close the tab to be paid for what is on it."
    next_command = "clawmarket tab show {tabId}"


class TabEntriesFullError(QuotaExceededError):
    """A tab holds so many entries, so that its sides can go through all of them at once."""

    advice = "Close the tab to be paid for what is on it, and have a new one opened."
    next_command = "clawmarket tab close {tabId}"


class UsageTooFastError(RateLimitedError):
    """More was used in a minute than both sides agreed on."""

    advice = "Write it down again when the answer says; until then, serve nothing more."
    next_command = "clawmarket tab show {tabId}"


class UsageTooLargeError(InvalidArgumentError):
    """One entry holds more units than a whole minute may."""

    advice = "Write down each use by itself; none may be above the units a minute."
    next_command = "clawmarket tab show {tabId}"


class UsageUnfitError(InvalidArgumentError):
    """Unit or cost are not what was agreed; the cost follows from the price."""

    advice = "Leave unit and cost out, or give exactly what the tab says."
    next_command = "clawmarket tab show {tabId}"


@dataclass(frozen=True, slots=True)
class Usage:
    """One metered use, written by the provider only and never edited."""

    usage_id: str
    tab_id: str
    quantity: int
    cost: int
    owed: int
    reference: str
    appended_at: int
    record_id: str


@event
@dataclass(frozen=True, slots=True)
class UsageAppended(Event):
    """The provider wrote a use down; `owed` is what all uses of the tab cost so far."""

    usage_id: str
    tab_id: str
    quantity: int
    cost: str
    owed: str
    reference: str


def append(tab: Tab, quantity: int, now: int) -> tuple[Tab, int]:
    """Add units to a tab; return it and what they cost.

    The cost is that of all units so far, rounded down, less what was owed before: many small uses
    cost what one large one costs.

    Raises:
        TransitionRefusedError: The tab is over.
        TabOverError: `now` is not before the tab's last moment.
        TabEntriesFullError: The tab holds as many entries as one may.
        TabFullError: The cap leaves less than these units cost.
        UsageTooLargeError: No minute lets so many units through.
        UsageTooFastError: The last minute lets fewer units through.
    """
    state = TAB.step(tab.state, "append", tabId=tab.tab_id)
    check_in_time(tab, now)
    if tab.entries >= MAX_ENTRIES:
        raise TabEntriesFullError(f"This tab has {tab.entries} entries.", tabId=tab.tab_id)
    owed = tab.cost_of(tab.quantity + quantity)
    if owed > tab.cap:
        left, cost = (format_amount(n, tab.asset) for n in (tab.cap - tab.owed, owed - tab.owed))
        raise TabFullError(
            f"{quantity} {tab.unit}s cost {cost}; the cap leaves {left}.",
            tabId=tab.tab_id,
            cap=str(tab.cap),
            owed=str(tab.owed),
            cost=str(owed - tab.owed),
        )
    after = replace(
        tab,
        state=state,
        quantity=tab.quantity + quantity,
        owed=owed,
        entries=tab.entries + 1,
        pace=_paced(tab, quantity, now),
        paced_at=max(now, tab.paced_at),
    )
    return after, owed - tab.owed


def _paced(tab: Tab, quantity: int, now: int) -> int:
    if quantity > tab.units_per_minute:
        raise UsageTooLargeError(
            f"{quantity} is more than the {tab.units_per_minute} units of a minute.",
            tabId=tab.tab_id,
        )
    left = tab.pace_at(now) - quantity * MINUTE_MS
    if left < 0:
        wait_ms = -(left // tab.units_per_minute)
        raise UsageTooFastError(
            f"The rate of {tab.units_per_minute} units a minute is used up.",
            tabId=tab.tab_id,
            retryAfterSec=-(-wait_ms // SECOND_MS),
            retryAfterMs=wait_ms,
        )
    return left


def appended(usage: Usage) -> UsageAppended:
    """Return what the record says of a use."""
    return UsageAppended(
        usage.usage_id,
        usage.tab_id,
        usage.quantity,
        str(usage.cost),
        str(usage.owed),
        usage.reference,
    )
