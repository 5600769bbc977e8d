"""What parties do: honest ones their part, silent ones nothing after a while, hostile ones harm.

A deed is drawn from what the party sees; whether it may be done is the market's to judge.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from clawmarket.domain.market.bid import Bid, BidState
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.offer import Offer, OfferState
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.market.postpay.tab import Tab, TabState
from clawmarket.domain.market.postpay.trust import Trust, TrustState
from clawmarket.domain.market.task import Task
from simulation.chance import Chance
from simulation.town import Deed, Party
from simulation.view import View
from world import Fields

WINDOWS = (1, 60, 600, 600, 3_600, 3_600)
EXPIRIES = (600, 3_600, 86_400)
BUDGETS = (1, 99, 100, 101, 199, 9_999, 10_001, 1_234_567, 5_000_000, 9_876_543, 12_000_050)
PERCENTS = ((), (), (), (100,), (50, 50), (1, 33, 66))
USAGES: tuple[Fields | None, ...] = (
    None,
    {"purpose": "research"},
    {"purpose": "research", "durationDays": 1},
)
UNITS = (1, 3, 17, 30, 40, 60)
UNIT_PRICES = (1, 333, 100_000, 600_000, 2_000_000)
SESSION_UNITS = (1, 40, 150, 600)
TAB_SHARE = 200
CLAIMS_SHARE = 200
TOO_MUCH = 1_000_000_000_000
MAX_OPEN = 3


def market(verb: str, **params: Any) -> Deed:
    """Return a call of the market."""
    return Deed(f"web3.market.{verb}", params)


def parts_of(percents: tuple[int, ...]) -> list[Fields]:
    """Return milestones as a request names them."""
    return [{"title": "Part", "percent": percent} for percent in percents]


@dataclass(frozen=True)
class Eyes:
    """What one party sees before it acts."""

    party: Party
    view: View
    chance: Chance
    parties: list[Party]
    now: int

    def draw(self) -> Deed | None:
        """Return what the party does next, or None if there is nothing to do."""
        greed = 250 if self.party.temper == "hostile" else 60
        if self.party.said and self.chance.happens(greed):
            # Whoever clicks twice sends the same under a new key; some do it on purpose.
            last = self.party.said[-1]
            return Deed(last.method, last.params)
        if self.party.name == "operator":
            return self._grant()
        if self.party.temper == "hostile" and self.chance.happens(550):
            return self.chance.pick(_HARM)(self)
        deeds = list(self._arbiter() if self.is_arbiter else self._duties())
        return self.chance.pick(deeds) if deeds else None

    @property
    def is_arbiter(self) -> bool:
        """Whether the party rules in disputes."""
        return self.party.name.startswith("arbiter")

    def pick(self, kind: type[Any]) -> Any:
        """Return something recent of a kind, whosever it is, or None."""
        recent = self.view.recent(kind)
        return self.chance.pick(recent) if recent else None

    def _grant(self) -> Deed:
        amount = str(self.chance.pick((1, 50_000, 7_000_000)))
        to = self.chance.pick([party for party in self.parties if party is not self.party])
        params = {"accountId": to.id, "amount": amount}
        return Deed("market.credits.grant", params)

    # --- Honest parties ------------------------------------------------------------------------

    def _duties(self) -> Iterator[Deed]:
        if self.chance.happens(TAB_SHARE):
            tabs = [tab for tab in self.view.tabs() if self._is_in_time(tab)]
            deeds = [deed for tab in tabs for deed in self.about_tab(tab)]
            yield from deeds if deeds and self.chance.happens(800) else self._about_trusts()
            return
        in_time = [order for order in self.view.orders() if self._is_in_time(order)]
        orders = [deed for order in in_time for deed in self.about_order(order)]
        if orders and self.chance.happens(750):
            yield from orders
            return
        open_tasks = [task for task in self.view.tasks() if self._is_in_time(task)]
        if len(open_tasks) < MAX_OPEN:
            yield self.publish()
        for task in open_tasks:
            yield from self.about_task(task)
        if not open_tasks or self.chance.happens(300):
            yield from self._about_offers()

    def _is_in_time(self, row: Order | Task | Tab) -> bool:
        """Mostly nobody tries what is too late; sometimes they do."""
        return (row.acts_at or 0) > self.now or self.chance.happens(50)

    def publish(self, budget: int | None = None) -> Deed:
        """Ask for work."""
        draw, amount = self.chance, budget or self.chance.pick(BUDGETS)
        percents, fund = draw.pick(PERCENTS), draw.happens(800)
        return market(
            "publishTask",
            title="Work",
            budget=str(amount),
            fund=fund,
            claims=fund and draw.happens(CLAIMS_SHARE),
            milestones=parts_of(percents),
            expirySec=draw.pick(EXPIRIES),
            timeoutSec=draw.pick(WINDOWS),
            disputeWindowSec=draw.pick(WINDOWS),
            resubmitSec=draw.pick(WINDOWS),
        )

    def about_task(self, task: Task) -> Iterator[Deed]:
        """Yield what this party may do about an open task: bid, withdraw, award or cancel."""
        me = self.party.id
        bids = [
            bid
            for bid in self.view.recent(Bid)
            if bid.task_id == task.task_id and bid.state is BidState.SUBMITTED
        ]
        if task.buyer == me:
            awards = [market("awardBid", bidId=bid.bid_id) for bid in bids]
            yield from awards * 3
            if self.chance.happens(80):
                yield market("cancelTask", taskId=task.task_id)
            return
        if task.claims and self.chance.happens(400):
            yield market("claimTask", taskId=task.task_id)
            return
        mine = [bid for bid in bids if bid.bidder == me]
        if not mine and len(bids) > 1 and self.chance.happens(800):
            return
        if not mine:
            price = max(1, task.budget - self.chance.pick((0, 0, 1, task.budget // 3)))
            yield market("placeBid", taskId=task.task_id, price=str(price))
        elif self.chance.happens(100):
            yield market("withdrawBid", bidId=mine[0].bid_id)

    def _about_offers(self) -> Iterator[Deed]:
        mine = [offer for offer in self.view.recent(Offer) if offer.seller == self.party.id]
        yield from (
            market("offer.publish", offerId=offer.offer_id)
            for offer in mine
            if offer.state is OfferState.CREATED
        )
        if len(mine) < 2:
            draw = self.chance
            yield market(
                "offer.create",
                title="Service",
                price=str(draw.pick(BUDGETS)),
                timeoutSec=draw.pick(WINDOWS),
                disputeWindowSec=draw.pick(WINDOWS),
                usageScope=draw.pick(USAGES),
                milestones=parts_of(draw.pick(PERCENTS)),
            )
        if self.chance.happens(400):
            others = [
                offer
                for offer in self.view.recent(Offer)
                if offer.seller != self.party.id and offer.state is OfferState.PUBLISHED
            ]
            quantity = self.chance.pick((1, 1, 3))
            yield from (
                market("order.create", offerId=offer.offer_id, quantity=quantity)
                for offer in others[:1]
            )

    def _about_trusts(self) -> Iterator[Deed]:
        me, draw = self.party.id, self.chance
        trusts = [t for t in self.view.recent(Trust) if t.state is TrustState.GRANTED]
        for trust in trusts:
            if trust.consumer == me and trust.tab_id is None:
                cap = str(draw.pick((trust.cap, trust.cap // 2 + 1)))
                terms = {"trustId": trust.trust_id, "cap": cap, "expirySec": draw.pick(EXPIRIES)}
                yield from [market("tab.open", **terms)] * 3
            elif trust.provider == me and draw.happens(50):
                yield market("trust.revoke", trustId=trust.trust_id)
        if sum(trust.provider == me for trust in trusts) < 2:
            others = [p for p in self.parties if p.id != me and p.name.startswith("member")]
            price = draw.pick(UNIT_PRICES)
            yield market(
                "trust.grant",
                accountId=draw.pick(others).id,
                unit="call",
                price=str(price),
                perUnits=str(draw.pick((1, 1, 7))),
                cap=str(price * draw.pick(SESSION_UNITS)),
                unitsPerMinute="60",
                prepaid=draw.happens(300),
            )

    def about_tab(self, tab: Tab) -> Iterator[Deed]:
        """Yield what this party may do about a tab that goes on."""
        named = {"tabId": tab.tab_id}
        if self.party.id == tab.provider:
            yield from self._as_provider(tab)
        elif self.party.id == tab.consumer and tab.state is TabState.UNPAID:
            yield market("tab.pay", **named)
        elif self.party.id == tab.consumer:
            if self.chance.happens(250):
                yield market("tab.close", **named)
            if self.chance.happens(300):
                yield market("tab.raise", **named, cap=str(tab.cap * 2))

    def _as_provider(self, tab: Tab) -> Iterator[Deed]:
        if tab.is_running:
            yield from [self.append(tab, self.chance.pick(UNITS))] * 4
            if self.chance.happens(200):
                yield market("tab.close", tabId=tab.tab_id)
        if self.chance.happens(40):
            yield market("tab.forgive", tabId=tab.tab_id)

    def append(self, tab: Tab, units: int) -> Deed:
        """Write usage down."""
        return market("ledger.append", tabId=tab.tab_id, quantity=str(units))

    def about_order(self, order: Order) -> Iterator[Deed]:
        """Yield what this party may do about an order that goes on."""
        if order.state is OrderState.DISPUTED:
            yield from self._about_dispute(order)
        elif order.buyer == self.party.id:
            yield from self._as_buyer(order)
        elif order.seller == self.party.id:
            yield from self._as_seller(order)

    def _as_buyer(self, order: Order) -> Iterator[Deed]:
        order_id = order.order_id
        match order.state:
            case OrderState.CREATED:
                yield market("settlement.lock", orderId=order_id)
                if self.chance.happens(150):
                    yield market("order.cancel", orderId=order_id)
            case OrderState.LOCKED | OrderState.CONSENTED:
                if order.needs_consent and order.state is OrderState.LOCKED:
                    yield from [self.consent(order)] * 3
                if self.chance.happens(100):
                    yield market("settlement.refund", orderId=order_id)
            case OrderState.DELIVERED:
                yield from self._review(order)
        if order.consent_id and self.chance.happens(120):
            yield market("consent.revoke", consentId=order.consent_id)

    def consent(self, order: Order) -> Deed:
        """Permit what an order asks for, sometimes for less time."""
        scope: Fields = {"purpose": "research"}
        if self.chance.happens(300):
            scope["durationDays"] = 1
        return market("consent.grant", orderId=order.order_id, consentScope=scope)

    def _review(self, order: Order) -> Iterator[Deed]:
        verdict = self.chance.below(12)
        if verdict < 5:
            yield Deed("web3.dispute.open", {"orderId": order.order_id, "reason": "Not as agreed."})
        elif order.result_id is None or verdict == 5:
            yield market("settlement.release", orderId=order.order_id)
        else:
            decision = "reject" if verdict < 9 else "accept"
            said = {"resultId": order.result_id, "decision": decision, "feedback": "Because."}
            yield market("reviewResult", **said)

    def _as_seller(self, order: Order) -> Iterator[Deed]:
        if order.state in (OrderState.LOCKED, OrderState.CONSENTED):
            yield market("delivery.issue", orderId=order.order_id)
        elif order.state is OrderState.WORKING and order.offer_id and not order.delivery_id:
            yield from [market("delivery.issue", orderId=order.order_id)] * 2
            if self.chance.happens(60):
                yield market("settlement.refund", orderId=order.order_id)
        elif order.state is OrderState.WORKING:
            yield self.hand_in(order)
            yield self.hand_in(order)
            yield from self._or_not(order)

    def _or_not(self, order: Order) -> Iterator[Deed]:
        """Yield what a seller does instead of delivering: contest, step back, give up."""
        if order.task_id and self.chance.happens(120):
            yield market("unclaimTask", taskId=order.task_id)
        if order.rejections:
            reason = {"orderId": order.order_id, "reason": "The work is good."}
            yield Deed("web3.dispute.open", reason)
        if self.chance.happens(60):
            yield market("settlement.refund", orderId=order.order_id)
        if self.chance.happens(60) and order.delivery_id:
            yield market("delivery.revoke", deliveryId=order.delivery_id)

    def hand_in(self, order: Order) -> Deed:
        """Deliver what an order asks for."""
        files = [self.party.file]
        if order.task_id is None:
            return market("delivery.complete", deliveryId=order.delivery_id, artifacts=files)
        return market("submitResult", orderId=order.order_id, artifacts=files)

    def _about_dispute(self, order: Order) -> Iterator[Deed]:
        dispute = self.view.get(Dispute, order.dispute_id)
        if dispute is not None and self.party.id in (dispute.initiator, dispute.respondent):
            by_initiator = self.party.id == dispute.initiator
            brought = dispute.initiator_evidence if by_initiator else dispute.respondent_evidence
            if brought < 2:
                # Both would rather have the money than wait.
                if self.chance.happens(500):
                    verb = self.chance.pick(("settlement.release", "settlement.refund"))
                    yield market(verb, orderId=order.order_id)
                # Whoever contests is eager to be heard; the other side often is not.
                yield from [self.show(dispute)] * (3 if by_initiator else 1)

    def show(self, dispute: Dispute) -> Deed:
        """Bring evidence."""
        params: Fields = {"disputeId": dispute.dispute_id, "summary": "Look."}
        if self.chance.happens(300):
            params["artifacts"] = [self.party.file]
        return Deed("web3.dispute.submitEvidence", params)

    # --- Arbiters ------------------------------------------------------------------------------

    def _arbiter(self) -> Iterator[Deed]:
        for order in self.view.orders():
            dispute = self.view.get(Dispute, order.dispute_id)
            if order.state is OrderState.DISPUTED and dispute is not None:
                yield self.rule(dispute, order.at_stake)

    def rule(self, dispute: Dispute, amount: int) -> Deed:
        """Decide: a fair arbiter divides or follows the claim, a biased one serves the buyer."""
        said: Fields = {"disputeId": dispute.dispute_id, "reason": "So it is."}
        if self.party.temper == "hostile":
            return Deed("web3.dispute.resolve", said | {"resolution": "refund"})
        choice = self.chance.pick(("release", "refund", "partial", "partial", "reject"))
        if choice == "reject":
            return Deed("web3.dispute.reject", said)
        if choice == "partial":
            said["sellerShare"] = str(self.chance.pick((1, 99, amount // 2, amount - 1, amount)))
        return Deed("web3.dispute.resolve", said | {"resolution": choice})

    # --- Hostile parties -----------------------------------------------------------------------

    def harm_task(self) -> Deed | None:
        """Meddle with a task: bid on it, award or withdraw a bid on it, cancel or claim it."""
        task, bid = self.pick(Task), self.pick(Bid)
        deeds = [self.publish(TOO_MUCH)]
        if task is not None:
            deeds.append(market("placeBid", taskId=task.task_id, price=str(task.budget)))
            deeds.append(market("placeBid", taskId=task.task_id, price=str(task.budget + 1)))
            deeds.append(market("cancelTask", taskId=task.task_id))
            deeds.append(market("claimTask", taskId=task.task_id))
            deeds.append(market("unclaimTask", taskId=task.task_id))
        if bid is not None:
            deeds.append(market("awardBid", bidId=bid.bid_id))
            deeds.append(market("withdrawBid", bidId=bid.bid_id))
        return self.chance.pick(deeds)

    def harm_order(self) -> Deed | None:
        """Meddle with an order, whatever its state and whosever it is."""
        order = self.pick(Order)
        if order is None:
            return None
        order_id = order.order_id
        return self.chance.pick(
            [
                market("settlement.release", orderId=order_id),
                market("settlement.refund", orderId=order_id),
                market("settlement.lock", orderId=order_id),
                market("settlement.lock", orderId=order_id, amount=str(order.amount + 1)),
                market("order.cancel", orderId=order_id),
                market("delivery.issue", orderId=order_id),
                self.consent(order),
                market("consent.revoke", consentId=order.consent_id or f"consent_{order_id[-26:]}"),
                self.hand_in(order),
                Deed("web3.dispute.open", {"orderId": order_id, "reason": "I want it back."}),
            ]
        )

    def harm_own_order(self) -> Deed | None:
        """Take one's own order both ways: release, refund and review it whenever it pleases."""
        mine = [
            order
            for order in self.view.all(Order)
            if self.party.id in order.parties and order.settlement_id
        ]
        if not mine:
            return None
        contested = [order for order in mine if order.state is OrderState.DISPUTED]
        paid = [
            order
            for order in mine
            if order.state is OrderState.COMPLETED and order.due_at > self.now
        ]
        order = self.chance.pick([*contested, *paid] or mine[-4:])
        deeds = [
            market("settlement.release", orderId=order.order_id),
            market("settlement.refund", orderId=order.order_id),
        ]
        if order.result_id:
            said = {"resultId": order.result_id, "decision": "accept"}
            deeds.append(market("reviewResult", **said))
        return self.chance.pick(deeds)

    def harm_result(self) -> Deed | None:
        """Judge a result, or turn a delivery, that may be somebody else's or judged already."""
        result, delivery = self.pick(Result), self.pick(Delivery)
        deeds = []
        if result is not None:
            for decision in ("accept", "reject"):
                said = {"resultId": result.result_id, "decision": decision, "feedback": "No."}
                deeds.append(market("reviewResult", **said))
        if delivery is not None:
            deeds.append(market("delivery.revoke", deliveryId=delivery.delivery_id))
            deeds.append(market("delivery.complete", deliveryId=delivery.delivery_id))
        return self.chance.pick(deeds) if deeds else None

    def harm_dispute(self) -> Deed | None:
        """Rule in any dispute, also one's own, or bring evidence after its end."""
        dispute = self.pick(Dispute)
        if dispute is None:
            return None
        said = {"disputeId": dispute.dispute_id, "reason": "I say so.", "resolution": "release"}
        return self.chance.pick([Deed("web3.dispute.resolve", said), self.show(dispute)])

    def harm_tab(self) -> Deed | None:
        """Meddle with a tab or a trust, whosever it is and however it stands."""
        tab, trust, draw = self.pick(Tab), self.pick(Trust), self.chance
        deeds = []
        if tab is not None:
            deeds += [self.append(tab, units) for units in (1, 60, 61)]
            cap = str(draw.pick((tab.cap + 1, TOO_MUCH)))
            deeds.append(market("tab.raise", tabId=tab.tab_id, cap=cap))
            verb = draw.pick(("tab.close", "tab.pay", "tab.forgive"))
            deeds += [market(verb, tabId=tab.tab_id)] * 2
        if trust is not None:
            deeds.append(market("trust.revoke", trustId=trust.trust_id))
            deeds += [market("tab.open", trustId=trust.trust_id)] * 2
        return draw.pick(deeds) if deeds else None

    def harm_identity(self) -> Deed | None:
        """Act as somebody else, by name, by a foreign wallet or with the operator's methods."""
        other = self.chance.pick(self.parties)
        grant = {"accountId": self.party.id, "amount": "1000000"}
        return self.chance.pick(
            [
                Deed("market.credits.grant", grant),
                Deed("web3.market.publishTask", self.publish().params | {"actorId": other.id}),
                Deed("web3.market.publishTask", self.publish().params, forged=True),
            ]
        )

    def harm_keys(self) -> Deed | None:
        """Send something new under a key that was used before."""
        deed = self.publish()
        return Deed(deed.method, deed.params, key=f"{1 + self.chance.below(self.party.calls + 1)}")


_HARM: tuple[Callable[[Eyes], Deed | None], ...] = (
    Eyes.harm_task,
    Eyes.harm_order,
    *[Eyes.harm_own_order] * 4,
    Eyes.harm_result,
    Eyes.harm_dispute,
    Eyes.harm_tab,
    Eyes.harm_identity,
    Eyes.harm_keys,
)


def at_the_edge(eyes: Eyes, row: Order | Task | Tab) -> Deed | None:
    """Return what a party does about one thing whose last moment is here."""
    deeds: list[Deed] = []
    if isinstance(row, Task):
        deeds = list(eyes.about_task(row))
    elif isinstance(row, Tab):
        deeds = list(eyes.about_tab(row))
    elif isinstance(row, Order):
        deeds = list(eyes.about_order(row))
        dispute = eyes.view.get(Dispute, row.dispute_id)
        if eyes.is_arbiter and row.state is OrderState.DISPUTED and dispute is not None:
            deeds = [eyes.rule(dispute, row.at_stake)]
    return eyes.chance.pick(deeds) if deeds else None
