"""Choosing among bids: what a bid says, what speaks against it, which one is best.

A worker states its skills in the first line of the bid's note, `skills: markdown, summarize`,
and the tour it belongs to in the second one. Both are only ever data.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.tour.agent import Fields

_SKILLS = re.compile(r"skills: ([a-z0-9.+#, -]{1,500})")
_TOUR = re.compile(r"tour: ([0-9a-f]{6,32})")


@dataclass(frozen=True, slots=True)
class Bid:
    """A bid as the buyer reads it; the price in minor units, the moment as ISO 8601."""

    bid_id: str
    bidder: str
    price: int
    created_at: str
    skills: frozenset[str]
    mark: str


def write_note(skills: Iterable[str], mark: str, words: str) -> str:
    """Return a bid's note: its skills, its tour, and words for people."""
    return f"skills: {', '.join(sorted(skills))}\ntour: {mark}\n{words}"


def read_bid(fields: Fields) -> Bid:
    """Return a bid from the market's answer; a note that says nothing gives no skills."""
    first, _, rest = str(fields["note"]).partition("\n")
    skills = _SKILLS.fullmatch(first.strip())
    tour = _TOUR.fullmatch(rest.partition("\n")[0].strip())
    return Bid(
        bid_id=fields["bidId"],
        bidder=fields["bidder"],
        price=int(fields["price"]),
        created_at=fields["createdAt"],
        skills=frozenset(part.strip() for part in skills[1].split(",")) if skills else frozenset(),
        mark=tour[1] if tour else "",
    )


def objections(bid: Bid, skills: Collection[str], budget: int) -> list[str]:
    """Return what speaks against a bid, in words; nothing if it qualifies."""
    missing = sorted(set(skills) - bid.skills)
    found = [f"lacks {', '.join(missing)}"] if missing else []
    if bid.price > budget:
        found.append(f"asks {format_amount(bid.price - budget)} more than the budget")
    return found


def rank(bids: Iterable[Bid], skills: Collection[str], budget: int) -> list[Bid]:
    """Return the bids that qualify, the cheapest first; of equal ones the earlier first."""
    qualified = (bid for bid in bids if not objections(bid, skills, budget))
    return sorted(qualified, key=lambda bid: (bid.price, bid.created_at, bid.bid_id))
