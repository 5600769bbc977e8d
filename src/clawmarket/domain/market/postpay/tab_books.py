"""Tab books: whether uses, sums, lock, records and ledger tell one story about a tab."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clawmarket.domain.kernel.money import split_fee
from clawmarket.domain.market.postpay.tab import Tab, TabState
from clawmarket.domain.market.postpay.usage import Usage
from clawmarket.domain.treasury.account import FEES, available, held
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.reconciliation import Difference, Sums, sum_differences, unequal


@dataclass(frozen=True, slots=True)
class TabBooks:
    """All that is known about a tab's money, beside its uses.

    `recorded` is what its records posted, None where nobody can tell; `posted` is what the ledger's
    entries did.
    """

    tab: Tab
    hold: Hold | None
    recorded: Sums | None
    posted: Sums


@dataclass(slots=True)
class Used:
    """What the uses that were read add up to."""

    entries: int = 0
    quantity: int = 0
    cost: int = 0


def paid(tab: Tab) -> int:
    """Return what a tab says that its consumer paid, with the fee."""
    return tab.seller_amount + tab.fee


def due(tab: Tab) -> Sums:
    """Return what must have moved: all that is owed once it is settled, a lock before that."""
    sums = Sums()
    if tab.hold_id is not None and tab.ended_at is None:
        sums[available(tab.consumer), tab.asset] -= tab.cap
        sums[held(tab.consumer), tab.asset] += tab.cap
    if tab.state is TabState.SETTLED:
        seller_amount, fee = split_fee(tab.owed, tab.fee_bps)
        sums[available(tab.consumer), tab.asset] -= tab.owed
        sums[available(tab.provider), tab.asset] += seller_amount
        sums[FEES, tab.asset] += fee
    return sums


def differences(books: TabBooks, used: Used) -> Iterator[Difference]:
    """Yield every disagreement about a tab's sums and money; `used` is what its uses add up to."""
    yield from _sum_differences(books.tab, used)
    yield from _lock_differences(books.tab, books.hold)
    expected = due(books.tab)
    if books.recorded is not None:
        yield from sum_differences("records", expected, books.recorded)
    yield from sum_differences("ledger", expected, books.posted)


def use_differences(tab: Tab, uses: Iterable[Usage], used: Used) -> Iterator[Difference]:
    """Yield which use costs something else than its units do, or does not follow the one before.

    On the way it counts in `used` what they add up to.
    """
    owed = 0
    for usage in uses:
        before = tab.cost_of(used.quantity)
        used.entries += 1
        used.quantity += usage.quantity
        used.cost += usage.cost
        yield from unequal(
            f"{usage.usage_id} cost", tab.cost_of(used.quantity) - before, usage.cost
        )
        yield from unequal(f"{usage.usage_id} owed", owed + usage.cost, usage.owed)
        owed = usage.owed


def _sum_differences(tab: Tab, used: Used) -> Iterator[Difference]:
    yield from unequal("entries", used.entries, tab.entries)
    yield from unequal("quantity", used.quantity, tab.quantity)
    yield from unequal("owed", used.cost, tab.owed)
    if tab.owed > tab.cap:
        yield Difference("owed", f"at most {tab.cap}", str(tab.owed))
    yield from unequal("paid", used.cost if tab.state is TabState.SETTLED else 0, paid(tab))
    yield from unequal("fee", split_fee(paid(tab), tab.fee_bps)[1], tab.fee)


def _lock_differences(tab: Tab, hold: Hold | None) -> Iterator[Difference]:
    if tab.hold_id is None:
        return
    if hold is None:
        yield Difference("hold", "there", "missing")
        return
    if hold.owner != tab.consumer:
        yield Difference("hold.owner", tab.consumer, hold.owner)
    yield from unequal("hold.amount", tab.cap, hold.amount)
    posted = tab.owed if tab.state is TabState.SETTLED else 0
    ended = HoldState.POSTED if posted else HoldState.VOIDED
    state = HoldState.PENDING if tab.ended_at is None else ended
    if hold.state is not state:
        yield Difference("hold.status", state, hold.state)
    yield from unequal("hold.posted", posted, hold.posted)
