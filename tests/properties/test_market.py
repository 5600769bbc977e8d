"""Whatever anybody tries, in whatever order: the books hold, and everything ends."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from books import Books
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import DAY_MS, SECOND_MS
from clawmarket.domain.kernel.replay import KeyReusedError
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.record import Record
from clawmarket.services.market.sweep import moved_on
from world import Fields, Member, World

# Mostly something recent; every other actor is the right one, the others are whoever comes along.
PICK = st.integers(0, 4)
WHO = st.integers(0, 5)
RIGHT = 3
PAUSES = st.sampled_from([1, 1, 1, 30, 30, 300, 300, 599, 600, 900, 86_400])
MOST_PARTS = 3
PERCENTS = st.sampled_from([(), (50, 50), (1, 98, 1)])
UNITS = st.sampled_from(["1", "3", "7", "100000", "2000000", "3000001"])
ASKED = st.sampled_from(
    [
        {"fund": True},
        {"fund": False},
        {"claims": True},
        {"claims": True, "sealed": True},
        {"claims": True, "fund": False},
    ]
)
WINDOWS = st.sampled_from([1, 600, 86_400])
SUMS = st.sampled_from(["1", "99", "100", "10000000", "40000001", "90000000", "1000000001"])


def parts_of(percents: tuple[int, ...]) -> list[Fields]:
    """Return milestones as a request names them."""
    return [{"title": "Part", "percent": percent} for percent in percents]


@dataclass(frozen=True)
class Said:
    """A request that was answered, to be sent again."""

    actor: Member
    method: str
    key: str
    params: Fields
    answer: Fields


class AnyTrading(RuleBasedStateMachine):
    """Three members who know each other's ids, send anything at any time, twice if they like."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(faucet=100_000_000)
        self.books = Books(self.world.store)
        self.people = [self.world.member() for _ in range(3)]
        self.judges = [self.world.arbiter(), self.world.operator, self.people[0]]
        self.files = {person.id: person.stores() for person in self.people}
        self.known: dict[str, list[Fields]] = {}
        self.said: list[Said] = []

    def teardown(self) -> None:
        """Let every deadline pass: then all is over and nothing is held."""
        try:
            # A part that silence accepts gives the seller time for the next one.
            for _ in range(MOST_PARTS):
                self.world.pass_time(seconds=200 * DAY_MS // SECOND_MS)
                while self.world.sweep().due:
                    pass
            self.books.check_over()
        finally:
            self.world.close()

    def records(self) -> int:
        """Return how many commands were committed so far."""
        return len(self.world.all(Record))

    def one(self, noun: str, pick: int) -> Fields:
        """Return one of the last things that were made."""
        made = self.known[noun]
        return made[-1 - pick % len(made)]

    def who(self, who: int, party: str) -> Member:
        """Return the right party for a low number, whoever comes along for a high one."""
        right = (person for person in self.people if person.id == party and who < RIGHT)
        return next(right, self.people[who % 3])

    def buyer_of(self, noun: str, thing: Fields) -> str:
        """Return who asked for the work that a bid, order or result is about."""
        asked: list[Any] = self.world.all(Order if noun == "order" else Task)
        key = f"{noun}_id", thing[f"{noun}Id"]
        return next(str(row.buyer) for row in asked if getattr(row, key[0]) == key[1])

    def tries(
        self, noun: str, actor: Member, method: str, only: str = "", **params: object
    ) -> None:
        """Send a command: it leaves one record and a thing, or it is refused and leaves none.

        `only` names who may give it; anybody else must be refused.
        """
        before, key = self.records(), self.world.new_key()
        name = method if method.startswith("web3.") else f"web3.market.{method}"
        try:
            answer = actor.do(name, key, **params)
        except Refused:
            assert self.records() == before
            return
        assert (self.records(), only or actor.id) == (before + 1, actor.id)
        self.known.setdefault(noun, []).append(answer)
        self.said.append(Said(actor, name, key, params, answer))

    # --- Tasks -------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        """Somebody is at work when the quarrels begin."""
        self.hire(())

    @rule(percents=PERCENTS)
    def hire(self, percents: tuple[int, ...]) -> None:
        """Somebody is hired as it should be, perhaps in parts, as long as the buyer can pay."""
        buyer, worker, _ = self.people
        price: Fields = {"budget": "10000001", "milestones": parts_of(percents)}
        self.tries("task", buyer, "publishTask", title="Work", **price)
        terms = {"taskId": self.known["task"][-1]["taskId"], "price": "10000000"}
        self.tries("bid", worker, "placeBid", **terms)
        self.tries("order", buyer, "awardBid", bidId=self.known["bid"][-1]["bidId"])

    @rule(who=WHO, budget=SUMS, asked=ASKED, expiry=WINDOWS)
    def publish(self, who: int, budget: str, asked: Fields, expiry: int) -> None:
        """Ask for work, for less or more than one has; whoever fits may take some of it."""
        actor = self.people[who % 3]
        terms: Fields = {"budget": budget, "expirySec": expiry, "timeoutSec": expiry, **asked}
        self.tries("task", actor, "publishTask", title="Work", **terms)

    @precondition(lambda self: "task" in self.known)
    @rule(pick=PICK, who=WHO, price=SUMS)
    def bid(self, pick: int, who: int, price: str) -> None:
        """Bid on any task, also on one's own or above the budget."""
        task = self.one("task", pick)
        self.tries("bid", self.people[who % 3], "placeBid", taskId=task["taskId"], price=price)

    @precondition(lambda self: "bid" in self.known)
    @rule(pick=PICK, who=WHO)
    def withdraw(self, pick: int, who: int) -> None:
        """Take a bid back, perhaps somebody else's."""
        bid = self.one("bid", pick)
        actor = self.who(who, bid["bidder"])
        self.tries("withdrawn", actor, "withdrawBid", bid["bidder"], bidId=bid["bidId"])

    @precondition(lambda self: "bid" in self.known)
    @rule(pick=PICK, who=WHO)
    def award(self, pick: int, who: int) -> None:
        """Choose a bid, perhaps on somebody else's task."""
        bid = self.one("bid", pick)
        buyer = self.buyer_of("task", bid)
        self.tries("order", self.who(who, buyer), "awardBid", buyer, bidId=bid["bidId"])

    @precondition(lambda self: "task" in self.known)
    @rule(pick=PICK, who=WHO)
    def claim(self, pick: int, who: int) -> None:
        """Take any task at once, also one's own or one that takes bids."""
        task = self.one("task", pick)
        self.tries("order", self.people[who % 3], "claimTask", taskId=task["taskId"])

    @rule(percents=PERCENTS, again=st.booleans())
    def claim_and_return(self, percents: tuple[int, ...], again: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody claims what may be claimed and steps back; somebody else may take it then."""
        buyer, worker, other = self.people
        terms: Fields = {"budget": "10000001", "claims": True, "milestones": parts_of(percents)}
        self.tries("task", buyer, "publishTask", title="Work", **terms)
        about = {"taskId": self.known["task"][-1]["taskId"]}
        self.tries("order", worker, "claimTask", **about)
        self.tries("returned", worker, "unclaimTask", **about)
        self.tries("order", other if again else worker, "claimTask", **about)

    @precondition(lambda self: "order" in self.known)
    @rule(pick=PICK, who=WHO)
    def step_back(self, pick: int, who: int) -> None:
        """Give any task back, also one that was awarded, delivered or is somebody else's."""
        order = self.one("order", pick)
        actor = self.who(who, order["seller"])
        about = {"taskId": order.get("taskId") or "task_" + "0" * 26}
        self.tries("returned", actor, "unclaimTask", **about)

    @precondition(lambda self: "task" in self.known)
    @rule(pick=PICK, who=WHO)
    def cancel_task(self, pick: int, who: int) -> None:
        """Take a task back, perhaps somebody else's."""
        task = self.one("task", pick)
        actor = self.who(who, task["buyer"])
        self.tries("cancelled", actor, "cancelTask", task["buyer"], taskId=task["taskId"])

    @precondition(lambda self: "order" in self.known)
    @rule(pick=PICK, who=WHO)
    def submit(self, pick: int, who: int) -> None:
        """Hand in for any order, also one that waits for nothing."""
        order = self.one("order", pick)
        actor = self.who(who, order["seller"])
        terms = {"orderId": order["orderId"], "artifacts": [self.files[actor.id]]}
        self.tries("result", actor, "submitResult", order["seller"], **terms)

    @precondition(lambda self: "result" in self.known)
    @rule(pick=PICK, who=WHO, accept=st.booleans())
    def review(self, pick: int, who: int, accept: bool) -> None:  # noqa: FBT001 - drawn
        """Judge any result, perhaps one that was judged before."""
        result = self.one("result", pick)
        verdict = {"decision": "accept" if accept else "reject", "feedback": "Because."}
        buyer = self.buyer_of("order", result)
        verdict["resultId"] = result["resultId"]
        self.tries("verdict", self.who(who, buyer), "reviewResult", buyer, **verdict)

    # --- Offers ------------------------------------------------------------------------------

    @rule(who=WHO, price=SUMS, days=st.sampled_from([None, 0, 1, 30]), percents=PERCENTS)
    def offer(self, who: int, price: str, days: int | None, percents: tuple[int, ...]) -> None:
        """Write an offer and open it; most ask for a consent, for ever (0) or some days."""
        actor = self.people[who % 3]
        terms: Fields = {"title": "Service", "price": price, "milestones": parts_of(percents)}
        if days is not None:
            terms["usageScope"] = {"purpose": "research", "durationDays": days or None}
        self.tries("draft", actor, "offer.create", **terms)
        if "draft" not in self.known:
            return
        draft = self.known["draft"][-1]
        self.tries("offer", actor, "offer.publish", offerId=draft["offerId"])

    @precondition(lambda self: "draft" in self.known)
    @rule(pick=PICK, who=WHO, verb=st.sampled_from(["publish", "update", "close"]))
    def turn_offer(self, pick: int, who: int, verb: str) -> None:
        """Open, change or end any offer at any time."""
        offer = self.one("draft", pick)
        actor = self.who(who, offer["seller"])
        self.tries("turned", actor, f"offer.{verb}", offer["seller"], offerId=offer["offerId"])

    @precondition(lambda self: "draft" in self.known)
    @rule(pick=PICK, who=WHO, quantity=st.sampled_from([1, 2, 1_000_000]))
    def order(self, pick: int, who: int, quantity: int) -> None:
        """Order from any offer, also a draft, a closed one or one's own."""
        terms = {"offerId": self.one("draft", pick)["offerId"], "quantity": quantity}
        self.tries("order", self.people[who % 3], "order.create", **terms)

    @precondition(lambda self: "order" in self.known)
    @rule(
        pick=PICK,
        who=WHO,
        verb=st.sampled_from(
            ["settlement.lock", "settlement.release", "settlement.refund", "order.cancel"]
        ),
    )
    def turn_order(self, pick: int, who: int, verb: str) -> None:
        """Pay, release, refund or cancel any order at any time."""
        order = self.one("order", pick)
        buyer = self.buyer_of("order", order)
        actor = self.who(who, buyer)
        gives_up = verb == "settlement.refund" and actor.id == order["seller"]
        only = actor.id if gives_up else buyer
        self.tries("turned", actor, verb, only, orderId=order["orderId"])

    @rule(price=SUMS, days=st.sampled_from([None, 1]), percents=PERCENTS)
    def permit(self, price: str, days: int | None, percents: tuple[int, ...]) -> None:
        """Somebody orders what asks for a consent, pays and consents as it should be."""
        buyer, seller, _ = self.people
        usage: Fields = {"purpose": "research", "durationDays": days}
        terms: Fields = {"title": "Data", "price": price, "timeoutSec": 7 * 86_400}
        terms["milestones"] = parts_of(percents)
        self.tries("draft", seller, "offer.create", usageScope=usage, **terms)
        if "draft" not in self.known:
            return
        offer = {"offerId": self.known["draft"][-1]["offerId"]}
        self.tries("offer", seller, "offer.publish", **offer)
        self.tries("order", buyer, "order.create", **offer)
        about = {"orderId": self.known["order"][-1]["orderId"]}
        self.tries("turned", buyer, "settlement.lock", **about)
        scope: Fields = {"consentScope": {"purpose": "research"}}
        self.tries("consent", buyer, "consent.grant", **about, **scope)

    @precondition(lambda self: "order" in self.known)
    @rule(pick=PICK, silent=st.booleans())
    def advance(self, pick: int, silent: bool) -> None:  # noqa: FBT001 - drawn
        """Deliver the part at hand of an order from an offer, and accept it, as it should be."""
        order = self.one("order", pick)
        seller, about = self.who(0, order["seller"]), {"orderId": order["orderId"]}
        self.tries("delivery", seller, "delivery.issue", order["seller"], **about)
        if "delivery" not in self.known:
            return
        delivery = {"deliveryId": self.known["delivery"][-1]["deliveryId"]}
        begun = self.who(0, self.known["delivery"][-1]["seller"])
        self.tries("turned", begun, "delivery.complete", begun.id, **delivery)
        if silent:
            self.world.pass_time(seconds=600)
            self.world.sweep()
            return
        buyer = self.who(0, self.buyer_of("order", order))
        self.tries("turned", buyer, "settlement.release", buyer.id, **about)

    @precondition(lambda self: "order" in self.known)
    @rule(
        pick=PICK,
        who=WHO,
        purpose=st.sampled_from(["research", "research", "training"]),
        days=st.sampled_from([None, 1, 31]),
    )
    def consent(self, pick: int, who: int, purpose: str, days: int | None) -> None:
        """Consent to any order, also to more than was asked for or to nothing."""
        order = self.one("order", pick)
        buyer = self.buyer_of("order", order)
        scope = {"purpose": purpose, "durationDays": days}
        about = {"orderId": order["orderId"], "consentScope": scope}
        self.tries("consent", self.who(who, buyer), "consent.grant", buyer, **about)

    @precondition(lambda self: "consent" in self.known)
    @rule(pick=PICK, who=WHO)
    def revoke(self, pick: int, who: int) -> None:
        """Take any consent back at any time, perhaps somebody else's."""
        consent = self.one("consent", pick)
        actor = self.who(who, consent["buyer"])
        about = {"consentId": consent["consentId"]}
        self.tries("revoked", actor, "consent.revoke", consent["buyer"], **about)

    @precondition(lambda self: "order" in self.known)
    @rule(pick=PICK, who=WHO)
    def issue(self, pick: int, who: int) -> None:
        """Begin to deliver any order."""
        order = self.one("order", pick)
        actor = self.who(who, order["seller"])
        self.tries("delivery", actor, "delivery.issue", order["seller"], orderId=order["orderId"])

    @precondition(lambda self: "delivery" in self.known)
    @rule(pick=PICK, who=WHO, verb=st.sampled_from(["complete", "revoke"]))
    def turn_delivery(self, pick: int, who: int, verb: str) -> None:
        """Finish a delivery or take it back, perhaps somebody else's."""
        delivery = self.one("delivery", pick)
        actor = self.who(who, delivery["seller"])
        only, delivery_id = delivery["seller"], delivery["deliveryId"]
        self.tries("turned", actor, f"delivery.{verb}", only, deliveryId=delivery_id)

    # --- Disputes ----------------------------------------------------------------------------

    @precondition(lambda self: "order" in self.known)
    @rule(pick=PICK, who=WHO)
    def contest(self, pick: int, who: int) -> None:
        """Contest any order at any time."""
        order = self.one("order", pick)
        actor = self.people[who % 3]
        self.tries(
            "dispute",
            actor,
            "web3.dispute.open",
            orderId=order["orderId"],
            reason="It is not as agreed.",
        )

    @precondition(lambda self: "order" in self.known)
    @rule(pick=PICK, side=st.sampled_from(["buyer", "seller"]))
    def quarrel(self, pick: int, side: str) -> None:
        """Hand in, perhaps send back, and contest that as it should be, if it can be."""
        order = self.one("order", pick)
        seller = self.who(0, order["seller"])
        terms = {"orderId": order["orderId"], "artifacts": [self.files[seller.id]]}
        self.tries("result", seller, "submitResult", order["seller"], **terms)
        buyer = self.who(0, self.buyer_of("order", order))
        if side == "seller" and "result" in self.known:
            result = self.known["result"][-1]["resultId"]
            self.tries(
                "verdict", buyer, "reviewResult", resultId=result, decision="reject", feedback="No."
            )
        actor = buyer if side == "buyer" else seller
        terms = {"orderId": order["orderId"], "reason": "It is not as agreed."}
        self.tries("dispute", actor, "web3.dispute.open", **terms)

    @precondition(lambda self: "dispute" in self.known)
    @rule(pick=PICK, who=WHO)
    def show(self, pick: int, who: int) -> None:
        """Bring evidence in any dispute, also one that is over or not one's own."""
        dispute = self.one("dispute", pick)
        terms = {"disputeId": dispute["disputeId"], "summary": "Look."}
        self.tries("evidence", self.people[who % 3], "web3.dispute.submitEvidence", **terms)

    @precondition(lambda self: "dispute" in self.known)
    @rule(
        pick=PICK,
        who=WHO,
        resolution=st.sampled_from(["release", "refund", "partial"]),
        share=st.sampled_from([None, "1", "9999999", "10000000"]),
    )
    def decide(self, pick: int, who: int, resolution: str, share: str | None) -> None:
        """Rule in any dispute: an arbiter, the operator, or a party that must not."""
        dispute = self.one("dispute", pick)
        terms: Fields = {"disputeId": dispute["disputeId"], "resolution": resolution}
        terms |= {"sellerShare": share, "reason": "So it is."}
        judge = self.judges[who % 3]
        self.tries("ruling", judge, "web3.dispute.resolve", **terms)
        assert self.judges[2].id not in {r["arbiter"] for r in self.known.get("ruling", [])}

    @precondition(lambda self: "dispute" in self.known)
    @rule(pick=PICK, who=WHO)
    def dismiss(self, pick: int, who: int) -> None:
        """Let any claim fall."""
        dispute = self.one("dispute", pick)
        terms = {"disputeId": dispute["disputeId"], "reason": "It does not hold."}
        self.tries("ruling", self.judges[who % 3], "web3.dispute.reject", **terms)

    # --- Tabs --------------------------------------------------------------------------------

    @rule(
        who=WHO,
        other=WHO,
        cap=st.sampled_from(["1", "30", "20000000"]),
        per=UNITS,
        prepaid=st.booleans(),
    )
    def trust(self, who: int, other: int, cap: str, per: str, prepaid: bool) -> None:  # noqa: FBT001 - drawn
        """Trust somebody, perhaps oneself, with less than a unit or with a lot."""
        terms: Fields = {"accountId": self.people[other % 3].id, "cap": cap, "perUnits": per}
        terms |= {"unit": "call", "price": "10", "unitsPerMinute": "3000000", "prepaid": prepaid}
        self.tries("trust", self.people[who % 3], "trust.grant", **terms)

    @precondition(lambda self: "trust" in self.known)
    @rule(pick=PICK, who=WHO)
    def distrust(self, pick: int, who: int) -> None:
        """Take a trust back, perhaps somebody else's."""
        trust = self.one("trust", pick)
        actor, only = self.who(who, trust["provider"]), trust["provider"]
        self.tries("distrusted", actor, "trust.revoke", only, trustId=trust["trustId"])

    @precondition(lambda self: "trust" in self.known)
    @rule(pick=PICK, who=WHO, cap=st.sampled_from([None, "10", "20000000"]), expiry=WINDOWS)
    def open_tab(self, pick: int, who: int, cap: str | None, expiry: int) -> None:
        """Open a tab on any trust, also a second one, or as somebody who owes."""
        trust = self.one("trust", pick)
        actor, only = self.who(who, trust["consumer"]), trust["consumer"]
        terms: Fields = {"trustId": trust["trustId"], "cap": cap, "expirySec": expiry}
        self.tries("tab", actor, "tab.open", only, **terms)

    @precondition(lambda self: "tab" in self.known)
    @rule(pick=PICK, who=WHO, quantity=UNITS)
    def append(self, pick: int, who: int, quantity: str) -> None:
        """Write usage down on any tab, within or above cap and rate."""
        tab = self.one("tab", pick)
        actor, only = self.who(who, tab["provider"]), tab["provider"]
        terms: Fields = {"tabId": tab["tabId"], "quantity": quantity}
        self.tries("usage", actor, "ledger.append", only, **terms)

    @precondition(lambda self: "tab" in self.known)
    @rule(pick=PICK, who=WHO, verb=st.sampled_from(["close", "pay", "raise", "forgive"]))
    def turn_tab(self, pick: int, who: int, verb: str) -> None:
        """Close, pay, raise or forgive any tab at any time."""
        tab = self.one("tab", pick)
        side = "provider" if verb == "forgive" else "consumer"
        actor = self.who(who, tab[side])
        either = verb == "close" and actor.id in (tab["provider"], tab["consumer"])
        terms: Fields = {"tabId": tab["tabId"]} | ({"cap": "19999999"} if verb == "raise" else {})
        self.tries("turned", actor, f"tab.{verb}", actor.id if either else tab[side], **terms)

    @rule(how=st.sampled_from(["leave", "close", "reach the cap", "owe"]), prepaid=st.booleans())
    def run_up(self, how: str, prepaid: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody uses as it should be: to the cap, to an end, or with the money gone by then."""
        _, provider, consumer = self.people
        terms: Fields = {"unit": "call", "price": "10", "unitsPerMinute": "3000000"}
        terms |= {"accountId": consumer.id, "cap": "20000000", "prepaid": prepaid}
        self.tries("trust", provider, "trust.grant", **terms)
        self.tries("tab", consumer, "tab.open", trustId=self.known["trust"][-1]["trustId"])
        if "tab" not in self.known:
            return
        tab = {"tabId": self.known["tab"][-1]["tabId"]}
        units = "2000000" if how == "reach the cap" else "1900000"
        self.tries("usage", provider, "ledger.append", quantity=units, **tab)
        if how == "owe":
            rest = consumer.figures()[0]
            self.tries("task", consumer, "publishTask", title="Work", budget=rest)
        if how in ("close", "owe"):
            self.tries("turned", provider, "tab.close", **tab)

    # --- Time and repetition -------------------------------------------------------------------

    @rule(seconds=PAUSES)
    def pass_time(self, seconds: int) -> None:
        """Let time go by."""
        self.world.pass_time(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        """Let the market end what is due, with one record for each ending."""
        before = self.records()
        ended = self.world.sweep()
        endings = moved_on(ended)
        assert (self.records(), ended.due) == (before + endings, endings)

    @precondition(lambda self: self.said)
    @rule(pick=PICK)
    def repeat(self, pick: int) -> None:
        """The same request with the same key has the same answer and no second effect."""
        before, said = self.records(), self.said[pick % len(self.said)]
        assert said.actor.do(said.method, said.key, **said.params) == said.answer
        assert self.records() == before

    @precondition(lambda self: self.said)
    @rule(pick=PICK, other=PICK)
    def confuse(self, pick: int, other: int) -> None:
        """A key that was used for one request is refused for another."""
        before, said = self.records(), self.said[pick % len(self.said)]
        later = self.said[other % len(self.said)]
        if (later.method, later.actor) == (said.method, said.actor) and later.params != said.params:
            with pytest.raises(KeyReusedError):
                said.actor.do(said.method, said.key, **later.params)
            assert self.records() == before

    @invariant()
    def the_books_hold(self) -> None:
        """After every single step."""
        self.books.check()


AnyTrading.TestCase.settings = settings(
    max_examples=90,
    stateful_step_count=70,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
TestAnyTrading = AnyTrading.TestCase
