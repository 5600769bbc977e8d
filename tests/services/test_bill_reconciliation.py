"""Bills held against session, lock, records and ledger: whatever somebody changed is named."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.treasury.bill import Bill, BillState
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.period import Period
from clawmarket.domain.treasury.reservation import Charge, Reservation
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, key_of
from clawmarket.services.operate.tidying import Tidier
from world import Fields, Member, World

BILLS = "market.reconciliation.bills"
SESSION = "b" * 64


def paid(world: World) -> tuple[Member, Member]:
    """Return a payer and a payee with one paid bill of 1,000 between them."""
    payer, payee = world.member(), world.member()
    payer.do("web3.billing.plan.set", toolPrices={"search": "1000"}, payee=payee.id)
    named = {"sessionIdHash": SESSION, "tool": "search", "callId": "1"}
    kept = payer.do("web3.billing.reserve", **named)
    payer.do("web3.billing.settle", reservationId=kept["reservationId"])
    payer.do("web3.billing.session.end", sessionIdHash=SESSION)
    world.run_jobs()
    return payer, payee


def plant(world: World, kind: type[Any], change: Callable[[Any], Any]) -> None:
    """Put what becomes of a kind's newest row behind the market's back; None takes it away."""

    def command(rows: Any) -> None:
        [row] = rows.find(Query(kind, newest_first=True, limit=1))
        after = change(row)
        if after is None:
            rows.remove(kind, key_of(row))
        else:
            rows.save(after)

    world.run(world.store.write(command))


def differing(world: World) -> list[str]:
    """Return what the operator is told to differ of the one bill."""
    return [
        one["what"] for bill in world.operator.do(BILLS)["items"] for one in bill["differences"]
    ]


def test_an_honest_bill_agrees(world: World) -> None:
    """Nothing differs, before and after it is paid."""
    payer, _ = paid(world)
    assert world.operator.do(BILLS) == {"items": [], "bills": 1, "nextCursor": None}
    named: Fields = {"sessionIdHash": SESSION, "tool": "search", "callId": "2"}
    kept = payer.do("web3.billing.reserve", **named)
    payer.do("web3.billing.settle", reservationId=kept["reservationId"], cost="7")
    payer.do("web3.billing.session.end", sessionIdHash=SESSION)
    assert world.operator.do(BILLS)["bills"] == 2
    assert differing(world) == []


LIES: dict[str, tuple[type[Any], Callable[[Any], Any], list[str]]] = {
    "a higher amount": (
        Bill,
        lambda bill: replace(bill, amount=2000),
        ["paid", "fee", "hold.amount", "hold.posted", "session.billed"],
    ),
    "a payee of another's": (Bill, lambda bill: replace(bill, payee=bill.payer), []),
    "a bill that was never paid": (
        Bill,
        lambda bill: replace(bill, state=BillState.DUE, hold_id=None),
        ["paid", "fee"],
    ),
    "a hold that is pending": (
        Hold,
        lambda hold: replace(hold, state=HoldState.PENDING),
        ["hold.status"],
    ),
    "a hold that is gone": (Hold, lambda _: None, ["hold"]),
    "a call that cost less": (
        Reservation,
        lambda call: replace(call, charged=1),
        ["session.charged"],
    ),
    "a session that charged less": (
        Period,
        lambda period: replace(period, charged=999),
        ["session.billed", "session.charged"],
    ),
    "a session that is gone": (Period, lambda _: None, ["session"]),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_named(world: World, name: str) -> None:
    """What was changed behind the market's back differs; the money's lies differ in the sums."""
    paid(world)
    kind, change, wanted = LIES[name]
    plant(world, kind, change)
    found = [what for what in differing(world) if not what.startswith(("records", "ledger"))]
    sums = [what for what in differing(world) if what.startswith(("records", "ledger"))]
    assert found == wanted
    assert bool(sums) == (kind is Bill)


@pytest.mark.parametrize(("days", "left"), [(30, 1), (31, 0)])
def test_calls_of_a_session_go_thirty_days_after_its_end(
    world: World, days: int, left: int
) -> None:
    """Their rows are removed; the bill still agrees, all was looked at, and a lie is named."""
    paid(world)
    world.pass_time(seconds=days * DAY_MS // 1000)
    world.run(Tidier(world.store).bite(world.clock.now()))
    assert len(world.all(Reservation)) == left
    assert world.operator.do(BILLS)["items"] == []
    plant(world, Bill, lambda bill: replace(bill, amount=2000))
    assert "session.billed" in differing(world)


def test_calls_of_a_session_that_goes_on_stay(world: World) -> None:
    """Only the end of its session lets a call's row go, however old it is."""
    payer, payee = world.member(), world.member()
    payer.do("web3.billing.plan.set", callPrice="1000", payee=payee.id)
    payer.do("web3.billing.meter", sessionIdHash=SESSION, runId="run-1")
    world.run(Tidier(world.store).bite(world.clock.now() + 400 * DAY_MS))
    assert len(world.all(Charge)) == 1
    payer.do("web3.billing.session.end", sessionIdHash=SESSION)
    world.run(Tidier(world.store).bite(world.clock.now() + 400 * DAY_MS))
    assert world.all(Charge) == []


def test_a_payment_without_its_entry_is_named(world: World) -> None:
    """The records tell of it, the ledger does not."""
    paid(world)
    [entry] = [each for each in world.all(Entry) if each.reason == "bill"]
    world.run(world.store.write(lambda rows: rows.remove(Entry, entry.entry_id)))
    assert {what.partition(" ")[0] for what in differing(world)} == {"ledger"}


def test_a_payment_without_its_record_is_named(world: World) -> None:
    """The ledger tells of it, no record does."""
    paid(world)
    plant(world, Record, lambda _: None)
    assert {what.partition(" ")[0] for what in differing(world)} == {"records"}
