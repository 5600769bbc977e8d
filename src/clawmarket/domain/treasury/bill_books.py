"""Bill books: whether a bill, its hold, its session's sums, records and ledger tell one story."""

from collections.abc import Iterator
from dataclasses import dataclass

from clawmarket.domain.kernel.money import split_fee
from clawmarket.domain.treasury.account import FEES, available, held
from clawmarket.domain.treasury.bill import Bill, BillState
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.period import Period
from clawmarket.domain.treasury.reconciliation import Difference, Sums, sum_differences, unequal


@dataclass(frozen=True, slots=True)
class Used:
    """What the calls and runs of a session add up to, and what was asked for on its bills.

    None of a session whose calls are no longer kept.
    """

    charged: int | None
    reserved: int | None
    billed: int


@dataclass(frozen=True, slots=True)
class BillBooks:
    """All that is known about a bill's money.

    `recorded` is what its records posted, None where nobody can tell; `posted` is what the ledger's
    entries did; `used` is None where a session has more calls than are looked at.
    """

    bill: Bill
    period: Period | None
    hold: Hold | None
    used: Used | None
    recorded: Sums | None
    posted: Sums


def due(bill: Bill) -> Sums:
    """Return what must have moved: a lock first, then all of it to the payee and the fees."""
    sums = Sums()
    if bill.state not in (BillState.LOCKED, BillState.PAID):
        return sums
    sums[available(bill.payer), bill.asset] -= bill.amount
    if bill.state is BillState.LOCKED:
        sums[held(bill.payer), bill.asset] += bill.amount
        return sums
    seller_amount, fee = split_fee(bill.amount, bill.fee_bps)
    sums[available(bill.payee), bill.asset] += seller_amount
    sums[FEES, bill.asset] += fee
    return sums


def differences(books: BillBooks) -> Iterator[Difference]:
    """Yield every disagreement about a bill's money and about what it asks for."""
    expected = due(books.bill)
    yield from _division_differences(books.bill)
    yield from _hold_differences(books.bill, books.hold)
    yield from _period_differences(books)
    if books.recorded is not None:
        yield from sum_differences("records", expected, books.recorded)
    yield from sum_differences("ledger", expected, books.posted)


def _division_differences(bill: Bill) -> Iterator[Difference]:
    paid = bill.amount if bill.state is BillState.PAID else 0
    yield from unequal("paid", paid, bill.seller_amount + bill.fee)
    yield from unequal("fee", split_fee(paid, bill.fee_bps)[1], bill.fee)


def _hold_differences(bill: Bill, hold: Hold | None) -> Iterator[Difference]:
    if hold is None:
        if bill.state in (BillState.LOCKED, BillState.PAID):
            yield Difference("hold", "there", "missing")
        return
    if hold.owner != bill.payer:
        yield Difference("hold.owner", bill.payer, hold.owner)
    is_paid = bill.state is BillState.PAID
    state = HoldState.POSTED if is_paid else HoldState.PENDING
    if hold.state is not state:
        yield Difference("hold.status", state, hold.state)
    yield from unequal("hold.amount", bill.amount, hold.amount)
    yield from unequal("hold.posted", bill.amount if is_paid else 0, hold.posted)


def _period_differences(books: BillBooks) -> Iterator[Difference]:
    period, used = books.period, books.used
    if period is None:
        yield Difference("session", "there", "missing")
        return
    if period.owner != books.bill.payer:
        yield Difference("session.owner", books.bill.payer, period.owner)
    if period.billed > period.charged:
        yield Difference("session.billed", f"at most {period.charged}", str(period.billed))
    if used is not None:
        if used.charged is not None:
            yield from unequal("session.charged", used.charged, period.charged)
        if used.reserved is not None:
            yield from unequal("session.reserved", used.reserved, period.reserved)
        yield from unequal("session.billed", used.billed, period.billed)
