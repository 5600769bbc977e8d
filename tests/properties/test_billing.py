"""Whatever agents reserve, settle, use and trade: no quota is exceeded, all is paid once."""

import hashlib
from dataclasses import replace
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from books import Books
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import DAY_MS, SECOND_MS
from clawmarket.domain.treasury.budget import Spend
from clawmarket.domain.treasury.period import Period
from clawmarket.domain.treasury.plan import Plan
from clawmarket.domain.trust.record import Record
from clawmarket.services.market.sweep import moved_on
from clawmarket.services.treasury.billing.trading import METHOD as TRADED
from world import Fields, Member, World

WHO = st.integers(0, 1)
PICK = st.integers(0, 5)
SESSIONS = st.sampled_from([hashlib.sha256(name).hexdigest() for name in (b"one", b"two")])
QUOTAS = st.sampled_from([None, "0", "7", "30", "31", "100"])
TOOLS = st.sampled_from(["cheap", "dear", "dear", "free", "unpaid"])
COSTS = st.sampled_from([None, "0", "1", "7", "13", "99"])
SUMS = st.sampled_from(["1", "7", "29", "500"])
TOKENS = st.sampled_from([0, 1, 999, 1_000, 12_345])
PAUSES = st.sampled_from([1, 1, 60, 3_600, 86_399, 86_400])
PRICES = {"cheap": "3", "dear": "13", "free": "0"}


class AnySpending(RuleBasedStateMachine):
    """Two accounts with an agent each, and a payee; anything is sent at any time, or twice."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(faucet=300)
        self.books = Books(self.world.store)
        self.owners = [self.world.member() for _ in range(2)]
        self.agents = [self.world.with_key(owner) for owner in self.owners]
        self.payee = self.world.member()
        self.calls: list[str] = ["reservation_" + "7" + "z" * 25]
        self.said: list[tuple[Member, str, str, Fields, Fields]] = []
        # What a meter may reach: its quota, or where it stood when the quota was lowered.
        self.most: dict[str, int] = {}
        self.unpaid_once: set[str] = set()

    def teardown(self) -> None:
        """Let every deadline pass: then nothing is reserved, owed or held."""
        try:
            for _ in range(3):
                self.world.run_jobs()
                self.world.pass_time(seconds=40 * DAY_MS // SECOND_MS)
                while self.world.sweep().due:
                    pass
            self.books.check_over()
            assert self.world.operator.do("market.reconciliation.bills", limit=50)["items"] == []
        finally:
            self.world.close()

    def tries(self, actor: Member, method: str, **params: Any) -> Fields | None:
        """Send a command: it leaves one record, or it is refused and leaves none.

        What a key trades leaves one more, of what that does to its account's quotas.
        """
        before, key = len(self.world.all(Record)), self.world.new_key()
        try:
            answer = actor.do(method, key, **params)
        except Refused:
            assert len(self.world.all(Record)) == before
            return None
        left = [record.method for record in self.world.all(Record)[before:]]
        assert [each for each in left if each != TRADED] == [method]
        self.said.append((actor, method, key, params, answer))
        return answer

    def in_session(self, who: int, session: str) -> Member:
        """Return an agent whose calls say which session they belong to."""
        agent = self.agents[who]
        return Member(self.world, replace(agent.caller, agent_session=session), None)

    @initialize()
    def begin(self) -> None:
        """Both have a plan that is paid."""
        for who in range(2):
            self.plan(who, "30", "100", None, paid=True)

    @rule(who=WHO, session=QUOTAS, day=QUOTAS, account=QUOTAS, paid=st.booleans())
    def plan(
        self, who: int, session: str | None, day: str | None, account: str | None, *, paid: bool
    ) -> None:
        """Set a plan; by a key it is refused."""
        asked: Fields = {
            "perSession": session,
            "perDay": day,
            "perAccount": account,
            "toolPrices": PRICES,
            "callPrice": "1",
            "inputPrice": "1500",
            "perTokens": 1_000_000,
            "payee": self.payee.id if paid else None,
        }
        assert self.tries(self.agents[who], "web3.billing.plan.set", **asked) is None
        assert self.tries(self.owners[who], "web3.billing.plan.set", **asked) is not None
        self.note_ceilings(self.owners[who].id)
        self.unpaid_once |= set() if paid else {self.owners[who].id}

    def note_ceilings(self, owner: str) -> None:
        """Note where each meter stands: a quota that was lowered below it lets nothing more in."""
        for period in self.world.all(Period):
            if period.owner == owner:
                self.most[period.period_id] = period.total
        for spend in self.world.all(Spend):
            if spend.spend_id == owner:
                self.most |= {owner: spend.total, f"{owner}|{spend.day}": spend.day_total}

    @rule(who=WHO, session=SESSIONS, tool=TOOLS, pick=PICK)
    def reserve(self, who: int, session: str, tool: str, pick: int) -> None:
        """Reserve for a call; its id may have been used before."""
        call_id = f"call-{pick}" if pick else self.world.new_key()
        asked = {"sessionIdHash": session, "tool": tool, "callId": call_id}
        checked = self.agents[who].do("web3.billing.check", sessionIdHash=session, tool=tool)
        answer = self.tries(self.agents[who], "web3.billing.reserve", **asked)
        if answer is not None:
            self.calls.append(answer["reservationId"])
        if not pick:
            assert (answer is not None) == (checked["allowed"] and checked["paid"])

    @rule(who=WHO, pick=PICK, cost=COSTS)
    def settle(self, who: int, pick: int, cost: str | None) -> None:
        """Say what some call cost, perhaps somebody else's, perhaps again."""
        asked = {"reservationId": self.calls[-1 - pick % len(self.calls)]}
        asked |= {} if cost is None else {"cost": cost}
        self.tries(self.agents[who], "web3.billing.settle", **asked)

    @rule(who=WHO, pick=PICK)
    def release(self, who: int, pick: int) -> None:
        """Give some reservation back, perhaps again."""
        asked = {"reservationId": self.calls[-1 - pick % len(self.calls)]}
        self.tries(self.agents[who], "web3.billing.release", **asked)

    @rule(who=WHO, session=SESSIONS, tokens=TOKENS, pick=PICK)
    def meter(self, who: int, session: str, tokens: int, pick: int) -> None:
        """Write a run down; it may have been written down before."""
        run_id = f"run-{pick}" if pick else self.world.new_key()
        asked = {"sessionIdHash": session, "runId": run_id, "inputTokens": tokens}
        assert self.tries(self.agents[who], "web3.billing.meter", **asked) is not None

    @rule(who=WHO, session=SESSIONS)
    def end(self, who: int, session: str) -> None:
        """End a session, perhaps one that is over."""
        self.tries(self.agents[who], "web3.billing.session.end", sessionIdHash=session)

    @rule(who=WHO, session=SESSIONS, budget=SUMS, said=st.booleans())
    def trade(self, who: int, session: str, budget: str, *, said: bool) -> None:
        """Let an agent fund a task, in a session or in none."""
        agent = self.in_session(who, session if said else "")
        self.tries(agent, "web3.market.publishTask", title="Work", budget=budget)

    @precondition(lambda self: self.said)
    @rule(pick=PICK)
    def repeat(self, pick: int) -> None:
        """The same request with the same key has the same answer and no second effect."""
        actor, method, key, params, answer = self.said[-1 - pick % len(self.said)]
        before = len(self.world.all(Record))
        assert actor.do(method, key, **params) == answer
        assert len(self.world.all(Record)) == before

    @rule()
    def run_jobs(self) -> None:
        """Let the market lock and pay what is due."""
        self.world.run_jobs()

    @rule(seconds=PAUSES)
    def pass_time(self, seconds: int) -> None:
        """Let time go by."""
        self.world.pass_time(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        """Let the market end what is due, with one record for each ending."""
        before = len(self.world.all(Record))
        ended = self.world.sweep()
        endings = moved_on(ended)
        assert (len(self.world.all(Record)), ended.due) == (before + endings, endings)

    @invariant()
    def no_quota_is_exceeded(self) -> None:
        """Used, reserved and traded stay within every quota that is set."""
        plans = {plan.owner: plan for plan in self.world.all(Plan)}
        for period in self.world.all(Period):
            self.check(period.period_id, period.total, plans[period.owner].per_session)
        for spend in self.world.all(Spend):
            plan = plans[spend.spend_id]
            self.check(spend.spend_id, spend.total, plan.per_account)
            self.check(f"{spend.spend_id}|{spend.day}", spend.day_total, plan.per_day)

    def check(self, meter: str, total: int, quota: int | None) -> None:
        """Assert that a meter is within its quota, or did not grow since that was lowered."""
        assert quota is None or total <= max(quota, self.most.get(meter, 0))

    @invariant()
    def what_is_over_is_billed(self) -> None:
        """A session that ended is asked for all that it charged, once its calls have ended."""
        for period in self.world.all(Period):
            if period.is_over and not period.reserved and period.owner not in self.unpaid_once:
                assert period.due == 0

    @invariant()
    def the_books_hold(self) -> None:
        """After every single step."""
        self.books.check()


AnySpending.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
TestAnySpending = AnySpending.TestCase
