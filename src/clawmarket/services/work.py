"""The unit of work: everything one command changes, and the one record that says so."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.events import Event
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.kernel.replay import KeptAnswer
from clawmarket.domain.treasury.account import Balance, available, balance_id, empty_balance
from clawmarket.domain.treasury.entry import Entry, Posting, check_balanced
from clawmarket.domain.trust.record import Record, RecordParty, party_link
from clawmarket.ports.store import Key, Query, Transaction, key_of
from clawmarket.services.call import Call

R = TypeVar("R")


class Work:
    """One command's changes; nothing is visible to others before all of it is durable.

    States before and after are noted by `add` and `save`, postings by `post`, so a record can
    never leave out what was changed.
    """

    def __init__(self, call: Call, rows: Transaction) -> None:
        self.call = call
        # A command that waited for its turn is judged at its turn: of two copies of a request the
        # second is never too late for what the first still does.
        self.now = call.now = call.clock.now()
        self.record_id = call.record_ids.next(self.now, call.draw(10))
        self._rows = rows
        self._loaded: dict[tuple[type, Key], Any] = {}
        self._stored: dict[tuple[type, Key], object] = {}
        self._new: dict[tuple[type, Key], object] = {}
        self._changed: dict[tuple[type, Key], object] = {}
        self._states: list[list[str]] = []
        self._events: list[dict[str, object]] = []
        self._postings: list[list[str]] = []
        self._parties: list[str] = [call.actor]
        self._pledged = 0

    def beside(self, method: str) -> "Work":
        """Return a unit of the same command whose record only the actor sees, and whom it names.

        It is for rows that this one does not touch.
        """
        own = replace(self.call, method=method, statement=None, supply=b"")
        return Work(own, self._rows)

    def get(self, kind: type[R], key: Key) -> R | None:
        """Return the row with a key as this command left it, or None."""
        known: R | None = self._loaded.get((kind, key))
        if known is not None:
            return known
        row = self._rows.get(kind, key)
        if row is not None:
            self._loaded[kind, key] = self._stored[kind, key] = row
        return row

    def find(self, query: Query[R]) -> list[R]:
        """Return the rows that a query names, with what this command changed."""
        self._flush()
        return self._rows.find(query)

    def add(self, row: object) -> None:
        """Insert a row and note the state it begins in."""
        key = (type(row), key_of(row))
        self._loaded[key] = row
        self._new[key] = row
        self._note(key[1], "", row)

    def save(self, row: object) -> None:
        """Replace a row that was read before, and note its move from state to state."""
        key = (type(row), key_of(row))
        before = self._loaded[key]
        self._loaded[key] = row
        (self._new if key in self._new else self._changed)[key] = row
        self._note(key[1], getattr(before, "state", ""), row)

    def remove(self, kind: type[object], key: Key) -> None:
        """Delete a row that nobody needs any more."""
        self._flush()
        self._rows.remove(kind, key)

    def _flush(self) -> None:
        """Write what was changed; a row that was changed twice is written once."""
        for key, row in self._changed.items():
            self._rows.save(row, self._stored[key])
        for row in self._new.values():
            self._rows.add(row)
        self._stored |= self._changed | self._new
        self._changed.clear()
        self._new.clear()

    def emit(self, *events: Event) -> None:
        """Note what happened."""
        self._events.extend(dict(event.facts()) for event in events)

    def speak_as(self, account_id: str) -> None:
        """Name the actor of a command whose caller got an account only in the course of it."""
        self._parties = [account_id]

    def involve(self, parties: Iterable[str]) -> None:
        """Let these accounts see the record."""
        self._parties.extend(parties)

    def balance(self, owner: str, asset: str) -> Balance:
        """Return what an actor has of an asset."""
        key = balance_id(owner, asset)
        return self.get(Balance, key) or empty_balance(owner, asset)

    def keep_balance(self, balance: Balance) -> None:
        """Store a changed balance."""
        known = (Balance, balance.balance_id) in self._loaded
        (self.save if known else self.add)(balance)

    def post(
        self,
        reason: str,
        ref: str,
        asset: str,
        moves: Sequence[tuple[str, int]],
        *,
        is_pledged: bool = False,
    ) -> None:
        """Append a balanced ledger entry.

        The caller stores the balances of the actors concerned with `keep_balance`; fee and rail
        accounts have none.

        Args:
            reason: One word for the statement, such as `lock`.
            ref: The id of what it is about.
            asset: The asset of all movements.
            moves: Ledger account and signed amount in minor units; zero amounts are left out.
            is_pledged: Whether it pays for what was pledged before, so that nothing is spent anew.
        """
        postings = tuple(Posting(account, asset, amount) for account, amount in moves if amount)
        check_balanced(postings)
        self.add(Entry(self.call.new_id("entry"), reason, ref, self.now, postings))
        if is_pledged:
            self._pledged += sum(
                p.amount for p in postings if p.account == available(self.call.actor)
            )
        self._postings.extend([p.account, p.asset, str(p.amount)] for p in postings)

    def pledge(self, amount: int) -> None:
        """Note what the actor agreed to pay later, at the most."""
        self._pledged += amount

    def spent(self, actor: str) -> int:
        """Return what this command took out of what an actor has available, or promised of it.

        What a tab is paid with was counted when the tab was opened.
        """
        if not self._postings:
            return self._pledged
        purse = available(actor)
        moved = sum(int(amount) for account, _, amount in self._postings if account == purse)
        return max(0, self._pledged - moved)

    def enqueue(self, kind: str, ref: str, at: int | None = None) -> str:
        """Put a job into the outbox and return its id; it runs once this command is durable.

        Not before `at`, if that is given.
        """
        job_id, acts_at = self.call.new_id("job"), self.now if at is None else at
        self._rows.add(Job(job_id, kind, ref, JobState.WAITING, 0, 0, "", self.now, acts_at))
        return job_id

    def keep_answer(self, answer: KeptAnswer) -> None:
        """Keep what the command answers for whoever repeats the request; after `record`."""
        self._rows.add(answer)

    def record(self) -> Record:
        """Write the one record of this command and who may see it."""
        call = self.call
        self._flush()
        facts: dict[str, object] = {
            "v": 1,
            "id": self.record_id,
            "at": self.now,
            "actor": call.actor,
            "method": call.method,
            "events": self._events,
            "states": self._states,
            "postings": self._postings,
        }
        if call.statement is not None:
            facts["statement"] = call.statement
        record = Record(
            self.record_id,
            self.now,
            call.actor,
            call.method,
            canonical_bytes(facts),
            call.draw(32),
        )
        self._rows.add(record)
        for party in dict.fromkeys(self._parties):
            self._rows.add(RecordParty(party_link(party, self.record_id), self.record_id))
        return record

    def _note(self, key: Key, before: str, row: object) -> None:
        after = getattr(row, "state", None)
        if after is not None and after != before:
            self._states.append([str(key), str(before), str(after)])
