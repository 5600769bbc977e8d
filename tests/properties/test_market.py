"""Whatever anybody tries, in whatever order: the books hold, and everything ends."""

from dataclasses import dataclass

from books import Books
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from world import Fields, Member, World

from clawmarket.domain.kernel.errors import ConflictError, Refused
from clawmarket.domain.kernel.moment import DAY_MS, SECOND_MS
from clawmarket.domain.trust.record import Record

PICK = st.integers(0, 10_000)
RIGHTLY = st.booleans()
PAUSES = st.sampled_from([1, 30, 599, 600, 601, 899, 900, 3_600, 86_399, 86_400, 600_000])
SUMS = st.sampled_from(["1", "99", "100", "10000000", "40000001", "90000000", "1000000001"])


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
        self.files = {person.id: person.stores() for person in self.people}
        self.known: dict[str, list[Fields]] = {}
        self.said: list[Said] = []

    def teardown(self) -> None:
        """Let every deadline pass: then all is over and nothing is held."""
        self.world.pass_time(seconds=200 * DAY_MS // SECOND_MS)
        while self.world.sweep().due:
            pass
        self.books.check_over()
        self.world.close()

    def records(self) -> int:
        """Return how many commands were committed so far."""
        return len(self.world.all(Record))

    def one(self, noun: str, pick: int) -> Fields:
        """Return one of the things that were made."""
        made = self.known[noun]
        return made[pick % len(made)]

    def who(self, pick: int, *, rightly: bool, party: str) -> Member:
        """Return the right party, or whoever comes along."""
        chosen = self.people[pick % len(self.people)]
        return next((p for p in self.people if rightly and p.id == party), chosen)

    def tries(self, noun: str, actor: Member, method: str, **params: object) -> None:
        """Send a command: it leaves one record and a thing, or it is refused and leaves none."""
        before, key = self.records(), self.world.new_key()
        name = f"web3.market.{method}"
        try:
            answer = actor.do(name, key, **params)
        except Refused:
            assert self.records() == before
            return
        assert self.records() == before + 1
        self.known.setdefault(noun, []).append(answer)
        self.said.append(Said(actor, name, key, params, answer))

    # --- Tasks -------------------------------------------------------------------------------

    @rule(pick=PICK, budget=SUMS, fund=st.booleans(), expiry=PAUSES)
    def publish(self, pick: int, budget: str, fund: bool, expiry: int) -> None:  # noqa: FBT001 - drawn
        """Ask for work, for less or more than one has."""
        actor = self.people[pick % 3]
        terms = {"budget": budget, "fund": fund, "expirySec": expiry, "timeoutSec": expiry}
        self.tries("task", actor, "publishTask", title="Work", **terms)

    @precondition(lambda self: "task" in self.known)
    @rule(pick=PICK, who=PICK, price=SUMS)
    def bid(self, pick: int, who: int, price: str) -> None:
        """Bid on any task, also on one's own or above the budget."""
        task = self.one("task", pick)
        self.tries("bid", self.people[who % 3], "placeBid", taskId=task["taskId"], price=price)

    @precondition(lambda self: "bid" in self.known)
    @rule(pick=PICK, who=PICK, rightly=RIGHTLY)
    def withdraw(self, pick: int, who: int, rightly: bool) -> None:  # noqa: FBT001 - drawn
        """Take a bid back, perhaps somebody else's."""
        bid = self.one("bid", pick)
        actor = self.who(who, rightly=rightly, party=bid["bidder"])
        self.tries("withdrawn", actor, "withdrawBid", bidId=bid["bidId"])

    @precondition(lambda self: "bid" in self.known)
    @rule(pick=PICK, who=PICK)
    def award(self, pick: int, who: int) -> None:
        """Choose a bid, perhaps on somebody else's task."""
        bid = self.one("bid", pick)
        self.tries("order", self.people[who % 3], "awardBid", bidId=bid["bidId"])

    @precondition(lambda self: "task" in self.known)
    @rule(pick=PICK, who=PICK)
    def cancel_task(self, pick: int, who: int) -> None:
        """Take a task back, perhaps somebody else's."""
        task = self.one("task", pick)
        self.tries("cancelled", self.people[who % 3], "cancelTask", taskId=task["taskId"])

    @precondition(lambda self: "order" in self.known)
    @rule(pick=PICK, who=PICK, rightly=RIGHTLY)
    def submit(self, pick: int, who: int, rightly: bool) -> None:  # noqa: FBT001 - drawn
        """Hand in for any order, also one that waits for nothing."""
        order = self.one("order", pick)
        actor = self.who(who, rightly=rightly, party=order["seller"])
        terms = {"orderId": order["orderId"], "artifacts": [self.files[actor.id]]}
        self.tries("result", actor, "submitResult", **terms)

    @precondition(lambda self: "result" in self.known)
    @rule(pick=PICK, who=PICK, accept=st.booleans())
    def review(self, pick: int, who: int, accept: bool) -> None:  # noqa: FBT001 - drawn
        """Judge any result, perhaps one that was judged before."""
        result = self.one("result", pick)
        verdict = {"decision": "accept" if accept else "reject", "feedback": "Because."}
        actor = self.people[who % 3]
        self.tries("verdict", actor, "reviewResult", resultId=result["resultId"], **verdict)

    # --- Offers ------------------------------------------------------------------------------

    @rule(pick=PICK, price=SUMS)
    def offer(self, pick: int, price: str) -> None:
        """Write an offer and open it."""
        actor = self.people[pick % 3]
        self.tries("draft", actor, "offer.create", title="Service", price=price)
        draft = self.known["draft"][-1]
        self.tries("offer", actor, "offer.publish", offerId=draft["offerId"])

    @precondition(lambda self: "draft" in self.known)
    @rule(pick=PICK, who=PICK, verb=st.sampled_from(["publish", "update", "close"]))
    def turn_offer(self, pick: int, who: int, verb: str) -> None:
        """Open, change or end any offer at any time."""
        offer = self.one("draft", pick)
        self.tries("turned", self.people[who % 3], f"offer.{verb}", offerId=offer["offerId"])

    @precondition(lambda self: "draft" in self.known)
    @rule(pick=PICK, who=PICK, quantity=st.sampled_from([1, 2, 1_000_000]))
    def order(self, pick: int, who: int, quantity: int) -> None:
        """Order from any offer, also a draft, a closed one or one's own."""
        terms = {"offerId": self.one("draft", pick)["offerId"], "quantity": quantity}
        self.tries("order", self.people[who % 3], "order.create", **terms)

    @precondition(lambda self: "order" in self.known)
    @rule(
        pick=PICK,
        who=PICK,
        verb=st.sampled_from(
            ["settlement.lock", "settlement.release", "settlement.refund", "order.cancel"]
        ),
    )
    def turn_order(self, pick: int, who: int, verb: str) -> None:
        """Pay, release, refund or cancel any order at any time."""
        order = self.one("order", pick)
        self.tries("turned", self.people[who % 3], verb, orderId=order["orderId"])

    @precondition(lambda self: "order" in self.known)
    @rule(pick=PICK, who=PICK, rightly=RIGHTLY)
    def issue(self, pick: int, who: int, rightly: bool) -> None:  # noqa: FBT001 - drawn
        """Begin to deliver any order."""
        order = self.one("order", pick)
        actor = self.who(who, rightly=rightly, party=order["seller"])
        self.tries("delivery", actor, "delivery.issue", orderId=order["orderId"])

    @precondition(lambda self: "delivery" in self.known)
    @rule(pick=PICK, who=PICK, rightly=RIGHTLY, verb=st.sampled_from(["complete", "revoke"]))
    def turn_delivery(self, pick: int, who: int, rightly: bool, verb: str) -> None:  # noqa: FBT001 - drawn
        """Finish a delivery or take it back, perhaps somebody else's."""
        delivery = self.one("delivery", pick)
        actor = self.who(who, rightly=rightly, party=delivery["seller"])
        self.tries("turned", actor, f"delivery.{verb}", deliveryId=delivery["deliveryId"])

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
        endings = ended.tasks_expired + ended.orders_expired + ended.released + ended.refunded
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
            try:
                said.actor.do(said.method, said.key, **later.params)
            except ConflictError as refusal:
                assert refusal.cause == "key_reused"
            assert self.records() == before

    @invariant()
    def the_books_hold(self) -> None:
        """After every single step."""
        self.books.check()


AnyTrading.TestCase.settings = settings(max_examples=30, stateful_step_count=50)
TestAnyTrading = AnyTrading.TestCase
