"""The books of a market, read from its stored rows and told anew from its records alone."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

import orjson

from clawmarket.domain.kernel.ids import noun_of
from clawmarket.domain.kernel.machine import MACHINES
from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.kernel.money import split_fee
from clawmarket.domain.market.agents.standing import Standing
from clawmarket.domain.market.award import Award
from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.consenting.consent import Consent, ConsentState
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.offer import Offer
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.postpay.tab import Tab, TabState
from clawmarket.domain.market.postpay.trust import Trust
from clawmarket.domain.market.postpay.usage import Usage
from clawmarket.domain.market.task import Task, TaskState
from clawmarket.domain.treasury.account import Balance
from clawmarket.domain.treasury.bill import Bill, BillState
from clawmarket.domain.treasury.budget import Spend
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.treasury.hold import Hold, HoldState
from clawmarket.domain.treasury.period import Period
from clawmarket.domain.treasury.reservation import Charge, Reservation, ReservationState
from clawmarket.domain.treasury.settlement import Settlement, SettlementState
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, Store, key_of
from told_standings import told_standings

R = TypeVar("R")

STATED = (
    *(Award, Bid, Bill, Consent, Delivery, Hold, Offer, Order, Period, Reservation, Result),
    *(Settlement, Tab, Task, Trust),
)
UNLOCKED = (SettlementState.LOCKING, SettlementState.REFUSED)
ENDED = (SettlementState.RELEASED, SettlementState.REFUNDED)
MONEY_BACK = ("consent_revoked", "settlement_cancelled", "order_refunded")
PERMITTED = ("consent_granted", "delivery_ready")
BEFORE_CONSENT = (
    *("order_created", "payment_locked", "order_cancelled", "order_expired"),
    "settlement_cancelled",
)
# As the tables are before anybody plants a bug in them.
FINAL = {noun: frozenset(map(str, machine.final)) for noun, machine in MACHINES.items()}


@dataclass(frozen=True)
class Books:
    """What is stored, and what the records say about it."""

    store: Store

    def rows(self, kind: type[R]) -> list[R]:
        """Return every row of a kind, in the order of their keys."""
        return self.store.read(lambda rows: rows.find(Query(kind, limit=1_000_000)))

    def told(self) -> list[dict[str, Any]]:
        """Return what the records say, in their order."""
        return [orjson.loads(record.body) for record in self.rows(Record)]

    def check(self) -> None:
        """Assert everything that has to hold at any moment."""
        told = self.told()
        self.check_money(told)
        self.check_settlements()
        self.check_tabs()
        self.check_billing(told)
        self.check_lives(told)
        self.check_bids()
        self.check_clocks()
        self.check_consents()
        self.check_standings(told)
        self.check_stories(told)

    def check_money(self, told: list[dict[str, Any]]) -> None:
        """Entries balance; balances are the sums of the postings, stored and recorded."""
        sums: Counter[str] = Counter()
        for entry in self.rows(Entry):
            assert sum(posting.amount for posting in entry.postings) == 0
            for posting in entry.postings:
                sums[posting.account] += posting.amount
        recorded: Counter[str] = Counter()
        for record in told:
            for account, _, amount in record["postings"]:
                recorded[account] += int(amount)
        stored: dict[str, int] = {}
        for balance in self.rows(Balance):
            owner = balance.balance_id.partition("|")[0]
            stored |= {f"{owner}/available": balance.available, f"{owner}/held": balance.held}
        kept = {account: amount for account, amount in sums.items() if "/" in account}
        assert {account: amount for account, amount in stored.items() if amount} == {
            account: amount for account, amount in kept.items() if amount
        }
        assert recorded == sums
        assert min(stored.values(), default=0) >= 0

    def check_settlements(self) -> None:
        """What ended was divided to the unit; what is held stands behind pending holds."""
        posted = {hold.hold_id: hold.posted for hold in self.rows(Hold)}
        earned: Counter[str] = Counter()
        coming: Counter[str] = Counter()
        for settlement in self.rows(Settlement):
            divided = settlement.seller_amount + settlement.fee + settlement.refund_amount
            ended = settlement.state in ENDED
            assert divided == (settlement.amount if ended else settlement.released)
            assert settlement.fee == split_fee(settlement.released, settlement.fee_bps)[1]
            if settlement.state in UNLOCKED:
                assert (settlement.hold_id in posted, divided) == (False, 0)
                continue
            assert posted[settlement.hold_id] == settlement.released
            earned[settlement.payee] += settlement.seller_amount
            net, _ = split_fee(settlement.amount, settlement.fee_bps)
            coming[settlement.payee] += 0 if ended else net - settlement.seller_amount
        for tab in self.rows(Tab):
            earned[tab.provider] += tab.seller_amount
        for bill in self.rows(Bill):
            earned[bill.payee] += bill.seller_amount
        held: Counter[str] = Counter()
        for hold in self.rows(Hold):
            held[hold.owner] += hold.remaining if hold.state is HoldState.PENDING else 0
        for balance in self.rows(Balance):
            owner = balance.balance_id.partition("|")[0]
            assert (balance.held, balance.on_its_way, balance.earned) == (
                held[owner],
                coming[owner],
                earned[owner],
            )

    def check_tabs(self) -> None:
        """Entries add up to what is owed, within the cap; a tab is paid once, whole or not at all.

        A trust carries the one tab of it that is not over.
        """
        used: defaultdict[str, list[Usage]] = defaultdict(list)
        for usage in self.rows(Usage):
            used[usage.tab_id].append(usage)
        paid = Counter(entry.ref for entry in self.rows(Entry) if entry.reason == "tab")
        carried: dict[str, str] = {}
        holds = {hold.hold_id: hold for hold in self.rows(Hold)}
        for tab in self.rows(Tab):
            entries = used[tab.tab_id]
            assert (tab.entries, tab.quantity) == (len(entries), sum(u.quantity for u in entries))
            assert tab.owed == sum(u.cost for u in entries) <= tab.cap
            assert tab.owed == tab.quantity * tab.price // tab.per_units
            assert [u.owed for u in entries] == list(accumulate(u.cost for u in entries))
            settled = tab.state is TabState.SETTLED
            if tab.hold_id is not None:
                hold = holds[tab.hold_id]
                assert (hold.amount, hold.posted) == (tab.cap, tab.owed if settled else 0)
                assert (hold.state is HoldState.PENDING) == tab.is_running
            assert paid[tab.tab_id] == (1 if settled and tab.owed else 0)
            divided = split_fee(tab.owed if settled else 0, tab.fee_bps)
            assert (tab.seller_amount, tab.fee) == divided
            if tab.state not in FINAL["tab"]:
                assert tab.trust_id not in carried
                carried[tab.trust_id] = tab.tab_id
        trusts = self.rows(Trust)
        assert {t.trust_id: t.tab_id for t in trusts if t.tab_id is not None} == carried

    def check_billing(self, told: list[dict[str, Any]]) -> None:
        """Calls, runs and trades add up in each meter, and bills ask once for what was charged."""
        meters, names = self.meters(told), ("charged", "reserved", "traded")
        for period in self.rows(Period):
            meter = meters[period.period_id]
            assert [meter[name] for name in names] == [getattr(period, name) for name in names]
        for spend in self.rows(Spend):
            total, today = meters[spend.spend_id], meters[f"{spend.spend_id}|{spend.day}"]
            assert [total[name] for name in names] == [getattr(spend, name) for name in names]
            of_day = [getattr(spend, f"day_{name}") for name in names]
            assert [today[name] for name in names] == of_day
        self.check_bills(told)

    def meters(self, told: list[dict[str, Any]]) -> defaultdict[str, Counter[str]]:
        """Return what each session, account and day of an account used, by its single uses."""
        meters: defaultdict[str, Counter[str]] = defaultdict(Counter)

        def count(period_id: str, owner: str, day: int, **amounts: int) -> None:
            for meter in (period_id, owner, f"{owner}|{day}"):
                meters[meter].update(amounts)

        for call in self.rows(Reservation):
            assert 0 <= call.charged <= call.amount
            kept = call.amount if call.state is ReservationState.RESERVED else 0
            count(call.period_id, call.owner, call.day, charged=call.charged, reserved=kept)
        for run in self.rows(Charge):
            assert 0 <= run.charged <= run.cost
            count(run.period_id, run.owner, run.charged_at // DAY_MS, charged=run.charged)
        for record in told:
            for one in events_of(record, "plan_charged"):
                traded = {"traded": int(one["amount"])}
                count(one["periodId"] or "", record["actor"], record["at"] // DAY_MS, **traded)
        return meters

    def check_bills(self, told: list[dict[str, Any]]) -> None:
        """A bill is paid once, whole or not at all; a session is asked once for what it charged."""
        paid = Counter(entry.ref for entry in self.rows(Entry) if entry.reason == "bill")
        asked: Counter[str] = Counter()
        debts: Counter[str] = Counter()
        said: Counter[str] = Counter()
        for record in told:
            for one in events_of(record, "reservation_settled", "charge_made"):
                said[one["periodId"]] += int(one["charged"])
        for bill in self.rows(Bill):
            settled = bill.state is BillState.PAID
            assert paid[bill.bill_id] == settled
            divided = split_fee(bill.amount if settled else 0, bill.fee_bps)
            assert (bill.seller_amount, bill.fee) == divided
            asked[bill.period_id] += bill.amount
            debts[bill.payer] += bill.state is BillState.UNPAID
        for period in self.rows(Period):
            assert said[period.period_id] == period.charged
            assert asked[period.period_id] == period.billed <= period.charged
        for spend in self.rows(Spend):
            assert spend.debts == debts[spend.spend_id]

    def check_lives(self, told: list[dict[str, Any]]) -> None:
        """The records tell each thing's life up to its row; nothing leaves an end."""
        lives: defaultdict[str, list[str]] = defaultdict(lambda: [""])
        for record in told:
            for thing, before, after in record["states"]:
                assert lives[thing][-1] == before
                lives[thing].append(after)
        rows = {str(key_of(row)): _state(row) for kind in STATED for row in self.rows(kind)}
        assert {thing: life[-1] for thing, life in lives.items() if thing in rows} == rows
        for thing in rows:
            assert FINAL[str(noun_of(thing))].isdisjoint(lives[thing][:-1])

    def check_bids(self) -> None:
        """A task counts the bids that stand, and none stands when it is open no more."""
        standing = Counter(bid.task_id for bid in self.rows(Bid) if bid.state is BidState.SUBMITTED)
        open_tasks = [task for task in self.rows(Task) if task.state is TaskState.OPEN]
        assert standing == Counter({task.task_id: task.bid_count for task in open_tasks})

    def check_clocks(self) -> None:
        """What is not over has a moment at which the market acts; bids end with their task."""
        for order in self.rows(Order):
            waits = order.state in FINAL["order"] or order.asked is not None
            assert (order.acts_at is None) == waits
            assert order.acts_at is None or order.acts_at >= order.due_at
        for tab in self.rows(Tab):
            assert (tab.acts_at is None) == (tab.state in FINAL["tab"])
        waiting: list[Bill | Period | Reservation] = [
            *self.rows(Bill),
            *self.rows(Period),
            *self.rows(Reservation),
        ]
        for row in waiting:
            assert (row.acts_at is None) == (row.state in FINAL[str(noun_of(str(key_of(row))))])
        open_tasks = set()
        for task in self.rows(Task):
            assert (task.acts_at is None) == (task.state is not TaskState.OPEN)
            open_tasks |= {task.task_id} if task.acts_at else set()
        live = Counter(bid.task_id for bid in self.rows(Bid) if bid.state is BidState.SUBMITTED)
        assert live.keys() <= open_tasks
        counts = {task.task_id: task.bid_count for task in self.rows(Task) if task.acts_at}
        assert counts == {task_id: live[task_id] for task_id in open_tasks}

    def check_consents(self) -> None:
        """Nothing is handed over without a consent; one is bound to one order and ends with it."""
        consents = {consent.consent_id: consent for consent in self.rows(Consent)}
        bound = {order.consent_id: order for order in self.rows(Order) if order.consent_id}
        assert consents.keys() == bound.keys()
        for consent_id, order in bound.items():
            consent = consents[consent_id]
            assert (consent.order_id, consent.buyer) == (order.order_id, order.buyer)
            assert consent.purpose == order.usage_scope[0].purpose
            if order.state in MONEY_BACK:
                assert consent.state is ConsentState.REVOKED
            if order.state in PERMITTED:
                assert consent.state is ConsentState.GRANTED
        for order in self.rows(Order):
            needless = not order.usage_scope or order.consent_id
            assert needless or order.state in BEFORE_CONSENT

    def check_standings(self, told: list[dict[str, Any]]) -> None:
        """The records alone tell how every seller's orders ended."""
        stored = {
            row.account_id: Counter(paid=row.paid, refunded=row.refunded, lost=row.lost)
            for row in self.rows(Standing)
            if row.ended
        }
        assert told_standings(told) == stored

    def check_stories(self, told: list[dict[str, Any]]) -> None:
        """What ended an order is the record that its story ends with, or one of its last."""
        ended = {
            thing: record["id"]
            for record in told
            for thing, _, after in record["states"]
            if thing.startswith("order_") and after in FINAL["order"]
        }
        for order in self.rows(Order):
            if order.order_id in ended:
                assert ended[order.order_id] in order.records

    def check_over(self) -> None:
        """Assert that nothing waits any more and nobody's money is held."""
        self.check()
        assert [order for order in self.rows(Order) if order.state not in FINAL["order"]] == []
        assert [task for task in self.rows(Task) if task.state not in FINAL["task"]] == []
        assert [tab for tab in self.rows(Tab) if tab.state not in FINAL["tab"]] == []
        assert [bill for bill in self.rows(Bill) if bill.state not in FINAL["bill"]] == []
        assert [spend for spend in self.rows(Spend) if spend.reserved or spend.debts] == []
        assert [hold for hold in self.rows(Hold) if hold.state is HoldState.PENDING] == []
        assert {balance.held for balance in self.rows(Balance)} <= {0}


def _state(row: Any) -> str:
    return str(row.state)


def events_of(record: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    """Return a record's events of some kinds."""
    return [one for one in record["events"] if one["kind"] in kinds]
