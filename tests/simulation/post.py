"""The post: requests that get lost, arrive twice or late, and clients that repeat them by the rule.

A client repeats a request with the same key until it is answered: by what was asked for, or by a
refusal that no repetition can change.
"""

from dataclasses import dataclass, field

from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.market.postpay.usage import UsageTooFastError
from simulation.chance import Chance
from simulation.faults import CALM
from simulation.referee import Books, Letter, must
from simulation.town import Deed, Party, Town
from world import Fields

# The market keeps what it answered for seven days; nobody repeats a request as late as that.
REPEATED_FOR_MS = 6 * DAY_MS
REMEMBERED = 30
REQUEST_LOST, REPLY_LOST = 15, 40
DEEPEST = 2


@dataclass
class Envelope:
    """A letter on its way, and what its sender knows of it."""

    letter: Letter
    sender: Party
    answer: Fields | None = None
    over: bool = False


@dataclass(frozen=True)
class Reply:
    """What came back, and whether the request had happened before it was sent this time."""

    envelope: Envelope
    said: Fields | Refused
    had_happened: bool


@dataclass
class Post:
    """Everything that was written in a run, and what came back."""

    town: Town
    chance: Chance
    books: Books
    envelopes: list[Envelope] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    told: list[Fields] = field(default_factory=list)
    depth: int = 0

    def write(self, sender: Party, deed: Deed) -> None:
        """Write a letter and send it for the first time."""
        letter = Letter(
            len(self.envelopes),
            sender.name,
            sender.id,
            deed.method,
            deed.key or sender.next_key(),
            deed.params,
            self.town.now,
            deed.forged,
        )
        sender.said.append(deed)
        self.envelopes.append(Envelope(letter, sender))
        self.send(self.envelopes[-1])

    def fresh(self) -> list[Envelope]:
        """Return what may still be repeated."""
        since = self.town.now - REPEATED_FOR_MS
        return [each for each in self.envelopes if each.letter.written_at > since]

    def repeat(self) -> None:
        """Repeat what was not answered, or let something that was answered arrive once more."""
        fresh = self.fresh()
        waiting = [each for each in fresh if not each.over]
        if waiting and self.chance.happens(700):
            self.send(self.chance.pick(waiting))
        elif fresh:
            self.send(self.chance.pick(fresh[-REMEMBERED:]))

    def meanwhile(self) -> None:
        """Let something else arrive while a write waits."""
        if self.depth >= DEEPEST:
            return
        self.town.clock.advance(self.chance.pick((0, 1, 1000)))
        self.repeat()

    def send(self, envelope: Envelope) -> None:
        """Send a letter, once more if it was sent before."""
        letter = envelope.letter
        told: Fields = {"letter": letter.number, "from": letter.sender, "key": letter.key}
        told |= {"method": letter.method, "params": letter.params, "outcome": "no answer"}
        if letter.forged:
            told["forged"] = True
        self.told.append(told)
        calm = self.town.store.weather is CALM
        if calm or not self.chance.happens(REQUEST_LOST):
            had_happened = self._has_happened(letter)
            reply = self._deliver(envelope)
            lost = not calm and self.chance.happens(REPLY_LOST)
            told["outcome"] = reply.cause if isinstance(reply, Refused) else "ok"
            told |= {"lost": True} if lost else {}
            if not lost:
                self.replies.append(Reply(envelope, reply, had_happened))

    def _deliver(self, envelope: Envelope) -> Fields | Refused:
        letter, sender = envelope.letter, envelope.sender
        before, self.town.store.context = self.town.store.context, letter
        self.depth += 1
        try:
            return self.town.submit(sender, letter.method, self._signed(envelope), letter.key)
        except Refused as refusal:
            return refusal
        finally:
            self.depth -= 1
            self.town.store.context = before

    def _has_happened(self, letter: Letter) -> bool:
        if self.books.effects.get(letter.scope) == letter.params:
            return True
        return any(commit.context is letter for commit in self.town.store.commits)

    def _signed(self, envelope: Envelope) -> Fields:
        """Return what is sent: a wallet signs anew each time, since statements grow stale."""
        letter = envelope.letter
        wallet = self.town.stranger if letter.forged else envelope.sender.wallet
        if wallet is None:
            return letter.params
        return self.town.signed(wallet, letter.account, letter.method, letter.params, letter.key)

    def read_replies(self) -> None:
        """Let the clients read what came back, and hold it against what happened."""
        replies, self.replies = self.replies, []
        for reply in replies:
            if isinstance(reply.said, Refused):
                self._read_refusal(reply.envelope, reply.said, had_happened=reply.had_happened)
            else:
                self._read_answer(reply.envelope, reply.said)

    def _read_answer(self, envelope: Envelope, answer: Fields) -> None:
        letter = envelope.letter
        must(not letter.forged, "A forged request was answered.")
        happened = self.books.effects.get(letter.scope)
        must(happened is not None, "What was acknowledged did not happen.")
        must(happened == letter.params, "What was acknowledged is somebody else's.")
        must(envelope.answer in (None, answer), "One request had two answers.")
        envelope.over, envelope.answer = True, answer

    def _read_refusal(self, envelope: Envelope, refusal: Refused, *, had_happened: bool) -> None:
        # Whoever is told to serve less does not send the same again.
        if refusal.retryable and not isinstance(refusal, UsageTooFastError):
            return
        what = f"{refusal.cause}: {refusal}"
        must(not isinstance(refusal, InternalError), f"A defect: {what}")
        must(not had_happened, f"What had happened was refused: {what}")
        envelope.over = True
