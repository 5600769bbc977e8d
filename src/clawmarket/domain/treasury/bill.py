"""Bills: what a session charged becomes real money; locked, then paid, or owed and tried again.

Whatever anybody leaves undone, a bill ends: paid, or written off after thirty days.
"""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, MINUTE_MS
from clawmarket.domain.kernel.money import split_fee
from clawmarket.domain.kernel.rows import replace

# The job that locks and pays a new bill.
BILL_JOB = "bill"
# Should that job never get to it, the sweep does it after so long.
LOOK_AFTER_MS = MINUTE_MS
# Unpaid bills are tried again after an hour, then after twice as long each time, up to a day.
FIRST_RETRY_MS = HOUR_MS
LAST_RETRY_MS = DAY_MS
MOST_DOUBLINGS = 5
OWED_MS = 30 * DAY_MS


class BillState(StrEnum):
    """Where a bill stands."""

    DUE = "bill_due"
    LOCKED = "bill_locked"
    PAID = "bill_paid"
    UNPAID = "bill_unpaid"
    WRITTEN_OFF = "bill_written_off"


BILL = Machine(
    "bill",
    (BillState.DUE,),
    {
        "lock": {BillState.DUE: BillState.LOCKED, BillState.UNPAID: BillState.LOCKED},
        "pay": {BillState.LOCKED: BillState.PAID},
        "owe": {BillState.DUE: BillState.UNPAID},
        "wait": {BillState.UNPAID: BillState.UNPAID},
        "write_off": {BillState.UNPAID: BillState.WRITTEN_OFF},
    },
)
UNLOCKED = (BillState.DUE, BillState.UNPAID)


@dataclass(frozen=True)
class Bill:
    """What a payer owes a payee for a session, or for a part of one.

    `hold_id` is what is set aside for it, from its lock on. `acts_at` is when the market looks at
    it by itself, None once it is over. Once paid, seller_amount + fee = amount.
    """

    bill_id: str
    period_id: str
    payer: str
    payee: str
    asset: str
    amount: int
    fee_bps: int
    hold_id: str | None
    seller_amount: int
    fee: int
    tries: int
    state: BillState
    made_at: int
    acts_at: int | None
    locked_at: int | None
    ended_at: int | None
    why: str

    @property
    def parties(self) -> tuple[str, str]:
        """Payer and payee."""
        return (self.payer, self.payee)

    @property
    def is_over(self) -> bool:
        """Whether nothing is asked for any more: it is paid, or written off."""
        return self.state in BILL.final


@event
@dataclass(frozen=True, slots=True)
class BillMade(Event):
    """What a session charged is asked for."""

    bill_id: str
    period_id: str
    payer: str
    payee: str
    asset: str
    amount: str
    fee_bps: int
    reason: str


@event
@dataclass(frozen=True, slots=True)
class BillLocked(Event):
    """What a bill asks for is set aside."""

    bill_id: str
    hold_id: str
    asset: str
    amount: str


@event
@dataclass(frozen=True, slots=True)
class BillSettled(Event):
    """What was set aside went to the payee, less the fee."""

    bill_id: str
    asset: str
    amount: str
    seller_amount: str
    fee: str


@event
@dataclass(frozen=True, slots=True)
class BillDefaulted(Event):
    """The payer has less than is owed; nothing was taken, and it is tried again."""

    bill_id: str
    amount: str
    tries: int
    acts_at: int
    reason: str


@event
@dataclass(frozen=True, slots=True)
class BillAbandoned(Event):
    """What was owed was not paid in time and is written off."""

    bill_id: str
    amount: str
    reason: str


def made(bill: Bill) -> BillMade:
    """Return what the record says of a new bill."""
    return BillMade(
        bill.bill_id,
        bill.period_id,
        bill.payer,
        bill.payee,
        bill.asset,
        str(bill.amount),
        bill.fee_bps,
        bill.why,
    )


def lock(bill: Bill, hold_id: str, now: int) -> tuple[Bill, BillLocked]:
    """Note that what a bill asks for is set aside. Raises TransitionRefusedError."""
    state = BILL.step(bill.state, "lock")
    after = replace(bill, state=state, hold_id=hold_id, locked_at=now, acts_at=now)
    return after, BillLocked(bill.bill_id, hold_id, bill.asset, str(bill.amount))


def pay(bill: Bill, now: int) -> tuple[Bill, BillSettled]:
    """Divide what is set aside between payee and market. Raises TransitionRefusedError."""
    state = BILL.step(bill.state, "pay")
    seller_amount, fee = split_fee(bill.amount, bill.fee_bps)
    after = replace(
        bill, state=state, seller_amount=seller_amount, fee=fee, acts_at=None, ended_at=now
    )
    amounts = (str(bill.amount), str(seller_amount), str(fee))
    return after, BillSettled(bill.bill_id, bill.asset, *amounts)


def default(bill: Bill, now: int) -> tuple[Bill, BillDefaulted]:
    """Note that what is owed cannot be paid now, and when it is tried again.

    Raises TransitionRefusedError.
    """
    state = BILL.step(bill.state, "owe" if bill.state is BillState.DUE else "wait")
    pause = min(LAST_RETRY_MS, FIRST_RETRY_MS << min(bill.tries, MOST_DOUBLINGS))
    acts_at = min(now + pause, bill.made_at + OWED_MS)
    why = "too little was available"
    after = replace(bill, state=state, tries=bill.tries + 1, acts_at=acts_at, why=why)
    return after, BillDefaulted(bill.bill_id, str(bill.amount), after.tries, acts_at, why)


def is_lost(bill: Bill, now: int) -> bool:
    """Tell whether an unpaid bill was owed for as long as anybody waits."""
    return bill.state is BillState.UNPAID and now >= bill.made_at + OWED_MS


def write_off(bill: Bill, now: int) -> tuple[Bill, BillAbandoned]:
    """End a debt that nobody paid in time. Raises TransitionRefusedError."""
    state = BILL.step(bill.state, "write_off")
    why = "not paid within thirty days"
    after = replace(bill, state=state, acts_at=None, ended_at=now, why=why)
    return after, BillAbandoned(bill.bill_id, str(bill.amount), why)
