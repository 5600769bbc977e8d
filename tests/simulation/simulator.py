"""The simulator: one seed, so many steps, every rule checked after each, and the end of it all."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from books import Books as StoredBooks
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from clawmarket.domain.kernel.replay import KEPT_MS
from clawmarket.domain.market.order import Order
from simulation import ending
from simulation.actors import Eyes, at_the_edge
from simulation.chance import Chance
from simulation.faults import CALM, MILD, STORM, CrashError
from simulation.money_rules import check_holds, check_money
from simulation.move_rules import check_moves
from simulation.post import Post
from simulation.referee import Act, act_of, must, note_words, open_books
from simulation.tab_rules import check_tabs
from simulation.town import Party, Town
from world import START, Fields

STEPS = 200
SHOWN = 20
DEEP_CHECK_EVERY = 50

ACTIONS = {
    "deed": 620,
    "repeat": 130,
    "edge": 60,
    "time": 70,
    "sweep": 50,
    "log": 30,
    "jobs": 30,
    "restart": 7,
    "tidy": 3,
}
PAUSES_MS = {
    SECOND_MS: 50,
    20 * SECOND_MS: 30,
    5 * MINUTE_MS: 12,
    2 * HOUR_MS: 4,
    2 * DAY_MS: 3,
    8 * DAY_MS: 1,
}
ZEAL = {"member": 10, "arbiter": 4, "operator": 1}
TEMPERS = {
    "member-1": ("honest", "honest", "hostile"),
    "member-2": ("honest", "honest", "silent"),
    "member-3": ("honest", "silent", "hostile"),
    "member-4": ("honest", "hostile", "hostile"),
    "arbiter-1": ("honest", "honest", "hostile"),
    "arbiter-2": ("honest", "silent", "silent"),
    "operator": ("honest",),
}


class SimulationFailedError(AssertionError):
    """A seed at which a rule does not hold; its text says how to see it again."""

    def __init__(self, seed: int, step: int, what: str, trace: list[bytes]) -> None:
        last = "\n".join(line.decode() for line in trace[-SHOWN:])
        super().__init__(
            f"seed {seed}, step {step}: {what}\n{last}\nAgain: make simulate SEED={seed}"
        )
        self.seed, self.step, self.what, self.trace = seed, step, what, trace


@dataclass
class Simulation:
    """One run; everything in it follows from the seed."""

    seed: int
    steps: int = STEPS
    step: int = 0
    trace: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Chance(self.seed)
        self.town = Town(self.seed, self.chance)
        self.store = self.town.store
        for party in self.town.parties:
            self._give_temper(party)
        judges = frozenset(p.id for p in self.town.parties if not p.name.startswith("member"))
        self.books = open_books(self.store, judges, self.town.terms.fee_bps)
        self.post = Post(self.town, self.chance, self.books)
        self.store.meanwhile = self.post.meanwhile
        self.stored = StoredBooks(self.store)
        self.weather = self.chance.pick((CALM, MILD, MILD, STORM))

    def _give_temper(self, party: Party) -> None:
        party.temper = self.chance.pick(TEMPERS[party.name])
        if party.temper == "silent":
            party.silent_from = self.chance.below(self.steps)

    def run(self) -> list[bytes]:
        """Run all steps and the end; return the trace. Raises SimulationFailedError."""
        try:
            self.store.weather = self.weather
            while self.step < self.steps:
                self.step += 1
                self._take_step(self.chance.weighed(ACTIONS))
            self.store.weather = CALM
            self._end()
        except Exception as why:
            where = traceback.extract_tb(why.__traceback__)[-1]
            what = f"{type(why).__name__} in {where.name}: {str(why) or where.line}"
            self._note("failed", {"what": what})
            raise SimulationFailedError(self.seed, self.step, what, self.trace) from why
        return self.trace

    def _take_step(self, action: str) -> None:
        acts: dict[str, Callable[[], Fields | None]] = {
            "deed": self._deed,
            "repeat": self.post.repeat,
            "edge": self._edge,
            "time": self._time,
            "sweep": lambda: self.town.sweep().model_dump(),
            "log": lambda: {"taken": self.town.log()},
            "jobs": lambda: {"done": self.town.run_jobs()},
            "tidy": lambda: {"gone": self.town.tidy()},
            "restart": self.town.restart,
        }
        self.store.context = None
        try:
            facts = acts[action]() or {}
        except CrashError:
            self.town.restart()
            facts = {"outcome": "crash"}
        except Refused as refusal:
            must(refusal.retryable, f"The market's own work failed: {refusal}")
            facts = {"outcome": refusal.cause}
        self._settle()
        if self.step % DEEP_CHECK_EVERY == 0:
            self.stored.check()
            ending.check_reconciled(self.town)
        self._note(action, facts)

    def _note(self, action: str, facts: Fields) -> None:
        line = {"step": self.step, "at": self.town.now - START, "action": action, **facts}
        line |= {"posts": self.post.told, "faults": self.store.happened}
        line["effects"] = len(self.books.effects)
        shown = {name: value for name, value in line.items() if value not in ([], None)}
        self.trace.append(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS))
        self.post.told, self.store.happened = [], []

    def _settle(self) -> None:
        """Let the referee look at what was committed, and the clients at what came back."""
        for commit in self.store.taken():
            act = act_of(commit)
            self._count(act)
            check_money(self.books, act)
            check_moves(self.books, act)
            check_holds(self.books, act)
            check_tabs(self.books, act)
            note_words(self.books, act)
            for change in act.changes:
                self.books.view.take(change)
        self.post.read_replies()

    def _count(self, act: Act) -> None:
        if act.letter is not None and act.method:
            must(not act.letter.forged, "A forged request had an effect.")
            before = self.books.acted_at.get(act.letter.scope, act.at - KEPT_MS)
            must(act.at - before >= KEPT_MS, "One key had two effects.")
            self.books.effects[act.letter.scope] = act.letter.params
            self.books.acted_at[act.letter.scope] = act.at

    def _eyes(self, party: Party) -> Eyes:
        return Eyes(party, self.books.view, self.chance, self.town.parties, self.town.now)

    def _deed(self) -> None:
        awake = [party for party in self.town.parties if party.silent_from > self.step]
        zeal = {n: ZEAL[party.name.partition("-")[0]] for n, party in enumerate(awake)}
        party = awake[self.chance.weighed(zeal)]
        deed = self._eyes(party).draw()
        if deed is not None:
            self.post.write(party, deed)

    def _edge(self) -> None:
        """Go to somebody's last moment, or next to it, and let them act."""
        now = self.town.now
        rows = [row for row in self.books.view.waiting.values() if (row.acts_at or 0) > now]
        if not rows:
            return
        nearest = [self.chance.pick(rows) for _ in range(4)]
        row = min(nearest, key=lambda row: row.acts_at or 0)
        by_due = isinstance(row, Order) and self.chance.happens(700)
        at = row.due_at if isinstance(row, Order) and by_due else row.acts_at or 0
        self.town.clock.advance(max(0, at + self.chance.pick((-1, 0, 0, 1)) - now))
        deeds = [
            (party, deed)
            for party in self.town.parties
            if party.silent_from > self.step
            and (deed := at_the_edge(self._eyes(party), row)) is not None
        ]
        if deeds:
            self.post.write(*self.chance.pick(deeds))

    def _time(self) -> None:
        self.town.clock.advance(1 + self.chance.below(self.chance.weighed(PAUSES_MS)))

    def _end(self) -> None:
        """Answer everybody, let every deadline pass, and check that all is over and proven."""
        town, view = self.town, self.books.view
        town.restart()
        ending.answer_everybody(self.post)
        self._settle()
        ending.check_answered(self.post)
        self._note("all answered", {})
        for _ in range(ending.ROUNDS):
            if not ending.pass_deadline(town, view):
                break
            self._settle()
            ending.check_swept(town, view)
        self.stored.check_over()
        self._note("all over", {})
        ending.finish_jobs(town, self.post, view)
        self._settle()
        ending.check_log(town)
        ending.check_reconciled(town)
        ending.check_receipts(town, view)
        self._note("all proven", {})


def simulate(seed: int, steps: int = STEPS) -> list[bytes]:
    """Run one seed and return its trace. Raises SimulationFailedError."""
    return Simulation(seed, steps).run()
