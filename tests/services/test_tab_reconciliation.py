"""Tabs held against the ledger: whatever somebody changed is named, with what was expected."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.ids import make_id
from clawmarket.domain.market.postpay.tab import Tab, TabState
from clawmarket.domain.market.postpay.usage import Usage
from clawmarket.domain.treasury.account import Balance
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, key_of
from clawmarket.services.limits import Limits
from clawmarket.services.market.postpay import reconciling
from clawmarket.services.pipeline import Pipeline
from world import START, Fields, Member, World

TABS = "market.reconciliation.tabs"
ALL_WELL: Fields = {"items": [], "tabs": 1, "nextCursor": None}

Facts = list[tuple[str, str, str]]
Plants = dict[str, tuple[type[Any], Callable[[Any], Any], Facts]]


def plant(world: World, kind: type[Any], change: Callable[[Any], Any]) -> None:
    """Put what becomes of a kind's newest row behind the market's back; None takes it away."""

    def command(rows: Any) -> None:
        [row] = rows.find(Query(kind, newest_first=True, limit=1))
        after = change(row)
        if after is None:
            rows.remove(kind, key_of(row))
        elif key_of(after) == key_of(row):
            rows.save(after)
        else:
            rows.add(after)

    world.run(world.store.write(command))


def differing(world: World, provider: Member, consumer: Member) -> Facts:
    """Return what the operator is told of the one tab that differs, sorted."""
    [tab] = world.operator.do(TABS)["items"]
    assert tab == consumer.do("web3.market.tab.reconcile", tabId=tab["tabId"])
    words = {provider.id: "PROVIDER", consumer.id: "CONSUMER"}
    words |= {use.usage_id: f"USE {n}" for n, use in enumerate(world.all(Usage), 1)}

    def told(fact: str) -> str:
        for name, word in words.items():
            fact = fact.replace(name, word)
        return fact

    facts = [(one["what"], one["expected"], one["found"]) for one in tab["differences"]]
    return sorted((told(what), told(expected), told(found)) for what, expected, found in facts)


def used_and_paid(world: World, **terms: Any) -> tuple[Member, Member, Fields]:
    """Return the sides of a tab on which 0.03 were used and paid, and the tab."""
    provider, consumer, tab = world.on_a_tab(**terms)
    world.pass_time(seconds=1)
    provider.appends(tab, 1)
    provider.appends(tab, 2)
    world.pass_time(seconds=1)
    settled = provider.closes(tab)
    assert world.operator.do(TABS) == ALL_WELL
    return provider, consumer, settled


def another(use: Usage) -> Usage:
    """Return a further use of one unit, as the provider would have written it down."""
    usage_id = make_id("usage", use.appended_at + 1, bytes(10))
    return replace(use, usage_id=usage_id, quantity=1, cost=10_000, owed=use.owed + 10_000)


UNPAID: Facts = [
    ("ledger CONSUMER/available credits", "-30000", "0"),
    ("ledger PROVIDER/available credits", "29700", "0"),
    ("ledger fees credits", "300", "0"),
]
PLANTED: Plants = {
    "a balance that is too high": (
        Tab,
        lambda row: replace(row, owed=40_000),
        [
            ("owed", "30000", "40000"),
            ("records CONSUMER/available credits", "-40000", "-30000"),
            ("records PROVIDER/available credits", "39600", "29700"),
            ("records fees credits", "400", "300"),
            ("ledger CONSUMER/available credits", "-40000", "-30000"),
            ("ledger PROVIDER/available credits", "39600", "29700"),
            ("ledger fees credits", "400", "300"),
        ],
    ),
    "a lost entry": (Entry, lambda _row: None, UNPAID),
    "a usage that nobody paid": (
        Usage,
        another,
        [
            ("entries", "3", "2"),
            ("quantity", "4", "3"),
            ("owed", "40000", "30000"),
            ("paid", "40000", "30000"),
        ],
    ),
    "a usage that is gone": (
        Usage,
        lambda _row: None,
        [
            ("entries", "1", "2"),
            ("quantity", "1", "3"),
            ("owed", "10000", "30000"),
            ("paid", "10000", "30000"),
        ],
    ),
    "a usage that says another sum": (
        Usage,
        lambda row: replace(row, owed=row.owed + 1),
        [("USE 2 owed", "30000", "30001")],
    ),
    "a fee too large": (
        Tab,
        lambda row: replace(row, seller_amount=row.seller_amount - 1, fee=row.fee + 1),
        [("fee", "300", "301")],
    ),
    "a second payment": (
        Entry,
        lambda row: replace(row, entry_id=row.entry_id[:-1] + "z"),
        [
            ("ledger CONSUMER/available credits", "-30000", "-60000"),
            ("ledger PROVIDER/available credits", "29700", "59400"),
            ("ledger fees credits", "300", "600"),
        ],
    ),
    "a lost record": (
        Record,
        lambda _row: None,
        [
            ("record of the end", "there", "missing"),
            ("records CONSUMER/available credits", "-30000", "0"),
            ("records PROVIDER/available credits", "29700", "0"),
            ("records fees credits", "300", "0"),
        ],
    ),
    "a payment that was forgiven afterwards": (
        Tab,
        lambda row: replace(row, state=TabState.FORGIVEN),
        [
            ("paid", "0", "30000"),
            ("records CONSUMER/available credits", "0", "-30000"),
            ("records PROVIDER/available credits", "0", "29700"),
            ("records fees credits", "0", "300"),
            ("ledger CONSUMER/available credits", "0", "-30000"),
            ("ledger PROVIDER/available credits", "0", "29700"),
            ("ledger fees credits", "0", "300"),
        ],
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_row_of_a_paid_tab_is_a_difference(world: World, name: str) -> None:
    """A wrong sum, a lost or doubled entry, a usage that nobody paid: each with its amounts."""
    kind, change, expected = PLANTED[name]
    provider, consumer, _ = used_and_paid(world)
    plant(world, kind, change)

    assert differing(world, provider, consumer) == sorted(expected)


LOCKS: Plants = {
    "a hold that is too small": (
        Hold,
        lambda row: replace(row, amount=80_000),
        [("hold.amount", "90000", "80000")],
    ),
    "a hold that is pending again": (
        Hold,
        lambda row: replace(row, state=HoldState.PENDING, posted=0),
        [("hold.status", "hold_posted", "hold_pending"), ("hold.posted", "30000", "0")],
    ),
    "a hold that is gone": (Hold, lambda _row: None, [("hold", "there", "missing")]),
    "a hold of somebody else": (
        Hold,
        lambda row: replace(row, owner="agent_x"),
        [("hold.owner", "CONSUMER", "agent_x")],
    ),
    "a refund that was lost": (
        Entry,
        lambda _row: None,
        [
            ("ledger CONSUMER/available credits", "-30000", "-90000"),
            ("ledger CONSUMER/held credits", "0", "90000"),
            ("ledger PROVIDER/available credits", "29700", "0"),
            ("ledger fees credits", "300", "0"),
        ],
    ),
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_wrong_lock_of_a_prepaid_tab_is_a_difference(world: World, name: str) -> None:
    """What was locked, released and given back stands in hold, records and ledger alike."""
    kind, change, expected = LOCKS[name]
    provider, consumer, _ = used_and_paid(world, cap="0.09", prepaid=True)
    plant(world, kind, change)

    assert differing(world, provider, consumer) == sorted(expected)


def test_a_lock_without_its_entry_is_a_difference(world: World) -> None:
    """The cap of a tab that goes on has to lie in the consumer's held pocket."""
    provider, consumer = world.member(), world.member()
    trust = provider.trusts(consumer, "0.09", prepaid=True)
    world.pass_time(seconds=1)
    consumer.opens(trust)
    assert world.operator.do(TABS) == ALL_WELL
    plant(world, Entry, lambda _row: None)

    assert differing(world, provider, consumer) == [
        ("ledger CONSUMER/available credits", "-90000", "0"),
        ("ledger CONSUMER/held credits", "90000", "0"),
    ]


def test_a_debt_that_was_made_smaller_is_a_difference(world: World) -> None:
    """An unpaid tab moved nothing; what it says is owed is what its uses add up to."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3)
    everything = consumer.figures()[0]
    consumer.do("web3.market.publishTask", title="Other", budget=everything, expirySec=86_400)
    assert provider.closes(tab)["status"] == "tab_unpaid"
    assert world.operator.do(TABS) == ALL_WELL
    plant(world, Tab, lambda row: replace(row, owed=1))

    assert differing(world, provider, consumer) == [("owed", "30000", "1")]


def test_a_wrong_stored_balance_is_seen_beside_the_tabs(world: World) -> None:
    """A purse is no one tab's: the ledger's own sums name it, by the amount."""
    used_and_paid(world)
    plant(world, Balance, lambda row: replace(row, available=row.available + 1))
    books = world.operator.do("market.treasury.summary")

    assert world.operator.do(TABS) == ALL_WELL
    assert (books["agrees"], int(books["stored"]["available"]) - int(books["available"])) == (
        False,
        1,
    )


def test_the_whole_answer_about_a_tab(world: World) -> None:
    """What its uses add up to, what is owed, what was paid, and what the ledger moved."""
    provider, consumer, tab = used_and_paid(world)

    assert provider.do("web3.market.tab.reconcile", tabId=tab["tabId"]) == {
        "tabId": tab["tabId"],
        "status": "tab_settled",
        "entries": 2,
        "quantity": "3",
        "cost": "30000",
        "owed": "30000",
        "paid": "30000",
        "ledger": sorted(
            [
                {"account": f"{consumer.id}/available", "asset": "credits", "amount": "-30000"},
                {"account": f"{provider.id}/available", "asset": "credits", "amount": "29700"},
                {"account": "fees", "asset": "credits", "amount": "300"},
            ],
            key=lambda moved: moved["account"],
        ),
        "agrees": True,
        "differences": [],
        "complete": True,
    }


def test_a_list_of_tabs_is_bounded_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page looks at so many tabs and at so many entries; the cursor leads to the rest."""
    for _ in range(3):
        provider, _, tab = world.on_a_tab()
        provider.appends(tab, 1)
        provider.appends(tab, 1)
        world.pass_time(seconds=1)

    def walked(limit: int) -> list[int]:
        page = world.operator.do(TABS, limit=limit)
        counts = [page["tabs"]]
        while page["nextCursor"]:
            page = world.operator.do(TABS, limit=limit, cursor=page["nextCursor"])
            counts.append(page["tabs"])
        return counts

    assert (walked(2), walked(3)) == ([2, 1], [3])
    monkeypatch.setattr(reconciling, "MAX_ENTRIES", 2)
    assert walked(3) == [1, 1, 1]


def test_after_a_start_with_an_earlier_clock_a_tab_agrees(world: World) -> None:
    """Its records get ids of a later moment than its own; they are found all the same."""
    provider, consumer = world.member(), world.member()
    trust = provider.trusts(consumer, "0.09", prepaid=True)
    later = make_id("record", START + 3_600_000, bytes(10))
    plant(world, Record, lambda row: replace(row, record_id=later))
    world.pipeline = Pipeline(world.pipeline.ports, world.terms, Limits(0))
    tab = consumer.opens(trust)
    provider.appends(tab, 3)
    world.pass_time(seconds=1)
    provider.closes(tab)

    assert world.all(Record)[-1].record_id > later
    assert world.operator.do(TABS) == ALL_WELL


def test_what_was_not_looked_through_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that is not among the first is not called missing, and not called well."""
    _, consumer, _ = used_and_paid(world)
    plant(world, Record, lambda _row: None)
    assert consumer.do("web3.wallet.show")["available"] == "999970000"
    monkeypatch.setattr(reconciling, "MAX_LOOKED", 1)
    [tab] = world.operator.do(TABS)["items"]

    assert (tab["agrees"], tab["differences"], tab["complete"]) == (True, [], False)


def test_only_operators_list_what_differs(world: World) -> None:
    """Neither side of a tab does."""
    provider, consumer, _ = world.on_a_tab()
    for side in (provider, consumer):
        with pytest.raises(Refused, match="scope admin"):
            side.do(TABS)


def test_many_wrong_uses_hide_no_wrong_money(world: World) -> None:
    """What differs in the ledger is among the hundred that are shown."""
    provider, consumer, tab = world.on_a_tab()
    for _ in range(reconciling.MAX_DIFFERENCES + 1):
        provider.appends(tab, 1)
        world.pass_time(seconds=1)
    provider.closes(tab)
    plant(world, Entry, lambda _row: None)

    def forget(rows: Any) -> None:
        for use in rows.find(Query(Usage, limit=1_000)):
            rows.save(replace(use, owed=0))

    world.run(world.store.write(forget))
    facts = differing(world, provider, consumer)

    assert len(facts) == reconciling.MAX_DIFFERENCES
    assert ("ledger CONSUMER/available credits", "-1010000", "0") in facts
