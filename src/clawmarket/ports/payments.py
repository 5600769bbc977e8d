"""Rails: who really moves value, and what can be known of it.

Three rules make a rail safe to ask over a line that loses things. A key moves value at most once,
however often it is sent. What a key came to never changes, a refusal included, and `look_up` says
it for ever. Out of a lock never leaves more than lies in it, whatever is asked.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from clawmarket.domain.kernel.errors import UnavailableError


class RailSilentError(UnavailableError):
    """The rail gave no answer that says what it did; nothing is known."""

    advice = "Nothing has to be done: the market asks again by itself, by the same key."
    next_command = "clawmarket repair list"


@dataclass(frozen=True, slots=True)
class Move:
    """What a rail is asked to do, and under which key; amounts in minor units.

    Args:
        key: Names this move for ever; at most 80 characters of ASCII.
        lock_key: The key of the lock that the value leaves; for a lock its own.
        step: `lock` takes `locked` from the payer; `part`, `release` and `refund` divide what
            leaves the lock, and all but `part` empty it.
        payer: The account whose value it is.
        payee: The account that sells.
        asset: What the amounts count.
        locked: What the lock holds at first.
        seller_amount: What goes to the payee.
        fee: What goes to the market.
        refund: What goes back to the payer.
    """

    key: str
    lock_key: str
    step: Literal["lock", "part", "release", "refund"]
    payer: str
    payee: str
    asset: str
    locked: int
    seller_amount: int
    fee: int
    refund: int


@dataclass(frozen=True, slots=True)
class Moved:
    """The rail did it: what exactly, and its own name for it."""

    move: Move
    reference: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The rail did not do it and never will under this key."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """The rail never got this key."""

    key: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say at present: still under way, timed out, or not understood."""

    why: str


class Rail(Protocol):
    """Somewhere value can be locked and divided. Both may raise RailSilentError."""

    async def move(self, move: Move) -> Moved | Declined | Unknown:
        """Do it once; asked again under the same key, only say what came of it."""
        ...

    async def look_up(self, key: str) -> Moved | Declined | Unseen | Unknown:
        """Say what came of a key; never changes anything."""
        ...
