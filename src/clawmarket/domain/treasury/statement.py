"""Statements: what each record changed in the two pockets of one account.

A record's postings say it all, so a statement is its records walked back from the balance.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from clawmarket.domain.treasury.account import available, held
from clawmarket.domain.treasury.entry import Posting


@dataclass(frozen=True, slots=True)
class Pockets:
    """What an account has free to spend and what is set aside for it, in minor units."""

    available: int
    held: int

    def __add__(self, other: "Pockets") -> "Pockets":
        """Return the sum, pocket by pocket."""
        return Pockets(self.available + other.available, self.held + other.held)

    def __sub__(self, other: "Pockets") -> "Pockets":
        """Return the difference, pocket by pocket."""
        return Pockets(self.available - other.available, self.held - other.held)


EMPTY = Pockets(0, 0)


def postings_in(facts: Iterable[tuple[str, str, str]]) -> tuple[Posting, ...]:
    """Return the postings as a record tells them: account, asset, signed digits."""
    return tuple(Posting(account, asset, int(amount)) for account, asset, amount in facts)


def touches(postings: Iterable[Posting], owner: str, asset: str) -> bool:
    """Tell whether any of the postings is on a pocket of this owner."""
    own = {available(owner), held(owner)}
    return any(posting.account in own and posting.asset == asset for posting in postings)


def change_of(postings: Iterable[Posting], owner: str, asset: str) -> Pockets:
    """Return what the postings together change for an owner."""
    change = dict.fromkeys((available(owner), held(owner)), 0)
    for posting in postings:
        if posting.account in change and posting.asset == asset:
            change[posting.account] += posting.amount
    return Pockets(change[available(owner)], change[held(owner)])
