"""Tab rules: who may open, write down, close, pay and forgive, and what may be owed at all."""

from typing import Any

from clawmarket.domain.kernel.ids import MARKET_ACCOUNT
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, MINUTE_MS
from clawmarket.domain.market.postpay.tab import Tab
from clawmarket.domain.market.postpay.trust import Trust
from clawmarket.domain.market.postpay.usage import Usage
from simulation.referee import Act, Books, must

OWED_MS = 30 * DAY_MS
OVER = ("tab_settled", "tab_forgiven", "tab_written_off")
RUNNING = ("tab_open", "tab_closing")

# (before, after) → who may at any time, and who only once the last moment has come.
TAB_MOVES: dict[tuple[str, str], tuple[set[str], set[str]]] = {
    ("tab_open", "tab_closing"): ({"consumer"}, set()),
    ("tab_open", "tab_settled"): ({"provider"}, {"consumer", "market"}),
    ("tab_open", "tab_unpaid"): ({"provider"}, {"consumer", "market"}),
    ("tab_open", "tab_forgiven"): ({"provider"}, set()),
    ("tab_closing", "tab_settled"): ({"provider"}, {"consumer", "market"}),
    ("tab_closing", "tab_unpaid"): ({"provider"}, {"consumer", "market"}),
    ("tab_closing", "tab_forgiven"): ({"provider"}, set()),
    ("tab_unpaid", "tab_settled"): ({"consumer"}, {"market"}),
    ("tab_unpaid", "tab_forgiven"): ({"provider"}, set()),
    ("tab_unpaid", "tab_written_off"): (set(), {"market"}),
}


def check_tabs(books: Books, act: Act) -> None:
    """Check every trust, tab and use that changed."""
    for change in act.of(Trust):
        _check_trust(act, change.before, change.after)
    for change in act.of(Usage):
        must(change.before is None, "A use was edited.")
        _check_use(books, act, change.after)
    for change in act.of(Tab):
        _check_tab(books, act, change.before, change.after)


def _check_trust(act: Act, before: Trust | None, after: Trust) -> None:
    if before is None:
        must(act.actor == after.provider != after.consumer, "Somebody trusts in another's name.")
        return
    if before.state != after.state:
        lost = act.actor == MARKET_ACCOUNT and before.tab_id is not None
        must(act.actor == after.provider or lost, "Somebody else took a trust back.")
    if after.tab_id is not None and after.tab_id != before.tab_id:
        must(before.tab_id is None, "A trust carries two tabs.")
        must(after.state == "trust_granted", "A tab on a trust that was taken back.")
    if before.tab_id is not None and after.tab_id is None:
        tab: Any = act.after(Tab, before.tab_id)
        must(tab is not None and tab.state in OVER, "A trust let go of a tab that goes on.")


def _check_use(books: Books, act: Act, usage: Usage) -> None:
    tab: Any = books.view.get(Tab, usage.tab_id)
    must(tab is not None and act.actor == tab.provider, "Usage was written down by somebody else.")
    must(tab.state in RUNNING and act.at < tab.acts_at, "Usage was written down too late.")
    uses = books.used[usage.tab_id]
    uses.append((act.at, usage.quantity))
    # From no use on has more come through than its minute and the time since let through.
    through = 0
    for at, units in reversed(uses):
        through += units
        most = tab.units_per_minute * (MINUTE_MS + act.at - at)
        must(through * MINUTE_MS <= most, f"{through} units came through too fast.")


def _check_tab(books: Books, act: Act, before: Tab | None, after: Tab) -> None:
    units = sum(units for _, units in books.used[after.tab_id])
    must(after.quantity == units, "Units were made up, or lost.")
    must(after.owed == units * after.price // after.per_units <= after.cap, "The sum is wrong.")
    must(after.acts_at is not None or after.state in OVER, "A tab waits for nothing.")
    if before is None:
        _check_opened(books, act, after)
    elif before.state != after.state:
        _check_moved(books, act, before, after)
    elif after.cap != before.cap:
        trust: Any = books.view.get(Trust, after.trust_id)
        may = act.actor == after.consumer and act.at < (before.acts_at or 0)
        must(may and before.state == "tab_open", "A cap was raised by nobody.")
        must(before.cap < after.cap <= trust.cap, "A cap beyond the trust.")
        must(trust.state == "trust_granted", "A cap was raised on no trust.")
    elif after.state == "tab_unpaid":
        must(act.actor == MARKET_ACCOUNT and act.at >= (before.acts_at or 0), "Tried too early.")
        _check_owing(books, act, after)
    else:
        must(after.entries == before.entries + 1, "A tab changed without use.")


def _check_opened(books: Books, act: Act, tab: Tab) -> None:
    trust: Any = books.view.get(Trust, tab.trust_id)
    must(act.actor == tab.consumer == trust.consumer, "A tab in another's name.")
    must(tab.provider == trust.provider and tab.price == trust.price, "Not what was granted.")
    must(tab.cap <= trust.cap, "A tab beyond its trust.")
    must((tab.hold_id is not None) == trust.prepaid, "A lock that was not agreed, or none.")
    must(tab.units_per_minute <= trust.units_per_minute, "A tab faster than its trust.")
    debts = [t for t in books.view.all(Tab) if t.state == "tab_unpaid"]
    must(tab.consumer not in {debt.consumer for debt in debts}, "Whoever owes opened a tab.")


def _check_moved(books: Books, act: Act, before: Tab, after: Tab) -> None:
    what = f"a tab from {before.state} to {after.state}"
    at_once, late = TAB_MOVES.get((str(before.state), str(after.state)), (set(), set()))
    roles = {"provider": after.provider, "consumer": after.consumer, "market": MARKET_ACCOUNT}
    (role, *_) = [name for name, account in roles.items() if account == act.actor] or ["nobody"]
    is_late = before.acts_at is not None and act.at >= before.acts_at
    must(role in at_once or (role in late and is_late), f"{role} may not lead {what} now.")
    match str(after.state):
        case "tab_closing":
            last = min(after.expires_at, act.at + MINUTE_MS)
            must(act.at < before.expires_at and after.acts_at == last, "The last minute is wrong.")
        case "tab_unpaid":
            _check_owing(books, act, after)
        case "tab_written_off":
            must(act.at >= (after.closed_at or 0) + OWED_MS, "A debt was given up too early.")
            must(books.pockets[f"{after.consumer}/available"] < after.owed, "It could be paid.")


def _check_owing(books: Books, act: Act, tab: Tab) -> None:
    must(tab.hold_id is None, "What is locked is owed.")
    must(books.pockets[f"{tab.consumer}/available"] < tab.owed, "What could be paid is owed.")
    pause = min(DAY_MS, HOUR_MS * 2 ** (tab.tries - 1))
    must(tab.acts_at == min(act.at + pause, (tab.closed_at or 0) + OWED_MS), "A debt's next try.")
