"""Settling: how every tab ends, and what that does to the money and to the trust."""

from dataclasses import replace

from clawmarket.domain.market.postpay import tab as tabs
from clawmarket.domain.market.postpay import trust as trusts
from clawmarket.domain.market.postpay.tab import Tab
from clawmarket.domain.market.postpay.trust import Trust, TrustState
from clawmarket.services.treasury.moves import RowLostError, give_back, hold_of, pay_tab
from clawmarket.services.work import Work


def trust_of(work: Work, tab: Tab) -> Trust:
    """Return the trust that a tab runs on."""
    trust = work.get(Trust, tab.trust_id)
    if trust is None:
        raise RowLostError("A trust is missing.")
    return trust


def settle_tab(work: Work, tab: Tab, why: str) -> Tab:
    """Pay a tab in full if it is prepaid or the consumer has as much available; else it is owed.

    All or nothing is taken. A debt of thirty days is written off, and the trust ends with it.
    Raises TransitionRefusedError.
    """
    if tab.hold_id is not None or work.balance(tab.consumer, tab.asset).available >= tab.owed:
        return pay(work, tab, why)
    if tab.is_running or not tabs.is_lost(tab, work.now):
        after, defaulted = tabs.default(tab, "too little was available", work.now)
        work.save(after)
        work.emit(defaulted)
        work.involve(after.parties)
        return after
    return _write_off(work, tab)


def pay(work: Work, tab: Tab, why: str) -> Tab:
    """Pay a tab in full. Raises FundsMissingError, TransitionRefusedError."""
    paid, settled = tabs.settle(tab, why, work.now)
    work.save(paid)
    if paid.owed:
        pay_tab(work, paid)
    else:
        unlock(work, paid)
    work.emit(settled)
    free_trust(work, paid)
    return paid


def unlock(work: Work, tab: Tab) -> None:
    """Give back what a prepaid tab locked, if nothing of it is owed."""
    if tab.hold_id is not None:
        give_back(work, hold_of(work, tab.hold_id))


def free_trust(work: Work, tab: Tab, *, lost: bool = False) -> None:
    """Let the trust of a tab that is over carry another one; after a loss it ends."""
    trust = replace(trust_of(work, tab), tab_id=None)
    if lost and trust.state is TrustState.GRANTED:
        trust, revoked = trusts.revoke(trust, "a tab was never paid")
        work.emit(revoked)
    work.save(trust)
    work.involve(tab.parties)


def _write_off(work: Work, tab: Tab) -> Tab:
    after, abandoned = tabs.write_off(tab, "not paid within thirty days", work.now)
    work.save(after)
    work.emit(abandoned)
    free_trust(work, after, lost=True)
    return after
