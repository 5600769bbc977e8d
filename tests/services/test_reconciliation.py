"""Reconciliation: settlement, hold, records, ledger and receipt agree, or say where they do not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.order import Order, OrderNotFoundError
from clawmarket.domain.market.receipt import Receipt, ReceiptState
from clawmarket.domain.treasury.account import Balance
from clawmarket.domain.treasury.entry import Entry, Posting
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.settlement import Settlement, SettlementState
from clawmarket.domain.trust.record import Record, Tally
from clawmarket.ports.store import Query, key_of
from clawmarket.services.market.settlements import SettlementNotFoundError
from clawmarket.services.operate.opening import open_market
from clawmarket.services.treasury.reconciliation import OrderUnnamedError
from world import START, Fields, Member, World

SUMMARY = "web3.market.reconciliation.summary"
LIST = "market.reconciliation.list"
BOOKS = "market.treasury.summary"


def paid(world: World) -> tuple[Member, Member, str]:
    """Return two parties and the order that one paid the other for; its receipt is made."""
    buyer, worker, award = world.hired()
    buyer.accepts(worker.submits(award))
    world.log()
    world.run_jobs()
    return buyer, worker, str(award["orderId"])


def plant(world: World, kind: type[Any], change: Callable[[Any], Any]) -> None:
    """Replace the newest row of a kind behind the market's back; None takes it away."""

    def command(rows: Any) -> None:
        [row] = rows.find(Query(kind, newest_first=True, limit=1))
        after = change(row)
        if after is None:
            rows.remove(kind, key_of(row))
        else:
            rows.save(after)

    world.run(world.store.write(command))


def found(member: Member, order_id: str) -> list[tuple[str, str, str]]:
    """Return what does not agree about an order."""
    summary = member.do(SUMMARY, orderId=order_id)
    assert summary["agrees"] is (summary["differences"] == [])
    return [(one["what"], one["expected"], one["found"]) for one in summary["differences"]]


def test_a_paid_order_agrees(world: World) -> None:
    """The whole answer: where each unit went, as settlement, records, ledger and receipt say."""
    buyer, worker, order_id = paid(world)
    [receipt] = world.all(Receipt)
    settlement = buyer.do("web3.market.settlement.status", orderId=order_id)

    assert buyer.do(SUMMARY, orderId=order_id) == {
        "orderId": order_id,
        "settlementId": settlement["settlementId"],
        "status": "settlement_completed",
        "settlement": settlement,
        "ledger": sorted(
            [
                {"account": f"{buyer.id}/available", "asset": "credits", "amount": "-40000000"},
                {"account": f"{buyer.id}/held", "asset": "credits", "amount": "0"},
                {"account": f"{worker.id}/available", "asset": "credits", "amount": "39600000"},
                {"account": "fees", "asset": "credits", "amount": "400000"},
            ],
            key=lambda moved: moved["account"],
        ),
        "rail": {
            "name": "credits",
            "held": "0",
            "paid": "39600000",
            "fee": "400000",
            "returned": "0",
            "steps": [],
        },
        "receipt": {
            "receiptId": receipt.receipt_id,
            "status": "receipt_settled",
            "digest": receipt.digest,
            "madeAt": iso(START),
        },
        "disputes": {"total": 0, "byStatus": {}},
        "agrees": True,
        "differences": [],
        "complete": True,
    }


def test_every_stage_of_an_order_agrees(world: World) -> None:
    """Unpaid, locked, begun, delivered, contested, split: nothing differs in between."""
    buyer, seller, order = world.ordered()
    arbiter = world.arbiter()

    def agrees() -> None:
        assert found(buyer, order["orderId"]) == []

    agrees()
    buyer.locks(order)
    agrees()
    seller.delivers(seller.begins(order))
    agrees()
    dispute = buyer.contests(order)
    buyer.shows(dispute)
    seller.shows(dispute)
    agrees()
    arbiter.rules(dispute, "partial", sellerShare="3333333")
    agrees()
    summary = seller.do(SUMMARY, orderId=order["orderId"])
    assert summary["rail"] == {
        "name": "credits",
        "held": "0",
        "paid": "3300000",
        "fee": "33333",
        "returned": "6666667",
        "steps": [],
    }
    assert summary["disputes"] == {"total": 1, "byStatus": {"dispute_resolved": 1}}


def test_an_order_in_parts_agrees(world: World) -> None:
    """One part paid, the rest locked, then given back."""
    buyer, worker = world.member(), world.member()
    award = buyer.awards(worker.bids(buyer.publishes_parts(25, 75), "40"))
    buyer.accepts(worker.submits(award))
    paid: Fields = {"name": "credits", "paid": "9900000", "fee": "100000", "steps": []}
    for held, returned in (("30000000", "0"), ("0", "30000000")):
        summary = worker.do(SUMMARY, orderId=award["orderId"])
        assert summary["differences"] == []
        assert summary["rail"] == paid | {"held": held, "returned": returned}
        world.pass_time(seconds=200 * 86_400)
        world.sweep()


def test_money_that_went_back_agrees(world: World) -> None:
    """Refunded, cancelled and expired orders have nothing open."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    seller.refunds(order)
    cancelled = buyer.orders(seller.offers())
    buyer.do("web3.market.order.cancel", orderId=cancelled["orderId"])
    buyer.orders(seller.offers())
    world.pass_time(seconds=900)
    world.sweep()

    assert world.operator.do(LIST) == {"items": [], "orders": 3, "nextCursor": None}


def test_an_order_is_found_by_its_settlement(world: World) -> None:
    """Either id leads to the same answer."""
    buyer, _, order_id = paid(world)
    summary = buyer.do(SUMMARY, orderId=order_id)

    assert buyer.do(SUMMARY, settlementId=summary["settlementId"]) == summary
    assert world.operator.do(SUMMARY, orderId=order_id) == summary


def test_the_receipt_is_the_order_s_own(world: World) -> None:
    """Not whatever was made last: an order without a receipt shows none."""
    _, _, order_id = paid(world)
    buyer, _, later = world.hired()

    assert buyer.do(SUMMARY, orderId=later["orderId"])["receipt"] is None
    assert world.operator.do(SUMMARY, orderId=order_id)["receipt"] is not None


PLANTED: dict[str, tuple[type[Any], Callable[[Any], Any], list[tuple[str, str, str]]]] = {
    "a fee too large": (
        Settlement,
        lambda row: replace(row, fee=row.fee + 1),
        [
            ("settlement.division", "40000000", "40000001"),
            ("settlement.fee", "400000", "400001"),
            ("hold.posted", "40000001", "40000000"),
            ("records fees credits", "400001", "400000"),
        ],
    ),
    "a settlement that is open again": (
        Settlement,
        lambda row: replace(row, state=SettlementState.LOCKED),
        [
            ("settlement.status", "ended", "settlement_locked"),
            ("hold.status", "hold_pending", "hold_posted"),
            ("receipt.status", "receipt_pending", "receipt_settled"),
        ],
    ),
    "a settlement that gave everything back": (
        Settlement,
        lambda row: replace(
            row,
            state=SettlementState.REFUNDED,
            seller_amount=0,
            fee=0,
            refund_amount=row.amount,
        ),
        [
            ("hold.status", "hold_voided or hold_expired", "hold_posted"),
            ("hold.posted", "0", "40000000"),
            ("records BUYER/available credits", "0", "-40000000"),
            ("records WORKER/available credits", "0", "39600000"),
            ("records fees credits", "0", "400000"),
            ("receipt.status", "receipt_refunded", "receipt_settled"),
        ],
    ),
    "a hold that is pending again": (
        Hold,
        lambda row: replace(row, state=HoldState.PENDING),
        [("hold.status", "hold_posted", "hold_pending")],
    ),
    "a hold that is gone": (Hold, lambda _row: None, [("hold", "there", "missing")]),
    "a settlement that is gone": (
        Settlement,
        lambda _row: None,
        [
            ("settlement", "there", "missing"),
            ("records BUYER/available credits", "0", "-40000000"),
            ("records WORKER/available credits", "0", "39600000"),
            ("records fees credits", "0", "400000"),
            ("receipt.status", "none", "receipt_settled"),
        ],
    ),
    "a receipt that says otherwise": (
        Receipt,
        lambda row: replace(row, state=ReceiptState.REFUNDED),
        [("receipt.status", "receipt_settled", "receipt_refunded")],
    ),
    "an order that lost a record": (
        Order,
        lambda row: replace(row, records=row.records[:-1]),
        [
            ("records BUYER/held credits", "0", "40000000"),
            ("records WORKER/available credits", "39600000", "0"),
            ("records fees credits", "400000", "0"),
            ("ledger BUYER/held credits", "40000000", "0"),
            ("ledger WORKER/available credits", "0", "39600000"),
            ("ledger fees credits", "0", "400000"),
        ],
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_row_is_a_difference(world: World, name: str) -> None:
    """Whatever is changed behind the market's back is named, with what was expected."""
    buyer, worker, order_id = paid(world)
    kind, change, expected = PLANTED[name]
    plant(world, kind, change)

    shown = [
        (what.replace(buyer.id, "BUYER").replace(worker.id, "WORKER"), wanted, is_)
        for what, wanted, is_ in found(worker, order_id)
    ]
    assert sorted(shown) == sorted(expected)


def test_a_wrong_entry_is_a_difference(world: World) -> None:
    """An entry that pays the seller one unit more than the record says."""
    _, worker, order_id = paid(world)
    [release] = [entry for entry in world.all(Entry) if entry.reason == "release"]
    account = f"{worker.id}/available"
    more = [
        Posting(p.account, p.asset, p.amount + (p.account == account)) for p in release.postings
    ]
    world.run(world.store.write(lambda rows: rows.save(replace(release, postings=tuple(more)))))

    assert found(worker, order_id) == [(f"ledger {account} credits", "39600000", "39600001")]
    [listed] = world.operator.do(LIST)["items"]
    assert listed == worker.do(SUMMARY, orderId=order_id)


def test_an_entry_of_the_same_millisecond_belongs_to_its_own_order(world: World) -> None:
    """Two deals at one moment do not get into each other's books."""
    first, second = paid(world), paid(world)

    assert [found(buyer, order_id) for buyer, _, order_id in (first, second)] == [[], []]


def test_an_added_entry_is_a_difference(world: World) -> None:
    """A second payment that no record knows."""
    buyer, _, order_id = paid(world)
    [release] = [entry for entry in world.all(Entry) if entry.reason == "release"]
    twin = replace(release, entry_id=release.entry_id[:-1] + "z")
    world.run(world.store.write(lambda rows: rows.add(twin)))

    assert ("ledger fees credits", "400000", "800000") in found(buyer, order_id)


def test_a_list_is_bounded_and_goes_on(world: World) -> None:
    """A page looks at so many orders; the cursor leads to the rest."""
    for _ in range(3):
        paid(world)
    first = world.operator.do(LIST, limit=2)
    rest = world.operator.do(LIST, limit=2, cursor=first["nextCursor"])

    assert (first["orders"], rest["orders"], rest["nextCursor"]) == (2, 1, None)


@pytest.mark.parametrize("params", [{}, {"orderId": None}, "both"])
def test_exactly_one_thing_is_named(world: World, params: Fields | str) -> None:
    """Neither and both are refused."""
    buyer, _, order_id = paid(world)
    settlement = buyer.do(SUMMARY, orderId=order_id)["settlementId"]
    both = {"orderId": order_id, "settlementId": settlement}
    with pytest.raises(OrderUnnamedError):
        buyer.do(SUMMARY, **(both if isinstance(params, str) else params))


def test_a_stranger_learns_nothing(world: World) -> None:
    """Not by the order and not by the settlement; an arbiter is no party of the money."""
    buyer, _, order_id = paid(world)
    settlement = buyer.do(SUMMARY, orderId=order_id)["settlementId"]
    for stranger in (world.member(), world.arbiter()):
        with pytest.raises(OrderNotFoundError):
            stranger.do(SUMMARY, orderId=order_id)
        with pytest.raises(SettlementNotFoundError):
            stranger.do(SUMMARY, settlementId=settlement)
        with pytest.raises(Refused, match="scope admin"):
            stranger.do(LIST)


# --- The books of the whole market -------------------------------------------------------------


def test_all_ledger_accounts_sum_to_nothing(world: World) -> None:
    """Two faucets, one deal and one hold: every unit lies somewhere, recorded as stored."""
    buyer, _, _ = paid(world)
    buyer.publishes("5")
    books = world.operator.do(BOOKS)

    assert {name: books[name] for name in ("available", "held", "fees", "rail")} == {
        "available": "1994600000",
        "held": "5000000",
        "fees": "400000",
        "rail": "-2000000000",
    }
    assert (books["sumsToZero"], books["agrees"], books["nextCursor"]) == (True, True, None)
    assert books["stored"] == {"accounts": 2, "available": "1994600000", "held": "5000000"}
    assert books["settlements"]["settlement_released"] == 1
    assert books["holds"]["hold_posted"] == 1
    assert books["asOfRecords"] == len(world.all(Record))


def test_a_wrong_balance_does_not_agree(world: World) -> None:
    """One unit that no record brought."""
    paid(world)
    plant(world, Balance, lambda row: replace(row, available=row.available + 1))
    books = world.operator.do(BOOKS)

    assert (books["sumsToZero"], books["agrees"]) == (True, False)
    assert int(books["stored"]["available"]) == int(books["available"]) + 1


def test_a_log_from_before_the_tallies_is_counted_at_the_start(world: World) -> None:
    """An older market's totals are there once it was opened by this version."""
    paid(world)
    world.log()
    before = world.operator.do(BOOKS)

    def forget(rows: Any) -> None:
        for pocket in ("available", "held", "rail"):
            rows.remove(Tally, f"{pocket}|credits")

    world.run(world.store.write(forget))
    assert world.operator.do(BOOKS)["agrees"] is False
    world.run(open_market(world.pipeline, world.operator_token))

    assert world.operator.do(BOOKS) == before
