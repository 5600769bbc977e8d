"""Tabs: use now, pay at the session's end; never above a cap, never faster than agreed.

The provider writes the usage down and the market works out what it costs, so a provider can claim
units but no sum. Whatever anybody leaves undone, a tab ends: paid, forgiven or written off.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.kernel.errors import (
    ConflictError,
    ExpiredError,
    ForbiddenError,
    InvalidArgumentError,
    NotFoundError,
    PaymentRequiredError,
    QuotaExceededError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from clawmarket.domain.kernel.money import format_amount, split_fee
from clawmarket.domain.market.postpay.trust import Trust, cost_of

# After the consumer closed: so long the provider may still write down what was used before.
LAST_USAGE_S = 60
# Unpaid tabs are tried again after an hour, then after twice as long each time, up to a day.
FIRST_RETRY_MS = HOUR_MS
LAST_RETRY_MS = DAY_MS
OWED_MS = 30 * DAY_MS


class TabState(StrEnum):
    """Where a tab stands."""

    OPEN = "tab_open"
    CLOSING = "tab_closing"
    SETTLED = "tab_settled"
    UNPAID = "tab_unpaid"
    FORGIVEN = "tab_forgiven"
    WRITTEN_OFF = "tab_written_off"


TAB = Machine(
    "tab",
    (TabState.OPEN,),
    {
        "append": {TabState.OPEN: TabState.OPEN, TabState.CLOSING: TabState.CLOSING},
        "raise": {TabState.OPEN: TabState.OPEN},
        "close": {TabState.OPEN: TabState.CLOSING},
        "settle": {TabState.OPEN: TabState.SETTLED, TabState.CLOSING: TabState.SETTLED},
        "owe": {TabState.OPEN: TabState.UNPAID, TabState.CLOSING: TabState.UNPAID},
        "wait": {TabState.UNPAID: TabState.UNPAID},
        "pay": {TabState.UNPAID: TabState.SETTLED},
        "forgive": {
            TabState.OPEN: TabState.FORGIVEN,
            TabState.CLOSING: TabState.FORGIVEN,
            TabState.UNPAID: TabState.FORGIVEN,
        },
        "write_off": {TabState.UNPAID: TabState.WRITTEN_OFF},
    },
)
RUNNING = (TabState.OPEN, TabState.CLOSING)


class TabNotFoundError(NotFoundError):
    """There is no such tab, or it is not yours to see."""

    next_command = "clawmarket tab list"


class TabSideError(ForbiddenError):
    """This step is the other side's."""

    advice = "Let the other side do it."
    next_command = "clawmarket tab show {tabId}"


class TabOverError(ExpiredError):
    """The tab's last moment has passed; the market settles it."""

    advice = "Open a new tab for what comes next."
    next_command = "clawmarket tab show {tabId}"


class TabCapHighError(QuotaExceededError):
    """The provider trusts this account with less than that."""

    advice = "Take a cap within the provider's, or ask for a new trust."
    next_command = "clawmarket trust list"


class TabCapLowError(InvalidArgumentError):
    """A cap pays for one unit at least, and is only ever raised."""

    advice = "Give a higher cap; to stop the use, close the tab."
    next_command = "clawmarket explain tab_cap_low"


class TabPrepaidError(ConflictError):
    """A cap that is locked stays what it is."""

    advice = "Close this tab and open another one; what was not used comes back."
    next_command = "clawmarket tab close {tabId}"


class TabPaceHighError(QuotaExceededError):
    """The provider lets this account use less in a minute."""

    advice = "Take a rate within the provider's, or leave it out."
    next_command = "clawmarket trust list"


class TabDebtError(PaymentRequiredError):
    """Whoever owes for one tab opens no other, with anybody."""

    advice = "Pay what you owe, or ask that provider to forgive it."
    next_command = "clawmarket tab pay {tabId}"


@dataclass(frozen=True, slots=True)
class Tab:
    """What one consumer uses of one provider in one session.

    `hold_id` is what a prepaid tab locked for its cap. `owed` is what `quantity` units cost, in
    minor units. `pace` is how much of the rate is left, in units times milliseconds of a minute, as
    of `paced_at`. `acts_at` is when the market acts by itself, None once all is over; before
    `closed_at` is set it is also the last moment for usage. Once settled, seller_amount + fee =
    owed.
    """

    tab_id: str
    trust_id: str
    provider: str
    consumer: str
    asset: str
    unit: str
    price: int
    per_units: int
    units_per_minute: int
    cap: int
    hold_id: str | None
    fee_bps: int
    quantity: int
    owed: int
    entries: int
    pace: int
    paced_at: int
    state: TabState
    opened_at: int
    expires_at: int
    acts_at: int | None
    closed_at: int | None
    tries: int
    seller_amount: int
    fee: int
    ended_at: int | None
    why: str

    @property
    def parties(self) -> tuple[str, str]:
        """Provider and consumer."""
        return (self.provider, self.consumer)

    @property
    def is_running(self) -> bool:
        """Whether usage may still be written down, in time."""
        return self.state in RUNNING

    @property
    def is_full(self) -> bool:
        """Whether not one more unit fits under the cap."""
        return self.cost_of(self.quantity + 1) > self.cap

    def cost_of(self, units: int) -> int:
        """Return what so many units cost all together, rounded down."""
        return cost_of(units, self.price, self.per_units)

    def pace_at(self, now: int) -> int:
        """Return how much of the rate is left at a moment; a minute's pause fills it."""
        full = self.units_per_minute * MINUTE_MS
        return min(full, self.pace + max(0, now - self.paced_at) * self.units_per_minute)

    def units_at(self, now: int) -> int:
        """Return how many units the rate lets through at once at a moment."""
        return self.pace_at(now) // MINUTE_MS


@event
@dataclass(frozen=True, slots=True)
class TabOpened(Event):
    """A consumer agreed to pay at the end for what is used, up to a cap."""

    tab_id: str
    trust_id: str
    provider: str
    consumer: str
    asset: str
    unit: str
    price: str
    per_units: int
    units_per_minute: int
    cap: str
    prepaid: bool
    fee_bps: int
    expires_at: int


@event
@dataclass(frozen=True, slots=True)
class TabRaised(Event):
    """The consumer confirmed a second time, with a higher cap."""

    tab_id: str
    cap: str


@event
@dataclass(frozen=True, slots=True)
class TabClosed(Event):
    """The consumer ends the session; until `acts_at` the provider may write down the last uses."""

    tab_id: str
    acts_at: int


@event
@dataclass(frozen=True, slots=True)
class TabSettled(Event):
    """What was owed went from the consumer to the provider, less the fee."""

    tab_id: str
    asset: str
    owed: str
    seller_amount: str
    fee: str
    reason: str


@event
@dataclass(frozen=True, slots=True)
class TabDefaulted(Event):
    """The consumer has less than is owed; nothing was taken, and it is tried again."""

    tab_id: str
    owed: str
    tries: int
    acts_at: int
    reason: str


@event
@dataclass(frozen=True, slots=True)
class TabForgiven(Event):
    """The provider gave up what was owed."""

    tab_id: str
    owed: str
    reason: str


@event
@dataclass(frozen=True, slots=True)
class TabAbandoned(Event):
    """What was owed was not paid in time and is written off; the trust ends with it."""

    tab_id: str
    owed: str
    reason: str


@dataclass(frozen=True, slots=True)
class TabTerms:
    """What the consumer agrees to, within what the provider trusts them with."""

    cap: int
    units_per_minute: int
    fee_bps: int
    lifetime_s: int
    hold_id: str | None = None


def open_tab(tab_id: str, trust: Trust, terms: TabTerms, now: int) -> Tab:
    """Return a new tab on a trust.

    Raises TabCapHighError, TabCapLowError, TabPaceHighError.
    """
    check_cap(trust, terms.cap)
    if terms.units_per_minute > trust.units_per_minute:
        raise TabPaceHighError(f"The provider allows {trust.units_per_minute} units a minute.")
    expires_at = now + terms.lifetime_s * SECOND_MS
    tab = Tab(
        tab_id=tab_id,
        trust_id=trust.trust_id,
        provider=trust.provider,
        consumer=trust.consumer,
        asset=trust.asset,
        unit=trust.unit,
        price=trust.price,
        per_units=trust.per_units,
        units_per_minute=terms.units_per_minute,
        cap=terms.cap,
        hold_id=terms.hold_id,
        fee_bps=terms.fee_bps,
        quantity=0,
        owed=0,
        entries=0,
        pace=terms.units_per_minute * MINUTE_MS,
        paced_at=now,
        state=TabState.OPEN,
        opened_at=now,
        expires_at=expires_at,
        acts_at=expires_at,
        closed_at=None,
        tries=0,
        seller_amount=0,
        fee=0,
        ended_at=None,
        why="",
    )
    if tab.is_full:
        raise TabCapLowError(f"{format_amount(tab.cap, tab.asset)} pay for no {tab.unit}.")
    return tab


def opened(tab: Tab) -> TabOpened:
    """Return what the record says of a new tab."""
    return TabOpened(
        tab.tab_id,
        tab.trust_id,
        tab.provider,
        tab.consumer,
        tab.asset,
        tab.unit,
        str(tab.price),
        tab.per_units,
        tab.units_per_minute,
        str(tab.cap),
        tab.hold_id is not None,
        tab.fee_bps,
        tab.expires_at,
    )


def raise_cap(tab: Tab, trust: Trust, cap: int, now: int) -> tuple[Tab, TabRaised]:
    """Let more be used, as far as the provider trusts the consumer.

    Raises:
        TransitionRefusedError: The tab is no longer open.
        TabOverError: Its last moment has passed.
        TabPrepaidError: Its cap is locked.
        TabCapLowError: The cap is not higher.
        TabCapHighError: It is above what the provider trusts the consumer with.
    """
    state = TAB.step(tab.state, "raise", tabId=tab.tab_id)
    check_in_time(tab, now)
    if tab.hold_id is not None:
        raise TabPrepaidError("The cap of this tab is locked.", tabId=tab.tab_id)
    if cap <= tab.cap:
        raise TabCapLowError(
            f"The cap is {format_amount(tab.cap, tab.asset)} already.", tabId=tab.tab_id
        )
    check_cap(trust, cap)
    return replace(tab, state=state, cap=cap), TabRaised(tab.tab_id, str(cap))


def check_in_time(tab: Tab, now: int) -> None:
    """Raise TabOverError if `now` is not before the last moment for usage."""
    if tab.acts_at is None or now >= tab.acts_at:
        raise TabOverError("The time of this tab has passed.", tabId=tab.tab_id)


def close(tab: Tab, now: int) -> tuple[Tab, TabClosed]:
    """End a session for the consumer; the provider has a minute for the last uses.

    Raises TransitionRefusedError.
    """
    state = TAB.step(tab.state, "close", tabId=tab.tab_id)
    acts_at = min(tab.expires_at, now + LAST_USAGE_S * SECOND_MS)
    return replace(tab, state=state, acts_at=acts_at), TabClosed(tab.tab_id, acts_at)


def settle(tab: Tab, why: str, now: int) -> tuple[Tab, TabSettled]:
    """Pay a tab, running or unpaid; the fee is out of it, rounded down.

    Raises TransitionRefusedError.
    """
    action = "settle" if tab.is_running else "pay"
    seller_amount, fee = split_fee(tab.owed, tab.fee_bps)
    after = replace(
        tab,
        state=TAB.step(tab.state, action, tabId=tab.tab_id),
        seller_amount=seller_amount,
        fee=fee,
        closed_at=now if tab.closed_at is None else tab.closed_at,
        ended_at=now,
        acts_at=None,
        why=why,
    )
    amounts = (str(tab.owed), str(seller_amount), str(fee))
    return after, TabSettled(tab.tab_id, tab.asset, *amounts, why)


def default(tab: Tab, why: str, now: int) -> tuple[Tab, TabDefaulted]:
    """Note that what is owed cannot be paid now, and when it is tried again.

    Raises TransitionRefusedError.
    """
    action = "owe" if tab.is_running else "wait"
    closed_at = now if tab.closed_at is None else tab.closed_at
    pause = min(LAST_RETRY_MS, FIRST_RETRY_MS << tab.tries)
    acts_at = min(now + pause, closed_at + OWED_MS)
    after = replace(
        tab,
        state=TAB.step(tab.state, action, tabId=tab.tab_id),
        closed_at=closed_at,
        tries=tab.tries + 1,
        acts_at=acts_at,
        why=why,
    )
    return after, TabDefaulted(tab.tab_id, str(tab.owed), after.tries, acts_at, why)


def is_lost(tab: Tab, now: int) -> bool:
    """Tell whether an unpaid tab was owed for as long as anybody waits."""
    return tab.closed_at is not None and now >= tab.closed_at + OWED_MS


def forgive(tab: Tab, why: str, now: int) -> tuple[Tab, TabForgiven]:
    """Give up what is owed, for the provider. Raises TransitionRefusedError."""
    state = TAB.step(tab.state, "forgive", tabId=tab.tab_id)
    return _ended(tab, state, why, now), TabForgiven(tab.tab_id, str(tab.owed), why)


def write_off(tab: Tab, why: str, now: int) -> tuple[Tab, TabAbandoned]:
    """End a debt that nobody paid in time. Raises TransitionRefusedError."""
    state = TAB.step(tab.state, "write_off", tabId=tab.tab_id)
    return _ended(tab, state, why, now), TabAbandoned(tab.tab_id, str(tab.owed), why)


def _ended(tab: Tab, state: TabState, why: str, now: int) -> Tab:
    closed_at = now if tab.closed_at is None else tab.closed_at
    return replace(tab, state=state, closed_at=closed_at, ended_at=now, acts_at=None, why=why)


def check_cap(trust: Trust, cap: int) -> None:
    """Raise TabCapHighError if a cap is above what the provider trusts the consumer with."""
    if cap > trust.cap:
        raise TabCapHighError(
            f"The provider trusts you with {format_amount(trust.cap, trust.asset)} a session, "
            f"not with {format_amount(cap, trust.asset)}.",
            trustId=trust.trust_id,
            cap=str(trust.cap),
        )
