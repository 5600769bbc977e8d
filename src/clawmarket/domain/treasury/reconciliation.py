"""Reconciliation: whether settlement, hold, records and ledger tell one story about an order."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clawmarket.domain.kernel.money import CREDITS, split_fee
from clawmarket.domain.treasury.account import FEES, available, beyond, held
from clawmarket.domain.treasury.entry import Posting
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.rail import RailState, RailStep, is_closed
from clawmarket.domain.treasury.settlement import Settlement, SettlementState

Sums = Counter[tuple[str, str]]
"""From ledger account and asset to what moved there, in minor units."""

ENDED = (SettlementState.RELEASED, SettlementState.REFUNDED)
ASKED = (SettlementState.RELEASING, SettlementState.REFUNDING)
UNLOCKED = (SettlementState.LOCKING, SettlementState.REFUSED)
_RESOLVED = {
    SettlementState.RELEASED: (HoldState.POSTED,),
    SettlementState.REFUNDED: (HoldState.VOIDED, HoldState.EXPIRED),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two of them disagree; amounts are digits in minor units."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class OrderBooks:
    """All that is known about an order's money.

    `amount` is price times quantity, `over` whether the order has ended, `has_settlement`
    whether it names a settlement; `recorded` is what its records posted, `posted` what the
    ledger's entries did.
    """

    amount: int
    over: bool
    has_settlement: bool
    settlement: Settlement | None
    hold: Hold | None
    recorded: Sums
    posted: Sums


def summed(postings: Iterable[Posting]) -> Sums:
    """Return what postings move in all, by account and asset."""
    sums: Sums = Counter()
    for posting in postings:
        sums[posting.account, posting.asset] += posting.amount
    return sums


def purse(settlement: Settlement, party: str) -> str:
    """Return the ledger account by which a settlement's money comes from or goes to a party."""
    on_ledger = settlement.rail == CREDITS
    return available(party) if on_ledger else beyond(settlement.rail, party)


def due(settlement: Settlement | None) -> Sums:
    """Return what must have moved for a settlement that waits for no rail."""
    sums: Sums = Counter()
    if settlement is None or settlement.state in UNLOCKED:
        return sums
    one, asset = settlement, settlement.asset
    ended = one.state in ENDED
    sums[purse(one, one.payer), asset] -= one.amount - (one.refund_amount if ended else 0)
    sums[held(one.payer), asset] += 0 if ended else one.amount - one.seller_amount - one.fee
    sums[purse(one, one.payee), asset] += one.seller_amount
    sums[FEES, asset] += one.fee
    return sums


def differences(books: OrderBooks) -> Iterator[Difference]:
    """Yield every disagreement about an order's money; none means that all agree.

    While a rail is asked to pay, nobody knows what has moved: then only what the ledger and the
    records say is held together.
    """
    settlement = books.settlement
    if settlement is None or settlement.state not in ASKED:
        yield from sum_differences("records", due(settlement), books.recorded)
    yield from sum_differences("ledger", books.recorded, books.posted)
    if settlement is not None:
        yield from _settlement_differences(books, settlement)
        yield from _hold_differences(settlement, books.hold)
    elif books.has_settlement:
        yield Difference("settlement", "there", "missing")


_SAID = {RailState.MOVED: ("moved",), RailState.REFUSED: ("refused", "never got it")}


def rail_differences(steps: Iterable[tuple[RailStep, str | None]]) -> Iterator[Difference]:
    """Yield where a rail says otherwise of a step than the ledger; None is a rail that is silent.

    What is unknown to the ledger and moved on the rail differs too, until it is carried out. A
    payment that a person closed and that arrived all the same stands for the one after it.
    """
    late: list[Difference] = []
    for step, said in steps:
        known = _SAID.get(step.state, ("refused", "never got it"))
        if is_closed(step) and said == "moved":
            late.append(Difference(f"rail {step.key}", "refused", said))
        elif late and step.state is RailState.MOVED and said != "moved":
            late.pop()
        elif said is not None and said not in known:
            expected = known[0] if step.state in _SAID else "unknown"
            yield Difference(f"rail {step.key}", expected, said)
    yield from late


def _settlement_differences(books: OrderBooks, one: Settlement) -> Iterator[Difference]:
    yield from unequal("settlement.amount", books.amount, one.amount)
    if one.state in ASKED:
        return
    ended, out = one.state in ENDED, one.seller_amount + one.fee
    if ended != books.over:
        yield Difference("settlement.status", "ended" if books.over else "open", one.state)
    if ended:
        yield from unequal("settlement.division", one.amount, out + one.refund_amount)
    yield from unequal("settlement.fee", split_fee(out, one.fee_bps)[1], one.fee)


def _hold_differences(one: Settlement, hold: Hold | None) -> Iterator[Difference]:
    if (hold is None) != (one.state in UNLOCKED):
        words = ("there", "missing") if hold is None else ("none", "there")
        yield Difference("hold", *words)
    if hold is None or one.state in UNLOCKED:
        return
    if hold.owner != one.payer:
        yield Difference("hold.owner", one.payer, hold.owner)
    yield from unequal("hold.amount", one.amount, hold.amount)
    if one.state in ASKED:
        return
    states = _RESOLVED.get(one.state, (HoldState.PENDING,))
    if hold.state not in states:
        yield Difference("hold.status", " or ".join(states), hold.state)
    yield from unequal("hold.posted", one.seller_amount + one.fee, hold.posted)


def sum_differences(what: str, expected: Sums, found: Sums) -> Iterator[Difference]:
    """Yield where two sums of movements differ, by ledger account and asset."""
    for key in sorted(expected.keys() | found.keys()):
        account, asset = key
        yield from unequal(f"{what} {account} {asset}", expected[key], found[key])


def unequal(what: str, expected: int, found: int) -> Iterator[Difference]:
    """Yield a difference unless two figures are equal."""
    if expected != found:
        yield Difference(what, str(expected), str(found))
