"""A rail in memory: keeps what it did by key, and misbehaves as told."""

from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum

from clawmarket.ports.payments import Declined, Move, Moved, RailSilentError, Unknown, Unseen

Answer = Moved | Declined | Unseen | Unknown


class Fault(StrEnum):
    """One way in which a rail can fail whoever asks it."""

    LOSE_QUESTION = "lose_question"
    LOSE_ANSWER = "lose_answer"
    SAY_UNKNOWN = "say_unknown"
    SAY_REFUSED = "say_refused"
    SAY_OTHER_AMOUNT = "say_other_amount"
    SAY_OTHER_KEY = "say_other_key"
    SAY_NONSENSE = "say_nonsense"
    HOLD_BACK = "hold_back"


class HeldBackError(RailSilentError):
    """The question is still on its way; it arrives when `MemoryRail.deliver` is called."""


@dataclass
class MemoryRail:
    """A rail whose every answer can be spoiled, but never what it did.

    Attributes:
        faults: What goes wrong with the next questions, one after the other.
        refuses: Payers, payees and words of steps that the rail declines.
        sent: Every key that reached the rail, as often as it did.
        done: What came of each key.
        waiting: Questions that are on their way.
    """

    faults: deque[Fault | None] = field(default_factory=deque)
    refuses: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    done: dict[str, Moved | Declined] = field(default_factory=dict)
    waiting: list[Move] = field(default_factory=list)

    async def move(self, move: Move) -> Moved | Declined | Unknown:
        """Do it once, or only say what came of it; a fault spoils question or answer."""
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.LOSE_QUESTION:
            raise RailSilentError("The question got lost.")
        if fault is Fault.HOLD_BACK:
            self.waiting.append(move)
            raise HeldBackError("The question is on its way.")
        return _spoilt(self._take(move), move.key, fault)  # type: ignore[return-value]  # nonsense is one of the faults

    async def look_up(self, key: str) -> Answer:
        """Say what came of a key; a fault spoils the answer."""
        fault = self.faults.popleft() if self.faults else None
        if fault in (Fault.LOSE_QUESTION, Fault.HOLD_BACK):
            raise RailSilentError("The question got lost.")
        return _spoilt(self.done.get(key, Unseen(key)), key, fault)

    def deliver(self) -> None:
        """Let everything that is on its way arrive."""
        while self.waiting:
            self._take(self.waiting.pop(0))

    def held(self, lock_key: str) -> int:
        """Return what lies in a lock."""
        moves = self.moves(lock_key)
        return sum(m.locked if m.step == "lock" else -_out(m) for m in moves)

    def moves(self, lock_key: str) -> list[Move]:
        """Return what was done with a lock, in the order of its keys."""
        done = [each.move for each in self.done.values() if isinstance(each, Moved)]
        return [move for move in done if move.lock_key == lock_key]

    def _take(self, move: Move) -> Moved | Declined:
        self.sent.append(move.key)
        if move.key not in self.done:
            self.done[move.key] = self._decide(move)
        return self.done[move.key]

    def _decide(self, move: Move) -> Moved | Declined:
        if self.refuses & {move.step, move.payer, move.payee}:
            return Declined(move.key, "The rail does not do this.")
        if move.step != "lock" and not 0 < _out(move) <= self.held(move.lock_key):
            return Declined(move.key, "There is not that much in the lock.")
        if move.step in ("release", "refund") and _out(move) != self.held(move.lock_key):
            return Declined(move.key, "Something would stay in the lock.")
        return Moved(move, f"ref-{len(self.done) + 1}")


def _out(move: Move) -> int:
    return move.seller_amount + move.fee + move.refund


def _spoilt(answer: Answer, key: str, fault: Fault | None) -> Answer:
    match fault:
        case Fault.LOSE_ANSWER:
            raise RailSilentError("The answer got lost.")
        case Fault.SAY_UNKNOWN:
            return Unknown("It is being looked into.")
        case Fault.SAY_REFUSED:
            return Unknown("") if isinstance(answer, Unseen) else Declined(key, "No.")
        case Fault.SAY_NONSENSE:
            return None  # type: ignore[return-value]  # what a broken adapter could hand over
        case Fault.SAY_OTHER_KEY:
            return Unseen(key + "x")
        case Fault.SAY_OTHER_AMOUNT if isinstance(answer, Moved):
            return replace(answer, move=replace(answer.move, locked=answer.move.locked + 1))
        case _:
            return answer
