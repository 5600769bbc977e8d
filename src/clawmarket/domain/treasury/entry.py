"""Ledger entries: balanced postings, appended and never edited."""

from collections.abc import Iterable
from dataclasses import dataclass

from clawmarket.domain.kernel.errors import InternalError


class UnbalancedEntryError(InternalError):
    """The postings of an entry do not sum to zero per asset; a defect, never a user's fault."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One signed movement on one ledger account, in minor units."""

    account: str
    asset: str
    amount: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One business event in the ledger: why, for what, and its balanced postings."""

    entry_id: str
    reason: str
    ref: str
    at: int
    postings: tuple[Posting, ...]


def check_balanced(postings: Iterable[Posting]) -> None:
    """Raise UnbalancedEntryError unless the postings sum to zero per asset."""
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.asset] = sums.get(posting.asset, 0) + posting.amount
    if any(sums.values()):
        raise UnbalancedEntryError("A ledger entry does not balance.")
