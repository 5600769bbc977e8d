"""The rules, said once more and in other words: what any one transaction may do, and may not.

Nothing here asks the market's own rules: a rule that is wrong there is right here.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import orjson

from clawmarket.domain.kernel.ids import MARKET_ACCOUNT
from clawmarket.domain.kernel.replay import KeptAnswer
from clawmarket.domain.market.dispute import Evidence
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, Store
from simulation.faults import Change, Commit
from simulation.view import View
from world import Fields


class BrokenError(Exception):
    """A rule does not hold."""


def must(holds: object, what: str) -> None:
    """Raise BrokenError unless something holds."""
    if not holds:
        raise BrokenError(what)


@dataclass(frozen=True)
class Letter:
    """A request as its sender wrote it; it may arrive late, twice or never."""

    number: int
    sender: str
    account: str
    method: str
    key: str
    params: Fields
    written_at: int
    forged: bool

    @property
    def scope(self) -> tuple[str, str, str]:
        """Under which name the market keeps what it answers."""
        return (self.account, self.method, self.key)


@dataclass(frozen=True)
class Act:
    """One transaction: what its record says, and the rows that it changed."""

    letter: Letter | None
    actor: str
    at: int
    method: str
    changes: tuple[Change, ...]

    def of(self, kind: type) -> list[Change]:
        """Return the changes of one kind of row."""
        return [change for change in self.changes if change.kind is kind]

    def after(self, kind: type, key: object) -> Any:
        """Return what a row became in this transaction, or None."""
        return next((change.after for change in self.of(kind) if change.key == key), None)


@dataclass
class Books:
    """What the referee knows by itself: the pockets, who was heard, what happened under a key."""

    view: View
    judges: frozenset[str]
    fee_bps: int
    pockets: Counter[str] = field(default_factory=Counter)
    coming: Counter[str] = field(default_factory=Counter)
    earned: Counter[str] = field(default_factory=Counter)
    used: defaultdict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    heard: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    effects: dict[tuple[str, str, str], Fields] = field(default_factory=dict)
    # A key is free again once the market no longer keeps what it answered under it.
    acted_at: dict[tuple[str, str, str], int] = field(default_factory=dict)


def act_of(commit: Commit) -> Act:
    """Read a transaction; every command leaves one record that says all that it did."""
    changes = commit.changes
    records = [change.after for change in changes if change.kind is Record]
    letter = commit.context if isinstance(commit.context, Letter) else None
    stated = [change for change in changes if _state(change.after) != _state(change.before)]
    moved = [change.after for change in changes if change.kind is Entry]
    kept = [change for change in changes if change.kind is KeptAnswer and change.after]
    speaks = [change for change in stated if not str(change.key).startswith("job_")]
    if not records:
        must(not (moved or kept or speaks), "A command left no record.")
        return Act(letter, MARKET_ACCOUNT, 0, "", changes)
    must(len(records) == 1, f"A command left {len(records)} records.")
    record = records[0]
    told = orjson.loads(record.body)
    must(told["id"] == record.record_id, "A record has another id than its row.")
    posted = [[p.account, p.asset, str(p.amount)] for entry in moved for p in entry.postings]
    must(told["postings"] == posted, "The record tells other postings than the ledger.")
    lives = [[c.key, _state(c.before), _state(c.after)] for c in speaks]
    states = [step for step in told["states"] if not step[0].startswith("job_")]
    must(_ends(states) == sorted(lives), "The record tells other states than the rows.")
    if letter is not None:
        must(record.actor == letter.account, "A command acted as somebody else.")
        must(record.method == letter.method, "A command was recorded as another one.")
    return Act(letter, record.actor, record.at, record.method, changes)


def _state(row: Any) -> str:
    return str(getattr(row, "state", ""))


def _ends(told: list[list[str]]) -> list[list[str]]:
    """Return where each thing began and ended that a record tells of."""
    lives: dict[str, list[str]] = {}
    for thing, before, after in told:
        life = lives.setdefault(thing, [before, before])
        must(life[1] == before, f"The record loses the thread of {thing}.")
        life[1] = after
    return sorted([thing, *life] for thing, life in lives.items() if life[0] != life[1])


def open_books(store: Store, judges: frozenset[str], fee_bps: int) -> Books:
    """Begin with the pockets of a market in which nobody has traded yet."""
    books = Books(View(), judges, fee_bps)
    for entry in store.read(lambda rows: rows.find(Query(Entry, limit=1_000_000))):
        for posting in entry.postings:
            books.pockets[posting.account] += posting.amount
    return books


def note_words(books: Books, act: Act) -> None:
    """Note who was heard in which dispute."""
    for change in act.of(Evidence):
        books.heard[change.after.dispute_id].add(change.after.submitter)
